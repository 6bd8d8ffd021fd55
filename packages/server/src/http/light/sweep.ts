// One timer for all open streams: hold-back, first-token limit and keep-alive need no timer per request.
import type { Clock } from "../../core/index.ts"

export interface Swept {
  /** Called every few hundred milliseconds while the stream is open. */
  sweep(monotonicMs: number): void
  /** Its place among the open ones, kept by the sweep. */
  place?: number
}

export interface Sweep {
  add(stream: Swept): void
  remove(stream: Swept): void
}

/** Its granularity is the imprecision of those limits. */
export const sweepEveryMs = 200

export function createSweep({ clock }: { clock: Clock }): Sweep {
  // An array, not a Set: V8 chains the outgrown tables of a set, and one that has grown old keeps all later ones and their streams alive.
  const streams: Swept[] = []
  let timer: NodeJS.Timeout | undefined
  const run = (): void => {
    const now = clock.monotonic()
    // From the end: what removes itself is replaced by one that was swept already.
    for (let at = streams.length - 1; at >= 0; at -= 1) streams[at]?.sweep(now)
  }
  return {
    add: (stream) => {
      stream.place = streams.push(stream) - 1
      timer ??= setInterval(run, sweepEveryMs).unref()
    },
    remove: (stream) => {
      const { place } = stream
      if (place === undefined) return
      delete stream.place
      const last = streams.pop()
      if (last && last !== stream) {
        streams[place] = last
        last.place = place
      }
      if (streams.length > 0) return
      clearInterval(timer)
      timer = undefined
    },
  }
}
