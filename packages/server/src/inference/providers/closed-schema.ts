// A JSON Schema as the constrained decoding of Claude takes it: closed objects, no bounds; undefined where one cannot be made of it.
import { isJsonObject, type JsonObject, type JsonValue } from "../../core/index.ts"

/** Refused by the compiler of the grammar. The model is told of them no longer, but the shape holds. */
const bounds: ReadonlySet<string> = new Set([
  "$schema",
  "minimum",
  "maximum",
  "exclusiveMinimum",
  "exclusiveMaximum",
  "multipleOf",
  "minLength",
  "maxLength",
  "maxItems",
  "uniqueItems",
  "minProperties",
  "maxProperties",
  "patternProperties",
  "default",
])

/** Open objects and schemas that contain themselves cannot be compiled. */
export function closedSchema(schema: JsonValue): JsonObject | undefined {
  if (!isJsonObject(schema) || containsItself(schema)) return undefined
  try {
    return closed(schema)
  } catch (error) {
    if (error instanceof OpenObject) return undefined
    throw error
  }
}

class OpenObject extends Error {}

function closed(schema: JsonObject): JsonObject {
  const result: Record<string, JsonValue | undefined> = {}
  for (const [keyword, value] of Object.entries(schema)) {
    if (value === undefined || bounds.has(keyword)) continue
    if (keyword === "minItems" && typeof value === "number" && value > 1) continue
    result[keyword] = keyword === "oneOf" ? undefined : within(keyword, value)
  }
  if (schema["oneOf"] !== undefined) result["anyOf"] = within("anyOf", schema["oneOf"])
  const isObject = schema["type"] === "object" || schema["properties"] !== undefined
  if (!isObject) return result
  const { additionalProperties: further, properties } = schema
  if (properties === undefined || (further !== undefined && further !== false)) throw new OpenObject()
  return { ...result, additionalProperties: false }
}

function within(keyword: string, value: JsonValue): JsonValue {
  if ((keyword === "properties" || keyword === "$defs" || keyword === "definitions") && isJsonObject(value))
    return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, isJsonObject(inner) ? closed(inner) : (inner ?? {})]))
  if (keyword === "items" && isJsonObject(value)) return closed(value)
  const isList = keyword === "anyOf" || keyword === "allOf" || keyword === "prefixItems"
  if (isList && Array.isArray(value)) return (value as readonly JsonValue[]).map((inner) => (isJsonObject(inner) ? closed(inner) : inner))
  return value
}

function containsItself(schema: JsonObject): boolean {
  const definitions = { ...objectOf(schema["definitions"]), ...objectOf(schema["$defs"]) }
  const reaches = (value: JsonValue | undefined, path: readonly string[]): boolean => {
    if (Array.isArray(value)) return (value as readonly JsonValue[]).some((inner) => reaches(inner, path))
    if (!isJsonObject(value)) return false
    const ref = value["$ref"]
    if (typeof ref !== "string") return Object.values(value).some((inner) => reaches(inner, path))
    const name = /^#\/(?:\$defs|definitions)\/([^/]+)$/.exec(ref)?.[1]
    return name === undefined || path.includes(name) || reaches(definitions[name], [...path, name])
  }
  return reaches(schema, [])
}

function objectOf(value: JsonValue | undefined): JsonObject {
  return isJsonObject(value) ? value : {}
}
