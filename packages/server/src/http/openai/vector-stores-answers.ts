// How a file in a vector store looks on OpenAI's wire, alone and in lists.
import type { StoredVectorStoreFile } from "../../store/index.ts"
import { seconds } from "./files-answers.ts"

/** How soon a client should ask again while a file is being ingested; OpenAI's clients obey the header. */
const pollAfterMs = 200

export function pollAfter(status: string): Record<string, string> {
  return status === "in_progress" ? { "openai-poll-after-ms": String(pollAfterMs) } : {}
}

export function wireFile(file: StoredVectorStoreFile): { id: string } & Record<string, unknown> {
  return {
    id: file.fileId,
    object: "vector_store.file",
    created_at: seconds(file.createdAt),
    vector_store_id: file.vectorStoreId,
    usage_bytes: file.usageBytes,
    status: file.status,
    last_error: file.errorMessage === null ? null : { code: wireErrorCode(file.errorCode), message: file.errorMessage },
    attributes: file.attributes,
    chunking_strategy: {
      type: "static",
      static: { max_chunk_size_tokens: file.chunkTokensMax, chunk_overlap_tokens: file.chunkOverlapTokens },
    },
    perdure: { run_id: file.runId, progress: progressOf(file) },
  }
}

/** Null once it has ended. */
function progressOf({ status, stage, partsDone, partsTotal }: StoredVectorStoreFile): object | null {
  return status === "in_progress" ? { stage: stage ?? "queued", parts_done: partsDone, parts_total: partsTotal } : null
}

function wireErrorCode(code: string | null): string {
  return code === "unsupported_file" || code === "invalid_file" ? code : "server_error"
}
