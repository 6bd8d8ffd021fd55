// `perdure.memory` of a request: which scopes it may read, how much of them it is given, and whether its turns are remembered.
import { z } from "zod"
import type { MemoryWish } from "../../agents/index.ts"
import { isJsonObject, type JsonValue } from "../../core/index.ts"
import { requireModel, type Principal } from "../../security/index.ts"
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
  as_of: z.int().min(0).optional(),
  valid_at: z.int().min(0).optional(),
  time: z.enum(["prefer", "filter", "ignore"]).optional(),
  time_zone: z.string().min(1).max(64).refine(isTimeZone, "must be a time zone as IANA names it, such as Europe/Berlin").optional(),
  hop: z.boolean().optional(),
  rerank: z.union([z.boolean(), z.strictObject({ model: z.string().min(1).max(128) })]).optional(),
  weights: z
    .strictObject({ words: z.number().min(0), vectors: z.number().min(0) })
    .refine(({ words, vectors }) => words + vectors > 0, "needs one weight above zero")
    .optional(),
  diversity: z.number().min(0).max(1).optional(),
})

function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat("en", { timeZone: name }).resolvedOptions().timeZone !== ""
  } catch {
    return false
  }
}

/** What the wish names besides scopes that the key must be allowed to use. */
export function requireWished(principal: Principal, wish: MemoryWish | null | undefined): void {
  const rerank = wish?.recall?.rerank
  if (typeof rerank === "object") requireModel(principal, rerank.model)
}

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
    return { scopes, recall: isNothing ? null : (asked as MemoryWish["recall"]), remember: wish.remember, ...more }
  })

const wrapped = z.object({ perdure: z.object({ memory }) })

/** The wish (null: the request wants no memory, whatever else says that it has some), and what else the object says. */
export function memoryWish(perdure: JsonValue | undefined): { memory: MemoryWish | null | undefined; rest: JsonValue | undefined } {
  if (!isJsonObject(perdure) || perdure["memory"] === undefined) return { memory: undefined, rest: perdure }
  const { memory: wish, ...rest } = perdure
  return { memory: wish === null ? null : checked(wrapped, { perdure: { memory: wish } }).perdure.memory, rest }
}
