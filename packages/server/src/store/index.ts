// Public face of the store: the port, what opens it, what it throws, and one namespace per table.
export type { Queryable, SqlRow, SqlValue, Store, StoreCapabilities, Transactor } from "./port.ts"
export { openStore, type OpenStoreOptions } from "./open.ts"
export { isStoreError, StoreError, tellableMessage } from "./errors.ts"
export type { StoreLimits, StoreLogger } from "./engine.ts"
// One namespace per table (`apiKeys.insertKey(db, …)`).
export * as apiKeys from "./tables/api-keys.ts"
export type { KeyFields, KeyFilter, KeyState, RetiredSecret, StoredKey } from "./tables/api-keys.ts"
export * as cachedAnswers from "./tables/cached-answers.ts"
export type { FoundAnswer, StoredAnswer } from "./tables/cached-answers.ts"
export * as chunks from "./tables/chunks.ts"
export type { ChunkHit, StoredChunk } from "./tables/chunks.ts"
export * as conversations from "./tables/conversations.ts"
export type { ItemPage, StoredConversation, StoredItem } from "./tables/conversations.ts"
export * as embeddings from "./tables/embeddings.ts"
export type { PartEmbedding, PartSimilarity } from "./tables/embeddings.ts"
export * as files from "./tables/files.ts"
export type { FilePage, StoredFile } from "./tables/files.ts"
export * as lightRuns from "./tables/light-runs.ts"
export type { LightRunFilter, StoredLightRun } from "./tables/light-runs.ts"
export * as limitCounters from "./tables/limit-counters.ts"
export type { LimitAnswer, LimitExchange, StoredLimit } from "./tables/limit-counters.ts"
export * as memories from "./tables/memories.ts"
export type { StoredMemory } from "./tables/memories.ts"
export * as postings from "./tables/postings.ts"
export type { Posting, ScopeStatistics, WordScope } from "./tables/postings.ts"
export * as vectorStores from "./tables/vector-stores.ts"
export type {
  StorePage,
  StoredVectorStore,
  StoredVectorStoreFile,
  VectorStoreCounts,
  VectorStoreFileStatus,
} from "./tables/vector-stores.ts"
export * as executors from "./tables/executors.ts"
export type { Heartbeat } from "./tables/executors.ts"
export * as runEvents from "./tables/run-events.ts"
export type { StoredEvent } from "./tables/run-events.ts"
export * as runFlush from "./tables/run-flush.ts"
export type { FlushBatch, FlushResult } from "./tables/run-flush.ts"
export * as runs from "./tables/runs.ts"
export type { StoredRun, StoredRunFilter } from "./tables/runs.ts"
export * as signals from "./tables/signals.ts"
export type { StoredSignal } from "./tables/signals.ts"
