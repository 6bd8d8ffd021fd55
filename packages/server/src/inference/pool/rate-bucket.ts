// A limit per minute as a bucket that refills evenly; it may go into debt, since tokens are known only afterwards.

const minuteMs = 60_000

/** The same deployment may be declared with other limits for another model: each keeps to its own, and all calls count for all. */
export class RateBuckets {
  readonly #buckets = new Map<number, RateBucket>()

  waitMs(perMinute: number | undefined, amount: number, now: number): number {
    return perMinute === undefined ? 0 : this.#of(perMinute, now).waitMs(amount, now)
  }

  /** `perMinute`: of the call's own declaration. */
  take(perMinute: number | undefined, amount: number, now: number): void {
    if (perMinute !== undefined) this.#of(perMinute, now)
    for (const bucket of this.#buckets.values()) bucket.take(amount, now)
  }

  #of(perMinute: number, now: number): RateBucket {
    const known = this.#buckets.get(perMinute)
    if (known) return known
    if (this.#buckets.size >= declarationsMax) this.#buckets.clear()
    const bucket = new RateBucket(perMinute, now)
    this.#buckets.set(perMinute, bucket)
    return bucket
  }
}

/** Of one deployment; a reload brings new ones, and the old ones need not stay for ever. */
const declarationsMax = 16

class RateBucket {
  readonly #perMinute: number
  #level: number
  #at: number

  constructor(perMinute: number, now: number) {
    this.#perMinute = perMinute
    this.#level = perMinute
    this.#at = now
  }

  take(amount: number, now: number): void {
    this.#refill(now)
    this.#level = Math.min(this.#perMinute, this.#level - amount)
  }

  /** Until that much is there; a demand above the whole bucket waits for a full one, or it would wait for ever. */
  waitMs(amount: number, now: number): number {
    this.#refill(now)
    const missing = Math.min(amount, this.#perMinute) - this.#level
    return missing <= 0 ? 0 : Math.ceil((missing / this.#perMinute) * minuteMs)
  }

  #refill(now: number): void {
    this.#level = Math.min(this.#perMinute, this.#level + ((now - this.#at) / minuteMs) * this.#perMinute)
    this.#at = now
  }
}
