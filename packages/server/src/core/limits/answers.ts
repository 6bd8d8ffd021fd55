// What is done to answers here: guards, and the cache.
export interface AnswerLimits {
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

export const answerLimits: AnswerLimits = {
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
