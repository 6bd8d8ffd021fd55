// What providers say about a failure, each in its own shape: OpenAI's and Anthropic's object, Google's status, AWS's header, Cohere's bare message.
import { isJsonObject, type JsonObject, type JsonValue } from "../core/index.ts"

export interface ToldError {
  message: string | null
  type: string | null
  /** Null where the provider has no code that clients could match on. */
  code: string | null
  param: string | null
  /** Of an error that came inside a 200. */
  status: number | null
  /** Said in the body; headers are read elsewhere. */
  retryAfterMs: number | null
  /** It is our key that is refused, whatever the status says. */
  refusesCredentials: boolean
}

type Headers = Readonly<Record<string, string | string[] | undefined>>

const nothing: ToldError = {
  message: null,
  type: null,
  code: null,
  param: null,
  status: null,
  retryAfterMs: null,
  refusesCredentials: false,
}

/** The body of an answer with an error status. */
export function toldInAnswer(body: string, headers: Headers): ToldError {
  const aws = awsType(headers["x-amzn-errortype"])
  try {
    const parsed: unknown = JSON.parse(body)
    const whole: unknown = Array.isArray(parsed) ? parsed[0] : parsed // Google puts it into a list where a list was asked for
    const told = toldIn(isJsonObject(whole) ? (whole["error"] ?? whole) : whole)
    return aws === null ? told : { ...told, type: aws }
  } catch {
    return { ...nothing, type: aws }
  }
}

/** OpenAI's object, or what others put there: a bare text, FastAPI's `detail`, a numeric code, Google's status in words. */
export function toldIn(error: unknown): ToldError {
  if (!isJsonObject(error)) return { ...nothing, message: typeof error === "string" ? error : null }
  const { message, detail, type, code, param, status } = error
  const google = typeof status === "string" && /^[A-Z_]+$/.test(status) ? status : null
  const numeric = [code, status, error["status_code"]].map(statusIn).find((each) => each !== null) ?? null
  return {
    message: textOf(message) ?? textOf(error["Message"]) ?? textOf(detail),
    type: textOf(type) ?? google ?? awsType(error["__type"]),
    code: textOf(code) ?? (typeof code !== "number" || google !== null ? null : String(code)),
    param: textOf(param),
    status: numeric,
    ...googleDetails(error["details"]),
  }
}

/** 429, or "429". */
function statusIn(value: JsonValue | undefined): number | null {
  if (typeof value === "number") return value
  return typeof value === "string" && /^[45]\d\d$/.test(value) ? Number(value) : null
}

/** The error that stands where an answer was expected, in whichever place; undefined when there is none. */
export function errorTold(answer: JsonObject): JsonValue | undefined {
  const { error, object, type } = answer
  if (error !== undefined && error !== null) return error
  return object === "error" || type === "error" ? answer : undefined
}

/** Google says in details how long to wait, and that a key is wrong (with status 400). */
function googleDetails(details: JsonValue | undefined): Pick<ToldError, "retryAfterMs" | "refusesCredentials"> {
  const each = (Array.isArray(details) ? (details as readonly JsonValue[]) : []).filter(isJsonObject)
  const delays = each.map((detail) => secondsIn(detail)).filter((seconds) => seconds !== null)
  return {
    retryAfterMs: delays.length > 0 ? Math.ceil(Math.max(...delays) * 1000) : null,
    refusesCredentials: each.some(({ reason }) => reason === "API_KEY_INVALID" || reason === "API_KEY_SERVICE_BLOCKED"),
  }
}

/** A duration of protocol buffers: `34.4s`. */
function secondsIn({ retryDelay }: JsonObject): number | null {
  const text = typeof retryDelay === "string" ? /^(\d+(?:\.\d+)?)s$/.exec(retryDelay)?.[1] : undefined
  return text === undefined ? null : Number(text)
}

/** `ThrottlingException:http://internal.amazon.com/…`, `com.amazon.coral.service#ThrottlingException` */
function awsType(value: unknown): string | null {
  if (typeof value !== "string" || value === "") return null
  return value.split(":")[0]?.split("#").at(-1) ?? null
}

function textOf(value: unknown): string | null {
  return typeof value === "string" ? value : null
}
