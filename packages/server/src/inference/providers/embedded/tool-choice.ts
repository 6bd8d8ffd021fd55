// Decides whether a request asks for one of the offered tools, by what the tool's name and description say, and with which arguments.
import { isJsonObject, type JsonObject, type JsonValue } from "../../../core/index.ts"
import type { Embed, ModelCall } from "../../types.ts"
import type { ModelTool } from "../../message-types.ts"
import { insist, propertiesOf, readArguments, type ArgumentSources } from "./arguments.ts"
import { actionIsSaid } from "./actions.ts"
import { splitRequest } from "./clauses.ts"
import { textOf, type Reading } from "./reading.ts"
import { askFor } from "./speech.ts"
import { nameStems, splitName, topicStems } from "./words.ts"

export type ToolPlan = { kind: "call"; calls: { name: string; arguments: JsonObject }[] } | { kind: "ask"; text: string }

export interface ToolMeans {
  embed: Embed
  now: number
}

/** Below this score a request does not ask for a tool; set on the cases of tool-choice.test.ts. */
export const toolMin = 0.42
/** Between the two a tool is only taken when all that it requires can be read. */
export const likelyToolMin = 0.19
const meaningWeight = 0.6
/** What a request asks for stands in its beginning. */
const requestCharsMax = 8_000

interface Wish {
  tool: ModelTool
  clause: string
}

/** The calls to make now, or the question to ask for what is missing; undefined when no tool is wanted. */
export async function chooseTool(call: ModelCall, reading: Reading, means: ToolMeans, signal: AbortSignal): Promise<ToolPlan | undefined> {
  const { tools, toolChoice } = call
  if (tools.length === 0 || toolChoice === "none") return undefined
  // A tool that had to be called was called: insisting again after its result would never end.
  const insisted = toolChoice !== "auto" && reading.called.length === 0
  const reply = insisted ? undefined : replyToOurQuestion(call, reading)
  if (reply) return planFor([{ tool: reply.tool, clause: reading.request }], [reading.request, reply.before], call, reading, means, true)
  if (insisted) return insistedPlan(call, reading, means, signal)
  const stages = await wishes(reading.request, tools, means, signal)
  const called = [...reading.called]
  for (const stage of stages) {
    const open = stage.filter(({ tool }) => !removeOne(called, tool.name))
    if (open.length > 0) return planFor(call.parallelToolCalls ? open : open.slice(0, 1), [reading.request], call, reading, means)
  }
  return undefined
}

/** A tool that could find something to quote, when nothing that was given answers the question. */
export function searchTool(call: ModelCall, reading: Reading): ToolPlan | undefined {
  if (call.toolChoice === "none" || reading.called.length > 0 || reading.question === "") return undefined
  const tool = call.tools.find(
    (each) =>
      queryProperty(each) !== undefined &&
      /\b(?:search|retrieve|retrieval|look ?up|find|recall|query|knowledge|docs)\b/i.test(splitName(each.name)),
  )
  const property = tool && queryProperty(tool)
  if (!tool || property === undefined) return undefined
  return { kind: "call", calls: [{ name: tool.name, arguments: { [property]: reading.question } }] }
}

async function insistedPlan(call: ModelCall, reading: Reading, means: ToolMeans, signal: AbortSignal): Promise<ToolPlan | undefined> {
  const { toolChoice, tools } = call
  const wanted = typeof toolChoice === "object" ? tools.filter(({ name }) => name === toolChoice.name) : tools
  const scores = await scoreTools(reading.request, wanted, means, signal)
  const tool = wanted[scores.indexOf(Math.max(...scores))]
  if (!tool) return undefined
  const sources = argumentSources([reading.request, ...earlierRequests(call)], reading, means)
  const read = readArguments(tool.parameters, sources)
  return { kind: "call", calls: [{ name: tool.name, arguments: insist(tool.parameters, read, reading.request) }] }
}

/** All calls when their arguments can be read; the question for what is missing otherwise. */
function planFor(
  wanted: readonly Wish[],
  texts: readonly string[],
  call: ModelCall,
  reading: Reading,
  means: ToolMeans,
  isReply = false,
): ToolPlan {
  const calls: { name: string; arguments: JsonObject }[] = []
  for (const { tool, clause } of wanted) {
    const all = [...new Set([clause, ...texts])]
    const read = readArguments(tool.parameters, { ...argumentSources(all, reading, means), isReply })
    if (read.missing.length === 0) calls.push({ name: tool.name, arguments: read.value })
    else if (calls.length === 0) {
      const second = readArguments(tool.parameters, argumentSources([...all, ...earlierRequests(call)], reading, means))
      if (second.missing.length > 0) return { kind: "ask", text: askFor(tool.name, second.missing) }
      calls.push({ name: tool.name, arguments: second.value })
    }
  }
  return { kind: "call", calls }
}

/** Stages of the request that name tools; within a stage the calls do not depend on each other. */
async function wishes(request: string, tools: readonly ModelTool[], means: ToolMeans, signal: AbortSignal): Promise<Wish[][]> {
  const stages: Wish[][] = []
  for (const { whole, parts } of splitRequest(request.slice(0, requestCharsMax))) {
    const separate = parts.length > 1 ? await Promise.all(parts.map((part) => wish(part, tools, means, signal))) : []
    const all = separate.filter((each) => each !== undefined)
    const distinct =
      new Set(all.map(({ tool }) => tool.name)).size === all.length ||
      parts.every((part, i) => i === 0 || part.startsWith(parts[0]?.slice(0, 4) ?? " "))
    if (all.length > 1 && all.length === parts.length && distinct) stages.push(all)
    else {
      const one = await wish(whole, tools, means, signal)
      if (one) stages.push([one])
    }
  }
  return stages
}

async function wish(clause: string, tools: readonly ModelTool[], means: ToolMeans, signal: AbortSignal): Promise<Wish | undefined> {
  const fitting = tools.filter((tool) => actionIsSaid(tool.name, clause))
  if (fitting.length === 0) return undefined
  const scores = await scoreTools(clause, fitting, means, signal)
  const best = Math.max(...scores)
  const tool = fitting[scores.indexOf(best)]
  if (!tool || best < likelyToolMin || (best < toolMin && !tellsArguments(tool, clause, means.now))) return undefined
  return { tool, clause }
}

/** The clause holds all that the tool requires, and not just because any text would do. */
function tellsArguments(tool: ModelTool, clause: string, now: number): boolean {
  const { value, missing } = readArguments(tool.parameters, { texts: [clause], known: new Map(), now })
  if (missing.length > 0) return false
  return Object.values(value).some((each) => typeof each !== "string" || each.length < clause.trim().length / 2 || /[\d@/]/.test(each))
}

/** How well each tool fits: by meaning, and by how many words of its name and purpose are said. */
export async function scoreTools(
  clause: string,
  tools: readonly ModelTool[],
  { embed }: ToolMeans,
  signal: AbortSignal,
): Promise<number[]> {
  const described = tools.map(({ name, description }) => `${splitName(name)}: ${description ?? ""}`)
  const [vector, ...vectors] = await embed([clause, ...described], signal)
  const said = topicStems(clause)
  return tools.map(({ name, description }, i) => {
    const meaning = vector?.reduce((sum, value, at) => sum + value * (vectors[i]?.[at] ?? 0), 0) ?? 0
    const own = nameStems(name)
    const named = own.size === 0 ? 0 : [...own].filter((word) => said.has(word)).length / own.size
    const purpose = [...topicStems(description ?? "")].some((word) => said.has(word) && !own.has(word)) ? 0.25 : 0
    return meaningWeight * meaning + (1 - meaningWeight) * Math.min(1, named + purpose)
  })
}

/** When our last message asked for an argument, this one answers it. */
function replyToOurQuestion(call: ModelCall, reading: Reading): { tool: ModelTool; before: string } | undefined {
  if (reading.called.length > 0) return undefined
  const lastUser = call.messages.findLastIndex((message) => message.role === "user")
  const before = call.messages[lastUser - 1]
  const asked = before?.role === "assistant" ? /^To call (\S+) I need /.exec(textOf(before))?.[1] : undefined
  const tool = call.tools.find(({ name }) => name === asked)
  return tool ? { tool, before: earlierRequests(call)[0] ?? "" } : undefined
}

/** Earlier messages of the user, newest first. */
function earlierRequests(call: ModelCall): string[] {
  return call.messages
    .filter((message) => message.role === "user")
    .map(textOf)
    .slice(0, -1)
    .toReversed()
}

function argumentSources(texts: readonly string[], reading: Reading, { now }: ToolMeans): ArgumentSources {
  const known = new Map<string, JsonValue>()
  for (const { content } of reading.results) collect(parsed(content), known, 0)
  return { texts, known, now }
}

/** Fields of JSON results by their name; the first of each name, three levels deep. */
function collect(value: JsonValue, known: Map<string, JsonValue>, depth: number): void {
  if (depth > 3) return
  if (Array.isArray(value)) for (const each of value as JsonValue[]) collect(each, known, depth + 1)
  if (!isJsonObject(value)) return
  for (const [key, inner] of Object.entries(value)) {
    if (inner === undefined) continue
    if (!known.has(splitName(key))) known.set(splitName(key), inner)
    collect(inner, known, depth + 1)
  }
}

function parsed(content: string): JsonValue {
  try {
    return JSON.parse(content) as JsonValue
  } catch {
    return null
  }
}

function queryProperty(tool: ModelTool): string | undefined {
  if (!isJsonObject(tool.parameters)) return undefined
  const properties = propertiesOf(tool.parameters)
  const required = Array.isArray(tool.parameters["required"]) ? tool.parameters["required"] : Object.keys(properties)
  const name = Object.keys(properties).find((each) => /^(?:query|q|question|search|search_?query|text|keywords?|prompt|input)$/i.test(each))
  return name !== undefined && required.every((each) => each === name) ? name : undefined
}

function removeOne(list: string[], name: string): boolean {
  const at = list.indexOf(name)
  if (at >= 0) list.splice(at, 1)
  return at >= 0
}
