// Reads LiteLLM's configuration as LiteLLM does: YAML 1.1, with the files that it includes.
import { readFileSync, statSync } from "node:fs"
import { dirname, resolve } from "node:path"
import { parseDocument, type Tags } from "yaml"
import { AppError, isJsonObject, messageOf, type JsonObject, type JsonValue } from "../../core/index.ts"

const fileBytesMax = 16 * 1024 * 1024
const filesMax = 100

export function readLiteLlm(path: string): JsonObject {
  const main = readOne(path)
  const { include, ...config } = main
  const names = Array.isArray(include) ? (include as readonly JsonValue[]) : include === undefined || include === null ? [] : [include]
  if (names.length > filesMax) throw unreadable(path, `it includes more than ${filesMax} files`)
  const merged: Record<string, JsonValue | undefined> = { ...config }
  for (const name of names) {
    if (typeof name !== "string") throw unreadable(path, "include names something that is no file")
    for (const [key, value] of Object.entries(readOne(resolve(dirname(path), name)))) merged[key] = joined(merged[key], value)
  }
  return merged
}

/** Lists are put together, whatever else comes later wins. */
function joined(first: JsonValue | undefined, second: JsonValue | undefined): JsonValue | undefined {
  return Array.isArray(first) && Array.isArray(second) ? [...(first as readonly JsonValue[]), ...(second as readonly JsonValue[])] : second
}

function readOne(path: string): JsonObject {
  const document = parseDocument(textOf(path), { version: "1.1", merge: true, prettyErrors: true, customTags: longWordsOnly })
  const [first] = document.errors
  // The parser's own message shows the lines around the mistake, and with them perhaps a key.
  if (first) throw unreadable(path, `it is not valid YAML: ${first.message.split("\n", 1)[0] ?? ""}`)
  const value = valueOf(path, () => document.toJS({ maxAliasCount: 10_000 }) as unknown)
  if (value === null || value === undefined) return {}
  if (!isJsonObject(value)) throw unreadable(path, "it is not a map of keys")
  return value
}

/** PyYAML takes yes and no for true and false, but not the letters y and n, which YAML 1.1 has too: `n` is a parameter. */
function longWordsOnly(tags: Tags): Tags {
  return tags.map((tag) => {
    if (typeof tag !== "object" || tag.tag !== "tag:yaml.org,2002:bool" || !("test" in tag) || !tag.test) return tag
    return { ...tag, test: new RegExp(tag.test.source.replace(/Y\|y\||N\|n\|/, "")) }
  })
}

function textOf(path: string): string {
  return valueOf(path, () => {
    if (statSync(path).size > fileBytesMax) throw new Error(`it has more than ${fileBytesMax} bytes`)
    return readFileSync(path, "utf8")
  })
}

function valueOf<T>(path: string, read: () => T): T {
  try {
    return read()
  } catch (error) {
    throw unreadable(path, messageOf(error))
  }
}

function unreadable(path: string, why: string): AppError {
  return new AppError("config_invalid", `${path} cannot be read: ${why}`, {
    hint: "perdure import litellm <file> wants the file that litellm --config is given",
  })
}
