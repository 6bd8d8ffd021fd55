// `perdure.memory` of a request: which scopes it may read, how much of them it is given, and whether its turns are remembered.
import { z } from "zod"
import type { MemoryWish } from "../../agents/index.ts"
import { isJsonObject, type JsonValue } from "../../core/index.ts"
import { checked } from "../request-body.ts"

const scope = z.string().min(1).max(200)
const budgetTokensDefault = 2_000
const budgetTokensMin = 100
const limitDefault = 20

const recall = z.strictObject({
  budget_tokens: z
    .int()
    .min(0)
    .max(100_000)
    .refine((tokens) => tokens === 0 || tokens >= budgetTokensMin, `must be 0, for nothing, or at least ${budgetTokensMin}`)
    .default(budgetTokensDefault),
  limit: z.int().min(1).max(100).default(limitDefault),
  lanes: z
    .array(z.enum(["user", "assistant", "tool", "fact", "summary"]))
    .min(1)
    .nullable()
    .default(null),
  level_min: z.int().min(0).max(3).nullable().default(null),
  states: z.array(z.string().min(1).max(200)).max(20).default([]),
})

const memory = z
  .strictObject({
    scope: scope.optional(),
    scopes: z.array(scope).min(1).max(16).optional(),
    recall: z.union([z.boolean(), recall]).default(true),
    remember: z.boolean().default(true),
    required: z.boolean().default(false),
    vector_store_ids: z.array(z.string().min(1).max(200)).min(1).max(16).optional(),
    read_after: z.union([z.int().min(0), z.record(scope, z.int().min(0))]).optional(),
  })
  .refine((wish) => (wish.scope === undefined) !== (wish.scopes === undefined), 'needs either "scope" or "scopes"')
  .transform((wish): MemoryWish => {
    const scopes = wish.scopes ?? [wish.scope ?? ""]
    const asked = wish.recall === true ? recall.parse({}) : wish.recall
    const isNothing = asked === false || asked.budget_tokens === 0
    const { vector_store_ids: stores } = wish
    const more = {
      ...(stores === undefined ? {} : { vector_store_ids: stores }),
      ...(wish.required ? { required: true } : {}),
      ...(wish.read_after === undefined ? {} : { read_after: wish.read_after }),
    }
    return { scopes, recall: isNothing ? null : asked, remember: wish.remember, ...more }
  })

const wrapped = z.object({ perdure: z.object({ memory }) })

/** The wish (null: the request wants no memory, whatever else says that it has some), and what else the object says. */
export function memoryWish(perdure: JsonValue | undefined): { memory: MemoryWish | null | undefined; rest: JsonValue | undefined } {
  if (!isJsonObject(perdure) || perdure["memory"] === undefined) return { memory: undefined, rest: perdure }
  const { memory: wish, ...rest } = perdure
  return { memory: wish === null ? null : checked(wrapped, { perdure: { memory: wish } }).perdure.memory, rest }
}
