// Group commit: collects the operations of all runs of this process and commits them together, each fenced by its run's lease token.
//
//   append ──▶ lane (one per run, in order) ──▶ flush (≤ operations, ≤ bytes, one round trip) ──▶ committed: readers see it, then the waiter goes on
//                                                  ├─ token not current ──▶ LeaseLost for the whole lane, nothing was written
//                                                  ├─ outcome unknown   ──▶ the same flush again; rows with our attempt are ours already
//                                                  └─ a value is refused ──▶ halves, then singly: OperationRefused for the run of the bad one
//
// A run is in one flush at a time, so its operations never overtake each other. Idle: flush in the same turn of the event loop. Busy: what
// arrived meanwhile goes together. Deltas wait up to their window for company.
import { deferred, type Deferred, messageOf, sleep } from "../core/index.ts"
import { assemble, isDataError } from "./flush-batch.ts"
import type { RunEvent } from "./types.ts"

export interface Lease {
  runId: string
  projectId: string
  parentId: string | null
  token: string
  attempt: number
}

/** One event with its row as JSON text, and the text that goes to `blobs` when it is long. */
export interface EventRow {
  event: RunEvent
  json: string
  blob?: { hash: string; text: string }
}

export interface Operation {
  /** JSON of the run's row; only the first operation of a run that starts here. */
  start?: string
  events: readonly EventRow[]
  /** JSON of the end row: ended, suspended, released. */
  end?: string
  /** The run leaves the running state for good: its parent may wait for it. */
  final?: boolean
  /** It waits for a person from now on; if it was cancelled meanwhile, it is to be claimed instead. */
  parks?: boolean
  delta?: boolean
  /** The run's summary changes: live lists are told. */
  lifecycle?: boolean
}

export interface FlushPort {
  flush(batch: {
    runs: readonly string[]
    tokens: readonly string[]
    parents: readonly string[] | null
    starts: string | null
    events: string
    ends: string | null
    payload: string | null
  }): Promise<{ rejected: readonly string[]; inserted: number; woken: boolean }>
  attemptsOf(runs: readonly string[], seqs: readonly number[]): Promise<readonly (number | null)[]>
  putBlob(lease: Lease, hash: string, text: string): Promise<void>
}

export interface AppenderOptions {
  port: FlushPort
  operationsMax: number
  bytesMax: number
  deltaWindowMs: number
  flushesMax: number
  /** Runs that must be ready before a flush starts beside another, and the least that a crowd is split into. */
  crowdRunsMin: number
  /** How long the database may be away before what waits for it is given up; from then on each flush is tried once. */
  retryMs: number
  /** Pause before the first repetition; doubled up to half a second. */
  retryPauseMs: number
  monotonic: () => number
  /** Called with what was committed, before its waiters go on. */
  onCommitted: (events: readonly RunEvent[], operations: readonly { lease: Lease; operation: Operation }[]) => void
  /** Some run became ready to be claimed. */
  onWoken: () => void
  onRetry: (error: unknown) => void
  /** Text that tells other processes about this batch, or null when there is nobody to tell. */
  payload: (batch: readonly { lease: Lease; operation: Operation }[]) => string | null
}

/** The run is somebody else's now: nothing of this executor is written any more. */
export class LeaseLost extends Error {
  override readonly name = "LeaseLost"
}

/** Nothing could be written for so long that the runs are given up: what was sent last may be committed. */
export class Unreachable extends LeaseLost {
  constructor(cause: unknown) {
    super(`the database could not be reached: ${messageOf(cause)}`, { cause })
  }
}

/** The database refused this one operation; the other operations of its flush were not affected. */
export class OperationRefused extends Error {
  override readonly name = "OperationRefused"
  readonly seq: number
  constructor(seq: number, cause: unknown) {
    super(`the database refused event ${seq}: ${messageOf(cause)}`, { cause })
    this.seq = seq
  }
}

interface Pending {
  operation: Operation
  bytes: number
  done: Deferred<void>
  /** Work in a transaction of its own that commits the operation's events itself. */
  work: (() => Promise<readonly RunEvent[]>) | undefined
}

/** The queue of one run. */
export class Lane {
  readonly lease: Lease
  readonly queue: Pending[] = []
  busy = false
  failure: Error | undefined
  constructor(lease: Lease) {
    this.lease = lease
  }
}

export interface Part {
  lane: Lane
  pending: Pending[]
}

export class Appender {
  readonly #options: AppenderOptions
  /** Lanes with something to flush that are in no flush now, oldest first. */
  readonly #ready = new Set<Lane>()
  /** Flushes in flight; with the transactions of their own: everything in flight. */
  #inFlight = 0
  #working = 0
  #due = false
  #scheduled = false
  #deltaTimer: NodeJS.Timeout | undefined
  #idle: Deferred<void> | undefined
  /** Since when no flush was answered; undefined when the last one was. */
  #awaySince: number | undefined
  flushes = 0
  operations = 0

  constructor(options: AppenderOptions) {
    this.#options = options
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
      void this.#run(parts, () => this.#commit(parts, false).finally(() => (this.#inFlight -= 1)))
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
        if (lane.failure) fail(lane, lane.failure)
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

  async #commit(parts: readonly Part[], unknownBefore: boolean): Promise<void> {
    const live = parts.filter((part) => !part.lane.failure)
    if (live.length === 0) return rejectAll(parts)
    if (live.length < parts.length) rejectAll(parts.filter((part) => part.lane.failure))
    const outcome = await this.#send(live, unknownBefore)
    if (outcome.kind === "committed") return this.#settle(live, outcome.lost)
    if (outcome.kind === "unreachable") {
      for (const part of live) part.lane.failure = new Unreachable(outcome.error)
      return rejectAll(live)
    }
    await this.#isolate(live, outcome.error, outcome.unknown)
  }

  /** A value of this batch is refused: find the operation and fail it alone. */
  async #isolate(parts: readonly Part[], error: unknown, unknown: boolean): Promise<void> {
    const [only] = parts
    if (!only) return
    if (parts.length > 1) {
      const half = Math.ceil(parts.length / 2)
      await this.#commit(parts.slice(0, half), unknown)
      return this.#commit(parts.slice(half), unknown)
    }
    if (only.pending.length > 1) {
      const half = Math.ceil(only.pending.length / 2)
      await this.#commit([{ lane: only.lane, pending: only.pending.slice(0, half) }], unknown)
      return this.#commit([{ lane: only.lane, pending: only.pending.slice(half) }], unknown)
    }
    only.lane.failure = new OperationRefused(only.pending[0]?.operation.events[0]?.event.seq ?? 0, error)
    rejectAll(parts)
  }

  async #send(parts: readonly Part[], unknownBefore: boolean): Promise<SendOutcome> {
    const batch = assemble(parts, this.#options.payload)
    let unknown = unknownBefore
    const beganAt = this.#options.monotonic()
    for (let pauseMs = this.#options.retryPauseMs; ; pauseMs = Math.min(pauseMs * 2, 500)) {
      try {
        for (const part of parts) {
          for (const pending of part.pending) {
            for (const { blob } of pending.operation.events)
              if (blob) await this.#options.port.putBlob(part.lane.lease, blob.hash, blob.text)
          }
        }
        const result = await this.#options.port.flush(batch)
        this.#awaySince = undefined
        this.flushes += 1
        this.operations += batch.operations
        if (result.woken) this.#options.onWoken()
        return { kind: "committed", lost: await this.#lostOf(parts, batch.eventCount, result, unknown) }
      } catch (error) {
        if (isDataError(error)) {
          this.#awaySince = undefined
          return { kind: "refused", error, unknown }
        }
        this.#awaySince ??= beganAt
        if (this.#options.monotonic() > this.#awaySince + this.#options.retryMs) return { kind: "unreachable", error }
        unknown = true
        this.#options.onRetry(error)
        await sleep(pauseMs)
      }
    }
  }

  /** Which lanes lost their lease. A conflict with rows of our own attempt means that an earlier sending had committed. */
  async #lostOf(
    parts: readonly Part[],
    eventCount: number,
    result: { rejected: readonly string[]; inserted: number },
    unknown: boolean,
  ): Promise<ReadonlySet<Lane>> {
    const rejected = new Set(result.rejected)
    if (rejected.size === 0 && result.inserted === eventCount) return noLanes
    const lost = new Set<Lane>()
    const doubtful: Part[] = []
    let expected = 0
    for (const part of parts) {
      if (!rejected.has(part.lane.lease.runId)) for (const { operation } of part.pending) expected += operation.events.length
    }
    for (const part of parts) {
      const refused = rejected.has(part.lane.lease.runId)
      if (refused && !unknown) lost.add(part.lane)
      else if (refused || result.inserted < expected) doubtful.push(part)
    }
    if (doubtful.length === 0) return lost
    const last = doubtful.map((part) => part.pending.at(-1)?.operation.events.at(-1)?.event)
    const attempts = await this.#options.port.attemptsOf(
      doubtful.map((part) => part.lane.lease.runId),
      last.map((event) => event?.seq ?? 0),
    )
    for (const [i, part] of doubtful.entries()) if (attempts[i] !== part.lane.lease.attempt) lost.add(part.lane)
    return lost
  }

  #settle(parts: readonly Part[], lost: ReadonlySet<Lane>): void {
    const committed = lost.size === 0 ? parts : parts.filter((part) => !lost.has(part.lane))
    const events: RunEvent[] = []
    const operations: { lease: Lease; operation: Operation }[] = []
    for (const { lane, pending } of committed) {
      for (const { operation } of pending) {
        operations.push({ lease: lane.lease, operation })
        for (const row of operation.events) events.push(row.event)
      }
    }
    this.#options.onCommitted(events, operations)
    for (const part of committed) for (const pending of part.pending) pending.done.resolve()
    if (lost.size === 0) return
    for (const lane of lost) lane.failure = new LeaseLost(`run ${lane.lease.runId} is executed by another process now`)
    rejectAll(parts.filter((part) => lost.has(part.lane)))
  }
}

type SendOutcome =
  | { kind: "committed"; lost: ReadonlySet<Lane> }
  | { kind: "refused"; error: unknown; unknown: boolean }
  | { kind: "unreachable"; error: unknown }

const noLanes: ReadonlySet<Lane> = new Set()

function rejectAll(parts: readonly Part[]): void {
  for (const part of parts) for (const pending of part.pending) pending.done.reject(part.lane.failure)
}

function fail(lane: Lane, error: Error): void {
  for (const pending of lane.queue.splice(0)) pending.done.reject(error)
}
