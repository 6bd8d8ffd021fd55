// Sends flushes until their outcome is known, and tells each operation of them what became of it.
//
//   committed           ──▶ readers see it, then the waiter goes on
//   token not current   ──▶ LeaseLost for the whole lane, nothing was written
//   outcome unknown     ──▶ the same flush again; rows with our attempt are ours already
//   a value is refused  ──▶ halves, then singly: OperationRefused for the run of the bad one
//   database away       ──▶ again, until it has been away for too long: Unreachable
import { sleep } from "../core/index.ts"
import type { FlushBatch, FlushResult } from "../store/index.ts"
import { assemble, isDataError } from "./flush-batch.ts"
import { rejectAll, type Lane, type Part } from "./lane.ts"
import { LeaseLost, OperationRefused, Unreachable, type Lease, type Operation } from "./operation.ts"
import type { RunEvent } from "./types.ts"

export interface FlushPort {
  flush(batch: Omit<FlushBatch, "executor">): Promise<FlushResult>
  attemptsOf(runs: readonly string[], seqs: readonly number[]): Promise<readonly (number | null)[]>
  putBlob(lease: Lease, hash: string, text: string): Promise<void>
}

export interface FlusherOptions {
  port: FlushPort
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

export class Flusher {
  readonly #options: FlusherOptions
  /** Since when no flush was answered; undefined when the last one was. */
  #awaySince: number | undefined

  constructor(options: FlusherOptions) {
    this.#options = options
  }

  /** Resolves when each of these operations is committed or has failed. */
  commit(parts: readonly Part[]): Promise<void> {
    return this.#commit(parts, false)
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
