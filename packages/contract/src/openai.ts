// Loose schemas of the OpenAI-shaped routes: what the document needs to name. The handlers pass unknown fields through, so do these.
import { z } from "zod"

const seconds = z.int().meta({ description: "Epoch seconds" })
const metadata = z.record(z.string(), z.string()).nullable()

export const chatCompletionRequestSchema = z
  .looseObject({
    model: z.string(),
    messages: z.array(z.looseObject({ role: z.string() })).min(1),
    stream: z.boolean().nullish(),
  })
  .meta({ id: "ChatCompletionRequest", description: "As OpenAI's; unknown fields reach the provider unchanged" })
export const chatCompletionSchema = z
  .looseObject({
    id: z.string(),
    object: z.literal("chat.completion"),
    created: seconds,
    model: z.string(),
    choices: z.array(z.looseObject({ index: z.int() })),
    usage: z.looseObject({}).optional(),
  })
  .meta({ id: "ChatCompletion" })

const tokens = z.array(z.int())
export const completionRequestSchema = z
  .looseObject({
    model: z.string(),
    prompt: z.union([z.string(), z.array(z.string()), tokens, z.array(tokens)]),
    suffix: z.string().nullish(),
    stream: z.boolean().nullish(),
  })
  .meta({ id: "CompletionRequest", description: "As OpenAI's; unknown fields reach the provider unchanged" })
export const completionSchema = z
  .looseObject({
    id: z.string(),
    object: z.literal("text_completion"),
    created: seconds,
    model: z.string(),
    choices: z.array(z.looseObject({ index: z.int(), text: z.string() })),
    usage: z.looseObject({}).optional(),
  })
  .meta({ id: "Completion" })

export const embeddingRequestSchema = z
  .looseObject({
    model: z.string(),
    input: z.union([z.string(), z.array(z.string()), z.array(z.int()), z.array(z.array(z.int()))]),
    encoding_format: z.enum(["float", "base64"]).nullish(),
    dimensions: z.int().min(1).nullish(),
  })
  .meta({ id: "EmbeddingRequest" })
export const embeddingListSchema = z
  .looseObject({
    object: z.literal("list"),
    data: z.array(z.looseObject({ object: z.literal("embedding"), index: z.int(), embedding: z.union([z.array(z.number()), z.string()]) })),
    model: z.string(),
    usage: z.looseObject({ prompt_tokens: z.int(), total_tokens: z.int() }),
  })
  .meta({ id: "EmbeddingList" })

export const modelSchema = z
  .looseObject({ id: z.string(), object: z.literal("model"), created: seconds, owned_by: z.string() })
  .meta({ id: "Model" })
export const modelListSchema = listOf(modelSchema, "ModelList")

export const responseRequestSchema = z
  .looseObject({
    model: z.string().nullish(),
    input: z.union([z.string(), z.array(z.looseObject({}))]).nullish(),
    instructions: z.string().nullish(),
    stream: z.boolean().nullish(),
    store: z.boolean().nullish(),
    background: z.boolean().nullish(),
    previous_response_id: z.string().nullish(),
    tools: z.array(z.looseObject({ type: z.string() })).nullish(),
  })
  .meta({ id: "ResponseRequest" })
export const responseSchema = z
  .looseObject({
    id: z.string(),
    object: z.literal("response"),
    created_at: seconds,
    status: z.enum(["queued", "in_progress", "completed", "incomplete", "failed", "cancelled"]),
    model: z.string(),
    output: z.array(z.looseObject({ type: z.string() })),
  })
  .meta({ id: "Response" })
export const toolResultQuerySchema = z.object({
  offset: z.coerce.number().int().min(0).optional(),
  limit: z.coerce.number().int().min(1).optional().meta({ description: "Characters; 8,000 at most, and when absent" }),
})
export const toolResultSchema = z
  .object({
    object: z.literal("tool_result"),
    handle: z.string(),
    tool: z.string(),
    text: z.string(),
    offset: z.int(),
    total_characters: z.int(),
    next_offset: z.int().nullable(),
    level: z.int().min(0).max(3).meta({ description: "How far it is trusted: 0 anyone … 3 the user" }),
    sources: z.array(z.string()),
  })
  .meta({ id: "ToolResult" })
export const compactionSchema = z
  .looseObject({
    id: z.string(),
    object: z.literal("response.compaction"),
    created_at: seconds,
    output: z.array(z.looseObject({ type: z.string() })),
    usage: z.looseObject({ input_tokens: z.int().min(0), output_tokens: z.int().min(0), total_tokens: z.int().min(0) }),
  })
  .meta({ id: "Compaction" })
export const inputTokensSchema = z
  .looseObject({ object: z.literal("response.input_tokens"), input_tokens: z.int().min(0) })
  .meta({ id: "InputTokens" })
export const clientSecretRequestSchema = z
  .looseObject({
    expires_after: z
      .looseObject({ seconds: z.int().min(10).max(7_200).optional() })
      .nullable()
      .optional(),
    session: z.looseObject({ type: z.enum(["realtime", "transcription"]).optional(), model: z.string() }),
  })
  .meta({ id: "ClientSecretRequest" })
export const clientSecretSchema = z
  .looseObject({ value: z.string(), expires_at: seconds, session: z.looseObject({ type: z.string(), id: z.string() }) })
  .meta({ id: "ClientSecret" })
export const responseQuerySchema = z.looseObject({
  stream: z.enum(["true", "false"]).optional(),
  starting_after: z.coerce.number().int().optional().meta({ description: "With `stream`: events after this sequence number" }),
})
export const responseItemListSchema = listOf(z.looseObject({ type: z.string() }), "ResponseItemList")

const owned = z
  .looseObject({ owner: z.string().optional() })
  .nullish()
  .meta({ description: "Ours: the scope that it belongs to, `user:ada`; its maker's own, else the project's" })

const conversationItem = z.looseObject({ type: z.string().optional() })
export const conversationRequestSchema = z
  .looseObject({ items: z.array(conversationItem).max(20).nullable().optional(), metadata: metadata.optional(), perdure: owned })
  .meta({ id: "ConversationRequest" })
export const conversationSchema = z
  .looseObject({ id: z.string(), object: z.literal("conversation"), created_at: seconds, metadata, perdure: owned })
  .meta({ id: "Conversation" })
export const conversationItemsRequestSchema = z
  .looseObject({ items: z.array(conversationItem).max(20) })
  .meta({ id: "ConversationItemsRequest" })
export const conversationItemSchema = z.looseObject({ id: z.string(), type: z.string() }).meta({ id: "ConversationItem" })

export const fileUploadSchema = z
  .looseObject({ file: z.string().meta({ description: "The file's bytes", format: "binary" }), purpose: z.string() })
  .meta({ id: "FileUpload" })
export const fileSchema = z
  .looseObject({
    id: z.string(),
    object: z.literal("file"),
    bytes: z.int(),
    created_at: seconds,
    filename: z.string(),
    purpose: z.string(),
    perdure: owned,
  })
  .meta({ id: "File" })
export const fileListSchema = listOf(fileSchema, "FileList")

export const uploadRequestSchema = z
  .looseObject({ filename: z.string(), purpose: z.string(), bytes: z.int(), mime_type: z.string(), perdure: owned })
  .meta({ id: "UploadRequest" })
export const uploadSchema = z
  .looseObject({ id: z.string(), object: z.literal("upload"), bytes: z.int(), status: z.string(), file: fileSchema.optional() })
  .meta({ id: "Upload" })
export const uploadPartRequestSchema = z
  .looseObject({ data: z.string().meta({ description: "The part's bytes", format: "binary" }) })
  .meta({ id: "UploadPartRequest" })
export const uploadPartSchema = z
  .looseObject({ id: z.string(), object: z.literal("upload.part"), upload_id: z.string() })
  .meta({ id: "UploadPart" })
export const uploadCompleteSchema = z
  .looseObject({ part_ids: z.array(z.string()), md5: z.string().nullish() })
  .meta({ id: "UploadComplete" })

export const vectorStoreRequestSchema = z
  .looseObject({ name: z.string().nullish(), file_ids: z.array(z.string()).optional(), metadata: metadata.optional(), perdure: owned })
  .meta({ id: "VectorStoreRequest" })
export const vectorStoreSchema = z
  .looseObject({
    id: z.string(),
    object: z.literal("vector_store"),
    created_at: seconds,
    name: z.string().nullable(),
    status: z.string(),
    file_counts: z.looseObject({ total: z.int() }),
    perdure: owned,
  })
  .meta({ id: "VectorStore" })
export const vectorStoreListSchema = listOf(vectorStoreSchema, "VectorStoreList")
export const vectorStoreFileRequestSchema = z
  .looseObject({ file_id: z.string(), attributes: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).nullish() })
  .meta({ id: "VectorStoreFileRequest" })
export const vectorStoreFileSchema = z
  .looseObject({ id: z.string(), object: z.literal("vector_store.file"), vector_store_id: z.string(), status: z.string() })
  .meta({ id: "VectorStoreFile" })
export const vectorStoreFileUpdateSchema = z
  .looseObject({ attributes: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).nullable() })
  .meta({ id: "VectorStoreFileUpdate" })
export const vectorStoreFileContentSchema = z
  .looseObject({
    object: z.literal("vector_store.file_content.page"),
    data: z.array(z.looseObject({ type: z.literal("text"), text: z.string() })),
  })
  .meta({ id: "VectorStoreFileContent" })
export const vectorStoreBatchRequestSchema = z
  .looseObject({
    file_ids: z.array(z.string()).max(2_000).optional(),
    files: z.array(vectorStoreFileRequestSchema).max(2_000).optional(),
    attributes: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).nullish(),
  })
  .meta({ id: "VectorStoreFileBatchRequest" })
export const vectorStoreBatchSchema = z
  .looseObject({
    id: z.string(),
    object: z.literal("vector_store.files_batch"),
    vector_store_id: z.string(),
    status: z.string(),
    file_counts: z.looseObject({ total: z.int() }),
  })
  .meta({ id: "VectorStoreFileBatch" })
export const vectorStoreFileListSchema = listOf(vectorStoreFileSchema, "VectorStoreFileList")
export const vectorStoreSearchRequestSchema = z
  .looseObject({
    query: z.union([z.string(), z.array(z.string())]),
    max_num_results: z.int().min(1).max(50).optional(),
    filters: z.looseObject({}).nullish(),
    page: z.string().nullish().meta({ description: "`next_page` of the answer before, with everything else as it was" }),
  })
  .meta({ id: "VectorStoreSearchRequest" })
export const vectorStoreSearchSchema = z
  .looseObject({
    object: z.literal("vector_store.search_results.page"),
    data: z.array(z.looseObject({ file_id: z.string(), filename: z.string(), score: z.number() })),
    has_more: z.boolean(),
    next_page: z.string().nullable(),
  })
  .meta({ id: "VectorStoreSearch" })

export const pageQuerySchema = z.looseObject({
  limit: z.coerce.number().int().min(1).max(100).optional(),
  order: z.enum(["asc", "desc"]).optional(),
  after: z.string().optional(),
  before: z.string().optional(),
})
/** Repeated, or with brackets. */
const include = z
  .union([z.string(), z.array(z.string())])
  .optional()
  .meta({ description: "What is left out of items otherwise, such as `file_search_call.results`; may be repeated" })
export const conversationIncludeQuerySchema = z.looseObject({ include })
export const conversationItemsQuerySchema = pageQuerySchema.omit({ before: true }).extend({ include })
export const conversationDeleteQuerySchema = z.looseObject({
  derived: z
    .enum(["keep", "revoke"])
    .default("keep")
    .meta({ description: "An addition to OpenAI's: whether what was remembered of the conversation is taken back, too" }),
})
export const fileDeleteQuerySchema = z.looseObject({
  derived: z
    .enum(["keep", "revoke"])
    .default("keep")
    .meta({ description: "An addition to OpenAI's: whether what was remembered with the file before whoever said it is taken back, too" }),
})
export const deletedSchema = z.looseObject({ id: z.string(), object: z.string(), deleted: z.boolean() }).meta({ id: "Deleted" })

function listOf<T extends z.ZodType>(item: T, id: string) {
  return z.looseObject({ object: z.literal("list"), data: z.array(item), has_more: z.boolean().optional() }).meta({ id })
}
