// Reads the arguments of a tool from what was said, as far as its JSON Schema says what they are; what it cannot read it reports as missing.
import { isJsonObject, type JsonObject, type JsonValue } from "../../../core/index.ts"
import { readString } from "./string-arguments.ts"
import type { Found, Property } from "./found.ts"
import { labelled, numbersIn, Readable } from "./readings.ts"
import { nameStems, splitName, topicStems } from "./words.ts"

export interface MissingArgument {
  name: string
  description: string | null
}

export interface ReadArguments {
  value: JsonObject
  missing: MissingArgument[]
}

export interface ArgumentSources {
  /** Most telling first: the clause, the whole request, what was said before. */
  texts: readonly string[]
  /** Values by key from results of tools that were called for the same request. */
  known: ReadonlyMap<string, JsonValue>
  now: number
  /** The first text answers our question for an argument. */
  isReply?: boolean
}

/** Arguments stand near the beginning of a request; what follows is content. */
const charsReadMax = 8_000
/** Schemas that nest deeper are left unread. */
const depthMax = 6

export function readArguments(parameters: JsonValue, sources: ArgumentSources): ReadArguments {
  const readables = sources.texts.map(
    (text, i) => new Readable(text.slice(0, charsReadMax), sources.now, i === 0 && sources.isReply === true),
  )
  return readObject(parameters, readables, sources, isJsonObject(parameters) ? parameters : {}, 0)
}

/** The best that can be given where a value must be given: an honest placeholder of the right type, the text itself for strings. */
export function insist(parameters: JsonValue, { value, missing }: ReadArguments, text: string): JsonObject {
  const schema = isJsonObject(parameters) ? parameters : {}
  const filled: Record<string, JsonValue | undefined> = { ...value }
  for (const { name } of missing) filled[name] = placeholder(resolved(propertiesOf(schema)[name] ?? {}, schema), text)
  return filled
}

function readObject(
  schema: JsonValue,
  readables: readonly Readable[],
  sources: ArgumentSources,
  root: JsonObject,
  depth: number,
): ReadArguments {
  const value: Record<string, JsonValue> = {}
  const missing: MissingArgument[] = []
  const own = resolved(schema, root)
  const properties = propertyList(own, root)
  for (const property of [...properties].sort((a, b) => specificity(a) - specificity(b) || Number(b.required) - Number(a.required))) {
    const found = depth > depthMax ? undefined : readProperty(property, readables, sources, root, depth)
    if (found !== undefined) value[property.name] = found
    else if (property.required) missing.push({ name: property.name, description: property.description })
  }
  const order = new Map(properties.map(({ name }, i) => [name, i]))
  return { value: inOrder(value, properties), missing: missing.sort((a, b) => (order.get(a.name) ?? 0) - (order.get(b.name) ?? 0)) }
}

function readProperty(
  property: Property,
  readables: readonly Readable[],
  sources: ArgumentSources,
  root: JsonObject,
  depth: number,
): JsonValue | undefined {
  const { schema, types, required, name } = property
  if (schema["const"] !== undefined) return schema["const"]
  for (const readable of readables) {
    const value = readOnce(property, readable)
    if (value !== undefined) return value
  }
  const known = sources.known.get(splitName(name)) ?? undefined
  if (known !== undefined && hasType(known, types)) return known
  if (types.has("object") && isJsonObject(schema["properties"])) {
    const inner = readObject(schema, readables, sources, root, depth + 1)
    return inner.missing.length === 0 && (required || Object.keys(inner.value).length > 0) ? inner.value : undefined
  }
  if (!required) return undefined
  return schema["default"] ?? (types.has("null") ? null : undefined)
}

function readOnce(property: Property, readable: Readable): JsonValue | undefined {
  const { schema, types } = property
  if (Array.isArray(schema["enum"])) return readEnum(schema["enum"] as JsonValue[], property, readable)
  if (types.has("boolean")) return readBoolean(property, readable.text)
  if (types.has("integer") || types.has("number")) return readNumber(property, readable)
  if (types.has("array")) return readArray(property, readable)
  return types.has("string") ? readString(property, readable) : undefined
}

/** A value whose words occur; the longest wins, so that `not urgent` is not read as `urgent`. */
function readEnum(values: readonly JsonValue[], { name }: Property, readable: Readable): JsonValue | undefined {
  const options = values
    .filter((value) => typeof value === "string" || typeof value === "number")
    .map((value) => ({ value, words: splitName(String(value)) }))
  const found = options.flatMap(({ value, words }): Found<JsonValue>[] => {
    if (words === "") return []
    const pattern = words
      .split(" ")
      .map(escaped)
      .join(String.raw`[\s_-]*`)
    const match = new RegExp(String.raw`(?<![\p{L}\p{N}])${pattern}(?:e?s|ed|ly)?(?![\p{L}\p{N}])`, "iu").exec(readable.text)
    return match ? [{ value, start: match.index, end: match.index + match[0].length }] : []
  })
  const number = options.some(({ value }) => typeof value === "number")
  return readable.take(
    found
      .sort((a, b) => b.end - b.start - (a.end - a.start))
      .filter(() => !number || labelled(readable.text, name).length > 0 || found.length === 1),
  )
}

function readBoolean({ name, description }: Property, text: string): boolean | undefined {
  if (/^(?:is_?)?(?:on|enabled?|active|state|status|power)$/i.test(name)) {
    if (/\b(?:turn|switch|power|shut|put)(?:ed)?\b.{0,40}\boff\b|\bdisabled?\b|\bdeactivate/i.test(text)) return false
    if (/\b(?:turn|switch|power|put)(?:ed)?\b.{0,40}\bon\b|\benabled?\b|\bactivate/i.test(text)) return true
  }
  const words = [
    ...nameStems(
      name.replace(/^(?:is|has|should|include|with|enable|use)[_A-Z]/, (prefix) => (/[A-Z]$/.test(prefix) ? prefix.slice(-1) : "")),
    ),
  ]
  const said = topicStems(text)
  const described = [...topicStems(description ?? "")].filter((word) => said.has(word)).length
  if (words.length === 0 || !words.every((word) => said.has(word))) return described >= 3 ? true : undefined
  const stems = words.map(escaped).join("|")
  return !new RegExp(
    String.raw`\b(?:not|no|without|don['’]?t|do not|never|exclude|excluding|disable|false)\b[^.;,]{0,30}(?:${stems})|(?:${stems})\p{L}*\s*(?:[:=]|is)?\s*(?:false|no|off)\b`,
    "iu",
  ).test(text)
}

function readNumber({ name, schema, types }: Property, readable: Readable): number | undefined {
  const whole = types.has("integer") && !types.has("number")
  const fits = ({ value }: Found<number>): boolean =>
    (!whole || Number.isInteger(value)) && value >= bound(schema["minimum"], -Infinity) && value <= bound(schema["maximum"], Infinity)
  const candidates = numbersIn(readable.text, readable.now).filter(fits)
  const stems = nameStems(name)
  const near = candidates.filter(({ start, end }) => {
    const around = topicStems(`${readable.text.slice(Math.max(0, start - 24), start)} ${readable.text.slice(end, end + 24)}`)
    return (
      [...stems].some((stem) => around.has(stem)) ||
      (/amount|price|cost|total|sum|budget|value/i.test(name) &&
        /[$€£]\s?$|^\s?(?:[$€£]|dollars?|euros?|pounds?|[A-Z]{3}\b)/i.test(
          readable.text.slice(Math.max(0, start - 2), start) || readable.text.slice(end, end + 8),
        ))
    )
  })
  return readable.take(near) ?? readable.take(candidates)
}

function readArray({ name, schema, required }: Property, readable: Readable): JsonValue[] | undefined {
  const items = isJsonObject(schema["items"]) ? schema["items"] : {}
  const item: Property = { name: name.replace(/s$/, ""), schema: items, types: typesOf(items), description: null, required, alone: false }
  const list = labelled(readable.text, name)[0]
  const parts = list ? list.value.split(/\s*(?:,|;|\band\b|&)\s*/u).filter((part) => part !== "") : []
  if (item.types.has("string") && !Array.isArray(items["enum"]) && parts.length > 1) return parts
  const values: JsonValue[] = []
  for (let value = readOnce(item, readable); value !== undefined && values.length < 100; value = readOnce(item, readable))
    values.push(value)
  return values.length > 0 ? values : undefined
}

/** What can be told apart best takes its piece of the text first. */
function specificity({ schema, types, name }: Property): number {
  if (Array.isArray(schema["enum"]) || schema["const"] !== undefined) return 0
  if (schema["format"] !== undefined || /e-?mail|url|link|uri|date|time|\bid$|_id$|Id$/.test(name)) return 1
  if (types.has("integer") || types.has("number") || types.has("boolean")) return 2
  if (types.has("array") || types.has("object")) return 4
  return /^(?:query|q|question|search|text|message|body|content|note|input|prompt)$/i.test(name) ? 5 : 3
}

function propertyList(schema: JsonObject, root: JsonObject): Property[] {
  const required = new Set(Array.isArray(schema["required"]) ? schema["required"] : [])
  const entries = Object.entries(propertiesOf(schema)).map(([name, raw]) => ({ name, schema: resolved(raw ?? {}, root) }))
  const strings = entries.filter(
    ({ name, schema }) => required.has(name) && typesOf(schema).has("string") && !Array.isArray(schema["enum"]),
  )
  return entries.map(({ name, schema }) => ({
    name,
    schema,
    types: typesOf(schema),
    description: typeof schema["description"] === "string" ? schema["description"] : null,
    required: required.has(name),
    alone: strings.length === 1 && strings[0]?.name === name,
  }))
}

/** Follows local references and merges `anyOf` and `allOf` as far as reading needs it. */
function resolved(schema: JsonValue, root: JsonObject): JsonObject {
  let current: JsonObject = isJsonObject(schema) ? schema : {}
  for (let hops = 0; hops < depthMax; hops++) {
    const reference = current["$ref"]
    const options = current["anyOf"] ?? current["oneOf"] ?? current["allOf"]
    if (typeof reference === "string") current = pointed(reference, root)
    else if (Array.isArray(options)) {
      const { anyOf: _a, oneOf: _o, allOf: _l, ...rest } = current
      const some = (options as JsonValue[]).filter(isJsonObject)
      const main = some.find((each) => each["type"] !== "null") ?? {}
      current = { ...rest, ...main, ...(some.length > 1 && some.some((each) => each["type"] === "null") ? { nullable: true } : {}) }
    } else break
  }
  return current
}

function pointed(reference: string, root: JsonObject): JsonObject {
  let current: JsonValue | undefined = root
  for (const part of reference.split("/").slice(1)) {
    const key = part.replaceAll("~1", "/").replaceAll("~0", "~")
    current = isJsonObject(current) && Object.hasOwn(current, key) ? current[key] : undefined
  }
  return reference.startsWith("#/") && isJsonObject(current) ? current : {}
}

export function propertiesOf(schema: JsonObject): JsonObject {
  return isJsonObject(schema["properties"]) ? schema["properties"] : {}
}

function typesOf(schema: JsonObject): Set<string> {
  const type = schema["type"]
  const types = new Set<string>(
    typeof type === "string" ? [type] : Array.isArray(type) ? type.filter((each) => typeof each === "string") : [],
  )
  if (schema["nullable"] === true) types.add("null")
  if (types.size === 0) types.add(schema["properties"] === undefined ? "string" : "object")
  return types
}

function hasType(value: JsonValue, types: ReadonlySet<string>): boolean {
  if (value === null) return types.has("null")
  if (typeof value === "number") return types.has("number") || (types.has("integer") && Number.isInteger(value))
  return types.has(Array.isArray(value) ? "array" : typeof value)
}

function placeholder(schema: JsonObject, text: string): JsonValue {
  if (schema["default"] !== undefined) return schema["default"]
  if (Array.isArray(schema["enum"])) return (schema["enum"][0] as JsonValue | undefined) ?? null
  const types = typesOf(schema)
  if (types.has("null")) return null
  if (types.has("string")) return text
  if (types.has("integer") || types.has("number")) return bound(schema["minimum"], 0)
  if (types.has("boolean")) return false
  if (types.has("array")) return []
  return Object.fromEntries(
    Object.entries(propertiesOf(schema)).map(([name, inner]) => [name, placeholder(resolved(inner ?? {}, schema), text)]),
  )
}

function inOrder(value: Record<string, JsonValue>, properties: readonly Property[]): JsonObject {
  return Object.fromEntries(properties.flatMap(({ name }) => (Object.hasOwn(value, name) ? [[name, value[name]] as const] : [])))
}

function bound(value: JsonValue | undefined, otherwise: number): number {
  return typeof value === "number" ? value : otherwise
}

function escaped(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&")
}
