// Wire schemas of runs: summaries in lists, whole runs, events, and what can be asked of a run.
import { z } from "zod"
import { epochMs, jsonValue, labelSchema, metadataFilter, pageLimit, tagFilter } from "./shared.ts"

/** Each is journaled from its first event. */
const durableRunKinds = ["workflow", "response", "agent", "ingestion", "batch"] as const
/** Each is one stateless call, written as one row when it ends. */
export const lightRunKinds = [
  "chat",
  "embedding",
  "image",
  "audio",
  "moderation",
  "rerank",
  "realtime",
  "pass_through",
  "memory",
  "retrieval",
  "file",
  "conversation",
  "key",
  "prompt",
  "experiment",
] as const
export const runKinds = [...durableRunKinds, ...lightRunKinds] as const
export const runStatuses = [
  "queued",
  "running",
  "waiting",
  "completed",
  "failed",
  "cancelled",
  "incomplete",
  "in_doubt",
  "needs_migration",
  "poisoned",
] as const

export const runKindSchema = z.enum(runKinds)
export const runStatusSchema = z.enum(runStatuses)

export const runUsageSchema = z
  .object({
    inputTokens: z.int().min(0),
    outputTokens: z.int().min(0),
    cachedTokens: z.int().min(0),
    reasoningTokens: z.int().min(0),
    costMicroUsd: z.int().min(0),
    costKnown: z.boolean().meta({ description: "False when a price was missing: the cost is a lower bound" }),
  })
  .meta({ id: "RunUsage" })

export const runErrorSchema = z.object({ code: z.string(), message: z.string() }).meta({ id: "RunError" })

const runProgressSchema = z
  .object({ total: z.int().min(0), completed: z.int().min(0), failed: z.int().min(0) })
  .meta({ id: "RunProgress", description: "Of a batch: its requests, those that were answered, and those that were refused" })

const runExperimentSchema = z
  .object({ name: z.string(), variant: z.string() })
  .meta({ id: "RunExperiment", description: "The variant of an experiment that the run was given" })

/** A run without its payloads, light or durable: what lists show. */
export const runSummarySchema = z
  .object({
    id: z.string(),
    kind: runKindSchema,
    name: z.string(),
    title: z.string().nullable().meta({ description: "One line for people: the question, the name of the file" }),
    status: runStatusSchema,
    principal: z.string(),
    user: z.string().nullable(),
    model: z.string().nullable(),
    conversationId: z.string().nullable(),
    parentId: z.string().nullable(),
    usage: runUsageSchema,
    error: runErrorSchema.nullable(),
    createdAt: epochMs,
    finishedAt: epochMs.nullable(),
    durationMs: z.number().min(0).nullable(),
    firstTokenMs: z.number().min(0).nullable(),
    progress: runProgressSchema.optional(),
    experiment: runExperimentSchema.optional(),
  })
  .meta({ id: "RunSummary" })

/** A run with its payloads. Light runs have one event and `lastSeq` 1. */
export const runSchema = z
  .object({
    id: z.string(),
    projectId: z.string(),
    principal: z.string(),
    user: z.string().nullable(),
    kind: runKindSchema,
    name: z.string(),
    title: z.string().nullable().meta({ description: "One line for people: the question, the name of the file" }),
    version: z.string(),
    status: runStatusSchema,
    parentId: z.string().nullable(),
    conversationId: z.string().nullable(),
    attempt: z.int().min(0),
    input: jsonValue,
    output: jsonValue.nullable(),
    error: runErrorSchema.nullable(),
    label: labelSchema,
    model: z.string().nullable(),
    usage: runUsageSchema,
    metadata: jsonValue,
    tags: z.array(z.string()).optional().meta({ description: "Of its key and its request, where there are any" }),
    requestMetadata: z
      .record(z.string(), jsonValue)
      .optional()
      .meta({ description: "What its request said of itself: `perdure.metadata`, `x-perdure-metadata`, its own `metadata`" }),
    createdAt: epochMs,
    startedAt: epochMs.nullable(),
    finishedAt: epochMs.nullable(),
    wakeAt: epochMs.nullable(),
    lastSeq: z.int().min(0),
    context: jsonValue
      .optional()
      .meta({ description: "Of a response with memory: what of its scopes was put before the model, and what was cut and why" }),
    progress: runProgressSchema.optional(),
  })
  .meta({ id: "Run" })

export const runEventSchema = z
  .object({
    runId: z.string(),
    seq: z.int().min(1).meta({ description: "Starts at 1, dense; the `id:` of the stream's frames" }),
    attempt: z.int().min(0),
    type: z.string(),
    data: jsonValue,
    label: labelSchema,
    at: epochMs,
  })
  .meta({ id: "RunEvent" })

export const runListQuerySchema = z.strictObject({
  kind: runKindSchema.optional(),
  status: runStatusSchema.optional(),
  search: z.string().max(500).optional().meta({ description: "Words in the run's name, model, id, input or output" }),
  conversationId: z.string().optional(),
  parentId: z.string().optional(),
  prompt: z.string().max(128).optional().meta({ description: "Only runs that used a version of that prompt" }),
  experiment: z.string().max(64).optional().meta({ description: "Only runs that took part in that experiment" }),
  tag: tagFilter.optional(),
  metadata: metadataFilter.optional(),
  before: z.string().optional().meta({ description: "Runs older than this id: the `next` of the page before" }),
  limit: pageLimit.optional(),
})
export const runListSchema = z.object({ runs: z.array(runSummarySchema), next: z.string().nullable() }).meta({ id: "RunList" })

export const runEventsQuerySchema = z.strictObject({
  after: z.coerce.number().int().min(0).optional().meta({ description: "Events after this sequence number; 0 when absent" }),
  limit: z.coerce.number().int().min(1).max(1_000).optional(),
})
export const runEventsSchema = z
  .object({ events: z.array(runEventSchema), next: z.int().nullable().meta({ description: "`after` of the next page; null at the end" }) })
  .meta({ id: "RunEvents" })

export const runStreamQuerySchema = z.strictObject({ after: z.coerce.number().int().min(0).optional() })

const spanAttribute = z.union([z.string(), z.number(), z.boolean(), z.array(z.string())])
export const runSpansSchema = z
  .object({
    spans: z.array(
      z.object({
        id: z.string(),
        parentId: z.string().nullable(),
        traceId: z.string().meta({ description: "One trace per activation of the run" }),
        name: z.string(),
        kind: z.enum(["internal", "client", "server"]),
        startMs: epochMs,
        endMs: epochMs.nullable(),
        status: z.enum(["unset", "ok", "error"]),
        attributes: z.record(z.string(), spanAttribute),
        links: z.array(z.string()),
      }),
    ),
    complete: z.boolean().meta({ description: "False when the log is longer than a trace may be" }),
  })
  .meta({ id: "RunSpans" })

export const runStartRequestSchema = z.strictObject({
  workflow: z.string().min(1).max(200).meta({ description: "A name that the application gave to defineWorkflow" }),
  input: jsonValue.optional(),
  metadata: z.record(z.string(), jsonValue).optional(),
})

export const runCancelRequestSchema = z.strictObject({ reason: z.string().max(1_000).optional() })
export const runCancelSchema = z
  .object({ outcome: z.enum(["cancelled", "cancelling", "already_ended"]), run: runSchema })
  .meta({ id: "RunCancel" })

export const runSignalRequestSchema = z.strictObject({ payload: jsonValue.optional() })
export const runSignalSchema = z.object({ accepted: z.literal(true) })

/** A person's decision on a run that is `in_doubt`. */
export const runResolveRequestSchema = z.discriminatedUnion("decision", [
  z.strictObject({ decision: z.literal("done"), result: jsonValue }),
  z.strictObject({ decision: z.literal("again") }),
  z.strictObject({ decision: z.literal("fail"), reason: z.string().min(1).max(1_000) }),
])

export type LightRunKind = (typeof lightRunKinds)[number]
export type RunKind = z.infer<typeof runKindSchema>
export type RunStatus = z.infer<typeof runStatusSchema>
export type RunUsage = z.infer<typeof runUsageSchema>
export type RunSummary = z.infer<typeof runSummarySchema>
export type Run = z.infer<typeof runSchema>
export type RunEvent = z.infer<typeof runEventSchema>
export type RunListQuery = z.infer<typeof runListQuerySchema>
export type RunList = z.infer<typeof runListSchema>
export type RunEventsQuery = z.infer<typeof runEventsQuerySchema>
export type RunEvents = z.infer<typeof runEventsSchema>
export type RunCancel = z.infer<typeof runCancelSchema>
export type RunResolveRequest = z.infer<typeof runResolveRequestSchema>
