// A chat completions request as a model call, for models that are not simply passed through to.
import { z } from "zod"
import { AppError, type JsonObject } from "../../core/index.ts"
import type { ModelCall, ModelContent, ModelMessage } from "../../inference/index.ts"
import { checked } from "../request-body.ts"

const textPart = z.looseObject({ type: z.literal("text"), text: z.string() })
const refusalPart = z.looseObject({ type: z.literal("refusal"), refusal: z.string() })
const imagePart = z.looseObject({ type: z.literal("image_url"), image_url: z.looseObject({ url: z.string() }) })
const filePart = z.looseObject({ type: z.literal("file"), file: z.looseObject({ filename: z.string().optional(), file_data: z.string() }) })
const content = z.union([z.string(), z.array(z.discriminatedUnion("type", [textPart, refusalPart, imagePart, filePart]))])
const toolCall = z.looseObject({
  id: z.string(),
  type: z.literal("function").optional(),
  function: z.looseObject({ name: z.string(), arguments: z.string() }),
})
const message = z.discriminatedUnion("role", [
  z.looseObject({ role: z.enum(["system", "developer", "user"]), content }),
  z.looseObject({
    role: z.literal("assistant"),
    content: content.nullish(),
    refusal: z.string().nullish(),
    tool_calls: z.array(toolCall).nullish(),
  }),
  z.looseObject({ role: z.literal("tool"), tool_call_id: z.string(), content }),
])
const tool = z.looseObject({
  type: z.literal("function"),
  function: z.looseObject({
    name: z.string().min(1),
    description: z.string().nullish(),
    parameters: z.json().optional(),
    strict: z.boolean().nullish(),
  }),
})
const toolChoice = z.union([
  z.enum(["auto", "none", "required"]),
  z.looseObject({ type: z.literal("function"), function: z.looseObject({ name: z.string() }) }),
])
const count = z.int().min(1)

const chatRequestSchema = z.looseObject({
  model: z.string(),
  messages: z.array(message).min(1),
  n: z.literal(1).nullish(),
  tools: z.array(tool).nullish(),
  tool_choice: toolChoice.nullish(),
  parallel_tool_calls: z.boolean().nullish(),
  temperature: z.number().min(0).max(2).nullish(),
  top_p: z.number().min(0).max(1).nullish(),
  max_tokens: count.nullish(),
  max_completion_tokens: count.nullish(),
  response_format: z.json().optional(),
  reasoning_effort: z.string().nullish(),
  stop: z.union([z.string(), z.array(z.string()).max(4)]).nullish(),
  user: z.string().nullish(),
})

/** Unknown parameters are left alone, as providers do; wrong ones are refused with their path. */
export function parseChatRequest(body: JsonObject): ModelCall {
  const request = checked(chatRequestSchema, body)
  const tools = request.tools ?? []
  const choice = request.tool_choice ?? "auto"
  const names = new Set(tools.map((each) => each.function.name))
  if (typeof choice !== "string" && !names.has(choice.function.name)) {
    throw new AppError("unsupported_value", `tool_choice names "${choice.function.name}", which is not among the tools`, {
      param: "tool_choice",
    })
  }
  return {
    model: request.model,
    messages: request.messages.map(messageOf),
    passages: [],
    tools: tools.map(({ function: { name, description, parameters, strict } }) => ({
      name,
      description: description ?? null,
      parameters: parameters ?? { type: "object", properties: {} },
      strict: strict ?? null,
    })),
    toolChoice: typeof choice === "string" ? choice : { name: choice.function.name },
    parallelToolCalls: request.parallel_tool_calls ?? true,
    temperature: request.temperature ?? null,
    topP: request.top_p ?? null,
    outputTokensMax: request.max_completion_tokens ?? request.max_tokens ?? null,
    responseFormat: request.response_format ?? null,
    reasoningEffort: request.reasoning_effort ?? null,
    user: request.user ?? null,
    stop: typeof request.stop === "string" ? [request.stop] : (request.stop ?? []),
  }
}

function messageOf(value: z.output<typeof message>): ModelMessage {
  if (value.role === "tool") return { role: "tool", callId: value.tool_call_id, content: textOf(contentOf(value.content)) }
  if (value.role !== "assistant") return { role: value.role === "user" ? "user" : "system", content: contentOf(value.content) }
  const toolCalls = (value.tool_calls ?? []).map(({ id, function: { name, arguments: text } }) => ({ callId: id, name, arguments: text }))
  const refusal: ModelContent[] = value.refusal ? [{ type: "text", text: value.refusal }] : []
  return { role: "assistant", content: [...contentOf(value.content ?? []), ...refusal], toolCalls }
}

function contentOf(value: z.output<typeof content>): ModelContent[] {
  if (typeof value === "string") return [{ type: "text", text: value }]
  return value.map((part): ModelContent => {
    if (part.type === "text") return { type: "text", text: part.text }
    if (part.type === "refusal") return { type: "text", text: part.refusal }
    if (part.type === "image_url") return { type: "image", url: part.image_url.url }
    return { type: "file", name: part.file.filename ?? "file", data: part.file.file_data }
  })
}

function textOf(parts: readonly ModelContent[]): string {
  return parts.map((part) => (part.type === "text" ? part.text : "")).join("")
}
