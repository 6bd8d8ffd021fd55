// What the gateway reads of a request body without parsing it, and the body that it sends upstream instead.
import { AppError, isJsonObject, type JsonObject, type JsonValue } from "../../core/index.ts"
import type { ServedAs } from "../../accounting/index.ts"
import { regionTold, tierAsked, withChanges, type ParameterChanges, type TopLevel } from "../../inference/index.ts"
import { parseJsonObject } from "../request-body.ts"
import type { BodyBytes, Edit } from "./body-bytes.ts"
import { scanTopLevel, type Span } from "./body-scan.ts"
import { estimateInputTokens } from "./input-estimate.ts"
import { changeEdits, changeEditsWithoutModel, topOfBytes } from "./parameter-edits.ts"

export interface ForwardedBody {
  model: string
  user: string | null
  stream: boolean
  /** The client asked for the usage chunk. */
  usageAsked: boolean
  /** The client asked for base64 vectors. */
  base64Asked: boolean
  outputTokensMax: number | null
  /** How fast and where it wants to be served; undefined where that is as usual. */
  served: ServedAs | undefined
  /** Requests with the same one begin alike: they go where the beginning is cached. */
  cacheKey: string | null
  /** What the request says to this server alone; never sent on. */
  perdure: JsonValue | undefined
  /** Its own, which goes to the provider as it is. */
  metadata: JsonValue | undefined
  /** Its model may read again what context editing clears. */
  recalls?: boolean
  sizeBytes: number
  inputTokensEstimated: number
  /** The bytes for a deployment: its own name of the model, or none where null, what the dialect changes, and other parameters. */
  forUpstream(upstreamModel: string | null, changes?: ParameterChanges): Buffer | readonly Buffer[]
  /** What it has of these parameters. */
  top(names: ReadonlySet<string>): TopLevel
  /** The request has that parameter, among those whose place is known. */
  has(name: string): boolean
  /** The first bytes of its JSON; empty where it is missing. */
  head(name: string): string
  /** The whole request, parsed. */
  parsed(): JsonObject
  /** It was parsed as it came. */
  readonly isParsed?: boolean
  /** Of a form. */
  files?: () => readonly SentFile[]
  /** Of a form: all texts of a field that may stand there several times, as `name` and as `name[]`. */
  textsOf?: (name: string) => readonly string[]
}

export interface SentFile {
  /** Of its field: `image[]`. */
  name: string
  filename: string
  /** As the client says; undefined where it does not. */
  mediaType: string | undefined
  content: Buffer
}

export interface BodyRules {
  /** The top-level keys that are read. */
  keys: ReadonlySet<string>
  /** Those and others, of which only the place is wanted. */
  places?: ReadonlySet<string>
  /** Changes by moving bytes. */
  edits: MakeEdits
  /** The same changes to a body that had to be parsed. */
  change: (body: JsonObject) => JsonObject
  /** Taken where the request names no model. */
  modelAssumed?: string
  /** What only the slow way can do. */
  unusual?: (values: Values) => boolean
  /** It is in the words of another dialect, by a look at its bytes. */
  isForeign?: (bytes: BodyBytes, spans: ReadonlyMap<string, Span>) => boolean
  /** Such a body in the words of this one. */
  translated?: (body: JsonObject) => JsonObject
}

export type Values = Readonly<Record<string, JsonValue | undefined>>
type UserOf = (values: Values) => string | null

function userField({ user }: Values): string | null {
  return typeof user === "string" ? user : null
}

export type MakeEdits = (values: Values, spans: ReadonlyMap<string, Span>) => Edit[]

/** `userOf`: where the dialect has the end user. */
export function forwardedBody(bytes: BodyBytes, rules: BodyRules, userOf: UserOf = userField): ForwardedBody {
  const spans = bytes.isUtf8() ? scanTopLevel(bytes.pieces, rules.places ?? rules.keys) : undefined
  const values = spans && readValues(bytes, spans, rules.keys)
  const model = spans?.get("model")
  if (!spans || !values || !model || values["perdure"] !== undefined || rules.unusual?.(values) || rules.isForeign?.(bytes, spans))
    return parsedBody(bytes, rules, userOf)
  const read = readRequest(values, userOf)
  const edits = rules.edits(values, spans)
  const slow = (): ForwardedBody => parsedBody(bytes, rules, userOf)
  const forUpstream = (upstreamModel: string | null, changes?: ParameterChanges): Buffer | readonly Buffer[] => {
    if (upstreamModel === null) {
      const without = changeEditsWithoutModel(bytes, changes ?? new Map(), model)
      return without ? bytes.edited([...edits, ...without]) : slow().forUpstream(null, changes)
    }
    const own = upstreamModel === read.model ? edits : [...edits, { ...model, text: JSON.stringify(upstreamModel) }]
    if (!changes || changes.size === 0) return bytes.edited(own)
    const more = changeEdits(bytes, changes, model.end)
    return more ? bytes.edited([...own, ...more]) : slow().forUpstream(upstreamModel, changes)
  }
  const head = (name: string): string => {
    const span = spans.get(name)
    return span ? bytes.text({ start: span.start, end: Math.min(span.end, span.start + headBytesMax) }) : ""
  }
  const { sizeBytes } = bytes
  const inputTokensEstimated = estimateInputTokens(bytes)
  const parsed = (): JsonObject => parseJsonObject(bytes.whole())
  const top = (names: ReadonlySet<string>): TopLevel => topOfBytes(bytes, names) ?? slow().top(names)
  return { ...read, sizeBytes, inputTokensEstimated, forUpstream, top, has: (name) => spans.has(name), head, parsed }
}

/** Enough to see the role of the first message. */
const headBytesMax = 1024

/** Undefined when one of them is not JSON after all. */
function readValues(bytes: BodyBytes, spans: ReadonlyMap<string, Span>, keys: ReadonlySet<string>): Values | undefined {
  const values: Record<string, JsonValue> = {}
  try {
    for (const [key, span] of spans) if (keys.has(key)) values[key] = JSON.parse(bytes.text(span)) as JsonValue
  } catch {
    return undefined
  }
  return values
}

/** Whatever is unusual: read by `JSON.parse`, and sent on as it was read. */
function parsedBody(bytes: BodyBytes, { change, modelAssumed, translated }: BodyRules, userOf: UserOf): ForwardedBody {
  const { perdure, ...given } = parseJsonObject(bytes.whole())
  const sent = translated ? translated(given) : given
  const parsed =
    modelAssumed === undefined || (sent["model"] !== undefined && sent["model"] !== null) ? sent : { ...sent, model: modelAssumed }
  const read = readRequest({ ...parsed, ...(perdure === undefined ? {} : { perdure }) }, userOf)
  const forUpstream = (upstreamModel: string | null, changes: ParameterChanges = new Map()): Buffer => {
    const changed = change(withChanges(parsed, changes))
    const { model: _, ...rest } = changed
    return Buffer.from(JSON.stringify(upstreamModel === null ? rest : { ...changed, model: upstreamModel }))
  }
  const head = (name: string): string => (parsed[name] === undefined ? "" : JSON.stringify(parsed[name]).slice(0, headBytesMax))
  const { sizeBytes } = bytes
  const inputTokensEstimated = estimateInputTokens(bytes)
  const has = (name: string): boolean => parsed[name] !== undefined
  const top = (): TopLevel => ({ has, value: (name) => parsed[name] })
  return { ...read, sizeBytes, inputTokensEstimated, forUpstream, top, has, head, parsed: () => parsed, isParsed: true }
}

type ReadRequest = Omit<
  ForwardedBody,
  "sizeBytes" | "inputTokensEstimated" | "forUpstream" | "top" | "has" | "head" | "parsed" | "isParsed"
>

function readRequest(values: Values, userOf: UserOf): ReadRequest {
  const { model, stream = false, stream_options: options } = values
  if (model === undefined)
    throw new AppError("missing_required_parameter", '"model" is missing', { param: "model", hint: "GET /v1/models lists the models." })
  if (typeof model !== "string") throw wrongType("model", "a string", model)
  if (stream !== null && typeof stream !== "boolean") throw wrongType("stream", "true or false", stream)
  if (options !== undefined && options !== null && !isJsonObject(options)) throw wrongType("stream_options", "an object", options)
  return {
    model,
    user: userOf(values),
    stream: stream === true,
    usageAsked: isJsonObject(options) && options["include_usage"] === true,
    base64Asked: values["encoding_format"] === "base64",
    outputTokensMax: outputTokensMaxIn(values),
    served: servedIn(values),
    cacheKey: typeof values["prompt_cache_key"] === "string" ? values["prompt_cache_key"] : null,
    perdure: values["perdure"],
    metadata: values["metadata"],
  }
}

/** `speed` and `inference_geo` are Anthropic's. */
function servedIn({ service_tier: tier, speed, inference_geo: geo }: Values): ServedAs | undefined {
  if (tier === undefined && speed === undefined && geo === undefined) return undefined
  const serviceTier = speed === "fast" ? "fast" : tierAsked(tier)
  const region = regionTold(geo)
  if (serviceTier === undefined && region === undefined) return undefined
  return { ...(serviceTier === undefined ? {} : { serviceTier }), ...(region === undefined ? {} : { servedIn: region }) }
}

/** Of all answers together: each of them may be so long, and those that are thrown away are paid too. */
function outputTokensMaxIn(values: Values): number | null {
  const each = countOf(values["max_completion_tokens"]) ?? countOf(values["max_tokens"])
  return each === null ? null : each * Math.max(countOf(values["n"]) ?? 1, countOf(values["best_of"]) ?? 1, 1)
}

function countOf(value: JsonValue | undefined): number | null {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0 ? value : null
}

function wrongType(param: string, expected: string, value: JsonValue): AppError {
  return new AppError("invalid_type", `"${param}" must be ${expected}, not ${JSON.stringify(value).slice(0, 60)}`, { param })
}
