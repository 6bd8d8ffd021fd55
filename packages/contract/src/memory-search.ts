// Wire schemas of recall: what is searched for and how, what was found and why, what was left out.
import { z } from "zod"
import { memorySchema, scopeText } from "./memories.ts"
import { epochMs } from "./shared.ts"

const level = z.int().min(0).max(3)
const lane = z.enum(["user", "assistant", "tool", "fact", "summary"])

export const memorySearchRequestSchema = z.strictObject({
  scope: scopeText.optional().meta({ description: "One scope; `project` when neither this nor `scopes` is given" }),
  scopes: z.array(scopeText).min(1).max(16).optional().meta({ description: "Several scopes; nothing is searched that is not named" }),
  query: z.string().min(1).max(8_000),
  lanes: z.array(lane).min(1).optional().meta({ description: "Kinds of text; all when absent" }),
  asOf: epochMs.optional().meta({ description: "What was known then; now when absent" }),
  validAt: epochMs.optional().meta({ description: "What held in the world then; the time of `asOf` when absent" }),
  levelMin: level.optional().meta({ description: "Leave out what has less integrity" }),
  limit: z.int().min(1).max(100).optional(),
  budgetTokens: z.int().min(1).optional().meta({ description: "Entries are added as long as their tokens fit" }),
  directives: z
    .enum(["withhold", "include"])
    .optional()
    .meta({ description: "Whether texts below integrity 3 that ask for behaviour come too, as data; otherwise they are only counted" }),
  rerank: z
    .union([z.boolean(), z.strictObject({ model: z.string().min(1).max(128) })])
    .optional()
    .meta({
      description:
        "Whether the best candidates are ordered anew (so when absent): by the model that is named here, else by the one of the configuration, else by token vectors of the bundled model",
    }),
  time: z
    .enum(["prefer", "filter", "ignore"])
    .optional()
    .meta({ description: "What times that the query names do: prefer memories of then (when absent), leave out all others, or nothing" }),
  timeZone: z.string().min(1).max(64).optional().meta({ description: "Whose calendar the query means, `Europe/Berlin`; UTC when absent" }),
  hop: z.boolean().optional().meta({
    description: "Whether facts come too about people and things that the best memories speak of, though they share no word with the query",
  }),
  weights: z
    .strictObject({ words: z.number().min(0), vectors: z.number().min(0) })
    .refine(({ words, vectors }) => words + vectors > 0, "needs one weight above zero")
    .optional()
    .meta({ description: "How much closeness by words and by meaning count against each other; as the space was fitted when absent" }),
  diversity: z
    .number()
    .min(0)
    .max(1)
    .optional()
    .meta({ description: "How much memories that are like better ones give way to others; 0 when absent, 0.3 is a good beginning" }),
  readAfter: z
    .union([z.int().min(0), z.record(scopeText, z.int().min(0))])
    .optional()
    .meta({
      description: "Wait until the change of that number (`seq` of what was remembered) is committed; by scope where several are searched",
    }),
  explain: z.boolean().optional().meta({ description: "Tell of the candidates that were left out, and why" }),
})
const armScore = z.object({ rank: z.int().min(1), score: z.number() }).nullable()
const foundBy = z.object({ rank: z.int().min(1), score: z.number() })
const why = z
  .object({
    words: armScore,
    vectors: armScore,
    session: z.number().optional().meta({ description: "How well its whole session fits by words; that of the best session is 1" }),
    speaker: z.literal(true).optional().meta({ description: "It is by the one speaker whom the query names" }),
    tokens: foundBy.optional().meta({ description: "How well the words of the query are met by its own, each read in its sentence" }),
    asks: z.literal(true).optional().meta({ description: "It ends by asking, so it gave way" }),
    hop: z
      .object({ shared: z.int(), from: z.array(z.string()) })
      .optional()
      .meta({ description: "It was reached from those memories, over so many people and things that they speak of too" }),
    rerank: foundBy.extend({ model: z.string() }).optional().meta({ description: "By the reranking model that was asked" }),
    time: z.number().optional().meta({ description: "It lies near a time that the query names: 1 within, less the later it was told" }),
  })
  .meta({ description: "Rank and score in each arm of the search (null where it was not found), and what else counted" })
const leftOut = z.object({
  id: z.string(),
  versionId: z.string().nullable(),
  score: z.number(),
  why,
  reason: z.enum([
    "superseded",
    "retracted",
    "revoked",
    "redacted",
    "expired",
    "unreadable",
    "not_yet_recorded",
    "not_valid_then",
    "level",
    "directive",
    "lane",
    "outside_time",
    "same_text",
    "near_duplicate",
    "shown",
    "repeats",
    "quoted_by_fact",
    "outranked",
    "budget",
  ]),
})
export const memorySearchSchema = z
  .object({
    memories: z.array(memorySchema.extend({ score: z.number(), why }).meta({ id: "MemoryHit" })),
    leftOut: z.array(leftOut).meta({ description: "With `explain`: what was found and is not among the memories" }),
    withheld: z.int().meta({ description: "Directives of low trust that were withheld" }),
    tokens: z.int().meta({ description: "Of all the texts together, estimated" }),
    wordsOnly: z.string().nullable().meta({ description: "Why vectors were not searched; null when they were" }),
    times: z
      .array(z.object({ text: z.string(), from: epochMs.nullable(), to: epochMs.nullable() }))
      .meta({ description: "Times that the query names, as they were understood; null where one is open. The end is not included" }),
    reranked: z
      .object({ model: z.string(), failed: z.string().nullable() })
      .nullable()
      .meta({ description: "The reranking model that was asked, and why the order is not by it where it failed; null where none was" }),
  })
  .meta({ id: "MemorySearch" })
export type MemorySearchRequest = z.infer<typeof memorySearchRequestSchema>
export type MemorySearch = z.infer<typeof memorySearchSchema>
