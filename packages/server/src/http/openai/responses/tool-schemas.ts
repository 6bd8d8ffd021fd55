// Tools as requests declare them, and as items of the input add them.
import { z } from "zod"
import type { JsonObject } from "../../../core/index.ts"
import { anyItem, chosen, object, schemaOf, text } from "./schema-parts.ts"

/** Stores that one search reads. */
const vectorStoresMax = 32

const toolName = text.regex(/^[A-Za-z0-9_-]{1,64}$/, 'must be 1 to 64 letters, digits, "_" or "-"')

const functionTool = z
  .looseObject({
    type: z.literal("function"),
    name: toolName,
    description: text.nullish(),
    parameters: object.nullish(),
    strict: z.boolean().nullish(),
  })
  .transform((tool) => ({
    ...tool,
    description: tool.description ?? null,
    parameters: tool.parameters ?? null,
    strict: tool.strict ?? null,
  }))

const fileSearch = z.looseObject({
  type: z.literal("file_search"),
  vector_store_ids: z.array(text).min(1).max(vectorStoresMax),
  max_num_results: z.int().min(1).max(50).nullish(),
  ranking_options: z
    .looseObject({
      ranker: text.min(1).nullish(),
      score_threshold: z.number().min(0).max(1).nullish(),
      diversity: z.number().min(0).max(1).nullish(),
      hybrid_search: z
        .looseObject({ embedding_weight: z.number().min(0), text_weight: z.number().min(0) })
        .refine(({ embedding_weight, text_weight }) => embedding_weight + text_weight > 0, "needs one weight above zero")
        .nullish(),
    })
    .nullish(),
  filters: object.nullish(),
})

const textFormat = z.looseObject({ type: z.literal("text") })
const grammarFormat = z.looseObject({ type: z.literal("grammar"), syntax: z.enum(["lark", "regex"]), definition: text })
const customTool = z.looseObject({
  type: z.literal("custom"),
  name: toolName,
  description: text.optional(),
  format: z.discriminatedUnion("type", [textFormat, grammarFormat]).optional(),
})

/** Members of a namespace are passed as they are, so they are looked at and nothing is filled in. */
const memberName = text.regex(/^[A-Za-z0-9_-]{1,128}$/, 'must be 1 to 128 letters, digits, "_" or "-"')
const memberFunction = z.looseObject({
  type: z.literal("function"),
  name: memberName,
  description: text.nullish(),
  parameters: object.nullish(),
  strict: z.boolean().nullish(),
})
const memberSchemas: Readonly<Record<string, z.ZodType>> = { function: memberFunction, custom: customTool.extend({ name: memberName }) }
const member = chosen<JsonObject>((value) => (schemaOf(memberSchemas, value) ?? anyItem) as z.ZodType<JsonObject>)
const namespaceTool = z.looseObject({
  type: z.literal("namespace"),
  name: text.min(1),
  description: text.nullish(),
  tools: z.array(member).min(1),
})

const addedSchemas: Readonly<Record<string, z.ZodType>> = { ...memberSchemas, namespace: namespaceTool }
export const addedTool = chosen<JsonObject>((value) => (schemaOf(addedSchemas, value) ?? anyItem) as z.ZodType<JsonObject>)

const mcpTool = z.looseObject({ type: z.literal("mcp"), server_label: text })
const memoryTool = z.looseObject({ type: text, name: z.literal("memory").nullish(), scope: text.min(1).max(200) })
const toolSchemas: Readonly<Record<string, z.ZodType>> = {
  function: functionTool,
  custom: customTool,
  namespace: namespaceTool,
  file_search: fileSearch,
  mcp: mcpTool,
  memory: memoryTool,
  memory_20250818: memoryTool,
}

export const tool = chosen<JsonObject>((value) => (schemaOf(toolSchemas, value) ?? anyItem) as z.ZodType<JsonObject>)
