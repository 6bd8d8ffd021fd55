// Calls of all batches of this process: few at once, in turn, and only while interactive calls leave room.
import { performance } from "node:perf_hooks"

export interface CallSlotsOptions {
  callsMax: number
  /** Share of time that the event loop was busy, 0 to 1, since it was last asked. */
  busyShare?: () => number
}

interface Waiting {
  hasRoom: () => boolean
  grant: () => void
}

/** Between two looks whether there is room again. */
const lookMs = 200
/** Of the event loop's time; above it only one call is made at a time. */
const busyShareMax = 0.85

export class CallSlots {
  readonly #options: Required<CallSlotsOptions>
  readonly #waiting = new Set<Waiting>()
  #underWay = 0
  #isBusy = false
  #timer: NodeJS.Timeout | undefined

  constructor(options: CallSlotsOptions) {
    this.#options = { busyShare: eventLoopShare(), ...options }
  }

  get callsMax(): number {
    return this.#options.callsMax
  }

  /** Resolves with what gives the slot back. `hasRoom`: whether others leave room for this call now. */
  acquire(hasRoom: () => boolean, signal: AbortSignal): Promise<() => void> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason as Error)
      const onAbort = (): void => {
        this.#waiting.delete(waiting)
        reject(signal.reason as Error)
      }
      const waiting: Waiting = {
        hasRoom,
        grant: () => {
          signal.removeEventListener("abort", onAbort)
          resolve(this.#taken())
        },
      }
      signal.addEventListener("abort", onAbort, { once: true })
      this.#waiting.add(waiting)
      this.#fill()
    })
  }

  #taken(): () => void {
    let isHeld = true
    return () => {
      if (!isHeld) return
      isHeld = false
      this.#underWay -= 1
      this.#fill()
    }
  }

  #fill(): void {
    const callsMax = this.#isBusy ? 1 : this.#options.callsMax
    for (const waiting of this.#waiting) {
      if (this.#underWay >= callsMax) break
      if (!waiting.hasRoom()) continue
      this.#waiting.delete(waiting)
      this.#underWay += 1
      waiting.grant()
    }
    this.#watch()
  }

  /** While something waits or is under way; nothing else tells when there is room again. */
  #watch(): void {
    if (this.#timer || (this.#waiting.size === 0 && this.#underWay === 0)) return
    this.#timer = setTimeout(() => {
      this.#timer = undefined
      this.#isBusy = this.#options.busyShare() > busyShareMax
      this.#fill()
    }, lookMs)
    this.#timer.unref()
  }
}

function eventLoopShare(): () => number {
  let before = performance.eventLoopUtilization()
  return () => {
    const now = performance.eventLoopUtilization()
    const { utilization } = performance.eventLoopUtilization(now, before)
    before = now
    return utilization
  }
}
