// The level of the cache in this process: answers by key, least recently used ones leave when the bytes are full; vectors by topic.
import type { AnswerFacts, CachedAnswer } from "./types.ts"

export interface Kept {
  key: string
  /** All frames, one after another. */
  body: Buffer
  /** Where each frame ends in the body. */
  ends: Uint32Array
  facts: AnswerFacts
  /** Epoch milliseconds. */
  storedAt: number
  expiresAt: number
  topic: string | undefined
  vector: Float32Array | undefined
}

/** Beside its bytes: the entry's own objects and its place in two maps. */
const overheadBytes = 700

export class MemoryLevel {
  readonly #bytesMax: number
  readonly #topicAnswersMax: number
  /** In order of use, the longest unused first. */
  readonly #kept = new Map<string, Kept>()
  readonly #topics = new Map<string, Set<Kept>>()
  sizeBytes = 0

  constructor(limits: { bytesMax: number; topicAnswersMax: number }) {
    this.#bytesMax = limits.bytesMax
    this.#topicAnswersMax = limits.topicAnswersMax
  }

  get(key: string, now: number, ageMsMax: number): Kept | undefined {
    const kept = this.#kept.get(key)
    if (!kept) return undefined
    if (kept.expiresAt <= now) {
      this.#remove(kept)
      return undefined
    }
    if (now - kept.storedAt > ageMsMax) return undefined
    this.#kept.delete(key)
    this.#kept.set(key, kept)
    return kept
  }

  nearest(topic: string, vector: Float32Array, now: number, ageMsMax: number): { kept: Kept; similarity: number } | undefined {
    let best: { kept: Kept; similarity: number } | undefined
    for (const kept of this.#topics.get(topic) ?? []) {
      if (!kept.vector || kept.expiresAt <= now || now - kept.storedAt > ageMsMax) continue
      const similarity = innerProduct(kept.vector, vector)
      if (!best || similarity > best.similarity) best = { kept, similarity }
    }
    if (best) this.get(best.kept.key, now, ageMsMax)
    return best
  }

  put(kept: Kept): void {
    const before = this.#kept.get(kept.key)
    if (before) this.#remove(before)
    this.#kept.set(kept.key, kept)
    this.sizeBytes += sizeOf(kept)
    if (kept.topic !== undefined) this.#putIntoTopic(kept.topic, kept)
    for (const oldest of this.#kept.values()) {
      if (this.sizeBytes <= this.#bytesMax) break
      this.#remove(oldest)
    }
  }

  clear(): void {
    this.#kept.clear()
    this.#topics.clear()
    this.sizeBytes = 0
  }

  #putIntoTopic(topic: string, kept: Kept): void {
    const topical = this.#topics.get(topic) ?? new Set()
    this.#topics.set(topic, topical.add(kept))
    const [oldest] = topical
    if (topical.size > this.#topicAnswersMax && oldest) this.#remove(oldest)
  }

  #remove(kept: Kept): void {
    this.#kept.delete(kept.key)
    this.sizeBytes -= sizeOf(kept)
    if (kept.topic === undefined) return
    const topical = this.#topics.get(kept.topic)
    topical?.delete(kept)
    if (topical?.size === 0) this.#topics.delete(kept.topic)
  }
}

export function keptOf({ frames, facts }: CachedAnswer, about: Pick<Kept, "key" | "storedAt" | "expiresAt" | "topic" | "vector">): Kept {
  let end = 0
  const ends = Uint32Array.from(frames, (frame) => (end += frame.length))
  return { ...about, body: Buffer.concat(frames), ends, facts }
}

export function answerOf({ body, ends, facts }: Kept): CachedAnswer {
  const frames = Array.from(ends, (end, index) => body.subarray(ends[index - 1] ?? 0, end))
  return { frames, facts }
}

export function sizeOf({ body, ends, vector }: Kept): number {
  return body.length + ends.byteLength + (vector?.byteLength ?? 0) + overheadBytes
}

function innerProduct(a: Float32Array, b: Float32Array): number {
  if (a.length !== b.length) return -1
  let sum = 0
  for (let at = 0; at < a.length; at += 1) sum += (a[at] ?? 0) * (b[at] ?? 0)
  return sum
}
