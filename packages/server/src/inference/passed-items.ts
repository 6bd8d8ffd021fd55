// What only Responses have: tools that their provider runs or that a client runs by their own words, and the items that come of them. They are passed as they came.
import { AppError, type JsonObject } from "../core/index.ts"
import { speaksOpenAiNames } from "./providers/openai/models.ts"
import type { Deployment, ModelCall } from "./types.ts"

/** OpenAI's own models have Responses beside chat completions, and are asked there when a call needs them. */
export function speaksResponses({ dialect, provider, upstreamModel }: Pick<Deployment, "dialect" | "provider" | "upstreamModel">): boolean {
  if (dialect === "openai-responses") return true
  return dialect === "openai-chat" && (provider === "openai" || provider === "azure") && speaksOpenAiNames(upstreamModel)
}

/** Items of the history that tell nothing to whoever cannot read them: what was found is in the answer that followed. */
const told: ReadonlySet<string> = new Set([
  "file_search_call",
  "web_search_call",
  "code_interpreter_call",
  "image_generation_call",
  "mcp_call",
  "mcp_list_tools",
])

export function isTold(type: string): boolean {
  return told.has(type)
}

/** Whether the call can only be made by Responses. */
export function needsResponses({ passed, messages }: ModelCall): boolean {
  return passed !== undefined || messages.some((message) => message.role === "assistant" && firstUntold(message.items) !== undefined)
}

/** Refuses what would be lost on a deployment that does not speak Responses. */
export function refusePassed(call: ModelCall, deployment: Deployment): void {
  if (speaksResponses(deployment)) return
  const tool = call.passed?.tools[0]
  if (tool) throw cannotPass(deployment, `tools of type "${tool["type"] as string}"`, "tools")
  for (const message of call.messages) {
    const item = message.role === "assistant" ? firstUntold(message.items) : undefined
    if (item) throw cannotPass(deployment, `items of type "${item["type"] as string}"`, "input")
  }
}

function firstUntold(items: readonly JsonObject[] | undefined): JsonObject | undefined {
  return items?.find(({ type }) => typeof type !== "string" || !isTold(type))
}

function cannotPass({ id }: Deployment, what: string, param: string): AppError {
  return new AppError("unsupported_value", `"${id}" does not speak Responses and knows no ${what}`, {
    param,
    hint: "Leave them out, or ask for a model whose deployment speaks OpenAI's Responses.",
  })
}
