// Tools that only Responses can group, search and add later, as functions with names of their own for models that are asked in another dialect.
import { createHash } from "node:crypto"
import { isJsonObject, type JsonObject, type JsonValue } from "../core/index.ts"
import type { NewItem } from "./types.ts"

/** What a call of the function is on the wire: of a tool in a namespace, or of the client's own search for tools. */
export type WireCall = { kind: "member"; name: string; namespace: string } | { kind: "search" }

export interface FlatTool {
  /** As a client could have declared it, under the name that models see; one that is no function stays as it was. */
  readonly tool: JsonObject
  readonly wire?: WireCall
}

export interface FlatTools {
  readonly tools: readonly FlatTool[]
  /** The name under which models see a call of the history. */
  nameOf(name: string, namespace: string): string
}

export const toolSearchName = "tool_search"

/** Its members are called by their own names. */
const defaultNamespace = "functions"
/** What every provider allows. */
const nameMax = 64
const digestLength = 8

/**
 * Everything that may be called: what the request declares, and what its items add to that. `reserved` are names of other tools of the
 * call. A name depends on nothing but the tool itself and whether another has it, so it is the same in each turn.
 */
export function flatTools(tools: readonly JsonObject[], items: readonly NewItem[], reserved: readonly string[]): FlatTools {
  const declared = [...tools, ...items.flatMap(toolsOfItem)]
  const members = declared.flatMap(membersOf)
  const plain = declared.flatMap(({ type, name }) => (type === "function" || type === "custom" ? [wordOf(name)] : []))
  const holders = new Map<string, Set<string>>()
  for (const name of [...reserved, ...plain, toolSearchName]) holders.set(name, new Set(["another tool"]))
  for (const { namespace, tool } of members) {
    const wanted = joined(wordOf(tool["name"]), namespace)
    holders.set(wanted, (holders.get(wanted) ?? new Set()).add(keyOf(wordOf(tool["name"]), namespace)))
  }
  const nameOf = (name: string, namespace: string): string => {
    const wanted = joined(name, namespace)
    const others = [...(holders.get(wanted) ?? [])].filter((key) => key !== keyOf(name, namespace))
    return others.length === 0 && isAllowed(wanted) ? wanted : digested(wanted, keyOf(name, namespace))
  }
  return { tools: unique(declared.flatMap((tool) => flattened(tool, nameOf))), nameOf }
}

/** Tools that stand among the items: added by the operator, or found by a search. */
function toolsOfItem({ type, tools }: NewItem): JsonObject[] {
  return (type === "additional_tools" || type === "tool_search_output") && Array.isArray(tools)
    ? (tools as readonly JsonValue[]).filter(isJsonObject)
    : []
}

function membersOf({ type, name, tools }: JsonObject): { namespace: string; tool: JsonObject }[] {
  if (type !== "namespace" || !Array.isArray(tools)) return []
  return (tools as readonly JsonValue[]).filter(isJsonObject).map((tool) => ({ namespace: wordOf(name), tool }))
}

function flattened(tool: JsonObject, nameOf: FlatTools["nameOf"]): FlatTool[] {
  if (tool["type"] === "namespace") return membersOf(tool).map((member, index) => memberOf(member, index === 0 ? tool : {}, nameOf))
  if (tool["type"] !== toolSearchName) return [{ tool }]
  // What its provider would search is all declared, and offered from the beginning.
  if (tool["execution"] !== "client") return []
  const { description = null, parameters = null } = tool
  return [{ tool: { type: "function", name: toolSearchName, description, parameters }, wire: { kind: "search" } }]
}

/** What a namespace is for is told with the first of its members. */
function memberOf({ namespace, tool }: { namespace: string; tool: JsonObject }, of: JsonObject, nameOf: FlatTools["nameOf"]): FlatTool {
  const name = wordOf(tool["name"])
  const description = [wordOf(tool["description"]), ofGroup(namespace, wordOf(of["description"]))]
    .filter((each) => each !== "")
    .join("\n\n")
  const flat = { ...tool, name: nameOf(name, namespace), ...(description === "" ? {} : { description }) }
  return { tool: flat, wire: { kind: "member", name, namespace } }
}

function ofGroup(namespace: string, description: string): string {
  if (description.trim() === "") return ""
  return namespace === defaultNamespace ? description : `All tools of "${namespace}": ${description}`
}

function joined(name: string, namespace: string): string {
  return (namespace === defaultNamespace ? name : `${namespace}__${name}`).replaceAll(/[^A-Za-z0-9_-]/g, "_")
}

function isAllowed(name: string): boolean {
  return name.length <= nameMax && /^[A-Za-z_]/.test(name)
}

function keyOf(name: string, namespace: string): string {
  return JSON.stringify([namespace, name])
}

function digested(name: string, key: string): string {
  const digest = createHash("sha256").update(key).digest("hex").slice(0, digestLength)
  const begin = /^[A-Za-z_]/.test(name) ? name : `_${name}`
  return `${begin.slice(0, nameMax - digestLength - 1)}_${digest}`
}

/** Names are checked when the request comes in; descriptions may be absent. */
export function wordOf(value: JsonValue | undefined): string {
  return typeof value === "string" ? value : ""
}

/** A tool that was found twice, or found after it was declared, is offered once, as it was declared last. */
function unique(tools: readonly FlatTool[]): FlatTool[] {
  const byName = new Map<string | symbol, FlatTool>()
  for (const each of tools) {
    const { type, name } = each.tool
    byName.set(type === "function" || type === "custom" ? wordOf(name) : Symbol("no function"), each)
  }
  return [...byName.values()]
}
