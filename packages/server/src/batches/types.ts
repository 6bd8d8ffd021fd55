// The words of batches: what may be batched, how one line is carried out, and the port of the service.
import type { JsonObject } from "../core/index.ts"
import type { Principal } from "../security/index.ts"
import type { StoredBatch } from "../store/index.ts"

/** What a line of OpenAI's form may call; messages are an addition of ours. */
export const batchEndpoints = [
  "/v1/responses",
  "/v1/chat/completions",
  "/v1/completions",
  "/v1/embeddings",
  "/v1/moderations",
  "/v1/images/generations",
  "/v1/messages",
] as const

export interface LineRequest {
  endpoint: string
  /** The key that made the batch, as it is now. */
  principal: Principal
  headers: Readonly<Record<string, string>>
  body: JsonObject
  requestId: string
  /** Of the line: the same after a restart. */
  idempotencyKey: string
  /** Leads from the records of all lines to their batch. */
  traceparent: string
}

export interface LineAnswer {
  status: number
  /** JSON. */
  body: Buffer
  /** Where it was refused here or upstream. */
  refusal: LineRefusal | null
}

export interface LineRefusal {
  code: string
  retryAfterMs: number | null
  /** It is larger than a limit: waiting does not help. */
  neverFits: boolean
}

/** Carries out one line as if its key had sent it. Rejects when `signal` aborts, and when the answer broke off. */
export type CallLine = (request: LineRequest, signal: AbortSignal) => Promise<LineAnswer>

export interface NewBatchRequest {
  endpoint: string
  inputFileId: string
  completionWindow: string
  metadata: JsonObject | null
  outputExpiresAfterS: number | null
  /** The scope that it belongs to, where it is not the caller's own. */
  owner?: string | undefined
}

/** A request of Anthropic's form, checked. */
export interface MessageRequest {
  customId: string
  params: JsonObject
}

/** Who asks: with a user, for what that user reaches. */
export type BatchCaller = Pick<Principal, "projectId" | "id" | "user">

export interface BatchListPage {
  dialect: StoredBatch["dialect"]
  after?: string | undefined
  before?: string | undefined
  limit: number
}

export interface Batches extends AsyncDisposable {
  /** Checks the request; the lines of the file are checked by the run. */
  create(principal: Principal, request: NewBatchRequest): Promise<StoredBatch>
  /** A batch of Anthropic's form; `headers` go with every request. */
  createMessages(principal: Principal, requests: readonly MessageRequest[], headers: Readonly<Record<string, string>>): Promise<StoredBatch>
  get(caller: BatchCaller, dialect: StoredBatch["dialect"], id: string): Promise<StoredBatch>
  list(caller: BatchCaller, page: BatchListPage): Promise<StoredBatch[]>
  /** What has an outcome keeps it; a batch that has ended stays as it is. */
  cancel(caller: BatchCaller, dialect: StoredBatch["dialect"], id: string): Promise<StoredBatch>
  /** The lines of the results of a batch of Anthropic's form that has ended, in the order of its requests, a page at a time. */
  results(caller: BatchCaller, id: string): Promise<AsyncIterable<Uint8Array>>
  /** Only of Anthropic's form, and only once it has ended; its run goes with it. */
  delete(caller: BatchCaller, id: string): Promise<void>
}
