// What of the request's tools a model may call: `tool_choice` and `allowed_tools` as hard limits that do not depend on the model.
import { AppError, isJsonObject, type JsonObject, type JsonValue } from "../core/index.ts"
import { customTool, type ModelCall, type ModelTool, type PassedTools } from "../inference/index.ts"
import type { Tool, ToolRegistry } from "../tools/index.ts"
import { flatTools, toolSearchName, type FlatTool, type FlatTools, type WireCall } from "./flat-tools.ts"
import { ownServerLabel } from "./own-server.ts"
import type { ResponseItem, ResponseRequest } from "./types.ts"

export interface FileSearchSettings {
  readonly vectorStoreIds: readonly string[]
  readonly limit: number
  readonly filters: JsonValue
  readonly scoreThreshold: number | null
  /** How words and vectors are weighed; null is as it fits the embedding model. */
  readonly weights: { readonly words: number; readonly vectors: number } | null
  /** What orders the best; null is what is configured. */
  readonly ranker: string | null
  /** How much passages that are like better ones give way; null is not at all. */
  readonly diversity: number | null
}

/** A request's tools sorted by who runs them; only what may be called is in here. */
export interface OfferedTools {
  /** Custom tools too: whatever the client runs. */
  readonly functions: readonly ModelTool[]
  readonly fileSearch: FileSearchSettings | undefined
  readonly server: readonly Tool[]
  /** What only a deployment that speaks Responses can be given. */
  readonly passed: PassedTools | undefined
  readonly choice: ModelCall["toolChoice"]
  /** Where the model is asked in another dialect than Responses: their groups as functions, */
  readonly flat: FlatTools | undefined
  /** and what calls of these are on the wire, by the names that the model sees. */
  readonly wires: ReadonlyMap<string, WireCall>
}

const defaultSearchResults = 20
const searchResultsMax = 50

export function offeredTools(request: ResponseRequest, registry: ToolRegistry, flat?: FlatTools): OfferedTools {
  const allowed = allowance(request.tool_choice)
  const functions: ModelTool[] = []
  const server: Tool[] = []
  const passed: JsonObject[] = []
  const wires = new Map<string, WireCall>()
  let fileSearch: FileSearchSettings | undefined
  const declared =
    flat === undefined ? request.tools.map((tool): FlatTool => ({ tool })) : withoutIdleSearch(flat.tools, request.tool_choice)
  for (const [index, { tool, wire }] of declared.entries()) {
    if (tool["type"] === "function" || tool["type"] === "custom") {
      if (!allowed.call(tool, wire)) continue
      functions.push(tool["type"] === "function" ? functionOf(tool) : customOf(tool))
      if (wire) wires.set(tool["name"] as string, wire)
    } else if (tool["type"] === "file_search") {
      const settings = searchOf(tool)
      if (allowed.tool("file_search", undefined)) fileSearch = settings
    } else if (tool["type"] === "mcp" && tool["server_label"] === ownServerLabel) {
      const offered = serverTools(tool, registry, index)
      refuseApproval(tool["require_approval"], offered, index)
      server.push(...offered.filter((each) => allowed.tool("mcp", each.name)))
    } else if (isMemoryTool(tool)) {
      if (allowed.tool(tool["type"] as string, undefined)) server.push(memoryOf(tool, request, registry, index))
    } else if (allowed.tool(tool["type"] as string, tool["name"])) passed.push(tool)
  }
  const isNothing = functions.length + server.length + passed.length === 0 && fileSearch === undefined
  if (flat !== undefined && isNothing) refuseIdleDemand(request.tool_choice)
  const named = passed.length === 0 ? null : passedChoice(request.tool_choice, passed)
  const choice = named ? "auto" : choiceOf(request.tool_choice, { functions, server, fileSearch, wires })
  return { functions, fileSearch, server, passed: passedTools(request, passed, named), choice, flat, wires }
}

/** The tools of a request whose model is asked in another dialect than Responses. */
export function flatToolsOf(request: ResponseRequest, items: readonly ResponseItem[], registry: ToolRegistry): FlatTools {
  const own = registry.list().map(({ name }) => name)
  return flatTools(request.tools, items, [...own, fileSearchName, memoryToolName, recallToolName])
}

/**
 * Agents offer the search of OpenAI's servers beside their own tools, whatever the model. A model that has none goes on without it; where nothing
 * else is offered, or it is asked for by name, it is refused.
 */
function withoutIdleSearch(tools: readonly FlatTool[], choice: JsonValue): readonly FlatTool[] {
  const isSearch = ({ tool: { type } }: FlatTool): boolean => typeof type === "string" && /^web_search(?:_\d|$)/.test(type)
  const isAsked = isJsonObject(choice) && JSON.stringify(choice).includes('"web_search')
  const hasOthers = tools.some(({ tool: { type } }) => type === "function" || type === "custom")
  return hasOthers && !isAsked ? tools.filter((each) => !isSearch(each)) : tools
}

function passedTools(request: ResponseRequest, tools: readonly JsonObject[], choice: JsonObject | null): PassedTools | undefined {
  if (tools.length === 0) return undefined
  const include = request.include.filter((each) => !ownIncludes.has(each))
  return { tools, choice, include, callsMax: request.max_tool_calls }
}

/** What is shown of tools and thoughts by this server itself. */
const ownIncludes: ReadonlySet<string> = new Set([
  "file_search_call.results",
  "reasoning.encrypted_content",
  "message.output_text.logprobs",
])

function passedChoice(choice: JsonValue, tools: readonly JsonObject[]): JsonObject | null {
  return isJsonObject(choice) && tools.some(({ type }) => type === choice["type"]) ? choice : null
}

/** Refuses what no deployment of the model could be given; `type` of a tool is its name there. */
export function refuseUnknownTools({ tools }: Pick<ResponseRequest, "tools">, { passed }: OfferedTools): void {
  const [first] = passed?.tools ?? []
  if (first) throw unsupportedTool(first, tools.indexOf(first))
}

/** A call of one of the tools that it allows, where none of them is there. */
function refuseIdleDemand(choice: JsonValue): void {
  if (!isJsonObject(choice) || choice["type"] !== "allowed_tools" || choice["mode"] !== "required") return
  const listed = Array.isArray(choice["tools"]) ? (choice["tools"] as readonly JsonValue[]).filter(isJsonObject) : []
  const names = listed.map(({ name, type }) => `"${(name ?? type) as string}"`).join(", ")
  throw new AppError("invalid_request", `tool_choice demands a call of ${names || "no tool"}, which is not among tools`, {
    param: "tool_choice",
    hint: "Allow a tool that tools has, or add it there.",
  })
}

interface Allowance {
  tool(type: string, name: JsonValue | undefined): boolean
  /** For functions and custom tools. */
  call(tool: JsonObject, wire: WireCall | undefined): boolean
}

function allowance(choice: JsonValue): Allowance {
  if (choice === "none") return { tool: () => false, call: () => false }
  if (!isJsonObject(choice) || choice["type"] !== "allowed_tools") return { tool: () => true, call: () => true }
  const tools = Array.isArray(choice["tools"]) ? (choice["tools"] as readonly JsonValue[]).filter(isJsonObject) : []
  const tool: Allowance["tool"] = (type, name) =>
    tools.some(
      (each) =>
        each["type"] === type &&
        (name === undefined || each["name"] === undefined ? type !== "function" && type !== "custom" : each["name"] === name),
    )
  const call: Allowance["call"] = ({ type, name }, wire) => {
    if (wire?.kind === "search") return tool(toolSearchName, undefined)
    if (wire === undefined) return tool(type as string, name) // one of two that are told apart by it
    return tool("namespace", wire.namespace) || tools.some((each) => each["type"] === type && isNamed(each, wire))
  }
  return { tool, call }
}

/** Whether a choice means that tool; OpenAI's own has no word for the namespace. */
function isNamed({ name, namespace }: JsonObject, wire: Extract<WireCall, { kind: "member" }>): boolean {
  return name === wire.name && (namespace === undefined || namespace === wire.namespace)
}

/** What the provider is told; what it does with it is checked again when the answer comes. */
function choiceOf(
  choice: JsonValue,
  { functions, server, fileSearch, wires }: Pick<OfferedTools, "functions" | "server" | "fileSearch" | "wires">,
): ModelCall["toolChoice"] {
  if (choice === "auto" || choice === "none" || choice === "required") return choice
  if (!isJsonObject(choice))
    throw new AppError("unsupported_value", `tool_choice ${JSON.stringify(choice)} is not supported`, {
      param: "tool_choice",
      hint: 'Use "auto", "none", "required" or an object that names a tool.',
    })
  if (choice["type"] === "allowed_tools") return choice["mode"] === "required" ? "required" : "auto"
  const name =
    choice["type"] === "file_search"
      ? fileSearch
        ? fileSearchName
        : ""
      : isMemoryTool(choice)
        ? memoryToolName
        : choice["type"] === toolSearchName
          ? toolSearchName
          : (memberNamed(choice, wires) ?? (choice["name"] as string))
  const known =
    name !== "" && (name === fileSearchName || functions.some((tool) => tool.name === name) || server.some((tool) => tool.name === name))
  if (!known) {
    throw new AppError("invalid_request", `tool_choice names "${(choice["name"] ?? choice["type"]) as string}", which is not among tools`, {
      param: "tool_choice",
      hint: "Add it to tools.",
    })
  }
  return { name }
}

/** The name that the model sees of a tool in a namespace. */
function memberNamed(choice: JsonObject, wires: OfferedTools["wires"]): string | undefined {
  return [...wires].find(([, wire]) => wire.kind === "member" && isNamed(choice, wire))?.[0]
}

export const memoryToolName = "memory"

/** Reads again what context editing cleared. */
export const recallToolName = "perdure_recall_result"

/** R17: where a client lists what may be called, or that nothing may, nothing else is offered. */
export function offersUnlisted(choice: JsonValue): boolean {
  return choice !== "none" && !(isJsonObject(choice) && choice["type"] === "allowed_tools")
}

/** The name under which models that write their own queries see the search. */
export const fileSearchName = "file_search"

function functionOf(tool: JsonObject): ModelTool {
  const description = typeof tool["description"] === "string" ? tool["description"] : null
  const strict = typeof tool["strict"] === "boolean" ? tool["strict"] : null
  return { name: tool["name"] as string, description, parameters: tool["parameters"] ?? { type: "object", properties: {} }, strict }
}

function customOf({ name, description, format }: JsonObject): ModelTool {
  return customTool({
    name: name as string, // checked when the request was parsed
    description: typeof description === "string" ? description : null,
    format: isJsonObject(format) ? format : null,
  })
}

function searchOf(tool: JsonObject): FileSearchSettings {
  const ranking = isJsonObject(tool["ranking_options"]) ? tool["ranking_options"] : {}
  const wanted = typeof tool["max_num_results"] === "number" ? tool["max_num_results"] : defaultSearchResults
  return {
    vectorStoreIds: tool["vector_store_ids"] as readonly string[], // checked when the request was parsed
    limit: Math.max(1, Math.min(searchResultsMax, wanted)),
    filters: tool["filters"] ?? null,
    scoreThreshold: typeof ranking["score_threshold"] === "number" ? ranking["score_threshold"] : null,
    weights: weightsOf(ranking["hybrid_search"]),
    ranker: typeof ranking["ranker"] === "string" ? ranking["ranker"] : null,
    diversity: typeof ranking["diversity"] === "number" ? ranking["diversity"] : null,
  }
}

function weightsOf(hybrid: JsonValue | undefined): FileSearchSettings["weights"] {
  if (!isJsonObject(hybrid)) return null
  return { words: Number(hybrid["text_weight"]), vectors: Number(hybrid["embedding_weight"]) } // checked when the request was parsed
}

function serverTools(tool: JsonObject, registry: ToolRegistry, index: number): readonly Tool[] {
  const named = tool["allowed_tools"]
  if (named === undefined || named === null) return registry.list()
  const names = Array.isArray(named)
    ? (named as readonly string[])
    : isJsonObject(named)
      ? ((named["tool_names"] ?? []) as readonly string[])
      : []
  return names.map((name) => {
    const found = registry.get(name)
    if (found) return found
    throw new AppError("invalid_request", `There is no tool "${name}" on this server`, {
      param: `tools[${index}].allowed_tools`,
      hint: `Tools here: ${
        registry
          .list()
          .map((each) => each.name)
          .join(", ") || "none"
      }.`,
    })
  })
}

/** Nobody can be asked yet, and a tool that its client wanted to approve must not run without that. */
function refuseApproval(wanted: JsonValue | undefined, offered: readonly Tool[], index: number): void {
  if (wanted === undefined || wanted === null || wanted === "never") return
  const never = isJsonObject(wanted) ? namesUnder(wanted["never"]) : []
  const always = isJsonObject(wanted) ? namesUnder(wanted["always"]) : []
  const first = offered.find(({ name }) => always.includes(name) || !never.includes(name))
  if (first === undefined) return
  throw new AppError("unsupported_value", `The tool "${first.name}" would need an approval, and responses cannot ask for one`, {
    param: `tools[${index}].require_approval`,
    hint: 'Say "never", leave the tool to the client as a function tool, or let it start a workflow that waits for a signal.',
  })
}

/** `{ "tool_names": [...] }` */
function namesUnder(filter: JsonValue | undefined): readonly JsonValue[] {
  const names = isJsonObject(filter) ? filter["tool_names"] : undefined
  return Array.isArray(names) ? (names as readonly JsonValue[]) : []
}

/** Anthropic's name for it, or ours. */
function isMemoryTool(tool: JsonObject): boolean {
  return tool["type"] === "memory" || tool["type"] === "memory_20250818"
}

/** The scope is the client's choice and never the model's. */
function memoryOf(tool: JsonObject, request: ResponseRequest, registry: ToolRegistry, index: number): Tool {
  const made = registry.memoryOf?.(tool["scope"] as string, request.acts_for ?? null) // checked when the request was parsed
  return made ?? raise(unsupportedTool(tool, index))
}

function raise(error: AppError): never {
  throw error
}

function unsupportedTool(tool: JsonObject, index: number): AppError {
  const type = tool["type"] as string
  return new AppError(
    "unsupported_value",
    `Tools of type "${type}" are not supported by this model: none of its deployments speaks Responses`,
    {
      param: `tools[${index}].type`,
      hint: `Ask for a model that is called by OpenAI's Responses, or use "function", "custom", "file_search", "memory" with a scope, or "mcp" with server_label "${ownServerLabel}" for the tools of this server.`,
    },
  )
}
