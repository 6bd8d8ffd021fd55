// What of the request's tools a model may call: `tool_choice` and `allowed_tools` as hard limits that do not depend on the model.
import { AppError, isJsonObject, type JsonObject, type JsonValue } from "../core/index.ts"
import type { ModelCall, ModelTool, PassedTools } from "../inference/index.ts"
import type { Tool, ToolRegistry } from "../tools/index.ts"
import { type FlatTool, flatTools, type FlatTools, toolSearchName, type WireCall } from "./flat-tools.ts"
import { ownServerLabel } from "./own-server.ts"
import type { ResponseItem, ResponseRequest } from "./types.ts"
import {
  customOf,
  type FileSearchSettings,
  functionOf,
  isMemoryTool,
  memoryOf,
  refuseApproval,
  searchOf,
  serverTools,
  unsupportedTool,
} from "./declared-tools.ts"

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
