// Work that is not waited for longer than it is worth: when its time is up it is told to stop.

/** The work was not done in time. */
export class NotInTime extends Error {
  readonly waitMs: number

  constructor(waitMs: number) {
    super(`It was not there within ${waitMs} ms.`)
    this.waitMs = waitMs
  }
}

/** Rejects with `NotInTime` when the time is up, whatever becomes of the work, and as `signal` says when that ends it. */
export async function inTime<T>(waitMs: number, signal: AbortSignal, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  signal.throwIfAborted()
  const stop = new AbortController()
  const { promise: stopped, reject } = Promise.withResolvers<never>()
  const end = (reason: unknown): void => {
    reject(reason)
    stop.abort(reason)
  }
  const onAbort = (): void => end(signal.reason)
  const timer = setTimeout(() => end(new NotInTime(waitMs)), waitMs)
  signal.addEventListener("abort", onAbort, { once: true })
  try {
    return await Promise.race([stopped, work(stop.signal)])
  } finally {
    clearTimeout(timer)
    signal.removeEventListener("abort", onAbort)
  }
}
