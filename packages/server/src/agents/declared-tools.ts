// A request's tools as they were declared, read into what a turn has of them; refused where nobody here can run them.
import { AppError, isJsonObject, type JsonObject, type JsonValue } from "../core/index.ts"
import { customTool, type ModelTool } from "../inference/index.ts"
import type { Tool, ToolRegistry } from "../tools/index.ts"
import { ownServerLabel } from "./own-server.ts"
import type { ResponseRequest } from "./types.ts"

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

const defaultSearchResults = 20
const searchResultsMax = 50

export function functionOf(tool: JsonObject): ModelTool {
  const description = typeof tool["description"] === "string" ? tool["description"] : null
  const strict = typeof tool["strict"] === "boolean" ? tool["strict"] : null
  return { name: tool["name"] as string, description, parameters: tool["parameters"] ?? { type: "object", properties: {} }, strict }
}

export function customOf({ name, description, format }: JsonObject): ModelTool {
  return customTool({
    name: name as string, // checked when the request was parsed
    description: typeof description === "string" ? description : null,
    format: isJsonObject(format) ? format : null,
  })
}

export function searchOf(tool: JsonObject): FileSearchSettings {
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

export function serverTools(tool: JsonObject, registry: ToolRegistry, index: number): readonly Tool[] {
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
export function refuseApproval(wanted: JsonValue | undefined, offered: readonly Tool[], index: number): void {
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
export function isMemoryTool(tool: JsonObject): boolean {
  return tool["type"] === "memory" || tool["type"] === "memory_20250818"
}

/** The scope is the client's choice and never the model's. */
export function memoryOf(tool: JsonObject, request: ResponseRequest, registry: ToolRegistry, index: number): Tool {
  const made = registry.memoryOf?.(tool["scope"] as string, request.acts_for ?? null) // checked when the request was parsed
  return made ?? raise(unsupportedTool(tool, index))
}

function raise(error: AppError): never {
  throw error
}

export function unsupportedTool(tool: JsonObject, index: number): AppError {
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
