// Keeps the key ring as the database is: a notification names the key that changed and that one is read; polls catch what was lost.
import type { Clock, Limits } from "../core/index.ts"
import { apiKeys, type Store, type StoredKey } from "../store/index.ts"
import type { KeyRing } from "./key-ring.ts"

/** Sent by a trigger of the table, with the key's id. */
const channel = "perdure_keys"
/** Expired keys are known for so long, so that whoever uses one is told that it has expired. */
const expiredForMs = 24 * 60 * 60_000
/** Everything is read again, which also forgets what expired long ago and finds what was deleted by hand. */
const reloadEveryMs = 5 * 60_000
/** A change carries the time at which it was made, and shows when its transaction has ended. */
const lateMs = 10_000

export interface KeyRefreshOptions {
  store: Store
  ring: KeyRing
  clock: Clock
  limits: Pick<Limits, "keyPollMs" | "keyUseFlushMs">
  onError: (error: unknown) => void
}

export class KeyRefresh implements AsyncDisposable {
  readonly #store: Store
  readonly #ring: KeyRing
  readonly #clock: Clock
  readonly #limits: KeyRefreshOptions["limits"]
  readonly #onError: (error: unknown) => void
  readonly #timers: NodeJS.Timeout[] = []
  readonly #wanted = new Set<string>()
  #stopListening: (() => Promise<void>) | undefined
  #readings = 0
  #isFollowing = false
  #isPolling = false
  #isFailing = false
  #isClosed = false
  /** Readings and writings that the database must not be closed under. */
  readonly #underWay = new Set<Promise<void>>()
  /** When the last reading of changes began, by the monotonic clock. */
  #polledAt = 0

  constructor({ store, ring, clock, limits, onError }: KeyRefreshOptions) {
    this.#store = store
    this.#ring = ring
    this.#clock = clock
    this.#limits = limits
    this.#onError = onError
  }

  async start(): Promise<void> {
    this.#stopListening = await this.#store.listen(channel, (keyId) => this.#changed(keyId))
    this.#polledAt = this.#clock.monotonic()
    await this.#reload()
    this.#every(reloadEveryMs, () => this.#reload())
    this.#every(this.#limits.keyUseFlushMs, () => this.#writeUses())
    // The embedded database has one opener, which is told of its own changes.
    if (this.#store.engine === "postgres") this.#every(this.#limits.keyPollMs, () => this.#poll())
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true
    for (const timer of this.#timers) clearInterval(timer)
    await this.#stopListening?.()
    await Promise.all(this.#underWay)
    await this.#writeUses().catch(this.#onError)
  }

  #every(periodMs: number, work: () => Promise<void>): void {
    this.#timers.push(setInterval(() => this.#run(work), periodMs).unref())
  }

  #run(work: () => Promise<void>): void {
    const running = work().catch((error: unknown) => this.#failed(error))
    this.#underWay.add(running)
    void running.finally(() => this.#underWay.delete(running))
  }

  /** Once for all failures in a row: while the database is away the keys stay as they were. */
  #failed(error: unknown): void {
    if (!this.#isFailing) this.#onError(error)
    this.#isFailing = true
  }

  #changed(keyId: string): void {
    if (this.#isClosed) return
    this.#wanted.add(keyId)
    if (!this.#isFollowing) this.#run(() => this.#follow())
  }

  /** Reads what was named; what is named meanwhile goes together in the next reading. */
  async #follow(): Promise<void> {
    this.#isFollowing = true
    try {
      while (this.#wanted.size > 0) {
        const ids = [...this.#wanted]
        this.#wanted.clear()
        const rows = await this.#read(() => apiKeys.keysById(this.#store.system, ids))
        const found = new Set(rows.map(({ id }) => id))
        for (const id of ids) if (!found.has(id)) this.#ring.drop(id)
      }
    } finally {
      this.#isFollowing = false
    }
  }

  async #poll(): Promise<void> {
    if (this.#isPolling) return
    this.#isPolling = true
    const beganAt = this.#clock.monotonic()
    try {
      const periodMs = beganAt - this.#polledAt + lateMs
      await this.#read(() => apiKeys.keysChangedWithin(this.#store.system, periodMs))
      this.#polledAt = beganAt
    } finally {
      this.#isPolling = false
    }
  }

  async #reload(): Promise<void> {
    const since = this.#ring.now
    const rows = await this.#read(() => apiKeys.liveKeys(this.#store.system, expiredForMs))
    this.#ring.keepOnly(rows, since)
  }

  async #read(select: () => Promise<StoredKey[]>): Promise<StoredKey[]> {
    this.#readings += 1
    try {
      const rows = await select()
      this.#ring.take(rows)
      this.#isFailing = false
      return rows
    } finally {
      this.#readings -= 1
      if (this.#readings === 0) this.#ring.settled()
    }
  }

  async #writeUses(): Promise<void> {
    const uses = this.#ring.takeUses()
    if (uses.size > 0) await apiKeys.recordUses(this.#store.system, [...uses.keys()], [...uses.values()])
  }
}
