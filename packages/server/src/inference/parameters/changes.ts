// What the configuration of a deployment changes in a request that is sent on in the client's own dialect: by the members at its top.
import { chatParameters, embeddingParameters, mediaServicesOf, type MediaService } from "../../config/index.ts"
import type { JsonObject, JsonValue } from "../../core/index.ts"
import type { Deployment } from "../types.ts"
import { chatWay } from "./chat-way.ts"
import { messagesWay } from "./messages-way.ts"
import { isGiven, type ParameterChanges, type TopLevel, type Way } from "./way.ts"

export type { ParameterChanges, TopLevel } from "./way.ts"

/** What is asked, in which dialect. */
export type CallKind = "chat" | "messages" | "completions" | "embeddings" | MediaService | "other"

const chatKinds: ReadonlySet<CallKind> = new Set(["chat", "messages", "completions"])

const plain: Way = { namesOf: (name) => [name], takes: () => true, further: [] }

/** `topOf`: what the request has of these names. Nothing is looked at where nothing is configured. */
export function parameterChanges(
  deployment: Deployment,
  kind: CallKind,
  topOf: (names: ReadonlySet<string>) => TopLevel,
): ParameterChanges {
  const { parameters } = deployment
  if (!parameters) return none
  const way = wayOf(deployment, kind)
  const isFor = (name: string): boolean => appliesTo(name, kind, deployment)
  const settings = (values: JsonObject): [string, JsonValue | undefined][] =>
    Object.entries(values)
      .filter(([name]) => isFor(name))
      .toSorted(([a], [b]) => rankOf(a) - rankOf(b))
  const [defaults, overrides] = [settings(parameters.defaults), settings(parameters.overrides)]
  const names = [...[...defaults, ...overrides].map(([name]) => name), ...parameters.dropped]
  const sent = topOf(new Set([...names.flatMap((name) => way.namesOf(name)), ...way.further]))
  const changes = new Map<string, JsonValue | undefined>()
  const top: TopLevel = {
    has: (name) => (changes.has(name) ? changes.get(name) !== undefined : sent.has(name)),
    value: (name) => (changes.has(name) ? changes.get(name) : sent.value(name)),
  }
  for (const name of parameters.dropped) for (const each of way.namesOf(name)) if (top.has(each)) changes.set(each, undefined)
  for (const [name, value] of overrides) set(way, top, changes, { name, value, isOverride: true })
  for (const [name, value] of defaults) set(way, top, changes, { name, value, isOverride: false })
  return changes
}

/** Models that think take less of the rest. */
function rankOf(name: string): number {
  return name === "reasoning_effort" || name === "thinking" ? 0 : 1
}

const none: ParameterChanges = new Map()

interface Setting {
  name: string
  value: JsonValue | undefined
  isOverride: boolean
}

function set(way: Way, top: TopLevel, changes: Map<string, JsonValue | undefined>, { name, value, isOverride }: Setting): void {
  if (value === undefined) return
  const names = way.namesOf(name)
  const given = names.filter((each) => isGiven(top, each))
  if (given.length > 0 && !isOverride) return
  const fields = way.fieldsOf?.(name, value, { top, isOverride })
  if (fields) {
    for (const each of given) changes.set(each, undefined)
    for (const [each, field] of fields) changes.set(each, field)
    return
  }
  const [first] = names
  if (first === undefined || !way.takes(name, { top, isOverride })) return
  for (const each of given.length > 0 ? given : [first]) changes.set(each, value)
}

function wayOf(deployment: Deployment, kind: CallKind): Way {
  if (kind === "messages") return messagesWay(deployment)
  return kind === "chat" || kind === "completions" ? chatWay(deployment, kind) : plain
}

/** Those of one kind of call are not for the others; where nothing chats those of chats mean something else, as `response_format` does. */
function appliesTo(name: string, kind: CallKind, { does }: Deployment): boolean {
  if (embeddingParameters.has(name)) return kind === "embeddings"
  const services = mediaServicesOf(name)
  if (services.length > 0) return services.some((service) => service === kind)
  if (!chatParameters.has(name)) return true
  return kind !== "embeddings" && (chatKinds.has(kind) || !does.chat)
}

/** A parsed request with the changes made. */
export function withChanges(body: JsonObject, changes: ParameterChanges): JsonObject {
  if (changes.size === 0) return body
  const changed = new Map(Object.entries(body))
  for (const [name, value] of changes) {
    if (value === undefined) changed.delete(name)
    else changed.set(name, value)
  }
  return Object.fromEntries(changed)
}
