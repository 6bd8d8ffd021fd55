// Public face of context: files, vector stores, search, memories, conversations.
export type { ChangeLog } from "./changes/change-log.ts"
export { fencedEntry, type Assembler } from "./assembly/assembler.ts"
export type { Blocks } from "./blocks/blocks.ts"
export type { MemoryCommand } from "./blocks/memory-commands.ts"
export type { Block, BlockVersion } from "./blocks/types.ts"
export { createContext, type ContextDependencies, type ContextServices } from "./context.ts"
export { type ConversationItem, type Conversations, type StoredConversationItem } from "./conversations.ts"
export type { ErasureRequest, Erasures } from "./erasure/erasures.ts"
export type { Erasure, ErasureTarget } from "./erasure/types.ts"
export { rewriteQuery } from "./documents/rewrite-query.ts"
export { expiresAt, isExpired } from "./expiry.ts"
export type { FileBatch, FileBatches } from "./file-batches.ts"
export { readAttachment } from "./attachment.ts"
export { fileTooLarge, type BegunFile, type Files, type FileUpload } from "./files.ts"
export type { FileWriter } from "./file-writer.ts"
export type { MemoryModel, ModelAnswer as MemoryModelAnswer } from "./memory/jobs/ask.ts"
export type { Question as MemoryQuestion } from "./memory/jobs/model-extraction.ts"
export type { Upkeep, UpkeepStatus } from "./memory/jobs/status.ts"
export { jobSettings } from "./memory/jobs/settings.ts"
export { writersLabel } from "./memory/labels.ts"
export type { Ground } from "./memory/explain.ts"
export type { Memories, MemoryPage } from "./memory/memories.ts"
export type { RecallQuery } from "./memory/recall-query.ts"
export type { Entry, LeftOut, NewMemory, Recall, RecalledEntry } from "./memory/types.ts"
export type { Ranking, RankingPair } from "./memory/ranking.ts"
export type { FittedSpace } from "./retrieval/fit-space.ts"
export { parseFilter, type AttributeFilter, type AttributeValue } from "./retrieval/filters.ts"
export type { ArmScore, Why } from "./retrieval/fuse.ts"
export type { Search, SearchAnswer, SearchQuery, SearchResult, SearchWeights } from "./retrieval/search.ts"
export type { Precondition, Swap } from "./precondition.ts"
export type { State, States, StateVersion } from "./state/states.ts"
export type { MemoryCaller, ScopeRight } from "./scopes/access.ts"
export type { Scopes } from "./scopes/scopes.ts"
export { parseScope, type ScopeKind, type ScopeName } from "./scopes/scope-name.ts"
export { newOwner, reachOf, userOfOwner, wholeProject, type ActingCaller } from "./owners.ts"
export type { NewUpload, Upload, Uploads } from "./uploads.ts"
export type { Caller, Embed, EmbedAs } from "./types.ts"
export {
  autoChunking,
  type AddedFile,
  type Chunking,
  type NewVectorStore,
  type VectorStoreChange,
  type VectorStores,
  type VectorStoreWithCounts,
} from "./vector-stores.ts"
