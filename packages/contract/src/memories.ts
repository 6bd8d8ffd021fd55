// Wire schemas of memory: evidence that was remembered and what was derived from it, with scope, provenance, times and label.
import { z } from "zod"
import { epochMs, jsonValue, labelSchema, pageLimit } from "./shared.ts"

export const scopeText = z.string().min(1).max(200)
const scope = scopeText.default("project").meta({
  description:
    "Whose memory: `user:ada`, `agent:support/user:ada`, `team:sales`, `thread:…`, a plain name (an application's); `project` when absent",
})
const role = z.enum(["user", "assistant", "tool"])

export const memoryKinds = ["episode", "fact", "preference", "event", "procedure", "reflection", "summary", "timeline", "profile"] as const
const kind = z.enum(memoryKinds)

export const memorySchema = z
  .object({
    id: z.string(),
    kind: kind.meta({ description: "`episode`: as it was remembered; the others were derived from episodes" }),
    versionId: z.string().nullable().meta({ description: "Of a derived one: which of its versions this is" }),
    scope: z.string(),
    lane: z.string(),
    text: z.string().nullable().meta({ description: "Null once it was redacted or its key was destroyed" }),
    metadata: jsonValue,
    data: jsonValue.meta({ description: "Of a derived one: its value, where it has one" }),
    slot: z.string().nullable().meta({ description: "What a derived one is about: subject and predicate" }),
    speaker: z.string().nullable(),
    session: z.string().nullable(),
    conversationId: z.string().nullable(),
    label: labelSchema,
    directive: z.boolean().meta({ description: "It asks for behaviour; below integrity 3 it is only ever data" }),
    pinned: z.boolean().meta({ description: "It is told of its scope whatever is asked, and time does not lower it" }),
    sourceId: z.string().nullable(),
    /** Who wrote it, and the run in which it was written. */
    principal: z.string(),
    runId: z.string().nullable(),
    confidence: z.number().nullable(),
    salience: z.number().nullable(),
    validFrom: epochMs.nullable(),
    validTo: epochMs.nullable(),
    occurredAt: epochMs.nullable().meta({ description: "When it was said or happened" }),
    createdAt: epochMs,
    expiredAt: epochMs.nullable().meta({ description: "Since when it is not believed any more" }),
    endedBy: z.enum(["refine", "supersede", "retract", "revoke", "redact", "expire"]).nullable(),
    op: z.enum(["assert", "refine", "supersede", "contradict"]).nullable(),
    supersedes: z.string().nullable(),
  })
  .meta({ id: "Memory" })

export const memoryCreateRequestSchema = z.strictObject({
  scope,
  text: z.string().min(1).max(32_000),
  metadata: z.record(z.string(), jsonValue).optional(),
  validFrom: epochMs.optional(),
  validTo: epochMs.optional(),
  role: role.optional().meta({ description: "Who speaks; what an assistant or a tool says is trusted less. `user` when absent" }),
  speaker: z.string().min(1).max(200).optional().meta({ description: "The name of who speaks" }),
  session: z.string().min(1).max(200).optional().meta({ description: "Messages of one session are read after each other" }),
  conversationId: z.string().min(1).max(200).optional(),
  itemId: z.string().min(1).max(200).optional(),
  occurredAt: epochMs.optional().meta({ description: "When it was said or happened; now when absent" }),
  source: z
    .strictObject({
      kind: z.enum(["user", "agent", "tool", "web", "file", "import", "operator"]),
      uri: z.string().min(1).max(2_000).optional(),
      title: z.string().min(1).max(500).optional(),
    })
    .optional()
    .meta({ description: "Where it comes from. What has the same kind and address is one source, which can be revoked" }),
  subject: z
    .string()
    .min(1)
    .max(200)
    .optional()
    .meta({ description: "Whom it is about: what is erased together; the whole scope when absent" }),
  recalledFrom: z
    .array(z.string())
    .max(100)
    .optional()
    .meta({ description: "Ids of memories that it repeats: nothing is derived from it then" }),
})
export const memoryCreatedSchema = memorySchema.extend({
  created: z.boolean().meta({ description: "False where the same source had said the same in this scope: nothing was added" }),
  seq: z.int().nullable().meta({ description: "Its number in the scope's change log; null where nothing was added" }),
})
export const memoryListQuerySchema = z.strictObject({
  scope,
  kind: kind.optional(),
  pinned: z.literal("true").optional().meta({ description: "Only what is pinned" }),
  before: z.string().optional(),
  limit: pageLimit.optional(),
})
export const memoryListSchema = z.object({ memories: z.array(memorySchema), next: z.string().nullable() }).meta({ id: "MemoryList" })
export const memoryVersionsQuerySchema = z.strictObject({ limit: pageLimit.optional() })
export const memoryVersionsSchema = z
  .object({ versions: z.array(memorySchema).meta({ description: "Newest first; evidence has one" }) })
  .meta({ id: "MemoryVersions" })
export const memoryRetractRequestSchema = z.strictObject({
  until: epochMs.optional().meta({ description: "It held before that time; when absent it is believed no more for any time" }),
})
export const memoryCorrectRequestSchema = z.strictObject({
  text: z.string().min(1).max(32_000).meta({ description: "What is right" }),
  validFrom: epochMs.nullable().optional().meta({ description: "When it began to hold: as it was when absent, null: always" }),
  validTo: epochMs.nullable().optional().meta({ description: "When it stopped to hold: as it was when absent, null: never" }),
})
export const sourceSchema = z
  .object({
    id: z.string(),
    scope: z.string(),
    kind: z.enum(["user", "agent", "tool", "web", "file", "import", "operator"]),
    principal: z.string(),
    uri: z.string().nullable(),
    title: z.string().nullable(),
    label: labelSchema,
    runId: z.string().nullable(),
    createdAt: epochMs,
    revokedAt: epochMs.nullable(),
    revokedBy: z.string().nullable(),
    reason: z.string().nullable(),
  })
  .meta({ id: "Source" })
export const mcpQuerySchema = z.strictObject({
  scope: scopeText.optional().meta({ description: "Whose memory where a call names none; the key's own when absent" }),
})
const corroborationSchema = z.object({
  source: sourceSchema,
  memoryId: z.string().meta({ description: "The evidence of it" }),
  quote: z.string().nullable(),
})
export const memoryReviewsQuerySchema = z.strictObject({ scope, before: z.string().optional(), limit: pageLimit.optional() })
export const memoryReviewsSchema = z
  .object({
    reviews: z.array(
      z.object({
        id: z.string(),
        reason: z.enum(["contradiction", "directive", "support", "corroborated"]).meta({
          description:
            "It contradicts what is trusted more; asks for behaviour; lost part of what it rests on; independent sources say it, so a person may confirm it",
        }),
        createdAt: epochMs,
        memory: memorySchema,
        corroboration: z
          .array(corroborationSchema)
          .meta({ description: "Of a corroborated one: its independent sources, each with its words" }),
      }),
    ),
    next: z.string().nullable(),
  })
  .meta({ id: "MemoryReviewList" })

export const sourceListQuerySchema = z.strictObject({ scope, before: z.string().optional(), limit: pageLimit.optional() })
export const sourceListSchema = z.object({ sources: z.array(sourceSchema), next: z.string().nullable() }).meta({ id: "SourceList" })

export interface Ground {
  kind: "episode" | "version" | "chunk"
  id: string
  quote: string | null
  memory: z.infer<typeof memorySchema> | null
  source: z.infer<typeof sourceSchema> | null
  grounds: Ground[]
}
const groundSchema: z.ZodType<Ground> = z
  .object({
    kind: z.enum(["episode", "version", "chunk"]),
    id: z.string(),
    quote: z.string().nullable().meta({ description: "The words that it rests on; null where it follows from the whole" }),
    memory: memorySchema.nullable(),
    source: sourceSchema.nullable(),
    grounds: z.lazy(() => z.array(groundSchema)).meta({ description: "What that rests on in turn" }),
  })
  .meta({ id: "MemoryGround" })
export const memoryExplanationSchema = z
  .object({
    memory: memorySchema,
    source: sourceSchema.nullable(),
    model: z.string().nullable().meta({ description: "The model that derived it, where one did" }),
    promptHash: z.string().nullable(),
    grounds: z
      .array(groundSchema)
      .meta({ description: "What it rests on, down to the evidence; of what a model said, what stood before it" }),
    corrects: z.string().nullable().meta({ description: "Of evidence: what it was said instead of" }),
    correctedBy: z.string().nullable().meta({ description: "Of evidence: what was said instead of it" }),
  })
  .meta({ id: "MemoryExplanation" })

export const blastRadiusSchema = z
  .object({
    source: sourceSchema,
    episodes: z.int(),
    episodeIds: z.array(z.string()).meta({ description: "The first thousand" }),
    answers: z.int().meta({ description: "What models said with any of it before them; it goes with the source" }),
    answerIds: z.array(z.string()).meta({ description: "The first thousand" }),
    versions: z.int().meta({ description: "All that was derived of it, over any number of steps" }),
    derived: z.array(
      z.object({
        memoryId: z.string(),
        versionId: z.string(),
        kind,
        head: z.boolean(),
        endedBy: z.enum(["refine", "supersede", "retract", "revoke", "redact", "expire"]).nullable(),
      }),
    ),
    runs: z
      .array(z.object({ runId: z.string(), entries: z.int(), recalledAt: epochMs }))
      .meta({ description: "Runs that were given any of it" }),
  })
  .meta({ id: "BlastRadius" })
export const sourceRevokeRequestSchema = z.strictObject({ reason: z.string().min(1).max(500).optional() })
export const revocationSchema = z
  .object({
    source: sourceSchema,
    episodes: z.int(),
    answers: z.int().meta({ description: "What models had said with any of it before them" }),
    versions: z.int().meta({ description: "Derived ones that fell with it" }),
    restored: z.int().meta({ description: "What those had replaced and what is believed again" }),
  })
  .meta({ id: "Revocation" })

export const memoryDeletedSchema = z.object({ id: z.string(), deleted: z.literal(true) })

export type Memory = z.infer<typeof memorySchema>
export type MemoryList = z.infer<typeof memoryListSchema>
export type MemoryCreateRequest = z.infer<typeof memoryCreateRequestSchema>
export type MemoryCorrectRequest = z.infer<typeof memoryCorrectRequestSchema>
export type MemoryListQuery = z.infer<typeof memoryListQuerySchema>
export type MemoryCreated = z.infer<typeof memoryCreatedSchema>
export type MemoryVersions = z.infer<typeof memoryVersionsSchema>
export type MemoryExplanation = z.infer<typeof memoryExplanationSchema>
export type MemoryReviewList = z.infer<typeof memoryReviewsSchema>
export type Source = z.infer<typeof sourceSchema>
export type SourceList = z.infer<typeof sourceListSchema>
export type BlastRadius = z.infer<typeof blastRadiusSchema>
export type Revocation = z.infer<typeof revocationSchema>
