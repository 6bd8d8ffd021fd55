// What of a chat completions request is read when it is translated; unknown members are left alone.
import { z } from "zod"

const cacheControl = { cache_control: z.json().optional() }
const textPart = z.looseObject({ type: z.literal("text"), text: z.string(), ...cacheControl })
const refusalPart = z.looseObject({ type: z.literal("refusal"), refusal: z.string() })
const imagePart = z.looseObject({
  type: z.literal("image_url"),
  image_url: z.looseObject({ url: z.string(), detail: z.string().nullish() }),
  ...cacheControl,
})
const audioPart = z.looseObject({
  type: z.literal("input_audio"),
  input_audio: z.looseObject({ data: z.string(), format: z.string() }),
  ...cacheControl,
})
const filePart = z.looseObject({
  type: z.literal("file"),
  file: z.looseObject({ filename: z.string().optional(), file_data: z.string().optional(), file_id: z.string().optional() }),
  ...cacheControl,
})
const part = z.discriminatedUnion("type", [textPart, refusalPart, imagePart, audioPart, filePart])
const content = z.union([z.string(), z.array(part)])

const customCall = z.looseObject({
  id: z.string(),
  type: z.literal("custom"),
  custom: z.looseObject({ name: z.string(), input: z.string() }),
})
const functionCall = z.looseObject({
  id: z.string(),
  type: z.literal("function").optional(),
  function: z.looseObject({ name: z.string(), arguments: z.string() }),
  extra_content: z.looseObject({ google: z.looseObject({ thought_signature: z.string().optional() }).optional() }).nullish(),
})

const toolCall = z.union([customCall, functionCall])

const message = z.discriminatedUnion("role", [
  z.looseObject({ role: z.enum(["system", "developer", "user"]), content }),
  z.looseObject({
    role: z.literal("assistant"),
    content: content.nullish(),
    refusal: z.string().nullish(),
    tool_calls: z.array(toolCall).nullish(),
    reasoning_content: z.string().nullish(),
    reasoning: z.string().nullish(),
    reasoning_details: z.array(z.json()).nullish(),
    prefix: z.boolean().nullish(),
  }),
  z.looseObject({ role: z.literal("tool"), tool_call_id: z.string(), content }),
])

const grammar = z.looseObject({ syntax: z.enum(["lark", "regex"]), definition: z.string() })
const customTool = z.looseObject({
  type: z.literal("custom"),
  custom: z.looseObject({
    name: z.string().min(1),
    description: z.string().nullish(),
    format: z
      .discriminatedUnion("type", [z.looseObject({ type: z.literal("text") }), z.looseObject({ type: z.literal("grammar"), grammar })])
      .nullish(),
  }),
})
const functionTool = z.looseObject({
  type: z.literal("function"),
  function: z.looseObject({
    name: z.string().min(1),
    description: z.string().nullish(),
    parameters: z.json().optional(),
    strict: z.boolean().nullish(),
  }),
  ...cacheControl,
})

const tool = z.discriminatedUnion("type", [customTool, functionTool])

const toolNamed = z.discriminatedUnion("type", [
  z.looseObject({ type: z.literal("function"), function: z.looseObject({ name: z.string() }) }),
  z.looseObject({ type: z.literal("custom"), custom: z.looseObject({ name: z.string() }) }),
])
const toolsAllowed = z.looseObject({
  type: z.literal("allowed_tools"),
  allowed_tools: z.looseObject({ mode: z.enum(["auto", "required"]), tools: z.array(toolNamed).min(1) }),
})
const toolChoice = z.union([z.enum(["auto", "none", "required"]), toolNamed, toolsAllowed])
const count = z.int().min(1)
const penalty = z.number().min(-2).max(2)

export const chatRequestSchema = z.looseObject({
  model: z.string(),
  messages: z.array(message).min(1),
  tools: z.array(tool).nullish(),
  tool_choice: toolChoice.nullish(),
  parallel_tool_calls: z.boolean().nullish(),
  temperature: z.number().min(0).max(2).nullish(),
  top_p: z.number().min(0).max(1).nullish(),
  top_k: z.int().min(0).nullish(),
  seed: z.int().nullish(),
  presence_penalty: penalty.nullish(),
  frequency_penalty: penalty.nullish(),
  max_tokens: count.nullish(),
  max_completion_tokens: count.nullish(),
  response_format: z.json().optional(),
  reasoning_effort: z.string().nullish(),
  stop: z.union([z.string(), z.array(z.string()).max(4)]).nullish(),
  user: z.string().nullish(),
  verbosity: z.string().nullish(),
  prompt_cache_key: z.string().nullish(),
  service_tier: z.string().nullish(),
  continue_final_message: z.boolean().nullish(),
})

export type ChatRequest = z.output<typeof chatRequestSchema>
export type ChatTool = z.output<typeof tool>
export type ChatToolNamed = z.output<typeof toolNamed>
export type ChatMessage = z.output<typeof message>
export type ChatContent = z.output<typeof content>
