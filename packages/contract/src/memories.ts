// Wire schemas of memories: statements that were remembered, with scope, provenance, validity and label.
import { z } from "zod"
import { epochMs, jsonValue, labelSchema, pageLimit } from "./shared.ts"

const scope = z
  .string()
  .min(1)
  .max(200)
  .default("project")
  .meta({ description: "Who the memory belongs to; `project` when absent, for example `user:ada`, `agent:support`, `project`" })

export const memorySchema = z
  .object({
    id: z.string(),
    scope: z.string(),
    text: z.string(),
    metadata: jsonValue,
    label: labelSchema,
    /** Who wrote it, and the run in which it was written. */
    principal: z.string(),
    runId: z.string().nullable(),
    validFrom: epochMs.nullable(),
    validTo: epochMs.nullable(),
    createdAt: epochMs,
  })
  .meta({ id: "Memory" })

export const memoryCreateRequestSchema = z.strictObject({
  scope,
  text: z.string().min(1).max(32_000),
  metadata: z.record(z.string(), jsonValue).optional(),
  validFrom: epochMs.optional(),
  validTo: epochMs.optional(),
})
export const memoryListQuerySchema = z.strictObject({ scope, before: z.string().optional(), limit: pageLimit.optional() })
export const memoryListSchema = z.object({ memories: z.array(memorySchema), next: z.string().nullable() }).meta({ id: "MemoryList" })
export const memorySearchRequestSchema = z.strictObject({
  scope,
  query: z.string().min(1).max(8_000),
  limit: z.int().min(1).max(100).optional(),
})
const armScore = z.object({ rank: z.int().min(1), score: z.number() }).nullable()
const why = z
  .object({ words: armScore, vectors: armScore })
  .meta({ description: "Rank and score in each arm of the search; null where it was not found" })
export const memorySearchSchema = z
  .object({
    memories: z.array(memorySchema.extend({ score: z.number(), why }).meta({ id: "MemoryHit" })),
    wordsOnly: z.string().nullable().meta({ description: "Why vectors were not searched; null when they were" }),
  })
  .meta({ id: "MemorySearch" })
export const memoryDeletedSchema = z.object({ id: z.string(), deleted: z.literal(true) })

export type Memory = z.infer<typeof memorySchema>
export type MemoryList = z.infer<typeof memoryListSchema>
export type MemoryCreateRequest = z.infer<typeof memoryCreateRequestSchema>
export type MemorySearchRequest = z.infer<typeof memorySearchRequestSchema>
export type MemorySearch = z.infer<typeof memorySearchSchema>
