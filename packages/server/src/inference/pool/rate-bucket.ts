// A limit per minute as a bucket that refills evenly; it may go into debt, since tokens are known only afterwards.

const minuteMs = 60_000

export class RateBucket {
  readonly #perMinute: number
  #level: number
  #at: number

  constructor(perMinute: number, now: number) {
    this.#perMinute = perMinute
    this.#level = perMinute
    this.#at = now
  }

  /** A demand above the whole bucket is let through when the bucket is full, or it would never be. */
  has(amount: number, now: number): boolean {
    this.#refill(now)
    return this.#level >= Math.min(amount, this.#perMinute)
  }

  take(amount: number, now: number): void {
    this.#refill(now)
    this.#level = Math.min(this.#perMinute, this.#level - amount)
  }

  /** Until that much is there. */
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
