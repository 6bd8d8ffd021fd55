// Puts context together: files, vector stores, search, memories and conversations over one store, and the run that ingests.
import { messageOf, type Clock, type Limits, type NewId } from "../core/index.ts"
import type { Runs } from "../runs/index.ts"
import type { KeyWrapping, Sealer } from "../security/index.ts"
import type { Store } from "../store/index.ts"
import { createAssembler, type Assembler } from "./assembly/assembler.ts"
import { createBlocks, type Blocks } from "./blocks/blocks.ts"
import { createChangeLog, type ChangeLog } from "./changes/change-log.ts"
import { createAwaitChanges } from "./changes/read-after.ts"
import { createConversations, type Conversations } from "./conversations.ts"
import { createDocumentServices, type DocumentServiceLimits, type DocumentServices } from "./document-services.ts"
import { createErasures, type Erasures } from "./erasure/erasures.ts"
import { erasureDefinition } from "./erasure/work.ts"
import { createDataKeys } from "./memory/data-keys.ts"
import { createRanking, type Ranking } from "./memory/ranking.ts"
import type { Memories } from "./memory/memories-port.ts"
import { createMemories } from "./memory/memories.ts"
import { createRowCache } from "./memory/row-cache.ts"
import { createReader } from "./retrieval/reader.ts"
import type { MemoryModel } from "./memory/jobs/ask.ts"
import { createUpkeepStarter } from "./memory/jobs/starter.ts"
import { upkeepDefinition } from "./memory/jobs/upkeep.ts"
import { createUpkeepStatus, type Upkeep } from "./memory/jobs/status.ts"
import type { JobSettings } from "./memory/jobs/work.ts"
import type { ProviderReranking } from "./retrieval/provider-reranking.ts"
import { createRankers, type Rankers } from "./retrieval/rankers.ts"
import { createSearch, type Search } from "./retrieval/search.ts"
import { cacheBytes } from "./retrieval/cache-bytes.ts"
import { createCompactor } from "./retrieval/compactor.ts"
import { createScopeIndex } from "./retrieval/index-entry.ts"
import { createSpaceFollower, followNothing, spaceName } from "./retrieval/spaces.ts"
import { createVectorIndex } from "./retrieval/vector-index.ts"
import { createWordCache } from "./retrieval/word-cache.ts"
import { requireScope } from "./scope-access.ts"
import { createTextVault } from "./sealed-text.ts"
import { createScopes, type Scopes } from "./scopes/scopes.ts"
import { createStates, type States } from "./state/states.ts"
import type { EmbedAs, PassageModel } from "./types.ts"

export interface ContextDependencies {
  store: Store
  runs: Runs
  /** Absent when no embedding model is configured: search is then by words only, and says so. */
  embedAs: EmbedAs | undefined
  /** The embedding model itself where it is the one of this process. */
  passageModel?: PassageModel | undefined
  embedModel: string
  /** SHA-256 of its weights; null or absent where nobody knows them. With the model it names the space of the vectors, which are compared with no others. */
  weightsHash?: string | null
  /** Wraps the keys under which bodies are encrypted. */
  sealer: Sealer
  /** Under what those keys are wrapped; the sealer's secret when absent. */
  wrapping?: KeyWrapping | undefined
  /** What is derived from memories, and by which models. */
  memory: { settings: JobSettings; extractionModel: MemoryModel | undefined; summaryModel: MemoryModel | undefined }
  /** Rerankers of providers for recalls; the bundled model's tokens alone when absent. */
  rerank?: ProviderReranking | undefined
  /** The same for searches of vector stores. */
  documentRerank?: ProviderReranking | undefined
  clock: Clock
  newId: NewId
  limits: Pick<
    Limits,
    | "wordCacheBytesMax"
    | "rowCacheBytesMax"
    | "vectorCacheBytesMax"
    | "changePollMs"
    | "changeWaitMsMax"
    | "blockBytesMax"
    | "erasureRewriteBytesMax"
    | "erasureLogBytesMax"
    | "erasureReadBytesMax"
    | "erasureWaitMsMax"
    | "blocksPerScopeMax"
    | "blockVersionsMax"
    | "memoryPinsPerScopeMax"
    | "questionEmbedMsMax"
    | "stateBytesMax"
    | "statesPerScopeMax"
    | "stateVersionsMax"
    | "dataKeysCachedMax"
    | "dataKeyCacheMs"
    | "memoryUpkeepPollMs"
    | "memoryUpkeepScopesMax"
    | "memoryUpkeepQuietMs"
    | "memoryUpkeepWaitMsMax"
  > &
    DocumentServiceLimits
  /** Called when texts of a project were erased: answers that are cached in memory may hold them. */
  dropCaches?: () => void
  /** Failures that no caller learns of: what was being done, and why it did not work. */
  onError?: (name: string, message: string) => void
}

export interface ContextServices extends DocumentServices {
  search: Search
  rankers: Rankers
  memories: Memories
  scopes: Scopes
  /** The work that follows what was remembered. */
  upkeep: Upkeep
  conversations: Conversations
  changeLog: ChangeLog
  blocks: Blocks
  states: States
  assembler: Assembler
  erasures: Erasures
  ranking: Ranking
}

/** Call it right after `createRuns`: it defines the runs that ingest. */
export function createContext(given: ContextDependencies): ContextServices {
  const { weightsHash = null } = given
  const dependencies = { ...given, weightsHash, embedModel: spaceName({ model: given.embedModel, weightsHash }) }
  const { runs, limits } = dependencies
  const compactor = createCompactor(dependencies.store, (what, message) => dependencies.onError?.(what, message))
  const wordCache = createWordCache({ bytesMax: limits.wordCacheBytesMax, compactor })
  const rowCache = createRowCache({ bytesMax: limits.rowCacheBytesMax })
  const vectorIndex = createVectorIndex({ store: dependencies.store, bytesMax: cacheBytes(limits.vectorCacheBytesMax), compactor })
  const onError = (what: string, error: unknown): void => dependencies.onError?.(what, messageOf(error))
  const keys = createDataKeys({ ...dependencies, onError })
  const scoped = { ...dependencies, requireScope, vault: createTextVault(keys) }
  const { termKeyOf } = keys
  const index = createScopeIndex({ ...dependencies, termKeyOf, compactor })
  const documents = createDocumentServices({ ...dependencies, index }, onError)
  const changeLog = createChangeLog({ ...scoped, onError })
  const awaitChanges = createAwaitChanges(changeLog)
  const reader = createReader(dependencies)
  const followSpace = reader.keepsVectors ? createSpaceFollower(dependencies, dependencies.embedModel) : followNothing
  const starter = createUpkeepStarter({ ...dependencies, onError })
  runs.define(upkeepDefinition({ ...dependencies, ...dependencies.memory, reader, keys, index }))
  const { afterRemember } = starter
  const memories = createMemories({
    ...dependencies,
    followSpace,
    afterRemember,
    noteUse: () => starter.noteUse(),
    awaitChanges,
    onError,
    reader,
    keys,
    termKeyOf,
    index,
    wordCache,
    rowCache,
    vectorIndex,
  })
  const rankers = createRankers(dependencies.documentRerank)
  const search = createSearch({ ...dependencies, rankers, followSpace, wordCache, vectorIndex, termKeyOf })
  const [blocks, states] = [createBlocks(scoped), createStates(scoped)]
  const dropCaches = (): void => {
    rowCache.clear()
    dependencies.dropCaches?.()
  }
  runs.define(erasureDefinition({ ...scoped, keys, index, files: documents.files, dropCaches }))
  return {
    ...documents,
    search,
    rankers,
    memories,
    scopes: createScopes({ ...dependencies, afterSettings: afterRemember }),
    upkeep: createUpkeepStatus({ ...dependencies, ...dependencies.memory, starter }),
    ranking: createRanking({ ...dependencies, reader, wordCache, vectorIndex, termKeyOf, keys }),
    conversations: createConversations(dependencies),
    changeLog,
    blocks,
    states,
    assembler: createAssembler({ blocks, states, memories, search, awaitChanges }),
    erasures: createErasures({ ...dependencies, keys }),
    [Symbol.asyncDispose]: async () => {
      await changeLog[Symbol.asyncDispose]()
      await starter[Symbol.asyncDispose]()
      await keys[Symbol.asyncDispose]()
      await compactor[Symbol.asyncDispose]()
      await documents[Symbol.asyncDispose]()
    },
  }
}
