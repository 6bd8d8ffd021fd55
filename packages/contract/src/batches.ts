// Routes of batches, OpenAI's and Anthropic's, with as much of their shapes as the document needs to name.
import { z } from "zod"
import { pageQuerySchema } from "./openai.ts"

const seconds = z.int().meta({ description: "Epoch seconds" })
const metadata = z.record(z.string(), z.string()).nullable()

const request = z
  .looseObject({
    input_file_id: z.string().meta({ description: "A file of the purpose `batch`: one request a line" }),
    endpoint: z.string().meta({
      description:
        "/v1/responses, /v1/chat/completions, /v1/completions, /v1/embeddings, /v1/moderations, /v1/images/generations or /v1/messages",
    }),
    completion_window: z.literal("24h"),
    metadata: metadata.optional(),
    output_expires_after: z.looseObject({ anchor: z.literal("created_at"), seconds: z.int() }).nullish(),
  })
  .meta({ id: "BatchRequest" })

const batch = z
  .looseObject({
    id: z.string(),
    object: z.literal("batch"),
    endpoint: z.string(),
    status: z.enum(["validating", "failed", "in_progress", "finalizing", "completed", "expired", "cancelling", "cancelled"]),
    input_file_id: z.string(),
    output_file_id: z.string().nullable(),
    error_file_id: z.string().nullable(),
    created_at: seconds,
    request_counts: z.object({ total: z.int(), completed: z.int(), failed: z.int() }),
    metadata,
  })
  .meta({ id: "Batch" })

const batchList = z
  .looseObject({ object: z.literal("list"), data: z.array(batch), has_more: z.boolean().optional() })
  .meta({ id: "BatchList" })

const messageBatch = z
  .looseObject({
    id: z.string(),
    type: z.literal("message_batch"),
    processing_status: z.enum(["in_progress", "canceling", "ended"]),
    request_counts: z.object({ processing: z.int(), succeeded: z.int(), errored: z.int(), canceled: z.int(), expired: z.int() }),
    created_at: z.string(),
    expires_at: z.string(),
    ended_at: z.string().nullable(),
    archived_at: z.string().nullable(),
    results_url: z.string().nullable(),
  })
  .meta({ id: "MessageBatch" })
const messageBatchRequest = z
  .looseObject({ requests: z.array(z.looseObject({ custom_id: z.string(), params: z.looseObject({ model: z.string() }) })).min(1) })
  .meta({ id: "MessageBatchRequest" })
const messageBatchList = z
  .looseObject({
    data: z.array(messageBatch),
    has_more: z.boolean(),
    first_id: z.string().nullable(),
    last_id: z.string().nullable(),
  })
  .meta({ id: "MessageBatchList" })
const messageBatchQuery = z.object({
  before_id: z.string().optional(),
  after_id: z.string().optional(),
  limit: z.coerce.number().int().min(1).max(1_000).optional(),
})
const messageBatchDeleted = z.looseObject({ id: z.string(), type: z.literal("message_batch_deleted") }).meta({ id: "MessageBatchDeleted" })
const messageBatches = "/v1/messages/batches"

export const batchRoutes = [
  { method: "POST", path: "/v1/batches", summary: "Make a batch: a durable run over the requests of a file", request, response: batch },
  { method: "GET", path: "/v1/batches", summary: "List batches, newest first", query: pageQuerySchema, response: batchList },
  { method: "GET", path: "/v1/batches/{id}", summary: "Read how far a batch is", response: batch },
  { method: "POST", path: "/v1/batches/{id}/cancel", summary: "Cancel a batch; finished requests keep their results", response: batch },
  {
    method: "POST",
    path: messageBatches,
    summary: "Make a batch of messages, as Anthropic's clients ask for it",
    request: messageBatchRequest,
    response: messageBatch,
  },
  {
    method: "GET",
    path: messageBatches,
    summary: "List batches of messages, newest first",
    query: messageBatchQuery,
    response: messageBatchList,
  },
  { method: "GET", path: `${messageBatches}/{id}`, summary: "Read how far a batch of messages is", response: messageBatch },
  {
    method: "GET",
    path: `${messageBatches}/{id}/results`,
    summary: "Download the results of a batch of messages, one a line",
    response: null,
    responseType: "application/octet-stream",
  },
  { method: "POST", path: `${messageBatches}/{id}/cancel`, summary: "Cancel a batch of messages", response: messageBatch },
  { method: "DELETE", path: `${messageBatches}/{id}`, summary: "Delete a batch of messages that has ended", response: messageBatchDeleted },
] as const
