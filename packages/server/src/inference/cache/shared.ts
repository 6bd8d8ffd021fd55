// The level of the cache that the processes of one Postgres share: read when this process has nothing, written in the background.
import { sleep, type Clock, type JsonValue, type Limits } from "../../core/index.ts"
import { cachedAnswers, type FoundAnswer, type Store } from "../../store/index.ts"
import { sizeOf, type Kept } from "./memory.ts"
import type { AnswerFacts } from "./types.ts"

export type SharedLimits = Pick<
  Limits,
  "cacheSharedQueueBytesMax" | "cacheSharedBytesMax" | "cacheLookupMs" | "cacheTopicAnswersMax" | "cacheSweepMs" | "recordFlushMs"
>

export interface SharedLevelOptions {
  store: Pick<Store, "project" | "system">
  limits: SharedLimits
  clock: Clock
  onError: (what: string, error: unknown) => void
}

/** Answers written by one statement. */
const batchAnswersMax = 200

export class SharedLevel implements AsyncDisposable {
  readonly #options: SharedLevelOptions
  /** By project and key: of two answers to one request the later is written. */
  #queue = new Map<string, { projectId: string; kept: Kept }>()
  #queuedBytes = 0
  #timer: NodeJS.Timeout | undefined
  #writing: Promise<void> | undefined
  readonly #closed = new AbortController()
  readonly #sweeping: Promise<void>

  constructor(options: SharedLevelOptions) {
    this.#options = options
    this.#sweeping = this.#sweep()
  }

  get(projectId: string, key: string, ageMsMax: number): Promise<Kept | undefined> {
    const { store } = this.#options
    return this.#soon(async () => {
      const row = await cachedAnswers.answerByKey(store.project(projectId), projectId, key, this.#ageOf(ageMsMax))
      return row && keptOfRow(row)
    })
  }

  nearest(
    projectId: string,
    topic: string,
    vector: Float32Array,
    ageMsMax: number,
  ): Promise<{ kept: Kept; similarity: number } | undefined> {
    const { store, limits } = this.#options
    return this.#soon(async () => {
      const wanted = { topic, vector, answersMax: limits.cacheTopicAnswersMax }
      const row = await cachedAnswers.nearestAnswer(store.project(projectId), projectId, wanted, this.#ageOf(ageMsMax))
      return row && { kept: { ...keptOfRow(row), topic }, similarity: row.similarity ?? -1 }
    })
  }

  /** Never waits; what does not fit into the queue is not shared. */
  put(projectId: string, kept: Kept): void {
    const place = `${projectId} ${kept.key}`
    const before = this.#queue.get(place)
    const addedBytes = sizeOf(kept) - (before ? sizeOf(before.kept) : 0)
    if (this.#closed.signal.aborted || this.#queuedBytes + addedBytes > this.#options.limits.cacheSharedQueueBytesMax) return
    this.#queue.set(place, { projectId, kept })
    this.#queuedBytes += addedBytes
    this.#timer ??= setTimeout(() => void this.flush(), this.#options.limits.recordFlushMs).unref()
  }

  flush(): Promise<void> {
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#writing ??= this.#writeAll().finally(() => {
      this.#writing = undefined
    })
    return this.#writing
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed.abort()
    await this.flush()
    await this.#sweeping
  }

  /** A slow or missing database makes a miss, not a wait. */
  async #soon<T>(read: () => Promise<T | undefined>): Promise<T | undefined> {
    const enough = new AbortController()
    const late = sleep(this.#options.limits.cacheLookupMs, enough.signal).catch(() => undefined)
    const reading = read().catch((error: unknown) => {
      this.#options.onError("reading the shared answer cache", error)
      return undefined
    })
    const found = await Promise.race([reading, late])
    enough.abort()
    return found ?? undefined
  }

  #ageOf(ageMsMax: number): cachedAnswers.AnswerAge {
    const now = this.#options.clock.now()
    return { now, since: now - ageMsMax }
  }

  async #writeAll(): Promise<void> {
    while (this.#queue.size > 0) {
      const all = [...this.#queue.values()]
      this.#queue = new Map()
      this.#queuedBytes = 0
      for (const [projectId, answers] of Map.groupBy(all, (each) => each.projectId)) {
        for (let from = 0; from < answers.length; from += batchAnswersMax)
          await this.#write(
            projectId,
            answers.slice(from, from + batchAnswersMax).map(({ kept }) => kept),
          )
      }
    }
  }

  async #write(projectId: string, answers: readonly Kept[]): Promise<void> {
    const { store, onError } = this.#options
    try {
      await cachedAnswers.putAnswers(store.project(projectId), projectId, answers.map(rowOf))
    } catch (error) {
      onError(`writing ${answers.length} answers to the shared cache`, error)
    }
  }

  async #sweep(): Promise<void> {
    const { store, limits, clock, onError } = this.#options
    for (;;) {
      try {
        await sleep(limits.cacheSweepMs, this.#closed.signal)
      } catch {
        return // closed
      }
      await cachedAnswers
        .sweepAnswers(store.system, clock.now(), limits.cacheSharedBytesMax)
        .catch((error: unknown) => onError("sweeping the shared answer cache", error))
    }
  }
}

function rowOf({ key, topic, vector, body, ends, facts, storedAt, expiresAt }: Kept): cachedAnswers.StoredAnswer {
  const bytes = new Uint8Array(ends.buffer, ends.byteOffset, ends.byteLength) // little-endian on every platform that Node runs on
  return { key, topic: topic ?? null, vector: vector ?? null, body, ends: bytes, facts: { ...facts }, storedAt, expiresAt }
}

function keptOfRow({ key, body, ends, facts, storedAt, expiresAt }: FoundAnswer): Kept {
  return {
    key,
    body: Buffer.from(body.buffer, body.byteOffset, body.byteLength),
    ends: new Uint32Array(Uint8Array.from(ends).buffer),
    facts: factsOf(facts),
    storedAt,
    expiresAt,
    topic: undefined,
    vector: undefined,
  }
}

function factsOf(facts: JsonValue): AnswerFacts {
  return facts as unknown as AnswerFacts // written by `rowOf`
}
