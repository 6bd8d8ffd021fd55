// Small tools for promises: a deferred value, an abortable sleep, work that is done on and on, work in the background that is awaited at shutdown.

export interface Deferred<T> {
  readonly promise: Promise<T>
  resolve(value: T): void
  reject(error: unknown): void
}

export function deferred<T>(): Deferred<T> {
  return Promise.withResolvers<T>()
}

/** Resolves after `ms`, or rejects with the signal's reason. */
export function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason as Error)
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", onAbort)
      resolve()
    }, ms)
    const onAbort = (): void => {
      clearTimeout(timer)
      reject(signal?.reason as Error)
    }
    signal?.addEventListener("abort", onAbort, { once: true })
  })
}

/** Does the work at once and then again `everyMs` after its end, until it is disposed of; that waits for the work under way. `work` handles its own errors. */
export function repeated(everyMs: number, work: (stopped: AbortSignal) => Promise<void>): AsyncDisposable {
  const stop = new AbortController()
  const loop = async (): Promise<void> => {
    while (!stop.signal.aborted) {
      await work(stop.signal)
      await sleep(everyMs, stop.signal).catch(() => undefined)
    }
  }
  const looping = loop()
  return {
    async [Symbol.asyncDispose]() {
      stop.abort()
      await looping
    },
  }
}

/** Keeps promises that nobody awaits: failures go to `onError`, `settled()` waits for the rest. */
export class BackgroundTasks {
  readonly #running = new Set<Promise<void>>()
  readonly #onError: (name: string, error: unknown) => void

  constructor(onError: (name: string, error: unknown) => void) {
    this.#onError = onError
  }

  run(name: string, work: () => Promise<unknown>): void {
    const task: Promise<void> = work()
      .then(() => undefined)
      .catch((error: unknown) => this.#onError(name, error))
      .finally(() => this.#running.delete(task))
    this.#running.add(task)
  }

  get size(): number {
    return this.#running.size
  }

  async settled(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running)
  }
}
