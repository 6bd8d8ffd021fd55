// A chat completions request as a model call, for models that are not simply passed through to.
import { AppError, type JsonObject } from "../../core/index.ts"
import {
  customTool,
  reasoningOfDetails,
  wrappedInput,
  type CustomTool,
  type ModelCall,
  type ModelContent,
  type ModelMessage,
  type ModelReasoning,
  type ModelToolCall,
} from "../../inference/index.ts"
import { checked } from "../request-body.ts"
import {
  chatRequestSchema,
  type ChatContent,
  type ChatMessage,
  type ChatRequest,
  type ChatTool,
  type ChatToolNamed,
} from "./chat-schema.ts"
import { refuseUntranslatable } from "./chat-untranslatable.ts"

type AssistantMessage = Extract<ChatMessage, { role: "assistant" }>
type FilePart = Extract<Exclude<ChatContent, string>[number], { type: "file" }>

/** Unknown parameters are left alone, as providers do; wrong ones are refused with their path, and what cannot be translated with its name. */
export function parseChatRequest(body: JsonObject): ModelCall {
  refuseUntranslatable(body)
  const request = checked(chatRequestSchema, body)
  return {
    model: request.model,
    messages: request.messages.map((message, index) => messageOf(message, `messages[${index}]`)),
    passages: [],
    ...chosenTools(request),
    parallelToolCalls: request.parallel_tool_calls ?? true,
    temperature: request.temperature ?? null,
    topP: request.top_p ?? null,
    topK: request.top_k ?? null,
    seed: request.seed ?? null,
    presencePenalty: request.presence_penalty ?? null,
    frequencyPenalty: request.frequency_penalty ?? null,
    outputTokensMax: request.max_completion_tokens ?? request.max_tokens ?? null,
    responseFormat: request.response_format ?? null,
    reasoningEffort: request.reasoning_effort ?? null,
    user: request.user ?? null,
    stop: typeof request.stop === "string" ? [request.stop] : (request.stop ?? []),
    ...hintsOf(request),
    ...(isBegun(request) ? { continuesPrefix: true } : {}),
  }
}

/** Absent where nothing was asked for. */
function hintsOf({ verbosity, prompt_cache_key: cacheKey, service_tier: serviceTier }: ChatRequest): Pick<ModelCall, "hints"> {
  const asked = [verbosity, cacheKey, serviceTier].some((each) => each !== undefined && each !== null)
  if (!asked) return {}
  return { hints: { verbosity: verbosity ?? null, reasoningSummary: null, cacheKey: cacheKey ?? null, serviceTier: serviceTier ?? null } }
}

function toolsOf(tools: readonly ChatTool[]): ModelCall["tools"] {
  return tools.map((tool) => {
    if (tool.type === "custom") return customTool(customOf(tool))
    const { name, description, parameters, strict } = tool.function
    return {
      name,
      description: description ?? null,
      parameters: parameters ?? { type: "object", properties: {} },
      strict: strict ?? null,
      ...cacheControl(tool.cache_control),
    }
  })
}

/** The grammar stands one level deeper here than in Responses. */
function customOf({ custom: { name, description, format } }: Extract<ChatTool, { type: "custom" }>): CustomTool {
  const said = format?.type === "grammar" ? { type: "grammar", syntax: format.grammar.syntax, definition: format.grammar.definition } : null
  return { name, description: description ?? null, format: said }
}

function nameOf(tool: ChatTool | ChatToolNamed): string {
  return tool.type === "custom" ? tool.custom.name : tool.function.name
}

/** The tools of which one may be chosen; what `allowed_tools` does not list is not offered. */
function chosenTools({ tools: declared, tool_choice: choice }: ChatRequest): Pick<ModelCall, "tools" | "toolChoice"> {
  const tools = declared ?? []
  if (!choice || typeof choice === "string") return { tools: toolsOf(tools), toolChoice: choice ?? "auto" }
  if (choice.type !== "allowed_tools") return { tools: toolsOf(tools), toolChoice: { name: knownName(choice, tools) } }
  const names = new Set(choice.allowed_tools.tools.map((each) => knownName(each, tools)))
  return { tools: toolsOf(tools.filter((tool) => names.has(nameOf(tool)))), toolChoice: choice.allowed_tools.mode }
}

function knownName(named: ChatToolNamed, tools: readonly ChatTool[]): string {
  const name = nameOf(named)
  if (tools.some((tool) => nameOf(tool) === name)) return name
  throw new AppError("unsupported_value", `tool_choice names "${name}", which is not among the tools`, { param: "tool_choice" })
}

/** Chat completions answer a last message of the assistant anew, unless told to go on with it: Mistral's and DeepSeek's word, or vLLM's. */
function isBegun({ messages, continue_final_message: goesOn }: ChatRequest): boolean {
  const last = messages.at(-1)
  return last?.role === "assistant" && (goesOn === true || last.prefix === true)
}

function messageOf(message: ChatMessage, path: string): ModelMessage {
  if (message.role === "assistant") return assistantMessage(message, path)
  const content = contentOf(message.content, path)
  if (message.role !== "tool") return { role: message.role === "user" ? "user" : "system", content }
  const hasOthers = content.some(({ type }) => type !== "text")
  return { role: "tool", callId: message.tool_call_id, content: textOf(content), ...(hasOthers ? { parts: content } : {}) }
}

function assistantMessage(message: AssistantMessage, path: string): ModelMessage {
  const toolCalls = (message.tool_calls ?? []).map(callOf)
  const refusal: ModelContent[] = message.refusal ? [{ type: "text", text: message.refusal }] : []
  const reasoning = reasoningOf(message)
  return {
    role: "assistant",
    content: [...contentOf(message.content ?? [], path), ...refusal],
    toolCalls,
    ...(reasoning.length > 0 ? { reasoning } : {}),
  }
}

function callOf(call: NonNullable<AssistantMessage["tool_calls"]>[number]): ModelToolCall {
  if (call.type === "custom") {
    const { name, input } = call.custom
    return { callId: call.id, name, arguments: wrappedInput(input), custom: true }
  }
  const { name, arguments: text } = call.function
  const signature = call.extra_content?.google?.thought_signature
  return { callId: call.id, name, arguments: text, ...(signature === undefined ? {} : { signature }) }
}

/** The details say whose it is; plain text is taken for that of another provider of this dialect. */
function reasoningOf({ reasoning_details: details, reasoning_content: content, reasoning }: AssistantMessage): ModelReasoning[] {
  if (details && details.length > 0) return reasoningOfDetails(details)
  const text = content ?? reasoning ?? ""
  return text === "" ? [] : [{ text, dialect: "openai-chat" }]
}

function contentOf(value: ChatContent, path: string): ModelContent[] {
  if (typeof value === "string") return [{ type: "text", text: value }]
  return value.map((part, index): ModelContent => {
    if (part.type === "refusal") return { type: "text", text: part.refusal }
    const cached = cacheControl(part.cache_control)
    if (part.type === "text") return { type: "text", text: part.text, ...cached }
    if (part.type === "input_audio") return { type: "audio", data: part.input_audio.data, format: part.input_audio.format, ...cached }
    if (part.type === "file") return { type: "file", ...fileOf(part.file, `${path}.content[${index}].file`), ...cached }
    const { url, detail } = part.image_url
    return { type: "image", url, ...(typeof detail === "string" ? { detail } : {}), ...cached }
  })
}

function fileOf({ filename, file_data: data, file_id: id }: FilePart["file"], path: string): { name: string; data: string } {
  if (data !== undefined) return { name: filename ?? "file", data }
  const param = `${path}.file_data`
  const hint = "Send the file as a data URL, or upload it with POST /v1/files and name that id."
  if (id === undefined) throw new AppError("missing_required_parameter", `"${param}" is missing`, { param, hint })
  throw new AppError("unsupported_value", `"${param}" must be given: a file of another provider cannot be sent by its id`, { param, hint })
}

function cacheControl(value: ModelContent["cacheControl"]): Pick<ModelContent, "cacheControl"> {
  return value === undefined || value === null ? {} : { cacheControl: value }
}

function textOf(parts: readonly ModelContent[]): string {
  return parts.map((part) => (part.type === "text" ? part.text : "")).join("")
}
