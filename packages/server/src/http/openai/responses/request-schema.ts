// The request body of the Responses API: every known field checked with its exact path, unknown ones let through.
import type { IncomingHttpHeaders } from "node:http"
import { z } from "zod"
import type { NewItem, NewResponse } from "../../../agents/index.ts"
import { defaultLimits, isJsonObject, type JsonObject, type JsonValue, type Said } from "../../../core/index.ts"
import { cacheWish } from "../../../inference/index.ts"
import { routingOf } from "../../light/own-fields.ts"
import { memoryWish } from "../../memory/memory-wish.ts"
import { recallWish } from "../../recall-wish.ts"
import { saidOf, type SaidLimits } from "../../said.ts"
import { contextManagement } from "./context-management.ts"
import { anyItem, chosen, json, object, schemaOf, text, typeOf } from "./schema-parts.ts"
import { addedTool, tool } from "./tool-schemas.ts"

const partSchemas: Readonly<Record<string, z.ZodType<JsonObject>>> = {
  input_text: z.looseObject({ type: text, text }) as unknown as z.ZodType<JsonObject>,
  output_text: z.looseObject({ type: text, text }) as unknown as z.ZodType<JsonObject>,
  refusal: z.looseObject({ type: text, refusal: text }) as unknown as z.ZodType<JsonObject>,
  input_image: z.looseObject({ type: text, image_url: text.nullish(), file_id: text.nullish() }) as unknown as z.ZodType<JsonObject>,
  input_file: z.looseObject({
    type: text,
    file_data: text.nullish(),
    filename: text.nullish(),
    file_id: text.nullish(),
  }) as unknown as z.ZodType<JsonObject>,
}
const anyPart = z.looseObject({ type: text }) as unknown as z.ZodType<JsonObject>

const part = chosen<JsonObject>((value) => schemaOf(partSchemas, value) ?? anyPart)
const content = chosen<string | JsonObject[]>(
  (value) => (typeof value === "string" ? text : z.array(part)) as z.ZodType<string | JsonObject[]>,
)

const message = z
  .looseObject({ type: z.literal("message").default("message"), role: z.enum(["user", "assistant", "system", "developer"]), content })
  .transform(({ content: given, ...item }): NewItem => {
    const spoken = item.role === "assistant" ? { type: "output_text", annotations: [], logprobs: [] } : { type: "input_text" }
    const parts = typeof given === "string" ? [{ ...spoken, text: given }] : given.map((each) => completePart(each))
    return { ...item, status: "completed", content: parts }
  })

function completePart(each: JsonObject): JsonObject {
  if (each["type"] === "output_text") return { annotations: [], logprobs: [], ...each }
  return each["type"] === "input_image" ? { detail: "auto", ...each } : each
}

const completed = text.nullish().transform((status) => status ?? "completed")

const itemSchemas: Readonly<Record<string, z.ZodType>> = {
  message,
  function_call: z.looseObject({
    type: text,
    call_id: text,
    name: text,
    arguments: text,
    status: completed,
  }),
  function_call_output: z.looseObject({
    type: text,
    call_id: text,
    output: content,
    status: completed,
  }),
  custom_tool_call: z.looseObject({ type: text, call_id: text, name: text, input: text, status: completed }),
  custom_tool_call_output: z.looseObject({ type: text, call_id: text, output: content, status: completed }),
  reasoning: z.looseObject({ type: text, summary: z.array(object).default([]) }),
  item_reference: z.looseObject({ type: text, id: text }),
  compaction: z.looseObject({ type: text, id: text.nullish(), encrypted_content: text }),
  additional_tools: z.looseObject({ type: text, tools: z.array(addedTool) }),
  tool_search_output: z.looseObject({ type: text, call_id: text.nullish(), tools: z.array(addedTool) }),
}

const item = chosen<NewItem>((value) => {
  const type = typeOf(value)
  const isObject = typeof value === "object" && value !== null && !Array.isArray(value)
  if (isObject && "role" in value && (type === undefined || type === null)) return message
  if (isObject && "id" in value && (type === undefined || type === null)) return reference
  return (schemaOf(itemSchemas, value) ?? anyItem) as z.ZodType<NewItem>
})
const reference = z.looseObject({ id: text }).transform((each) => ({ ...each, type: "item_reference" }))

const input = chosen<readonly NewItem[]>((value) =>
  typeof value === "string"
    ? (text.transform((words) => [
        { type: "message", role: "user", status: "completed", content: [{ type: "input_text", text: words }] },
      ]) as z.ZodType<readonly NewItem[]>)
    : z.array(item),
)

const toolChoice = chosen<JsonValue>(
  (value) => (typeof value === "string" ? z.enum(["auto", "none", "required"]) : z.looseObject({ type: text })) as z.ZodType<JsonValue>,
)

const metadata = z.record(text.max(64), text.max(512)).refine((pairs) => Object.keys(pairs).length <= 16, "has at most 16 pairs")

const conversation = chosen<string>((value) => (typeof value === "string" ? text : z.looseObject({ id: text }).transform(({ id }) => id)))

const textOptions = z
  .looseObject({ format: z.looseObject({ type: z.enum(["text", "json_object", "json_schema"]) }).nullish() })
  .transform((options) => ({ ...options, format: options.format ?? { type: "text" } }))

const bodySchema = z.looseObject({
  model: text.min(1),
  input: input.optional(),
  instructions: text.nullish(),
  previous_response_id: text.nullish(),
  conversation: conversation.nullish(),
  tools: z.array(tool).nullish(),
  tool_choice: toolChoice.nullish(),
  parallel_tool_calls: z.boolean().nullish(),
  max_tool_calls: z.int().min(1).nullish(),
  max_output_tokens: z.int().min(1).nullish(),
  temperature: z.number().min(0).max(2).nullish(),
  top_p: z.number().min(0).max(1).nullish(),
  presence_penalty: z.number().min(-2).max(2).nullish(),
  frequency_penalty: z.number().min(-2).max(2).nullish(),
  top_logprobs: z.literal(0, "must be 0: log probabilities are not passed on").nullish(),
  text: textOptions.nullish(),
  reasoning: z.looseObject({ effort: text.nullish(), summary: text.nullish() }).nullish(),
  truncation: z.enum(["auto", "disabled"]).nullish(),
  store: z.boolean().nullish(),
  background: z.boolean().nullish(),
  stream: z.boolean().nullish(),
  stream_options: z.looseObject({ include_obfuscation: z.boolean().nullish() }).nullish(),
  include: z.array(text).nullish(),
  metadata: metadata.nullish(),
  service_tier: text.nullish(),
  user: text.nullish(),
  safety_identifier: text.max(64).nullish(),
  prompt_cache_key: text.nullish(),
  context_management: contextManagement.nullish(),
  perdure: json.optional(),
})

type Body = z.output<typeof bodySchema>

function checkConversation(body: Body, context: z.RefinementCtx): void {
  if (body.previous_response_id && body.conversation)
    context.addIssue({ code: "custom", path: ["conversation"], message: 'cannot be combined with "previous_response_id"' })
}

function checkInput(body: Body, context: z.RefinementCtx): void {
  if (body.previous_response_id || body.conversation) return
  if (body.input === undefined)
    context.addIssue({ code: "custom", path: ["input"], message: 'is missing: send "input", "previous_response_id" or "conversation"' })
  else if (body.input.length === 0)
    context.addIssue({ code: "custom", path: ["input"], message: "is empty, and there is nothing to continue" })
}

export const createResponseSchema = bodySchema.superRefine(checkConversation).superRefine(checkInput)
/** A request that only prepares: it may have nothing to say yet. */
export const warmResponseSchema = bodySchema.superRefine(checkConversation)

export type CreateResponseBody = z.output<typeof createResponseSchema>

/** The stored request: what was sent with the defaults filled in, and what body or header say about routing and the cache. */
export function newResponseOf(
  body: CreateResponseBody,
  headers: Readonly<IncomingHttpHeaders> = {},
  limits: SaidLimits = defaultLimits,
): NewResponse {
  const { recall, rest: others } = recallWish(body.perdure)
  const { memory, rest } = memoryWish(others)
  const routing = routingOf(rest, headers)
  const cache = cacheWish(isJsonObject(body.perdure) ? body.perdure["cache"] : undefined, headers)
  const said = saidBeside(body, headers, limits)
  const reasoning = body.reasoning
    ? { ...body.reasoning, effort: body.reasoning.effort ?? null, summary: body.reasoning.summary ?? null }
    : null
  const request = {
    model: body.model,
    input: body.input ?? [],
    instructions: body.instructions ?? null,
    previous_response_id: body.previous_response_id ?? null,
    conversation: body.conversation ?? null,
    tools: body.tools ?? [],
    tool_choice: body.tool_choice ?? "auto",
    parallel_tool_calls: body.parallel_tool_calls ?? true,
    max_tool_calls: body.max_tool_calls ?? null,
    max_output_tokens: body.max_output_tokens ?? null,
    temperature: body.temperature ?? null,
    top_p: body.top_p ?? null,
    presence_penalty: body.presence_penalty ?? null,
    frequency_penalty: body.frequency_penalty ?? null,
    top_logprobs: body.top_logprobs ?? null,
    text: body.text ?? { format: { type: "text" } },
    reasoning,
    truncation: body.truncation ?? "disabled",
    store: body.store ?? true,
    background: body.background ?? false,
    include: body.include ?? [],
    metadata: body.metadata ?? {},
    service_tier: body.service_tier ?? "default",
    user: body.user ?? null,
    safety_identifier: body.safety_identifier ?? null,
    prompt_cache_key: body.prompt_cache_key ?? null,
    ...(body.context_management ? { context_management: { ...body.context_management, recall } } : {}),
    ...(memory === undefined || memory === null ? {} : { memory }),
    ...(Object.keys(routing).length === 0 ? {} : { routing }),
    ...(cache === undefined ? {} : { cache }),
    ...(said === undefined ? {} : { said }),
  }
  return request as unknown as NewResponse // zod's loose objects of a JSON body are JSON
}

/** What it says of itself beside its own metadata, which the run has all the same; the tags of both. */
function saidBeside(
  { metadata, perdure }: CreateResponseBody,
  headers: Readonly<IncomingHttpHeaders>,
  limits: SaidLimits,
): Said | undefined {
  const tags = metadata?.["tags"]
  return saidOf(headers, { perdure, metadata: tags === undefined ? undefined : { tags }, user: null }, limits)
}
