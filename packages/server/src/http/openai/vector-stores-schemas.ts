// Request schemas of OpenAI's Vector stores API; keys that we do not know are ignored there.
import { z } from "zod"
import { autoChunking, type AddedFile, type Chunking } from "../../context/index.ts"
import { AppError, isJsonObject, type JsonObject } from "../../core/index.ts"
import { ownerFields } from "./files-answers.ts"

const attributesMax = 16
const text = (lengthMax: number): z.ZodString =>
  z
    .string()
    .max(lengthMax)
    .regex(/^[^\0]*$/, "must not contain the NUL character")

const chunkingStrategy = z.union([
  z.looseObject({ type: z.literal("auto") }),
  z.looseObject({
    type: z.literal("static"),
    static: z.looseObject({ max_chunk_size_tokens: z.int().min(100).max(4096), chunk_overlap_tokens: z.int().min(0) }),
  }),
])

export const attributes = z
  .record(z.string().min(1).max(64), z.union([text(512), z.number(), z.boolean()]))
  .refine((value) => Object.keys(value).length <= attributesMax, `at most ${attributesMax} attributes`)

const metadata = z
  .record(z.string().min(1).max(64), text(512))
  .refine((value) => Object.keys(value).length <= attributesMax, `at most ${attributesMax} keys`)

const expiresAfter = z.looseObject({ anchor: z.literal("last_active_at"), days: z.int().min(1).max(365) })

export const createBody = z.looseObject({
  name: text(256).nullish(),
  description: text(512).nullish(),
  metadata: metadata.nullish(),
  expires_after: expiresAfter.nullish(),
  file_ids: z.array(z.string()).max(500).nullish(),
  perdure: ownerFields,
  chunking_strategy: chunkingStrategy.nullish(),
})

export const updateBody = z.looseObject({
  name: text(256).nullable().optional(),
  metadata: metadata.nullable().optional(),
  expires_after: expiresAfter.nullable().optional(),
})

/** Not OpenAI's: the file whose place this one takes once it is complete; chunks that did not change stay as they are. */
const ownFileFields = z.strictObject({ replaces: z.string().optional() })

export const addFileBody = z.looseObject({
  file_id: z.string(),
  attributes: attributes.nullish(),
  chunking_strategy: chunkingStrategy.nullish(),
  perdure: ownFileFields.nullish(),
})

const batchFilesMax = 2_000

export const batchBody = z
  .looseObject({
    file_ids: z.array(z.string()).min(1).max(batchFilesMax).optional(),
    files: z.array(addFileBody).min(1).max(batchFilesMax).optional(),
    attributes: attributes.nullish(),
    chunking_strategy: chunkingStrategy.nullish(),
  })
  .refine(({ file_ids, files }) => (file_ids === undefined) !== (files === undefined), "needs either `file_ids` or `files`")

export const updateFileBody = z.looseObject({ attributes: attributes.nullable() })

/** A search holds the embedded database's only connection, so what it reads is bounded. */
const queryText = z.string().max(16_000)

/** The weights are OpenAI's option of `file_search`, and work here too; `diversity` is ours. Which rankers there are is known to `context/`. */
const rankingOptions = z.looseObject({
  ranker: z.string().min(1).optional(),
  score_threshold: z.number().min(0).max(1).optional(),
  diversity: z.number().min(0).max(1).optional(),
  hybrid_search: z
    .looseObject({ embedding_weight: z.number().min(0), text_weight: z.number().min(0) })
    .refine(({ embedding_weight, text_weight }) => embedding_weight + text_weight > 0, "needs one weight above zero")
    .nullish(),
})

export const searchBody = z.looseObject({
  query: z.union([queryText, z.array(queryText)]),
  max_num_results: z.int().min(1).max(50).optional(),
  rewrite_query: z.boolean().optional(),
  filters: z.unknown().optional(),
  ranking_options: rankingOptions.nullish(),
  page: z.string().max(100).nullish(),
})

export const listQuery = z.looseObject({
  after: z.string().optional(),
  before: z.string().optional(),
  limit: z.coerce.number().int().min(1).max(100).optional(),
  order: z.enum(["asc", "desc"]).optional(),
  filter: z.enum(["in_progress", "completed", "failed", "cancelled"]).optional(),
})

/** What is put into a store; where many are, each has its own settings. */
export function addedFile(body: z.output<typeof addFileBody>): AddedFile {
  const { file_id: fileId, attributes: given, chunking_strategy: strategy, perdure } = body
  return { fileId, attributes: given ?? {}, chunking: chunkingOf(strategy), replaces: perdure?.replaces ?? null }
}

/** The chunking that a request asks for; `auto` is ours. */
export function chunkingOf(strategy: z.output<typeof chunkingStrategy> | null | undefined): Chunking {
  if (strategy?.type !== "static") return autoChunking
  const { max_chunk_size_tokens: tokensMax, chunk_overlap_tokens: overlapTokens } = strategy.static
  if (overlapTokens * 2 <= tokensMax) return { tokensMax, overlapTokens }
  throw new AppError("invalid_request", `chunk_overlap_tokens is ${overlapTokens}, more than half of max_chunk_size_tokens ${tokensMax}.`, {
    param: "chunking_strategy.static.chunk_overlap_tokens",
  })
}

/** Metadata as stored; absent and null are the same to OpenAI. */
export function objectOrNull(value: unknown): JsonObject | null {
  return isJsonObject(value) ? value : null
}
