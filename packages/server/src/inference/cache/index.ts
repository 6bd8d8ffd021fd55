// Public face of the answer cache, inside inference.
export { createAnswerCache, type AnswerCacheOptions, type QuestionEmbedding } from "./cache.ts"
export { cachePlan, cacheWish, idempotentLook, type CacheLook, type CachePlan, type CacheWish } from "./wish.ts"
export type { AnswerCache, AnswerFacts, CachedAnswer, CacheFinding, CacheHit, CacheMiss, CachePolicy, CacheQuestion } from "./types.ts"
