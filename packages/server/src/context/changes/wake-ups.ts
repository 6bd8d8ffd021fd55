// Who waits for which scope: notifications wake them, a slow poll of all waited-for scopes at once finds what was lost.
import { sleep } from "../../core/index.ts"
import { changes, type Store } from "../../store/index.ts"

export interface WakeUpsOptions {
  store: Store
  limits: { changePollMs: number }
  onError: (what: string, error: unknown) => void
}

interface Place {
  projectId: string
  scope: string
}

interface Watch extends Place {
  readonly waiters: Set<() => void>
  /** The last number that a poll saw. */
  seq: number
}

export class WakeUps implements AsyncDisposable {
  readonly #options: WakeUpsOptions
  readonly #watches = new Map<string, Watch>()
  #listening: Promise<(() => Promise<void>) | undefined> | undefined
  #timer: NodeJS.Timeout | undefined
  #polling: Promise<void> | undefined
  #isClosed = false

  constructor(options: WakeUpsOptions) {
    this.#options = options
  }

  /** From now on `wait` misses nothing that is committed. End it with `end`. */
  async watch(projectId: string, scope: string): Promise<Waiter> {
    await this.#start()
    const key = `${projectId} ${scope}`
    const watch = this.#watches.get(key) ?? { projectId, scope, waiters: new Set(), seq: 0 }
    this.#watches.set(key, watch)
    const waiter = new Waiter(() => {
      watch.waiters.delete(waiter.wake)
      if (watch.waiters.size === 0) this.#watches.delete(key)
    })
    watch.waiters.add(waiter.wake)
    if (this.#isClosed) waiter.wake()
    return waiter
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true
    clearInterval(this.#timer)
    for (const key of this.#watches.keys()) this.#wake(key)
    const stop = await this.#listening?.catch(() => undefined)
    await stop?.()
    await this.#polling
  }

  #start(): Promise<unknown> {
    const { store, limits, onError } = this.#options
    this.#listening ??= store
      .listen(changes.changeChannel, (payload) => this.#wake(payload))
      .catch((error: unknown) => {
        onError("listening for changes", error)
        this.#listening = undefined
        return undefined
      })
    // The embedded database has one opener, which is told of its own changes.
    if (store.engine === "postgres") this.#timer ??= setInterval(() => this.#poll(), limits.changePollMs).unref()
    return this.#listening
  }

  #wake(key: string): void {
    for (const wake of this.#watches.get(key)?.waiters ?? []) wake()
  }

  #poll(): void {
    if (this.#polling !== undefined || this.#watches.size === 0 || this.#isClosed) return
    this.#polling = this.#compare()
      .catch(() => undefined) // the database is away: the next poll tries again
      .finally(() => (this.#polling = undefined))
  }

  async #compare(): Promise<void> {
    for (const { projectId, scope, seq } of await changes.changeHeads(this.#options.store.system, [...this.#watches.values()])) {
      const watch = this.#watches.get(`${projectId} ${scope}`)
      if (watch === undefined || watch.seq === seq) continue
      watch.seq = seq
      for (const wake of watch.waiters) wake()
    }
  }
}

/** One that waits. A wake-up between two waits is kept. */
export class Waiter {
  readonly end: () => void
  #woken = false
  #resolve: (() => void) | undefined

  constructor(end: () => void) {
    this.end = end
  }

  readonly wake = (): void => {
    this.#woken = true
    this.#resolve?.()
  }

  /** Resolves when something was committed since the last wait, after the time, or when the signal aborts. */
  async wait(signal: AbortSignal, atMostMs: number): Promise<void> {
    if (!this.#woken) {
      const over = new AbortController()
      const woken = new Promise<void>((resolve) => (this.#resolve = resolve))
      await Promise.race([woken, sleep(atMostMs, AbortSignal.any([signal, over.signal])).catch(() => undefined)])
      over.abort()
    }
    this.#woken = false
  }
}
