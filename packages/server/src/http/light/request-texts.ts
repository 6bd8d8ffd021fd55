// The texts of a request, in any dialect that has messages: visited in order, each possibly replaced by another.
import { isJsonObject, type JsonObject, type JsonValue } from "../../core/index.ts"
import type { GuardRole, GuardText } from "../../security/index.ts"

/** Gives the text to put in its place. */
type Visit = (text: string, role: GuardRole) => string

export function requestTexts(body: JsonObject): GuardText[] {
  const texts: GuardText[] = []
  mapRequest(body, (text, role) => {
    texts.push({ role, text })
    return text
  })
  return texts
}

/** `texts` as many as `requestTexts` gave, in their order. */
export function withRequestTexts(body: JsonObject, texts: readonly { text: string }[]): JsonObject {
  let at = 0
  return mapRequest(body, (text) => texts[at++]?.text ?? text)
}

/** Chat completions, messages, embeddings, pictures, speech, ranking: what they call their texts does not collide. */
function mapRequest(body: JsonObject, visit: Visit): JsonObject {
  return mapMembers(body, {
    system: (value) => mapContent(value, "system", visit),
    instructions: (value) => mapContent(value, "system", visit),
    messages: (value) => mapList(value, (message) => mapMessage(message, visit)),
    input: (value) => mapContent(value, "user", visit),
    prompt: (value) => mapContent(value, "user", visit),
    suffix: (value) => mapContent(value, "user", visit),
    query: (value) => mapContent(value, "user", visit),
    documents: (value) => mapContent(value, "user", visit),
  })
}

type Members = Readonly<Record<string, (value: JsonValue) => JsonValue>>

/** In the order of the object, so that two walks of it visit alike. */
function mapMembers(value: JsonObject, members: Members): JsonObject {
  const entries = Object.entries(value).map(([key, inner]) => {
    const map = Object.hasOwn(members, key) ? members[key] : undefined
    return [key, inner === undefined || !map ? inner : map(inner)] as const
  })
  return Object.fromEntries(entries)
}

function mapList(value: JsonValue, map: (item: JsonObject) => JsonValue): JsonValue {
  return Array.isArray(value) ? (value as readonly JsonValue[]).map((item) => (isJsonObject(item) ? map(item) : item)) : value
}

function mapMessage(message: JsonObject, visit: Visit): JsonObject {
  const role = roleOf(message["role"])
  const visited = (text: JsonValue): JsonValue => (typeof text === "string" ? visit(text, role) : text)
  const mapCall = (call: JsonValue): JsonValue => (isJsonObject(call) ? mapMembers(call, { arguments: visited }) : call)
  return mapMembers(message, {
    content: (value) => mapContent(value, role, visit),
    refusal: visited,
    reasoning: visited,
    reasoning_content: visited,
    tool_calls: (value) => mapList(value, (call) => mapMembers(call, { function: mapCall })),
    function_call: mapCall,
  })
}

function roleOf(role: JsonValue | undefined): GuardRole {
  if (role === "system" || role === "developer") return "system"
  if (role === "assistant") return "assistant"
  return role === "tool" || role === "function" ? "tool" : "user"
}

/** A text, texts, or parts of which some are texts. Signed and sealed reasoning stays as it is: another text would not fit its signature. */
function mapContent(value: JsonValue, role: GuardRole, visit: Visit): JsonValue {
  if (typeof value === "string") return visit(value, role)
  if (!Array.isArray(value)) return value
  return (value as readonly JsonValue[]).map((part) => {
    if (typeof part === "string") return visit(part, role)
    return isJsonObject(part) ? mapPart(part, role, visit) : part
  })
}

function mapPart(part: JsonObject, role: GuardRole, visit: Visit): JsonObject {
  const visited = (text: JsonValue): JsonValue => (typeof text === "string" ? visit(text, role) : text)
  const type = part["type"]
  if (type === "tool_result") return mapMembers(part, { content: (value) => mapContent(value, "tool", visit) })
  if (type === "tool_use") return mapMembers(part, { input: (value) => mapLeaves(value, (text) => visit(text, role)) })
  if (type === "document") return mapMembers(part, { title: visited, context: visited, source: (source) => mapSource(source, role, visit) })
  if (type === "search_result") return mapMembers(part, { title: visited, content: (value) => mapContent(value, role, visit) })
  return mapMembers(part, { text: visited, refusal: visited })
}

function mapSource(source: JsonValue, role: GuardRole, visit: Visit): JsonValue {
  if (!isJsonObject(source)) return source
  if (source["type"] === "text") return mapMembers(source, { data: (data) => (typeof data === "string" ? visit(data, role) : data) })
  return source["type"] === "content" ? mapMembers(source, { content: (value) => mapContent(value, role, visit) }) : source
}

/** Every string of a JSON value. */
export function mapLeaves(value: JsonValue, visit: (text: string) => string): JsonValue {
  if (typeof value === "string") return visit(value)
  if (Array.isArray(value)) return (value as readonly JsonValue[]).map((item) => mapLeaves(item, visit))
  if (!isJsonObject(value)) return value
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, inner === undefined ? inner : mapLeaves(inner, visit)]))
}
