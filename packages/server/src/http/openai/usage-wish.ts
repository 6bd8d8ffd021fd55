// Streams of chat completions and completions always report their usage to us: what is put into a request for that.
import { isJsonObject, type JsonObject, type JsonValue } from "../../core/index.ts"
import type { Edit } from "../light/body-bytes.ts"
import type { Span } from "../light/body-scan.ts"
import type { Values } from "../light/forwarded-body.ts"

export function usageEdits(values: Values, spans: ReadonlyMap<string, Span>): Edit[] {
  if (values["stream"] !== true) return []
  const options = values["stream_options"]
  if (isJsonObject(options) && options["include_usage"] === true) return []
  const span = spans.get("stream_options")
  if (span) return [{ ...span, text: JSON.stringify(withUsage(options)) }]
  const end = spans.get("model")?.end ?? 0 // a request without a model was refused before
  return [{ start: end, end, text: ',"stream_options":{"include_usage":true}' }]
}

/** The same in a body that had to be parsed. */
export function changeUsage(body: JsonObject): JsonObject {
  return body["stream"] === true ? { ...body, stream_options: withUsage(body["stream_options"]) } : body
}

function withUsage(options: JsonValue | undefined): JsonValue {
  return { ...(isJsonObject(options) ? options : {}), include_usage: true }
}
