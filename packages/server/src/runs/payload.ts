// What may be written into the log: JSON that Postgres can hold, within the limits. Checked before it is queued, so that it cannot spoil a flush.
import { hash } from "node:crypto"
import { AppError, isJsonObject, type JsonValue } from "../core/index.ts"

/** Texts longer than this lie in `blobs`. */
export const inlineBytesMax = 64 * 1024

const escapedNulOrSurrogate = /(?<!\\)(?:\\\\)*\\u(?:0000|d[89a-f][0-9a-f]{2})/

/** The JSON text of `value`, or an error that names `what`, the fault and what is allowed. */
export function encodeJson(value: JsonValue | undefined, what: string, bytesMax: number): string {
  let text: string | undefined
  try {
    text = JSON.stringify(value ?? null)
  } catch (error) {
    throw new AppError("unsupported_value", `${what} is not JSON`, {
      hint: "return plain objects, arrays, strings, finite numbers",
      cause: error,
    })
  }
  if (text === undefined)
    throw new AppError("unsupported_value", `${what} is not JSON but a ${typeof value}`, { hint: "return null or a JSON value" })
  if (text.length > bytesMax || (text.length > bytesMax / 4 && Buffer.byteLength(text) > bytesMax)) {
    throw new AppError("step_output_too_large", `${what} has ${text.length} characters of JSON; at most ${bytesMax} bytes are allowed`, {
      hint: "store it as a file and return its id",
    })
  }
  if (text.includes("\\u") && escapedNulOrSurrogate.test(text)) {
    throw new AppError("unsupported_value", `${what} contains a NUL character or half a surrogate pair, which the database cannot hold`, {
      hint: "strip U+0000 and lone surrogates, or encode the bytes as base64",
    })
  }
  return text
}

/** Where in `value` the first text is that Postgres cannot hold, as a path; undefined where there is none. */
export function unstorablePlace(value: JsonValue | undefined, path = ""): string | undefined {
  if (typeof value === "string") return isStorable(value) ? undefined : path
  if (isJsonObject(value)) {
    for (const [key, inner] of Object.entries(value)) {
      const place = isStorable(key) ? unstorablePlace(inner, path === "" ? key : `${path}.${key}`) : `a name in ${path || "it"}`
      if (place !== undefined) return place
    }
  } else if (Array.isArray(value)) {
    for (const [index, inner] of (value as readonly JsonValue[]).entries()) {
      const place = unstorablePlace(inner, `${path}[${index}]`)
      if (place !== undefined) return place
    }
  }
  return undefined
}

function isStorable(text: string): boolean {
  return !text.includes("\0") && text.isWellFormed()
}

export function blobHash(text: string): string {
  return hash("sha256", text, "hex")
}
