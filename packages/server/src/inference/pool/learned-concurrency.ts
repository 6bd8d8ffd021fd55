// The concurrency that a deployment bears, learned where nobody declared it: a sign of overload cuts it, calm work at the limit raises it.

const leastConcurrency = 1
/** What is left after a sign of overload, of what was in flight then. */
const cutTo = 0.7
/** The limit is raised only when it was nearly used. */
const usedShare = 0.8

export class LearnedConcurrency {
  readonly #forgetMs: number
  #max: number | undefined
  #goodSince = 0
  #cutAt = -Infinity

  constructor(forgetMs: number) {
    this.#forgetMs = forgetMs
  }

  /** Undefined: no sign of overload so far, or none for long. */
  max(now: number): number | undefined {
    if (this.#max !== undefined && now - this.#cutAt > this.#forgetMs) this.#max = undefined
    return this.#max
  }

  /** One cut for all attempts that were in flight together. `startedAt`: of the attempt that met the overload. */
  overloaded(inFlight: number, startedAt: number, now: number): void {
    if (startedAt < this.#cutAt) return
    const held = Math.min(inFlight, this.#max ?? inFlight)
    this.#max = Math.max(leastConcurrency, Math.floor(held * cutTo))
    this.#cutAt = now
    this.#goodSince = 0
  }

  succeeded(inFlight: number): void {
    if (this.#max === undefined || inFlight < this.#max * usedShare) return
    this.#goodSince += 1
    if (this.#goodSince < this.#max) return
    this.#max += 1
    this.#goodSince = 0
  }
}
