// Public face of agents: responses as durable runs.
export { responseRun } from "./response-run.ts"
export type { CallCache } from "./cached-call.ts"
export type { OpenGuards } from "./guarded-call.ts"
export { createResponses, type ItemPage, type Responses, type ResponseServiceDependencies, type WarmResponse } from "./response-service.ts"
export { createMessagesCompaction, type CompactedMessages, type CompactMessages } from "./compact-messages.ts"
export { createCompaction, type Compact, type CompactionDependencies } from "./compaction.ts"
export type { CallModelAs, CostOf, ModelCaller, ResponseRunDependencies } from "./session.ts"
export { memoryDeclaration, memoryTool, type RunMemoryCommand } from "./memory-tool.ts"
export { queryCharactersMax, type AssembleContext, type AssembledContext } from "./recalled-context.ts"
export { isWorthRemembering, type RememberTurns, type TurnToRemember } from "./remember-turns.ts"
export { answerRecall, clearedPlaceholder, pageCharactersMax, recallDeclaration } from "./recalled-result.ts"
export type { ContextWindowOf } from "./truncate-turn.ts"
export type { FoundPassage, SearchDocuments } from "./file-search.ts"
export type { ConversationItems, LoadRun } from "./chain.ts"
export { dataUrl, readAttachments, type AttachedFile, type Attachments, type NamedFile } from "./attachments.ts"
export { clientItemLabel } from "./item-labels.ts"
export type { ReadEvent, WatchLog } from "./response-reader.ts"
export { errorOfData } from "./response-error.ts"
export { blockCommands, contextAssembler, conversationItems, searchDocuments, turnKeeper } from "./adapters.ts"
export type {
  ContextWish,
  LabelledItem,
  MemoryWish,
  NewItem,
  NewResponse,
  ResponseItem,
  ResponseOutcome,
  ResponseRequest,
  WireEvent,
} from "./types.ts"
