// The body of a media request: JSON or a form with files; only the model's name is read and changed in it.
import { AppError, type JsonObject, type JsonValue } from "../../core/index.ts"
import type { ParameterChanges } from "../../inference/index.ts"
import { BodyBytes, type Edit } from "../light/body-bytes.ts"
import { forwardedBody, type BodyRules, type ForwardedBody, type SentFile } from "../light/forwarded-body.ts"
import { boundaryOf, splitMultipart, type PlacedPart } from "../openai/files-multipart.ts"

const jsonRules: BodyRules = {
  keys: new Set(["model", "stream", "user", "metadata", "perdure"]),
  edits: () => [],
  change: (body) => body,
}

export interface MediaBody extends ForwardedBody {
  /** The same request with other texts, or of another model. */
  reread: (changed: JsonObject) => ForwardedBody
}

/** `modelAssumed`: taken where the body names none. */
export function jsonBody(bytes: BodyBytes, modelAssumed: string | undefined): MediaBody {
  const body = forwardedBody(bytes, modelAssumed === undefined ? jsonRules : { ...jsonRules, modelAssumed })
  return { ...body, reread: (changed) => jsonBody(new BodyBytes([Buffer.from(JSON.stringify(changed))]), undefined) }
}

/** Files stay where they are: the form is sent on with another text in its `model` part, and without its `perdure` part. */
export function formBody(bytes: Buffer, contentType: string): MediaBody {
  const form = new Form(bytes, contentType)
  const { fields } = form
  const { model } = fields
  if (model === undefined)
    throw new AppError("missing_required_parameter", 'the form has no field "model"', {
      param: "model",
      hint: "GET /v1/models lists the models.",
    })
  return {
    model,
    user: fields["user"] ?? null,
    stream: fields["stream"] === "true",
    usageAsked: false,
    base64Asked: false,
    outputTokensMax: null,
    served: undefined,
    cacheKey: null,
    perdure: perdureOf(fields["perdure"]),
    metadata: undefined,
    sizeBytes: bytes.length,
    inputTokensEstimated: formTokensAssumed,
    forUpstream: (upstreamModel, changes) =>
      form.with(upstreamModel === null ? {} : { model: upstreamModel }, new Set(["perdure"]), changes),
    top: () => ({ has: (name) => form.has(name), value: (name) => fields[name] }),
    has: (name) => form.has(name),
    head: () => "",
    parsed: () => fields,
    files: () => form.files(),
    textsOf: (name) => form.textsOf(name),
    reread: (changed) => formBody(form.with(changed), contentType),
  }
}

/** A form of fields and files, as it came. */
class Form {
  readonly parts: readonly PlacedPart[]
  /** Their texts by name; of several the last. */
  readonly fields: Readonly<Record<string, string>>
  readonly #bytes: Buffer

  readonly #boundary: string

  constructor(bytes: Buffer, contentType: string) {
    this.#bytes = bytes
    this.#boundary = boundaryOf(contentType)
    this.parts = splitMultipart(bytes, this.#boundary)
    const fields = this.parts.filter(({ filename }) => filename === undefined)
    this.fields = Object.fromEntries(fields.map(({ name, content }) => [name, content.toString()]))
  }

  /** Lists are parts whose names end in brackets. */
  has(name: string): boolean {
    return this.parts.some((part) => part.name === name || part.name === `${name}[]`)
  }

  textsOf(name: string): string[] {
    const own = this.parts.filter((part) => part.filename === undefined && (part.name === name || part.name === `${name}[]`))
    return own.map(({ content }) => content.toString())
  }

  files(): SentFile[] {
    return this.parts.flatMap(({ name, filename, mediaType, content }) =>
      filename === undefined ? [] : [{ name, filename, mediaType, content }],
    )
  }

  /** With other texts in the fields that have others there, without some parts and with further ones; every other byte as it was. */
  with(changed: JsonObject, left: ReadonlySet<string> = new Set(), changes: ParameterChanges = new Map()): Buffer {
    const isLeft = (name: string): boolean => left.has(name) || changes.has(name.replace(/\[\]$/, ""))
    const edits = this.parts.flatMap(({ name, filename, content, start, end }): Edit[] => {
      if (isLeft(name)) return [{ start, end, text: "" }]
      const text = filename === undefined ? changed[name] : undefined
      if (typeof text !== "string" || text === this.fields[name]) return []
      const from = content.byteOffset - this.#bytes.byteOffset
      return [{ start: from, end: from + content.length, text }]
    })
    const at = this.parts[0]?.start ?? 0
    const further = [...changes].flatMap(([name, value]) => this.#partsOf(name, value)).join("")
    const added: Edit[] = further === "" ? [] : [{ start: at, end: at, text: further }]
    return Buffer.concat([new BodyBytes([this.#bytes]).edited([...added, ...edits])].flat())
  }

  #partsOf(name: string, value: JsonValue | undefined): string[] {
    if (value === undefined || value === null) return []
    const [each, all] = Array.isArray(value) ? [`${name}[]`, value as readonly JsonValue[]] : [name, [value]]
    const texts = all.map((one) => (typeof one === "string" ? one : JSON.stringify(one)))
    return texts.map((text) => `\r\nContent-Disposition: form-data; name="${each}"\r\n\r\n${text}\r\n--${this.#boundary}`)
  }
}

function perdureOf(text: string | undefined): JsonValue | undefined {
  if (text === undefined) return undefined
  try {
    return JSON.parse(text) as JsonValue // JSON is JSON
  } catch {
    throw new AppError("invalid_json", 'the field "perdure" of the form is not JSON', {
      param: "perdure",
      hint: 'For example: {"order":["openai"],"fallbacks":false}',
    })
  }
}

/** Sounds and pictures are not counted before they are sent: about a minute of sound, or a picture. */
const formTokensAssumed = 1_600
