// What the gateway reads of a chat completion or embeddings request, and the body that it sends upstream instead.
import { isUtf8 } from "node:buffer"
import { AppError, isJsonObject, type JsonObject, type JsonValue } from "../../core/index.ts"
import { parseJsonObject } from "../request-body.ts"
import { scanTopLevel, splice, type Edit, type Span } from "./body-scan.ts"

export interface ForwardedBody {
  model: string
  user: string | null
  stream: boolean
  /** The client asked for the usage chunk. */
  usageAsked: boolean
  /** The client asked for base64 vectors. */
  base64Asked: boolean
  sizeBytes: number
  /** The bytes for a deployment: its own name of the model, usage always asked for. */
  forUpstream(upstreamModel: string): Buffer
  /** The whole request, parsed. */
  parsed(): JsonObject
}

const chatKeys = new Set(["model", "stream", "stream_options", "user"])
const embeddingKeys = new Set(["model", "user", "encoding_format"])

export function chatBody(bytes: Buffer): ForwardedBody {
  return forwardedBody(bytes, chatKeys, chatEdits)
}

export function embeddingBody(bytes: Buffer): ForwardedBody {
  return forwardedBody(bytes, embeddingKeys, () => [])
}

type Values = Readonly<Record<string, JsonValue | undefined>>
type MakeEdits = (values: Values, spans: ReadonlyMap<string, Span>) => Edit[]

function forwardedBody(bytes: Buffer, keys: ReadonlySet<string>, makeEdits: MakeEdits): ForwardedBody {
  const spans = isUtf8(bytes) ? scanTopLevel(bytes, keys) : undefined
  const values = spans && readValues(bytes, spans)
  const model = spans?.get("model")
  // `encoding_format: null` must not be sent on, and taking a key out is the slow way's business.
  if (!spans || !values || !model || values["encoding_format"] === null) return parsedBody(bytes)
  const read = readRequest(values)
  const edits = makeEdits(values, spans)
  const forUpstream = (upstreamModel: string): Buffer => {
    const all = upstreamModel === read.model ? edits : [...edits, { ...model, text: JSON.stringify(upstreamModel) }]
    return splice(
      bytes,
      all.toSorted((a, b) => a.start - b.start),
    )
  }
  return { ...read, sizeBytes: bytes.length, forUpstream, parsed: () => parseJsonObject(bytes) }
}

/** Undefined when one of them is not JSON after all. */
function readValues(bytes: Buffer, spans: ReadonlyMap<string, Span>): Values | undefined {
  const values: Record<string, JsonValue> = {}
  try {
    for (const [key, { start, end }] of spans) values[key] = JSON.parse(bytes.toString("utf8", start, end)) as JsonValue
  } catch {
    return undefined
  }
  return values
}

/** Whatever is unusual: read by `JSON.parse`, and sent on as it was read. */
function parsedBody(bytes: Buffer): ForwardedBody {
  const parsed = parseJsonObject(bytes)
  const read = readRequest(parsed)
  const forUpstream = (upstreamModel: string): Buffer => {
    const { encoding_format: format, ...rest } = parsed
    const body = { ...rest, ...(format === null || format === undefined ? {} : { encoding_format: format }), model: upstreamModel }
    return Buffer.from(JSON.stringify(read.stream ? { ...body, stream_options: withUsage(parsed["stream_options"]) } : body))
  }
  return { ...read, sizeBytes: bytes.length, forUpstream, parsed: () => parsed }
}

function readRequest(values: Values): Pick<ForwardedBody, "model" | "user" | "stream" | "usageAsked" | "base64Asked"> {
  const { model, stream = false, user, stream_options: options } = values
  if (model === undefined)
    throw new AppError("missing_required_parameter", '"model" is missing', { param: "model", hint: "GET /v1/models lists the models." })
  if (typeof model !== "string") throw wrongType("model", "a string", model)
  if (stream !== null && typeof stream !== "boolean") throw wrongType("stream", "true or false", stream)
  if (options !== undefined && options !== null && !isJsonObject(options)) throw wrongType("stream_options", "an object", options)
  return {
    model,
    user: typeof user === "string" ? user : null,
    stream: stream === true,
    usageAsked: isJsonObject(options) && options["include_usage"] === true,
    base64Asked: values["encoding_format"] === "base64",
  }
}

function wrongType(param: string, expected: string, value: JsonValue): AppError {
  return new AppError("invalid_type", `"${param}" must be ${expected}, not ${JSON.stringify(value).slice(0, 60)}`, { param })
}

/** Streams always report their usage to us. */
function chatEdits(values: Values, spans: ReadonlyMap<string, Span>): Edit[] {
  if (values["stream"] !== true) return []
  const options = values["stream_options"]
  if (isJsonObject(options) && options["include_usage"] === true) return []
  const span = spans.get("stream_options")
  if (span) return [{ ...span, text: JSON.stringify(withUsage(options)) }]
  const end = spans.get("model")?.end ?? 0 // a request without a model was refused before
  return [{ start: end, end, text: ',"stream_options":{"include_usage":true}' }]
}

function withUsage(options: JsonValue | undefined): JsonValue {
  return { ...(isJsonObject(options) ? options : {}), include_usage: true }
}
