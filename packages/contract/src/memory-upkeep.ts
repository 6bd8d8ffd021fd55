// Wire schema of the work that follows what was remembered: its backlog, its failures, what models cost.
import { z } from "zod"
import { epochMs } from "./shared.ts"

export const memoryUpkeepQuerySchema = z.strictObject({ scope: z.string().min(1).max(200).default("project") })

export const memoryUpkeepSchema = z
  .object({
    scope: z.string(),
    isBehind: z.boolean().meta({ description: "Whether there is something that can be done now" }),
    backlog: z
      .object({ toIndex: z.int(), toExtract: z.int(), oldestAt: epochMs.nullable() })
      .meta({ description: "Entries without a vector, messages that no facts were read out of yet, and since when the oldest waits" }),
    texts: z
      .object({ done: z.int(), failed: z.int(), waiting: z.int() })
      .meta({ description: "Texts that were read, that a model failed on for good so that rules read them, that it is given again later" }),
    facts: z
      .object({ found: z.int(), refused: z.int() })
      .meta({ description: "Refused: without a verbatim quote, secret, or of another shape" }),
    dueAt: epochMs.nullable().meta({ description: "When the next thing is due; null: when somebody writes" }),
    endedAt: epochMs.nullable(),
    error: z.string().nullable().meta({ description: "The last thing that went wrong and was not made good yet" }),
    spentToday: z.object({
      calls: z.int(),
      callsMax: z.int(),
      inputTokens: z.int(),
      outputTokens: z.int(),
      costMicroUsd: z.int(),
      budgetMicroUsd: z.int(),
    }),
  })
  .meta({ id: "MemoryUpkeep" })

export const memoryUpkeepRoutes = [
  {
    method: "GET",
    path: "/v1/memories/upkeep",
    summary: "Read how far the work is that follows what was remembered in a scope",
    query: memoryUpkeepQuerySchema,
    response: memoryUpkeepSchema,
  },
] as const

export type MemoryUpkeep = z.infer<typeof memoryUpkeepSchema>
