// One timer for all open calls: hold-back, time limits and keep-alive need no timer per request.
import type { Clock } from "../../core/index.ts"

export interface Swept {
  /** Called every few hundred milliseconds while the call is open. */
  sweep(monotonicMs: number): void
  /** Its place among the open ones, kept by the sweep. */
  place?: number | undefined
}

export interface Sweep {
  add(call: Swept): void
  remove(call: Swept): void
}

/** Its granularity is the imprecision of those limits. */
export const sweepEveryMs = 200

export function createSweep({ clock }: { clock: Clock }): Sweep {
  // An array, not a Set: V8 chains the outgrown tables of a set, and one that has grown old keeps all later ones and their calls alive.
  const calls: Swept[] = []
  let timer: NodeJS.Timeout | undefined
  const run = (): void => {
    const now = clock.monotonic()
    // From the end: what removes itself is replaced by one that was swept already.
    for (let at = calls.length - 1; at >= 0; at -= 1) calls[at]?.sweep(now)
    if (calls.length > 0) return
    clearInterval(timer)
    timer = undefined
  }
  return {
    add: (call) => {
      call.place = calls.push(call) - 1
      timer ??= setInterval(run, sweepEveryMs).unref()
    },
    remove: (call) => {
      const { place } = call
      if (place === undefined) return
      call.place = undefined
      const last = calls.pop()
      if (!last || last === call) return
      calls[place] = last
      last.place = place
    },
  }
}
