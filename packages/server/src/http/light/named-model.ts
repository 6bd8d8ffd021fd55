// A JSON body with the model that its path names, in the place of one that it names itself.
import { isJsonObject } from "../../core/index.ts"
import { BodyBytes } from "./body-bytes.ts"
import { scanTopLevel } from "./body-scan.ts"

const wanted: ReadonlySet<string> = new Set(["model"])
/** An object that begins with more white space than this is read the slow way. */
const startBytesMax = 256

/** What is no JSON object stays as it is, for whoever refuses it. */
export function withModel(bytes: BodyBytes, model: string): BodyBytes {
  const text = JSON.stringify(model)
  const spans = scanTopLevel(bytes.pieces, wanted)
  if (!spans) return parsedWith(bytes, model)
  const span = spans.get("model")
  if (span) return edited(bytes, { ...span, text })
  const start = /^[ \t\r\n]*\{(?=[ \t\r\n]*(?<end>\})?)/.exec(bytes.text({ start: 0, end: Math.min(bytes.sizeBytes, startBytesMax) }))
  if (!start) return parsedWith(bytes, model)
  const at = start[0].length
  return edited(bytes, { start: at, end: at, text: `"model":${text}${start.groups?.["end"] === undefined ? "," : ""}` })
}

function edited(bytes: BodyBytes, edit: { start: number; end: number; text: string }): BodyBytes {
  const body = bytes.edited([edit])
  return new BodyBytes(Buffer.isBuffer(body) ? [body] : body)
}

function parsedWith(bytes: BodyBytes, model: string): BodyBytes {
  try {
    const body: unknown = JSON.parse(bytes.whole().toString())
    return isJsonObject(body) ? new BodyBytes([Buffer.from(JSON.stringify({ ...body, model }))]) : bytes
  } catch {
    return bytes
  }
}
