// The words of the answer cache: who may share answers, what is asked of it, what it keeps, what it says.
import type { ParametersConfig } from "../../config/index.ts"
import type { JsonObject, Said } from "../../core/index.ts"

export type CacheMode = "exact" | "semantic"

/** Who may be given an answer: the same key or signed-in user, everybody in the project, the same end user of the application. */
export type CacheScope = "principal" | "project" | "user"

/** What the configuration says of one model, or a request of itself. */
export interface CachePolicy {
  mode: CacheMode
  scope: CacheScope
  /** Life of an answer. */
  ttlMs: number
  /** Least cosine at which another question counts as the same; semantic mode only. */
  similarityMin: number
  /** Answers to warmer requests are made anew each time. */
  temperatureMax: number
}

/** One request, as far as the cache is concerned. Everything here that is not volatile decides whether two requests are the same. */
export interface CacheQuestion {
  projectId: string
  principal: string
  /** The end user that the request names. */
  user: string | null
  /** What the request says of itself, for the record of what its question costs to embed. */
  said?: Said | undefined
  /** The shape of the answer: `chat`, `messages`. Answers of one are never given to another. */
  dialect: string
  /** The logical name: whichever deployment answered, the answer is the model's. */
  model: string
  stream: boolean
  /** The stream carries the usage chunk that its client asked for. */
  usageAsked: boolean
  body: JsonObject
  /** What the configuration of the model's deployments says of parameters; absent where nothing. */
  parameters?: readonly (ParametersConfig | null)[] | undefined
  policy: CachePolicy
  /** False: answers are made anew and replace what is kept. */
  read: boolean
  /** Oldest answer that will do. */
  ageMsMax: number
  /** Only requests with the same one are the same. */
  idempotencyKey?: string
  /** Longest wait for the same request that is under way, where it is not the usual one. */
  flightWaitMs?: number
}

/** A whole answer of status 200, byte for byte as it was sent. */
export interface CachedAnswer {
  /** The frames of a stream, or the one JSON body. */
  frames: readonly Buffer[]
  facts: AnswerFacts
}

/** What the answer was when it was made: what each hit saves. */
export interface AnswerFacts {
  deployment: string | null
  inputTokens: number
  outputTokens: number
  costMicroUsd: number
  costKnown: boolean
}

export interface CacheHit extends CachedAnswer {
  kind: "hit" | "semantic"
  ageMs: number
  /** Cosine of the two questions; 1 for the same request. */
  similarity: number
}

/** Nothing that fits is kept. Exactly one of `store` and `abandon` is to be called: identical requests may be waiting for it. */
export interface CacheMiss {
  kind: "miss"
  store(answer: CachedAnswer): void
  abandon(): void
}

/** The request cannot be cached: nothing is read or kept. */
export interface CacheBypass {
  kind: "bypass"
}

export type CacheFinding = CacheHit | CacheMiss | CacheBypass

export interface AnswerCache extends AsyncDisposable {
  /** A promise only where something must be waited for: the shared level, an embedding, an identical request that is under way. */
  find(question: CacheQuestion, signal: AbortSignal): CacheFinding | Promise<CacheFinding>
  /** Everything stored so far has reached the shared level, or was given up. */
  flush(): Promise<void>
  /** Forgets all that this process keeps in memory. */
  forget(): void
  readonly sizeBytes: number
}
