// Memory, blocks and states: what of them is kept in this process, the work on them, their erasure.
export interface MemoryLimits {
  /** Copies of searched scopes' word indexes kept in memory. */
  wordCacheBytesMax: number
  /** Rows of recalled entries kept in memory, bodies sealed. */
  rowCacheBytesMax: number
  /** Vectors of searched scopes kept in memory; an eighth of the machine's at most. */
  vectorCacheBytesMax: number
  /** Unwrapped data keys kept in memory, and how long one is used without being read again; a destroyed one is forgotten at once. */
  dataKeysCachedMax: number
  dataKeyCacheMs: number
  /** Between two looks for upkeep of memory that is due, and scopes that one look begins with. */
  memoryUpkeepPollMs: number
  memoryUpkeepScopesMax: number
  /** Time without a recall or a write after which the work that follows writes begins, and the longest that it gives way. */
  memoryUpkeepQuietMs: number
  memoryUpkeepWaitMsMax: number
  /** Longest wait of a search or a recall for the embedding of its question; then it goes by words alone, and says so. */
  questionEmbedMsMax: number
  /** Longest wait of a chat completion or a message for its memory (half of it for the embedding of its question), and calls of which what was said waits to be kept. */
  memoryWaitMsMax: number
  memoryTurnsWaitingMax: number
  /** Changes of one scope that its log keeps; a reader that is further behind has to read the scope anew. */
  changesKeptMax: number
  /** Longest time until a change of a scope is seen whose notification was lost. */
  changePollMs: number
  /** Longest wait of a call that asks for what comes after a change. */
  changeWaitMsMax: number
  /** Tables up to this size are written anew by an erasure, larger ones are only vacuumed. */
  erasureRewriteBytesMax: number
  /** Most that an erasure writes over the write-ahead log of a Postgres server, and most that it reads of the server's files to verify. */
  erasureLogBytesMax: number
  erasureReadBytesMax: number
  /** Longest wait of an erasure for transactions that may still see deleted rows, and for readers of old log. */
  erasureWaitMsMax: number
  /** Largest text of a block, blocks of one scope, and versions of one path that are kept. */
  blockBytesMax: number
  blocksPerScopeMax: number
  blockVersionsMax: number
  /** Memories of one scope that are told whatever is asked. */
  memoryPinsPerScopeMax: number
  /** Largest value of a state as JSON, states of one scope, and versions of one key that are kept. */
  stateBytesMax: number
  statesPerScopeMax: number
  stateVersionsMax: number
}

export const memoryLimits: MemoryLimits = {
  wordCacheBytesMax: 64 * 1024 * 1024,
  rowCacheBytesMax: 32 * 1024 * 1024,
  vectorCacheBytesMax: 512 * 1024 * 1024,
  dataKeysCachedMax: 20_000,
  dataKeyCacheMs: 60_000,
  memoryUpkeepPollMs: 10_000,
  memoryUpkeepScopesMax: 100,
  memoryUpkeepQuietMs: 50,
  memoryUpkeepWaitMsMax: 500,
  questionEmbedMsMax: 5_000,
  memoryWaitMsMax: 2_000,
  memoryTurnsWaitingMax: 1_000,
  changesKeptMax: 100_000,
  changePollMs: 1_000,
  changeWaitMsMax: 30_000,
  erasureRewriteBytesMax: 4 * 1024 ** 3,
  erasureLogBytesMax: 4 * 1024 ** 3,
  erasureReadBytesMax: 64 * 1024 ** 3,
  erasureWaitMsMax: 30_000,
  blockBytesMax: 100 * 1024,
  blocksPerScopeMax: 1_000,
  blockVersionsMax: 50,
  memoryPinsPerScopeMax: 50,
  stateBytesMax: 256 * 1024,
  statesPerScopeMax: 10_000,
  stateVersionsMax: 50,
}
