// A messages request as a model call, for models that are not simply passed through to.
import { memoryDeclaration } from "../../agents/index.ts"
import { AppError, type JsonObject, type JsonValue } from "../../core/index.ts"
import { editContext, type ModelCall, type ModelMessage, type ModelTool } from "../../inference/index.ts"
import { checked } from "../request-body.ts"
import { behindCompaction } from "./behind-compaction.ts"
import { cacheControl, contentOf, messagesOf } from "./messages-content.ts"
import { messagesRequestSchema, type MessagesRequest, type MessagesTool } from "./messages-schema.ts"

/** Unknown parameters are left alone, as providers do; wrong ones are refused with their path, and what only Anthropic can do with its name. */
export function parseMessagesRequest(body: JsonObject): ModelCall {
  const request = checked(messagesRequestSchema, body)
  refuseForeign(request)
  const tools = (request.tools ?? []).map(toolOf)
  const edited = editContext([...systemOf(request), ...behindCompaction(request.messages).flatMap(messagesOf)], request.context_management)
  return {
    model: request.model,
    messages: edited.messages,
    ...(body["context_management"] ? { contextEdits: edited.applied } : {}),
    passages: [],
    tools,
    toolChoice: toolChoiceOf(request, tools),
    parallelToolCalls: request.tool_choice?.disable_parallel_tool_use !== true,
    temperature: request.temperature ?? null,
    topP: request.top_p ?? null,
    topK: request.top_k ?? null,
    outputTokensMax: request.max_tokens ?? null,
    responseFormat: formatOf(request),
    reasoningEffort: request.output_config?.effort ?? null,
    thinkingTokensMax: request.thinking?.budget_tokens ?? null,
    user: request.metadata?.user_id ?? null,
    stop: request.stop_sequences ?? [],
    ...(request.messages.at(-1)?.role === "assistant" ? { continuesPrefix: true } : {}),
  }
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
