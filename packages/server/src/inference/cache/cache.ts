// The answer cache: this process's memory, then the shared level, then questions that mean the same; identical requests at once make one call.
import { deferred, sleep, type Clock, type Deferred, type Limits } from "../../core/index.ts"
import type { Store } from "../../store/index.ts"
import type { Embed } from "../types.ts"
import { answerOf, keptOf, MemoryLevel, sizeOf, type Kept } from "./memory.ts"
import { keysOf, type QuestionKeys } from "./question.ts"
import { SharedLevel, type SharedLimits } from "./shared.ts"
import { isCool, isForSimilarQuestions, isStorable } from "./storable.ts"
import type { AnswerCache, CachedAnswer, CacheFinding, CacheHit, CacheMiss, CacheQuestion } from "./types.ts"

/** The embedding model that compares questions. */
export interface QuestionEmbedding {
  /** Vectors of different models are never compared. */
  model: string
  /** On the bill of whoever asks. */
  embedAs: (caller: Pick<CacheQuestion, "projectId" | "principal" | "said">) => Embed
  /** Whether the model reads all of a text: of one that it cuts, the end could say anything. */
  readsWhole: (text: string) => boolean
}

export interface AnswerCacheOptions {
  limits: SharedLimits &
    Pick<Limits, "cacheMemoryBytesMax" | "cacheAnswerBytesMax" | "cacheTopicAnswersMax" | "cacheEmbedMs" | "cacheFlightWaitMs">
  clock: Clock
  /** The database that several processes share; absent where there is only this one. */
  store?: Pick<Store, "project" | "system"> | undefined
  /** Absent: semantic mode answers the same requests only. */
  embedding?: QuestionEmbedding | undefined
  onError: (what: string, error: unknown) => void
}

export function createAnswerCache(options: AnswerCacheOptions): AnswerCache {
  return new TwoLevelCache(options)
}

interface Topic {
  topic: string
  vector: Float32Array
}

class TwoLevelCache implements AnswerCache {
  readonly #options: AnswerCacheOptions
  readonly #memory: MemoryLevel
  readonly #shared: SharedLevel | undefined
  /** Requests whose answer is being made: the answer, or undefined when there will be none to share. */
  readonly #flights = new Map<string, Deferred<Kept | undefined>>()

  constructor(options: AnswerCacheOptions) {
    const { limits, store } = options
    this.#options = options
    this.#memory = new MemoryLevel({ bytesMax: limits.cacheMemoryBytesMax, topicAnswersMax: limits.cacheTopicAnswersMax })
    this.#shared = store && new SharedLevel({ ...options, store })
  }

  get sizeBytes(): number {
    return this.#memory.sizeBytes
  }

  flush(): Promise<void> {
    return this.#shared?.flush() ?? Promise.resolve()
  }

  forget(): void {
    this.#memory.clear()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#shared?.[Symbol.asyncDispose]()
  }

  find(question: CacheQuestion, signal: AbortSignal): CacheFinding | Promise<CacheFinding> {
    const keys = isCool(question) ? keysOf(question, this.#options.embedding?.model) : undefined
    if (!keys) return { kind: "bypass" }
    const known = question.read ? this.#memory.get(keys.exact, this.#now(), question.ageMsMax) : undefined
    if (known) return this.#hit(known)
    const flight = question.read ? this.#flights.get(keys.exact) : undefined
    if (flight) return this.#join(flight, question, keys, signal)
    return this.#lead(question, keys, signal)
  }

  /** Waits for an identical request, and makes a call of its own where that one has no answer to share. */
  async #join(flight: Deferred<Kept | undefined>, question: CacheQuestion, keys: QuestionKeys, signal: AbortSignal): Promise<CacheFinding> {
    const enough = new AbortController()
    const late = sleep(question.flightWaitMs ?? this.#options.limits.cacheFlightWaitMs, AbortSignal.any([signal, enough.signal]))
    const kept = await Promise.race([flight.promise, late]).finally(() => {
      enough.abort()
      late.catch(() => undefined)
    })
    return kept ? this.#hit(kept) : this.#lead(question, keys, signal)
  }

  #lead(question: CacheQuestion, keys: QuestionKeys, signal: AbortSignal): CacheFinding | Promise<CacheFinding> {
    const flight = deferred<Kept | undefined>()
    if (!this.#flights.has(keys.exact)) this.#flights.set(keys.exact, flight)
    if (!this.#shared && !keys.semantic) return this.#miss(question, keys, flight, undefined)
    return this.#search(question, keys, flight, signal)
  }

  async #search(
    question: CacheQuestion,
    keys: QuestionKeys,
    flight: Deferred<Kept | undefined>,
    signal: AbortSignal,
  ): Promise<CacheFinding> {
    try {
      const same = question.read ? await this.#shared?.get(question.projectId, keys.exact, question.ageMsMax) : undefined
      if (same) return this.#found(keys, flight, same)
      const topic = keys.semantic && (await this.#topicOf(question, keys.semantic, signal))
      const like = topic && question.read ? await this.#nearest(question, topic) : undefined
      if (like) return this.#found(keys, flight, like.kept, like.similarity)
      signal.throwIfAborted()
      return this.#miss(question, keys, flight, topic)
    } catch (error) {
      this.#land(keys, flight, undefined)
      throw error
    }
  }

  #found(keys: QuestionKeys, flight: Deferred<Kept | undefined>, kept: Kept, similarity?: number): CacheHit {
    this.#land(keys, flight, kept)
    if (similarity === undefined) this.#memory.put(kept)
    return this.#hit(kept, similarity)
  }

  async #nearest(question: CacheQuestion, { topic, vector }: Topic): Promise<{ kept: Kept; similarity: number } | undefined> {
    const { similarityMin } = question.policy
    const here = this.#memory.nearest(topic, vector, this.#now(), question.ageMsMax)
    if (here && here.similarity >= similarityMin) return here
    const shared = await this.#shared?.nearest(question.projectId, topic, vector, question.ageMsMax)
    return shared && shared.similarity >= similarityMin ? shared : undefined
  }

  /** Undefined where the question cannot be embedded in time: then only the same request is the same. */
  async #topicOf(
    question: CacheQuestion,
    { topic, text }: { topic: string; text: string },
    signal: AbortSignal,
  ): Promise<Topic | undefined> {
    const { embedding, limits, onError } = this.#options
    if (!embedding?.readsWhole(text)) return undefined
    try {
      const inTime = AbortSignal.any([signal, AbortSignal.timeout(limits.cacheEmbedMs)])
      const [vector] = await embedding.embedAs(question)([text], inTime)
      return vector && { topic, vector }
    } catch (error) {
      if (!signal.aborted) onError("embedding a question for the answer cache", error)
      return undefined
    }
  }

  #hit(kept: Kept, similarity?: number): CacheHit {
    const ageMs = Math.max(0, this.#now() - kept.storedAt)
    return { kind: similarity === undefined ? "hit" : "semantic", ...answerOf(kept), ageMs, similarity: similarity ?? 1 }
  }

  #miss(question: CacheQuestion, keys: QuestionKeys, flight: Deferred<Kept | undefined>, topic: Topic | undefined): CacheMiss {
    return {
      kind: "miss",
      store: (answer) => this.#land(keys, flight, this.#keep(question, keys, answer, topic)),
      abandon: () => this.#land(keys, flight, undefined),
    }
  }

  #keep(question: CacheQuestion, keys: QuestionKeys, answer: CachedAnswer, topic: Topic | undefined): Kept | undefined {
    if (!isStorable(answer)) return undefined
    const storedAt = this.#now()
    const similar = isForSimilarQuestions(question.policy.mode, answer) ? topic : undefined
    const expiresAt = storedAt + Math.min(question.policy.ttlMs, question.ageMsMax)
    const kept = keptOf(answer, { key: keys.exact, storedAt, expiresAt, topic: similar?.topic, vector: similar?.vector })
    if (sizeOf(kept) > this.#options.limits.cacheAnswerBytesMax) return undefined
    this.#memory.put(kept)
    this.#shared?.put(question.projectId, kept)
    return kept
  }

  #land(keys: QuestionKeys, flight: Deferred<Kept | undefined>, kept: Kept | undefined): void {
    if (this.#flights.get(keys.exact) === flight) this.#flights.delete(keys.exact)
    flight.resolve(kept)
  }

  #now(): number {
    return this.#options.clock.now()
  }
}
