// Where the texts of realtime events are: of what a client says in words, and of what a provider shows of items, whole.
import { isJsonObject, type JsonObject, type JsonValue } from "../../core/index.ts"
import type { GuardRole, GuardText } from "../../security/index.ts"

/** `place`: which text of which item it is, for those of items. */
export type VisitText = (text: string, about: { role: GuardRole; json: boolean; place: string }) => string

/** Events of clients in which texts may be. Sound is not looked at. */
export const wordyRequests: readonly string[] = [
  "session.update",
  "conversation.item.create",
  "response.create",
  "transcription_session.update",
]

export function requestTexts(event: JsonObject): GuardText[] {
  const texts: GuardText[] = []
  mapEvent(event, (text, { role }) => {
    texts.push({ role, text })
    return text
  })
  return texts
}

export function withRequestTexts(event: JsonObject, texts: readonly GuardText[]): JsonObject {
  let at = 0
  return mapEvent(event, (text) => texts[at++]?.text ?? text)
}

/** Members that hold items, settings or responses; the same in both directions. */
export function mapEvent(event: JsonObject, visit: VisitText): JsonObject {
  return mapMembers(event, {
    session: (session) => mapSettings(session, visit),
    response: (response) => mapSettings(response, visit),
    item: (item) => mapItem(item, visit),
  })
}

function mapSettings(settings: JsonValue, visit: VisitText): JsonValue {
  const items = (value: JsonValue): JsonValue => mapList(value, (item) => mapItem(item, visit))
  return isJsonObject(settings)
    ? mapMembers(settings, {
        instructions: (text) => (typeof text === "string" ? visit(text, { role: "system", json: false, place: "instructions" }) : text),
        input: items,
        output: items,
      })
    : settings
}

export function mapItem(item: JsonValue, visit: VisitText): JsonValue {
  if (!isJsonObject(item)) return item
  const id = typeof item["id"] === "string" ? item["id"] : ""
  const role = roleOf(item["role"])
  const text = (about: Parameters<VisitText>[1]) => (value: JsonValue) => (typeof value === "string" ? visit(value, about) : value)
  return mapMembers(item, {
    content: (value) =>
      mapIndexed(value, (part, index) => mapPart(part, (each) => visit(each, { role, json: false, place: placeOf(id, index) }))),
    arguments: text({ role: "assistant", json: true, place: placeOf(id, "arguments") }),
    output: text({ role: "tool", json: false, place: placeOf(id, "output") }),
  })
}

export function mapPart(part: JsonValue, visit: (text: string) => string): JsonValue {
  const visited = (value: JsonValue): JsonValue => (typeof value === "string" ? visit(value) : value)
  return isJsonObject(part) ? mapMembers(part, { text: visited, transcript: visited }) : part
}

/** The name of one text of an item: of a part by its index. */
export function placeOf(itemId: JsonValue | undefined, which: number | string): string {
  return `${typeof itemId === "string" ? itemId : ""} ${which}`
}

function roleOf(role: JsonValue | undefined): GuardRole {
  return role === "system" || role === "assistant" ? role : "user"
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

function mapList(value: JsonValue, map: (item: JsonValue) => JsonValue): JsonValue {
  return mapIndexed(value, map)
}

function mapIndexed(value: JsonValue, map: (item: JsonValue, index: number) => JsonValue): JsonValue {
  return Array.isArray(value) ? (value as readonly JsonValue[]).map(map) : value
}
