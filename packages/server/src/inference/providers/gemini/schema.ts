// JSON Schemas as Gemini takes them: the keywords that it documents, constants as enumerations, references alone.
import { isJsonObject, type JsonObject, type JsonValue } from "../../../core/index.ts"

const keywords: ReadonlySet<string> = new Set([
  "$id",
  "$defs",
  "$ref",
  "$anchor",
  "type",
  "format",
  "title",
  "description",
  "enum",
  "items",
  "prefixItems",
  "minItems",
  "maxItems",
  "minimum",
  "maximum",
  "anyOf",
  "oneOf",
  "properties",
  "additionalProperties",
  "required",
  "propertyOrdering",
])

const schemaMaps: ReadonlySet<string> = new Set(["$defs", "properties"])
const schemaLists: ReadonlySet<string> = new Set(["prefixItems", "anyOf", "oneOf"])
const schemas: ReadonlySet<string> = new Set(["items", "additionalProperties"])

/** What is left out are bounds that the model is merely not held to; the shape stays. */
export function geminiSchema(schema: JsonValue): JsonValue {
  if (!isJsonObject(schema)) return schema
  const source = withoutAllOf(withDefs(schema))
  const clean: Record<string, JsonValue> = {}
  for (const [keyword, value] of Object.entries(source)) {
    if (value !== undefined && keywords.has(keyword)) clean[keyword] = cleaned(keyword, value)
  }
  if (source["const"] !== undefined && clean["enum"] === undefined) clean["enum"] = [source["const"]]
  // Beside a reference only keywords that begin with a dollar are taken.
  return clean["$ref"] === undefined ? clean : Object.fromEntries(Object.entries(clean).filter(([keyword]) => keyword.startsWith("$")))
}

function cleaned(keyword: string, value: JsonValue): JsonValue {
  if (schemas.has(keyword)) return geminiSchema(value)
  if (schemaLists.has(keyword) && Array.isArray(value)) return (value as readonly JsonValue[]).map(geminiSchema)
  if (schemaMaps.has(keyword) && isJsonObject(value))
    return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, geminiSchema(inner ?? {})]))
  return keyword === "$ref" && typeof value === "string" ? value.replace(/^#\/definitions\//, "#/$defs/") : value
}

/** Older schemas keep their definitions under another name. */
function withDefs(schema: JsonObject): JsonObject {
  const { definitions, ...rest } = schema
  return isJsonObject(definitions) ? { $defs: definitions, ...rest } : schema
}

/** Generators write one base or reference as the only member of `allOf`; several objects are put together. */
function withoutAllOf(schema: JsonObject): JsonObject {
  const { allOf, ...rest } = schema
  if (!Array.isArray(allOf)) return schema
  const members = (allOf as readonly JsonValue[]).filter(isJsonObject).map((member) => withoutAllOf(withDefs(member)))
  return members.reduce<JsonObject>(merged, rest)
}

function merged(first: JsonObject, second: JsonObject): JsonObject {
  const properties = { ...objectOf(first["properties"]), ...objectOf(second["properties"]) }
  const required = [...listOf(first["required"]), ...listOf(second["required"])]
  return {
    ...second,
    ...first,
    ...(Object.keys(properties).length > 0 ? { properties } : {}),
    ...(required.length > 0 ? { required: [...new Set(required)] } : {}),
  }
}

function objectOf(value: JsonValue | undefined): JsonObject {
  return isJsonObject(value) ? value : {}
}

function listOf(value: JsonValue | undefined): readonly JsonValue[] {
  return Array.isArray(value) ? (value as readonly JsonValue[]) : []
}
