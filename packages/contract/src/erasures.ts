// Wire schemas and routes of erasures: what shall vanish, what was found of it, the receipt.
import { z } from "zod"
import { epochMs, pageLimit } from "./shared.ts"

const count = z.int().min(0)
const rows = z.record(z.string(), count)

const countsSchema = z.object({
  episodes: count,
  versions: count,
  sources: count,
  blocks: count,
  states: count,
  files: count,
  cachedAnswers: count.meta({ description: "All of the project: streamed answers lie there in pieces" }),
  keys: count.meta({ description: "Data keys that were destroyed" }),
  rows: rows.meta({ description: "Rows of other tables in which the text stood, by table" }),
})

const verificationSchema = z.object({
  texts: count.meta({ description: "Texts that were looked for, each in all its forms (escaped, base64, UTF-16 …)" }),
  rows: rows.meta({ description: "Rows in which one was still found" }),
  files: count.nullable().meta({ description: "Files of the database that were read; null where they are out of reach" }),
  filesContaining: z.array(z.string()),
  logCleared: z
    .boolean()
    .nullable()
    .meta({ description: "Whether the write-ahead log holds nothing from before; null: the role of the database may not clear it" }),
  heldBy: z
    .array(z.string())
    .optional()
    .meta({ description: "Who keeps deleted rows or old log on the database server, by name: sessions, replication slots, the archiver" }),
  unread: count.optional().meta({ description: "Files of the database that were not searched, or not to their end" }),
})

const receiptSchema = z.object({
  counts: countsSchema,
  shortTexts: count.meta({ description: "Texts that were looked for only in the runs and conversations that they belong to" }),
  verified: verificationSchema.nullable(),
  remains: z.array(z.object({ where: z.string(), what: z.string(), until: z.string() })),
})

export const erasureSchema = z
  .object({
    id: z.string(),
    runId: z.string(),
    principal: z.string(),
    target: z.object({
      kind: z.enum(["subject", "source", "scope", "query"]),
      name: z.string().nullable().meta({ description: "Null of a query: it is the text that vanished" }),
      scope: z.string().nullable(),
    }),
    dryRun: z.boolean(),
    status: z
      .enum(["in_progress", "completed", "incomplete", "failed"])
      .meta({ description: "`incomplete`: the proof still found something; see `receipt.verified`" }),
    receipt: receiptSchema.nullable(),
    receiptHash: z.string().nullable(),
    createdAt: epochMs,
    finishedAt: epochMs.nullable(),
  })
  .meta({ id: "Erasure" })

export const erasureCreateRequestSchema = z.strictObject({
  subject: z.string().min(1).max(200).optional().meta({ description: "Whom data is about, as it was named when it was remembered" }),
  source: z
    .string()
    .min(1)
    .max(200)
    .optional()
    .meta({ description: "The id of a source, or of a stored file, which goes with all that is searchable of it" }),
  scope: z
    .string()
    .min(1)
    .max(200)
    .optional()
    .meta({ description: "A scope, with its blocks and states; beside `query`: where it is looked for" }),
  query: z.string().min(4).max(32_000).optional().meta({ description: "A text, taken out literally wherever it stands in the project" }),
  dryRun: z.boolean().default(false).meta({ description: "Only count" }),
})

export const erasureListQuerySchema = z.strictObject({ before: z.string().optional(), limit: pageLimit.optional() })

export const erasureListSchema = z.object({ erasures: z.array(erasureSchema), next: z.string().nullable() })

export type Erasure = z.infer<typeof erasureSchema>
export type ErasureList = z.infer<typeof erasureListSchema>
export type ErasureCreateRequest = z.input<typeof erasureCreateRequestSchema>

export const erasureRoutes = [
  {
    method: "POST",
    path: "/v1/erasures",
    summary: "Erase data for good, or count what would go",
    request: erasureCreateRequestSchema,
    response: erasureSchema,
    status: 201,
  },
  {
    method: "GET",
    path: "/v1/erasures",
    summary: "List erasures with their receipts",
    query: erasureListQuerySchema,
    response: erasureListSchema,
  },
  { method: "GET", path: "/v1/erasures/{id}", summary: "Read an erasure and its receipt", response: erasureSchema },
] as const
