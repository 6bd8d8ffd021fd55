// One line of an input file as a request: what it must have, and what is wrong with it in OpenAI's codes.
import { isJsonObject, type JsonObject } from "../core/index.ts"
import type { BatchError } from "../store/index.ts"
import type { FileLine } from "./read-lines.ts"

export interface RequestLine {
  number: number
  customId: string
  body: JsonObject
}

export type ReadLine = { ok: true; line: RequestLine } | { ok: false; problem: BatchError }

const customIdCharsMax = 512
const utf8 = new TextDecoder("utf-8", { fatal: true })

export function readRequestLine(line: FileLine, endpoint: string, lineBytesMax: number): ReadLine {
  const problem = (code: string, message: string, param: string | null = null): ReadLine => ({
    ok: false,
    problem: { code, message, param, line: line.number },
  })
  if (line.isTooLong) return problem("request_too_large", `This line is larger than requestBodyBytesMax, ${lineBytesMax} bytes.`)
  const value = parsed(line.bytes)
  if (!isJsonObject(value)) return problem("invalid_json_line", "This line is not parseable as a JSON object.")
  const { custom_id: customId, method, url, body } = value
  const missing = (["custom_id", "method", "url", "body"] as const).find((name) => (value[name] ?? null) === null)
  if (missing !== undefined) return problem("missing_required_parameter", `Missing required parameter: '${missing}'.`, missing)
  if (typeof customId !== "string" || customId === "" || customId.length > customIdCharsMax)
    return problem("invalid_custom_id", `custom_id must be a text of 1 to ${customIdCharsMax} characters.`, "custom_id")
  if (method !== "POST") return problem("invalid_method", "The HTTP method of a request in a batch must be POST.", "method")
  if (url !== endpoint) return problem("invalid_url", `The URL of this request is not the endpoint of the batch, ${endpoint}.`, "url")
  if (!isJsonObject(body)) return problem("invalid_request", "The body of a request must be a JSON object.", "body")
  if (typeof body["model"] !== "string" && endpoint !== "/v1/moderations")
    return problem("missing_required_parameter", "Missing required parameter: 'body.model'.", "body.model")
  const unfit = ["stream", "background"].find((name) => body[name] === true)
  if (unfit !== undefined)
    return problem("unsupported_value", `'${unfit}' cannot be true in a batch: its answers are written to a file.`, `body.${unfit}`)
  return { ok: true, line: { number: line.number, customId, body } }
}

function parsed(bytes: Buffer): unknown {
  try {
    return JSON.parse(utf8.decode(bytes)) as unknown
  } catch {
    return undefined
  }
}
