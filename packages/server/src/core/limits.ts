// Every named limit of the server: queues, bodies, pages, waits. Units are in the names. Defaults here; the config may lower or raise some.
// Over 400 lines because it is one list, each limit said and set in it once.

export interface Limits {
  /** Largest request body of an inference or API call; Anthropic's own limit is 32 MB. */
  requestBodyBytesMax: number
  /** Largest uploaded file. */
  fileBytesMax: number
  /** All stored files that one response names in its messages, as they are, before base64. */
  attachedBytesMax: number
  /** Rows returned by one page of a list. */
  pageRowsMax: number
  /** Records of finished light runs that wait for their batch; more are dropped and counted. */
  recordQueueRowsMax: number
  recordQueueBytesMax: number
  /** Longest wait before queued records are written. */
  recordFlushMs: number
  /** Counters of limits in memory: one for each value of each `*`. */
  limitCountersMax: number
  /** Output that is reserved for a call that allows any, of a model without history. */
  outputTokensAssumed: number
  /** Life of the credit that one of several processes has of shared limits; what a dead one held returns after it. */
  creditLeaseMs: number
  /** Credit that was not used for so long goes back to the others. */
  creditIdleMs: number
  /** Longest wait of a call for credit that other processes hold and are asked to give back. */
  creditRecallMs: number
  /** Longest wait of a turn for a rate that its caller is over. */
  admissionWaitMs: number
  /** Operations in one flush of the run log. */
  flushOperationsMax: number
  flushBytesMax: number
  /** Longest time that streamed deltas wait for company in one flush. */
  deltaWindowMs: number
  /** Largest output of one step; larger ones are refused with the limit named. */
  stepOutputBytesMax: number
  /** Largest data of one event. */
  eventBytesMax: number
  /** Committed events of one local run kept in memory for readers; slower readers go back to the table. */
  tailRingEventsMax: number
  /** Life of an executor's lease. */
  leaseMs: number
  /** Runs that one process executes at once. */
  runsInFlightMax: number
  /** Executors that may die under one run before it is parked as poisoned. */
  runAttemptsMax: number
  /** Upstream time limits. */
  connectTimeoutMs: number
  firstTokenTimeoutMs: number
  idleTimeoutMs: number
  /** From handing a call to an upstream to its end, however long it streams. */
  totalTimeoutMs: number
  /** Attempts at one call, on all deployments together. */
  attemptsMax: number
  /** Attempts at one call on the same deployment after its first. */
  sameDeploymentRetriesMax: number
  /** First wait before the same deployment is tried again, doubled each time, and the longest; all of it with jitter. */
  retryBackoffMs: number
  retryBackoffMsMax: number
  /** Longest `retry-after` that is waited for within a call; after a longer one the error is the answer. */
  retryWaitMsMax: number
  /** Share of a model's calls that may burden a failing provider once more, and how many may do so at once after a quiet time. */
  retryBudgetPercent: number
  retryBudgetBurst: number
  /** A deployment is left alone after so many failures in a row, or when so many of its recent calls failed; not on fewer calls than that. */
  breakerFailuresMax: number
  breakerErrorPercent: number
  breakerRequestsMin: number
  /** Half of what a breaker remembers is older than this. */
  breakerWindowMs: number
  /** Callers of whom one deployment remembers that it refused them (403); those whom it refused longest ago leave. */
  refusedCallersMax: number
  /** Time for which a deployment is left alone, doubled each time that its trial fails, and the longest. */
  breakerOpenMs: number
  breakerOpenMsMax: number
  /** Shortest time between two early trials where nothing but deployments that are left alone could answer. */
  breakerLastResortMs: number
  /** Cool-down after a 429 that says no `retry-after`, after one that says the quota is used up, and the longest that is believed. */
  coolDownMs: number
  quotaCoolDownMs: number
  coolDownMsMax: number
  /** Time before one call finds out whether a cool-down still holds where no other deployment could serve, doubled each time, and the longest. */
  coolDownProbeMs: number
  coolDownProbeMsMax: number
  /** Time without a sign of overload after which a learned limit of concurrency is forgotten. */
  learnedConcurrencyMs: number
  /** Deployments of which health is remembered; those idle longest leave. */
  deploymentStatesMax: number
  /** Models that one wildcard has made on demand. */
  wildcardModelsMax: number
  /** Time between two probes of one provider, and the longest wait for its answer. */
  probeEveryMs: number
  probeTimeoutMs: number
  /** Time between two looks at the configuration file, beside the events of its directory. */
  configPollMs: number
  /** Time that the head of a stream is held back waiting for the upstream's first content. */
  headHoldMs: number
  /** What is remembered of a stream that another deployment may go on with; a longer one ends with an error when it breaks off. */
  failoverTextBytesMax: number
  /** Idle time after which a comment keeps a stream open. */
  keepAliveMs: number
  /** Largest JSON answer that is held until it is complete, so that its cost can be in its head; embeddings may have to be re-encoded. */
  heldAnswerBytesMax: number
  heldEmbeddingsBytesMax: number
  /** Texts of one embeddings request that is served in this process. */
  embeddingInputsMax: number
  /** Documents of one rerank request. */
  rerankDocumentsMax: number
  /** Connections to one upstream. */
  upstreamConnectionsMax: number
  /** Calls that wait for one of them (over `http:`); more are served elsewhere, or refused as overload. */
  upstreamWaitingMax: number
  /** Shortest time between two rounds of a live list of runs, and the longest without one. */
  feedWindowMs: number
  feedPollMs: number
  /** Changed runs that one open live list may have waiting; the oldest leave. */
  feedRowsMax: number
  /** WebSockets of clients that one process keeps open. */
  socketsMax: number
  /** Between two signs of life that a WebSocket's peer is asked for; one that gives none until the next is cut. */
  socketPingMs: number
  /** Unsent bytes of one WebSocket at which its writer waits. */
  socketBufferedBytesMax: number
  /** Life of a WebSocket of the Responses API; OpenAI's is an hour too. */
  socketLifeMs: number
  /** Responses that one such WebSocket makes at the same time: one for each `stream_id` that its client uses. */
  socketLanesMax: number
  /** Requests that wait on one such WebSocket before it is read no further. */
  socketTurnsQueuedMax: number
  /** Responses with store: false that one such WebSocket holds for whoever continues them; the oldest leave. */
  socketResponsesKeptMax: number
  /** Largest message of a realtime session; audio is sent in pieces. */
  realtimeMessageBytesMax: number
  /** Longest time in which a realtime session may carry nothing, and its whole life; OpenAI's is an hour too. */
  realtimeIdleMs: number
  realtimeLifeMs: number
  /** Complete texts of one guarded session that are remembered, to be told again with their items. */
  realtimeGuardedTextsMax: number
  /** Sound of one guarded session that waits for its transcript to pass a guard that may block it; a longer answer is blocked. */
  realtimeHeldSoundBytesMax: number
  /** Settings of a session that a client secret carries; it has to fit into a header. */
  clientSecretSessionBytesMax: number
  /** Longest time for counting the tokens of one request exactly; it is estimated after that. */
  tokenCountTimeoutMs: number
  /** Idle time after which the thread that counts tokens is ended, with the vocabulary in its memory. */
  tokenizerIdleMs: number
  /** Time limit of one database query issued for a request. */
  queryTimeoutMs: number
  /** Connections of one process to Postgres, besides the one that listens. */
  databaseConnectionsMax: number
  /** Statements of one kind that wait for the embedded database's only connection. */
  databaseQueueMax: number
  /** Statements that the embedded database keeps prepared. */
  preparedStatementsMax: number
  /** Turns (model calls) of one response before it ends incomplete. */
  turnsMax: number
  /** Responses that one `previous_response_id` may lead back over. */
  chainResponsesMax: number
  /** How long the answer to the cancellation of a response waits for its end; then it tells how the response stands. */
  cancelWaitMs: number
  /** Time for draining at shutdown. */
  drainMs: number
  /** Longest wait for the head of a request, from its first byte, or from the opening of a connection. */
  requestHeadMs: number
  /** How long a client's connection is kept between two requests. */
  connectionKeptMs: number
  /** What a client may send ahead, of further requests on the same connection, before it is not read on until it has its answer. */
  pipelinedBytesMax: number
  /** Parsing one document. */
  parseTimeoutMs: number
  /** Threads that parse, and the memory that each may take. */
  parseWorkersMax: number
  parseMemoryMb: number
  /** Pages, slides, sheets or chapters of one file; its text; what its archive may unpack to. */
  filePagesMax: number
  fileCharactersMax: number
  fileUnpackedBytesMax: number
  /** Chunks that one file may give. */
  fileChunksMax: number
  /** Files in one vector store. */
  vectorStoreFilesMax: number
  /** Files of one batch that are ingested at the same time. */
  fileBatchInFlightMax: number
  /** Largest part of an upload in parts; OpenAI's limit too. */
  uploadPartBytesMax: number
  /** Time that an upload in parts may take; OpenAI's is an hour too. */
  uploadLifeMs: number
  /** Between two looks for files and vector stores that have expired; time for which an expired vector store can be brought back. */
  expirySweepMs: number
  expiredStoreKeptMs: number
  /** Keys of one project that can be used, those of them that expire later included; revoked and expired ones do not count. */
  keysPerProjectMax: number
  /** Secrets of one key that rotations replaced and that still work. */
  keyOldSecretsMax: number
  /** Longest time until a change of a key is read whose notification was lost. */
  keyPollMs: number
  /** Time between two writes of when keys were last used. */
  keyUseFlushMs: number
  /** Longest time until a change of a prompt or an experiment is read whose notification was lost. */
  promptPollMs: number
  /** How long it is known which betas a cloud has refused, and for how many deployments and sets of betas. */
  refusedBetasMs: number
  refusedBetasMax: number
  /** Time between two looks at whether scores of experiments are due for another look at their weights. */
  experimentLookMs: number
  /** Experiments that one project makes over the API. */
  experimentsPerProjectMax: number
  /** Versions of all prompts of one project; every process keeps them in memory. */
  promptVersionsMax: number
  /** One version, as JSON. */
  promptBytesMax: number
  /** What the values of one request's variables may make of a prompt. */
  renderedPromptBytesMax: number
  /** Scores of one run. */
  feedbackPerRunMax: number
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
  /** Largest file of the purpose batch; it is stored in parts as it comes. */
  batchFileBytesMax: number
  /** Requests of one batch; OpenAI's limit too. */
  batchLinesMax: number
  /** Times that a line of a batch is tried whose provider fails; limits are waited for until the batch expires. */
  batchLineTriesMax: number
  /** Time after which a batch expires; its clients are told 24 hours. */
  batchLifeMs: number
  /** Largest answer to a line of a batch. */
  batchAnswerBytesMax: number
  /** Time for which results of batches are kept after their end, and files of the purpose batch after they were made, unless they say otherwise. */
  batchResultsKeptMs: number
  /** Longest time that a guard may take over one request or one window of an answer. */
  guardMs: number
  /** Text of an answer that a guard without windows may hold; then it is asked about what there is. */
  guardHeldCharsMax: number
  /** Largest JSON answer that guards look at; it is held until it is complete. */
  guardedAnswerBytesMax: number
  /** Answers that the cache keeps in this process, and the largest of them. */
  cacheMemoryBytesMax: number
  cacheAnswerBytesMax: number
  /** Largest request whose answer may come from the cache: its digest takes time. */
  cacheRequestBytesMax: number
  /** Life of a cached answer where only the request asks for the cache. */
  cacheTtlMs: number
  /** How long the answer to a request with an `Idempotency-Key` is given again. */
  idempotentAnswerMs: number
  /** Answers to one topic that a question is compared with; the oldest leave. */
  cacheTopicAnswersMax: number
  /** Longest wait for the shared level, for the embedding of a question, and for an identical request that is under way; then the call is made. */
  cacheLookupMs: number
  cacheEmbedMs: number
  cacheFlightWaitMs: number
  /** Answers that wait to be written to the shared level; more are not shared. What it holds, and how often it is cleared of what has expired. */
  cacheSharedQueueBytesMax: number
  cacheSharedBytesMax: number
  cacheSweepMs: number
}

export const defaultLimits: Limits = {
  requestBodyBytesMax: 32 * 1024 * 1024,
  fileBytesMax: 64 * 1024 * 1024,
  attachedBytesMax: 32 * 1024 * 1024,
  pageRowsMax: 100,
  recordQueueRowsMax: 50_000,
  recordQueueBytesMax: 64 * 1024 * 1024,
  recordFlushMs: 150,
  limitCountersMax: 100_000,
  outputTokensAssumed: 2_048,
  creditLeaseMs: 10_000,
  creditIdleMs: 5_000,
  creditRecallMs: 250,
  admissionWaitMs: 60_000,
  flushOperationsMax: 512,
  flushBytesMax: 4 * 1024 * 1024,
  deltaWindowMs: 25,
  stepOutputBytesMax: 16 * 1024 * 1024,
  eventBytesMax: 16 * 1024 * 1024,
  tailRingEventsMax: 512,
  leaseMs: 2_000,
  runsInFlightMax: 256,
  runAttemptsMax: 3,
  connectTimeoutMs: 10_000,
  firstTokenTimeoutMs: 120_000,
  idleTimeoutMs: 120_000,
  totalTimeoutMs: 3_600_000,
  attemptsMax: 5,
  sameDeploymentRetriesMax: 1,
  retryBackoffMs: 250,
  retryBackoffMsMax: 4_000,
  retryWaitMsMax: 5_000,
  retryBudgetPercent: 20,
  retryBudgetBurst: 10,
  breakerFailuresMax: 5,
  breakerErrorPercent: 50,
  breakerRequestsMin: 20,
  breakerWindowMs: 15_000,
  refusedCallersMax: 1_000,
  breakerOpenMs: 5_000,
  breakerOpenMsMax: 60_000,
  breakerLastResortMs: 1_000,
  coolDownMs: 1_000,
  quotaCoolDownMs: 60_000,
  coolDownMsMax: 600_000,
  coolDownProbeMs: 5_000,
  coolDownProbeMsMax: 60_000,
  learnedConcurrencyMs: 300_000,
  deploymentStatesMax: 10_000,
  wildcardModelsMax: 1_000,
  probeEveryMs: 15_000,
  probeTimeoutMs: 3_000,
  configPollMs: 5_000,
  headHoldMs: 2_000,
  failoverTextBytesMax: 4 * 1024 * 1024,
  keepAliveMs: 15_000,
  heldAnswerBytesMax: 1024 * 1024,
  heldEmbeddingsBytesMax: 64 * 1024 * 1024,
  embeddingInputsMax: 2_048,
  rerankDocumentsMax: 10_000,
  upstreamConnectionsMax: 4_096,
  upstreamWaitingMax: 4_096,
  feedWindowMs: 150,
  feedPollMs: 1_000,
  feedRowsMax: 500,
  socketsMax: 10_000,
  socketPingMs: 30_000,
  socketBufferedBytesMax: 1024 * 1024,
  socketLifeMs: 3_600_000,
  socketLanesMax: 8,
  socketTurnsQueuedMax: 16,
  socketResponsesKeptMax: 16,
  realtimeMessageBytesMax: 16 * 1024 * 1024,
  realtimeIdleMs: 900_000,
  realtimeLifeMs: 3_600_000,
  realtimeGuardedTextsMax: 1_000,
  realtimeHeldSoundBytesMax: 16 * 1024 * 1024,
  clientSecretSessionBytesMax: 4_096,
  tokenCountTimeoutMs: 5_000,
  tokenizerIdleMs: 300_000,
  queryTimeoutMs: 30_000,
  databaseConnectionsMax: 20,
  databaseQueueMax: 10_000,
  preparedStatementsMax: 500,
  turnsMax: 16,
  chainResponsesMax: 1_000,
  cancelWaitMs: 10_000,
  drainMs: 10_000,
  requestHeadMs: 60_000,
  connectionKeptMs: 75_000,
  pipelinedBytesMax: 64 * 1024,
  parseTimeoutMs: 60_000,
  parseWorkersMax: 2,
  parseMemoryMb: 512,
  filePagesMax: 5_000,
  fileCharactersMax: 32_000_000,
  fileUnpackedBytesMax: 256 * 1024 * 1024,
  fileChunksMax: 20_000,
  vectorStoreFilesMax: 10_000,
  fileBatchInFlightMax: 8,
  uploadPartBytesMax: 64 * 1024 * 1024,
  uploadLifeMs: 3_600_000,
  expirySweepMs: 60_000,
  expiredStoreKeptMs: 24 * 60 * 60 * 1000,
  keysPerProjectMax: 10_000,
  keyOldSecretsMax: 5,
  keyPollMs: 1_000,
  keyUseFlushMs: 10_000,
  promptPollMs: 1_000,
  refusedBetasMs: 600_000,
  refusedBetasMax: 1_000,
  experimentLookMs: 5_000,
  experimentsPerProjectMax: 100,
  promptVersionsMax: 2_000,
  promptBytesMax: 256 * 1024,
  renderedPromptBytesMax: 8 * 1024 * 1024,
  feedbackPerRunMax: 1_000,
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
  batchFileBytesMax: 200 * 1024 * 1024,
  batchLinesMax: 50_000,
  batchLineTriesMax: 4,
  batchLifeMs: 24 * 60 * 60 * 1000,
  batchAnswerBytesMax: 32 * 1024 * 1024,
  batchResultsKeptMs: 30 * 24 * 60 * 60 * 1000,
  guardMs: 10_000,
  guardHeldCharsMax: 1_000_000,
  guardedAnswerBytesMax: 32 * 1024 * 1024,
  cacheMemoryBytesMax: 64 * 1024 * 1024,
  cacheAnswerBytesMax: 1024 * 1024,
  cacheRequestBytesMax: 1024 * 1024,
  cacheTtlMs: 60 * 60 * 1000,
  idempotentAnswerMs: 10 * 60 * 1000,
  cacheTopicAnswersMax: 500,
  cacheLookupMs: 100,
  cacheEmbedMs: 1_000,
  cacheFlightWaitMs: 15_000,
  cacheSharedQueueBytesMax: 32 * 1024 * 1024,
  cacheSharedBytesMax: 1024 * 1024 * 1024,
  cacheSweepMs: 60_000,
}
