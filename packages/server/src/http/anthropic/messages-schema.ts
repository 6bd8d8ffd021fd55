// What a messages request may say where it is not simply passed on: the parts that other providers can be asked for.
import { z } from "zod"
import { contextManagementSchema } from "./context-management.ts"

const cached = { cache_control: z.json().optional() }
const text = z.looseObject({ type: z.literal("text"), text: z.string(), ...cached })
/** Of Anthropic's own: ours have their bytes in place of it. */
const fileSource = z.looseObject({ type: z.literal("file"), file_id: z.string() })
const image = z.looseObject({
  type: z.literal("image"),
  source: z.discriminatedUnion("type", [
    z.looseObject({ type: z.literal("base64"), media_type: z.string(), data: z.string() }),
    z.looseObject({ type: z.literal("url"), url: z.string() }),
    fileSource,
  ]),
  ...cached,
})
const document = z.looseObject({
  type: z.literal("document"),
  title: z.string().nullish(),
  source: z.discriminatedUnion("type", [
    z.looseObject({ type: z.literal("base64"), media_type: z.string(), data: z.string() }),
    z.looseObject({ type: z.literal("text"), data: z.string() }),
    z.looseObject({ type: z.literal("url"), url: z.string() }),
    fileSource,
  ]),
  ...cached,
})
const resultPart = z.discriminatedUnion("type", [text, image, document])
const toolResult = z.looseObject({
  type: z.literal("tool_result"),
  tool_use_id: z.string(),
  content: z.union([z.string(), z.array(resultPart)]).nullish(),
  is_error: z.boolean().nullish(),
  ...cached,
})
const toolUse = z.looseObject({ type: z.literal("tool_use"), id: z.string(), name: z.string(), input: z.json(), ...cached })
const thinking = z.looseObject({ type: z.literal("thinking"), thinking: z.string(), signature: z.string() })
const redacted = z.looseObject({ type: z.literal("redacted_thinking"), data: z.string() })

/** Null where compaction failed: it stands for nothing. */
const compaction = z.looseObject({ type: z.literal("compaction"), content: z.string().min(1).nullish(), ...cached })

const block = z.discriminatedUnion("type", [text, image, document, toolResult, toolUse, thinking, redacted, compaction])
const message = z.looseObject({ role: z.enum(["user", "assistant", "system"]), content: z.union([z.string(), z.array(block)]) })

const tool = z.looseObject({
  /** Tools that Anthropic runs itself have other types. */
  type: z.string().nullish(),
  name: z.string().min(1),
  description: z.string().nullish(),
  input_schema: z.json().optional(),
  strict: z.boolean().nullish(),
  ...cached,
})
const toolChoice = z.looseObject({
  type: z.enum(["auto", "any", "tool", "none"]),
  name: z.string().optional(),
  disable_parallel_tool_use: z.boolean().nullish(),
})
const format = z.looseObject({ type: z.literal("json_schema"), schema: z.json() })

export const messagesRequestSchema = z.looseObject({
  model: z.string(),
  max_tokens: z.int().min(1).optional(),
  messages: z.array(message).min(1),
  system: z.union([z.string(), z.array(text)]).nullish(),
  tools: z.array(tool).nullish(),
  tool_choice: toolChoice.nullish(),
  temperature: z.number().min(0).max(1).nullish(),
  top_p: z.number().min(0).max(1).nullish(),
  top_k: z.int().min(0).nullish(),
  stop_sequences: z.array(z.string()).nullish(),
  thinking: z.looseObject({ type: z.string(), budget_tokens: z.int().min(1).nullish() }).nullish(),
  output_format: format.nullish(),
  output_config: z.looseObject({ effort: z.string().nullish(), format: format.nullish() }).nullish(),
  metadata: z.looseObject({ user_id: z.string().nullish() }).nullish(),
  context_management: contextManagementSchema,
  /** Only Anthropic has these; a request that needs them is refused elsewhere. */
  mcp_servers: z.array(z.json()).nullish(),
  container: z.json().optional(),
})

export type MessagesRequest = z.output<typeof messagesRequestSchema>
export type MessagesBlock = z.output<typeof block>
export type MessagesTool = z.output<typeof tool>
