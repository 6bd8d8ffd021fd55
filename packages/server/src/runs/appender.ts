// Group commit: collects the operations of all runs of this process and commits them together, each fenced by its run's lease token.
//
//   append ──▶ lane (one per run, in order) ──▶ flush (≤ operations, ≤ bytes, one round trip) ──▶ flusher.ts: committed, lost, refused
//
// A run is in one flush at a time, so its operations never overtake each other. Idle: flush in the same turn of the event loop. Busy: what
// arrived meanwhile goes together. Deltas wait up to their window for company.
import { deferred, type Deferred } from "../core/index.ts"
import { Flusher, type FlusherOptions } from "./flusher.ts"
import { rejectQueue, type Lane, type Part, type Pending } from "./lane.ts"
import type { Operation } from "./operation.ts"
import type { RunEvent } from "./types.ts"

export interface AppenderOptions extends FlusherOptions {
  operationsMax: number
  bytesMax: number
  deltaWindowMs: number
  flushesMax: number
  /** Runs that must be ready before a flush starts beside another, and the least that a crowd is split into. */
  crowdRunsMin: number
}

export class Appender {
  readonly #options: AppenderOptions
  readonly #flusher: Flusher
  /** Lanes with something to flush that are in no flush now, oldest first. */
  readonly #ready = new Set<Lane>()
  /** Flushes in flight; with the transactions of their own: everything in flight. */
  #inFlight = 0
  #working = 0
  #due = false
  #scheduled = false
  #deltaTimer: NodeJS.Timeout | undefined
  #idle: Deferred<void> | undefined

  constructor(options: AppenderOptions) {
    this.#options = options
    this.#flusher = new Flusher(options)
  }

  /** Resolves when the operation is committed. */
  append(lane: Lane, operation: Operation): Promise<void> {
    return this.#enqueue(lane, operation, undefined)
  }

  /** Runs `work` when everything before it in the lane is committed; what comes after waits for it. */
  exclusive(lane: Lane, work: () => Promise<readonly RunEvent[]>): Promise<void> {
    return this.#enqueue(lane, { events: [] }, work)
  }

  /** Resolves when nothing is queued or in flight. */
  async idle(): Promise<void> {
    while (this.#working > 0 || this.#ready.size > 0) {
      this.#due = true
      this.#schedule()
      this.#idle ??= deferred()
      await this.#idle.promise
    }
  }

  #enqueue(lane: Lane, operation: Operation, work: Pending["work"]): Promise<void> {
    if (lane.failure) return Promise.reject(lane.failure)
    let bytes = (operation.start?.length ?? 0) + (operation.end?.length ?? 0)
    for (const row of operation.events) bytes += row.json.length
    const pending: Pending = { operation, bytes, done: deferred(), work }
    lane.queue.push(pending)
    if (!lane.busy) this.#ready.add(lane)
    if (operation.delta && !this.#due) this.#deltaTimer ??= setTimeout(() => this.#deltasDue(), this.#options.deltaWindowMs)
    else this.#due = true
    this.#schedule()
    return pending.done.promise
  }

  #deltasDue(): void {
    this.#deltaTimer = undefined
    this.#due = true
    this.#schedule()
  }

  #schedule(): void {
    if (this.#scheduled || !this.#due || this.#ready.size === 0) return
    // A second flush beside the first pays only when it carries much; otherwise it splits what could go together.
    if (this.#inFlight > 0 && (this.#inFlight >= this.#options.flushesMax || this.#ready.size < this.#options.crowdRunsMin)) return
    this.#scheduled = true
    setImmediate(() => {
      this.#scheduled = false
      this.#startFlush()
    })
  }

  #startFlush(): void {
    if (this.#inFlight > 0 && this.#inFlight >= this.#options.flushesMax) return
    const parts = this.#take()
    if (this.#ready.size === 0) {
      this.#due = false
      if (this.#deltaTimer) clearTimeout(this.#deltaTimer)
      this.#deltaTimer = undefined
    }
    if (parts.length > 0) {
      this.#inFlight += 1
      void this.#run(parts, () => this.#flusher.commit(parts).finally(() => (this.#inFlight -= 1)))
    }
    this.#schedule()
  }

  /** Up to the limits, whole prefixes of lanes; exclusive work is started on the way. */
  #take(): Part[] {
    const parts: Part[] = []
    let operations = 0
    let bytes = 0
    // Held or not is answered per run: with two leases of one run in a batch, the current one would let the other pass.
    const runs = new Set<string>()
    // Half of a crowd now, the other half beside it: two backends work on two cores, and the next round gathers while they do.
    const lanesMax = this.#options.flushesMax > 1 ? Math.max(this.#options.crowdRunsMin, Math.ceil(this.#ready.size / 2)) : this.#ready.size
    for (const lane of this.#ready) {
      if (parts.length >= lanesMax) break
      if (operations >= this.#options.operationsMax || bytes >= this.#options.bytesMax) break
      if (runs.has(lane.lease.runId)) continue
      runs.add(lane.lease.runId)
      this.#ready.delete(lane)
      lane.busy = true
      const first = lane.queue[0]
      if (first?.work) {
        lane.queue.shift()
        const part = { lane, pending: [first] }
        void this.#run([part], () => this.#exclusive(part))
        continue
      }
      const part: Part = { lane, pending: [] }
      while (lane.queue[0] && !lane.queue[0].work && operations < this.#options.operationsMax) {
        if (part.pending.length > 0 && bytes + lane.queue[0].bytes > this.#options.bytesMax) break
        const pending = lane.queue.shift()
        if (!pending) break
        part.pending.push(pending)
        bytes += pending.bytes
        operations += 1
      }
      parts.push(part)
    }
    return parts
  }

  async #run(parts: Part[], work: () => Promise<void>): Promise<void> {
    this.#working += 1
    try {
      await work()
    } finally {
      this.#working -= 1
      for (const { lane } of parts) {
        lane.busy = false
        if (lane.failure) rejectQueue(lane, lane.failure)
        if (lane.queue.length === 0) continue
        this.#ready.add(lane)
        if (lane.queue.some((pending) => !pending.operation.delta)) this.#due = true
        else this.#deltaTimer ??= setTimeout(() => this.#deltasDue(), this.#options.deltaWindowMs)
      }
      if (this.#working === 0 && this.#ready.size === 0) {
        this.#idle?.resolve()
        this.#idle = undefined
      }
      this.#schedule()
    }
  }

  async #exclusive(part: Part): Promise<void> {
    const [pending] = part.pending
    if (!pending?.work) return
    try {
      const events = await pending.work()
      this.#options.onCommitted(events, [])
      pending.done.resolve()
    } catch (error) {
      // Its place in the log may be empty: nothing of this lane may be written after it.
      part.lane.failure = error instanceof Error ? error : new Error(String(error))
      pending.done.reject(error)
    }
  }
}
