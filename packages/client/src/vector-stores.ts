// Files and vector stores as OpenAI's API has them, with what Perdure adds under `perdure`: progress of reading, why a text was found.
import type { Call, Transport } from "./transport.ts"

export interface VectorStore {
  id: string
  name: string
  status: "expired" | "in_progress" | "completed"
  usage_bytes: number
  file_counts: Record<"in_progress" | "completed" | "failed" | "cancelled" | "total", number>
  /** Seconds since 1970, as all times of this API. */
  created_at: number
  last_active_at: number
  expires_at: number | null
}

export interface VectorStoreFile {
  id: string
  vector_store_id: string
  status: "in_progress" | "completed" | "cancelled" | "failed"
  last_error: { code: string; message: string } | null
  usage_bytes: number
  created_at: number
  attributes: Record<string, string | number | boolean>
  perdure: { run_id: string | null; progress: IngestionProgress | null }
}

/** How far the reading of a file is; null once it has ended. */
export interface IngestionProgress {
  stage: string
  parts_done: number | null
  parts_total: number | null
}

export interface UploadedFile {
  id: string
  filename: string
  bytes: number
  created_at: number
}

interface ArmScore {
  rank: number
  score: number
}

export interface VectorStoreHit {
  file_id: string
  filename: string
  score: number
  attributes: Record<string, string | number | boolean>
  content: { type: "text"; text: string }[]
  perdure: {
    chunk_id: string
    heading: string[]
    /** First and last page, where the file has pages. */
    pages: [number, number] | null
    label: { integrity: number; sources: string[] }
    why: { words: ArmScore | null; vectors: ArmScore | null; session?: number; rerank?: ArmScore & { model: string } }
  }
}

export interface VectorStoreSearch {
  data: VectorStoreHit[]
  /** Why vectors were not searched, null when they were; which reranking model was asked, and why the order is not by it where it failed. */
  perdure: { words_only: string | null; reranked: { model: string; failed: string | null } | null }
}

export type AttributeFilter =
  | { type: "eq" | "ne" | "gt" | "gte" | "lt" | "lte"; key: string; value: string | number | boolean }
  | { type: "and" | "or"; filters: AttributeFilter[] }

export interface VectorStoreSearchQuery {
  query: string
  max_num_results?: number
  filters?: AttributeFilter
  ranking_options?: {
    ranker?: string
    score_threshold?: number
    diversity?: number
    hybrid_search?: { embedding_weight: number; text_weight: number }
  }
}

/** The text of a file as it was read, chunk by chunk. */
export interface FileContent {
  data: { type: "text"; text: string }[]
  has_more: boolean
}

interface Page<Item> {
  data: Item[]
  has_more: boolean
}

export interface PageOptions {
  after?: string
  limit?: number
}

export interface VectorStores {
  list(page?: PageOptions, signal?: AbortSignal): Promise<Page<VectorStore>>
  get(id: string, signal?: AbortSignal): Promise<VectorStore>
  create(request: { name: string }): Promise<VectorStore>
  delete(id: string): Promise<unknown>
  search(id: string, query: VectorStoreSearchQuery, signal?: AbortSignal): Promise<VectorStoreSearch>
  files(id: string, page?: PageOptions, signal?: AbortSignal): Promise<Page<VectorStoreFile>>
  /** Puts an uploaded file into the store; it is read in the background. */
  attach(id: string, fileId: string): Promise<VectorStoreFile>
  detach(id: string, fileId: string): Promise<unknown>
  content(id: string, fileId: string, signal?: AbortSignal): Promise<FileContent>
}

export interface Files {
  get(id: string, signal?: AbortSignal): Promise<UploadedFile>
  upload(file: File): Promise<UploadedFile>
}

export function vectorStoresOf(transport: Transport): VectorStores {
  return {
    list: (page, signal) => transport.json({ path: "/v1/vector_stores", query: { ...page }, signal }),
    get: (id, signal) => transport.json({ path: pathOf(id), signal }),
    create: (request) => transport.json({ method: "POST", path: "/v1/vector_stores", body: request }),
    delete: (id) => transport.json({ method: "DELETE", path: pathOf(id) }),
    search: (id, query, signal) => transport.json({ method: "POST", path: `${pathOf(id)}/search`, body: query, signal }),
    files: (id, page, signal) => transport.json({ path: `${pathOf(id)}/files`, query: { ...page }, signal }),
    attach: (id, fileId) => transport.json({ method: "POST", path: `${pathOf(id)}/files`, body: { file_id: fileId } }),
    detach: (id, fileId) => transport.json({ method: "DELETE", path: `${pathOf(id)}/files/${encodeURIComponent(fileId)}` }),
    content: (id, fileId, signal) => transport.json({ path: `${pathOf(id)}/files/${encodeURIComponent(fileId)}/content`, signal }),
  }
}

export function filesOf(transport: Transport): Files {
  return {
    get: (id, signal) => transport.json({ path: `/v1/files/${encodeURIComponent(id)}`, signal }),
    upload: (file) => transport.json(uploadOf(file)),
  }
}

function uploadOf(file: File): Call {
  const form = new FormData()
  form.set("purpose", "assistants")
  form.set("file", file, file.name)
  return { method: "POST", path: "/v1/files", form }
}

function pathOf(id: string): string {
  return `/v1/vector_stores/${encodeURIComponent(id)}`
}
