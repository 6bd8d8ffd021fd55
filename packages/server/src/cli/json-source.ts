// Reads a gateway's configuration in JSON, with an error that shows nothing of what stands in the file.
import { readFileSync, statSync } from "node:fs"
import { AppError, isJsonObject, messageOf, type JsonObject } from "../core/index.ts"

const fileBytesMax = 16 * 1024 * 1024

export function readJsonFile(path: string, hint: string): JsonObject {
  let value: unknown
  try {
    if (statSync(path).size > fileBytesMax) throw new Error(`it has more than ${fileBytesMax} bytes`)
    value = parsed(readFileSync(path, "utf8"))
  } catch (error) {
    throw unreadable(path, messageOf(error), hint)
  }
  if (!isJsonObject(value)) throw unreadable(path, "it is not an object", hint)
  return value
}

/** The parser's own message shows the text around the mistake, and with it perhaps a key. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new Error("it is not valid JSON")
  }
}

function unreadable(path: string, why: string, hint: string): AppError {
  return new AppError("config_invalid", `${path} cannot be read: ${why}`, { hint })
}
