// One timer for all open streams: hold-back, first-token limit and keep-alive need no timer per request.
import type { Clock } from "../../core/index.ts"

export interface Swept {
  /** Called every few hundred milliseconds while the stream is open. */
  sweep(monotonicMs: number): void
}

export interface Sweep {
  add(stream: Swept): void
  remove(stream: Swept): void
}

/** Its granularity is the imprecision of those limits. */
export const sweepEveryMs = 200

export function createSweep({ clock }: { clock: Clock }): Sweep {
  const streams = new Set<Swept>()
  let timer: NodeJS.Timeout | undefined
  const run = (): void => {
    const now = clock.monotonic()
    for (const stream of streams) stream.sweep(now)
  }
  return {
    add: (stream) => {
      streams.add(stream)
      timer ??= setInterval(run, sweepEveryMs).unref()
    },
    remove: (stream) => {
      streams.delete(stream)
      if (streams.size > 0) return
      clearInterval(timer)
      timer = undefined
    },
  }
}
