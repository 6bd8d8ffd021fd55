// A messages request as a model call, for models that are not simply passed through to.
import { clearedPlaceholder, memoryDeclaration, recallDeclaration } from "../../agents/index.ts"
import { AppError, type JsonObject, type JsonValue } from "../../core/index.ts"
import { editContext, type ModelCall, type ModelMessage, type ModelTool } from "../../inference/index.ts"
import type { ParseOptions } from "../light/client-dialect.ts"
import { checked } from "../request-body.ts"
import { behindCompaction } from "./behind-compaction.ts"
import { cacheControl, contentOf, messagesOf } from "./messages-content.ts"
import { messagesRequestSchema, type MessagesRequest, type MessagesTool } from "./messages-schema.ts"
import { endUserOf } from "./end-user.ts"

/** Unknown parameters are left alone, as providers do; wrong ones are refused with their path, and what only Anthropic can do with its name. */
export function parseMessagesRequest(body: JsonObject, { recalls }: ParseOptions = { recalls: false }): ModelCall {
  const request = checked(messagesRequestSchema, body)
  refuseForeign(request)
  const tools = (request.tools ?? []).map(toolOf)
  const toolChoice = toolChoiceOf(request, tools)
  const isOffered = recalls && (toolChoice === "auto" || toolChoice === "required")
  const messages = [...systemOf(request), ...behindCompaction(request.messages).flatMap(messagesOf)]
  const edited = editContext(messages, request.context_management, isOffered ? { placeholderOf: clearedPlaceholder } : {})
  const cleared = isOffered ? clearedOf(messages, edited.messages) : []
  return {
    model: request.model,
    messages: edited.messages,
    ...(body["context_management"] ? { contextEdits: edited.applied } : {}),
    passages: [],
    ...(cleared.length > 0 ? { cleared } : {}),
    tools: cleared.length > 0 ? [...tools, recallDeclaration] : tools,
    toolChoice,
    parallelToolCalls: request.tool_choice?.disable_parallel_tool_use !== true,
    temperature: request.temperature ?? null,
    topP: request.top_p ?? null,
    topK: request.top_k ?? null,
    outputTokensMax: request.max_tokens ?? null,
    responseFormat: formatOf(request),
    ...thinkingOf(request),
    user: endUserOf(request.metadata?.user_id),
    stop: request.stop_sequences ?? [],
    ...(request.messages.at(-1)?.role === "assistant" ? { continuesPrefix: true } : {}),
  }
}

/** The results that stand no more as they were; an edit keeps every message at its place. */
function clearedOf(before: readonly ModelMessage[], after: readonly ModelMessage[]): NonNullable<ModelCall["cleared"]> {
  return before.flatMap((message, index) => {
    const now = after[index]
    if (message.role !== "tool" || now?.role !== "tool" || now.content === message.content) return []
    return [{ handle: message.callId, text: message.content }]
  })
}

/** What "adaptive" stands for where no effort is named: as much as Anthropic's own default, a high effort, in tokens, which models that cannot think leave out. */
const adaptiveTokens = 16_384

function thinkingOf({ thinking, output_config: output }: MessagesRequest): Pick<ModelCall, "reasoningEffort" | "thinkingTokensMax"> {
  if (thinking?.type === "disabled") return { reasoningEffort: null, thinkingTokensMax: 0 }
  const reasoningEffort = output?.effort ?? null
  if (thinking?.type === "adaptive") return { reasoningEffort, thinkingTokensMax: reasoningEffort === null ? adaptiveTokens : null }
  return { reasoningEffort, thinkingTokensMax: thinking?.budget_tokens ?? null }
}

function systemOf({ system }: MessagesRequest): ModelMessage[] {
  if (system === null || system === undefined) return []
  const content = typeof system === "string" ? [{ type: "text" as const, text: system }] : system.map(contentOf)
  return content.length === 0 ? [] : [{ role: "system", content }]
}

function toolOf(tool: MessagesTool, index: number): ModelTool {
  // Its client runs it, so any model can call it.
  if (tool.type === "memory_20250818") return { ...memoryDeclaration, ...cacheControl(tool.cache_control) }
  if (typeof tool.type === "string" && tool.type !== "custom") throw onlyAnthropic(`tools[${index}].type`, tool.type)
  return {
    name: tool.name,
    description: tool.description ?? null,
    parameters: tool.input_schema ?? { type: "object", properties: {} },
    strict: tool.strict ?? null,
    ...cacheControl(tool.cache_control),
  }
}

function toolChoiceOf({ tool_choice: choice }: MessagesRequest, tools: readonly ModelTool[]): ModelCall["toolChoice"] {
  if (!choice || choice.type === "auto") return "auto"
  if (choice.type === "none") return "none"
  if (choice.type === "any") return "required"
  const name = choice.name ?? ""
  if (!tools.some((tool) => tool.name === name))
    throw new AppError("unsupported_value", `tool_choice names "${name}", which is not among the tools`, { param: "tool_choice" })
  return { name }
}

/** In the words of chat completions, which a model call uses. */
function formatOf(request: MessagesRequest): JsonValue | null {
  const format = request.output_config?.format ?? request.output_format
  return format ? { type: "json_schema", json_schema: { name: "answer", schema: format.schema, strict: true } } : null
}

function refuseForeign(request: MessagesRequest): void {
  if ((request.mcp_servers ?? []).length > 0) throw onlyAnthropic("mcp_servers", "MCP servers")
  if (request.container !== undefined && request.container !== null) throw onlyAnthropic("container", "a container")
}

function onlyAnthropic(param: string, what: string): AppError {
  return new AppError("unsupported_value", `"${what.slice(0, 100)}" is something that only Anthropic's own models can be asked for`, {
    param,
    hint: "Ask for a model that is served by Anthropic, or leave it out.",
  })
}
