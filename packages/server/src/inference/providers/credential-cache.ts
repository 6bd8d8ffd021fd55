// A credential that ends: fetched once, used until it is old, renewed behind the back of the calls.
import type { Clock } from "../../core/index.ts"

export interface Lasting<T> {
  value: T
  /** Epoch milliseconds; infinite where it does not end. */
  until: number
}

/** Renewed when so little is left, while the old one still serves. */
const renewBeforeMs = 5 * 60_000
/** Not used in its last moments: the request has to arrive. */
const spareMs = 15_000
/** Between two attempts to renew one that still serves, and two of which the first was refused. */
const renewPauseMs = 15_000

export class CredentialCache<T> {
  readonly #fetchNew: (now: number) => Promise<Lasting<T>>
  readonly #clock: Clock
  #held: Lasting<T> | undefined
  #fetching: Promise<T> | undefined
  #triedAt = Number.NEGATIVE_INFINITY
  #forgotAt = Number.NEGATIVE_INFINITY

  constructor(fetchNew: (now: number) => Promise<Lasting<T>>, clock: Clock) {
    this.#fetchNew = fetchNew
    this.#clock = clock
  }

  /** Rejects where none can be had. */
  async get(): Promise<T> {
    const now = this.#clock.now()
    if (!this.#held || this.#held.until - spareMs <= now) return this.#fetch()
    if (this.#held.until - renewBeforeMs <= now && this.#triedAt + renewPauseMs <= now) void this.#fetch().catch(() => undefined) // tried again while the old one lasts, and told when it does not
    return this.#held.value
  }

  /** It was refused. False where that has just been said: another one is no better then. */
  forget(): boolean {
    const now = this.#clock.now()
    if (this.#fetching) return true
    if (this.#forgotAt + renewPauseMs > now) return false
    this.#forgotAt = now
    this.#held = undefined
    return true
  }

  /** One at a time, however many calls wait for it. */
  #fetch(): Promise<T> {
    this.#triedAt = this.#clock.now()
    this.#fetching ??= this.#fetched().finally(() => (this.#fetching = undefined))
    return this.#fetching
  }

  async #fetched(): Promise<T> {
    this.#held = await this.#fetchNew(this.#clock.now())
    return this.#held.value
  }
}
