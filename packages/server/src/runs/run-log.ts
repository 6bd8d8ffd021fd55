// The place of a loaded run in its log: the number of its next event, the lane that takes it, and what its events come to so far.
import type { Clock, JsonValue, Limits } from "../core/index.ts"
import { joinLabels, type Label } from "../security/index.ts"
import type { Appender } from "./appender.ts"
import { endRow, eventRow } from "./event-row.ts"
import { addUsage, text, type Journal } from "./journal.ts"
import { Lane } from "./lane.ts"
import type { Claimed } from "./loaded.ts"
import { LeaseLost, type EventRow, type Lease, type Operation } from "./operation.ts"
import type { EmitOptions, Run, RunDefinition, RunEvent, RunStatus, RunUsage } from "./types.ts"

export interface LogHost {
  readonly clock: Clock
  readonly limits: Limits
  readonly appender: Appender
}

/** What a body may say of its events, and beside it what only the kernel may. */
type AppendOptions = EmitOptions & Pick<Operation, "end" | "final" | "parks" | "lifecycle">

export class RunLog {
  readonly #host: LogHost
  readonly #run: Run
  readonly #definition: RunDefinition
  /** Called with why a write did not succeed. */
  readonly #onFailed: (error: unknown) => void
  #lane: Lane
  #seq: number
  #label: Label
  #usage: RunUsage
  #model: string | null
  #firstTokenAt: number | null
  #hasEnded: boolean
  #closed = false
  #lastWrite: Promise<void> = Promise.resolve()

  constructor(host: LogHost, claimed: Claimed, journal: Journal, definition: RunDefinition, onFailed: (error: unknown) => void) {
    this.#host = host
    this.#run = claimed.run
    this.#definition = definition
    this.#onFailed = onFailed
    this.#lane = new Lane(claimed.lease)
    this.#seq = claimed.lastSeq
    this.#label = journal.label
    this.#usage = journal.usage
    this.#model = journal.model ?? claimed.run.model
    this.#firstTokenAt = journal.firstTokenAt
    this.#hasEnded = definition.hasEnded?.(claimed.history) ?? false
  }

  get lease(): Lease {
    return this.#lane.lease
  }

  get lastSeq(): number {
    return this.#seq
  }

  /** What later events of this run are influenced by. */
  get label(): Label {
    return this.#label
  }

  get usage(): RunUsage {
    return this.#usage
  }

  get model(): string | null {
    return this.#model
  }

  /** It tells how the run ended, by an earlier attempt that died before the run did, or by this one: what is left is to write the end. */
  get hasEnded(): boolean {
    return this.#hasEnded
  }

  /** Nothing is written any more. */
  get closed(): boolean {
    return this.#closed
  }

  /** Resolves when everything emitted so far is committed. */
  get written(): Promise<void> {
    return this.#lastWrite
  }

  /** Appends one event at the next place of the log. */
  emit(type: string, data: JsonValue, options: AppendOptions = {}): { seq: number; committed: Promise<void> } {
    const row = this.rowAt(this.#seq + 1, type, data, options.label ?? this.#label)
    if (this.#closed)
      return { seq: row.event.seq, committed: quiet(Promise.reject(new LeaseLost(`run ${this.#run.id} is no longer executed here`))) }
    this.#seq = row.event.seq
    this.#note(row.event, options.delta === true)
    const operation = {
      events: [row],
      ...(options.delta ? { delta: true } : {}),
      ...(options.end === undefined ? {} : { end: options.end, lifecycle: true }),
      ...(options.final ? { final: true } : {}),
      ...(options.parks ? { parks: true } : {}),
      ...(options.lifecycle ? { lifecycle: true } : {}),
    }
    const committed = this.#host.appender.append(this.#lane, operation)
    this.#lastWrite = committed
    committed.catch(this.#onFailed)
    return { seq: row.event.seq, committed }
  }

  /** An event with its row; its place is not taken until it is appended. */
  rowAt(seq: number, type: string, data: JsonValue, label: Label): EventRow {
    const { clock, limits } = this.#host
    return eventRow(this.#run, this.#lane.lease.attempt, seq, type, data, label, clock.now(), limits.eventBytesMax)
  }

  /** How the run leaves its executor, as the flush wants it. */
  endRow(status: RunStatus, end: { [key: string]: JsonValue }): string {
    const firstTokenMs = this.#firstTokenAt === null ? null : Math.max(0, Math.round(this.#firstTokenAt - this.#run.createdAt))
    return endRow(this.#run.id, status, this.#usage, this.#model, firstTokenMs, end)
  }

  /** Runs `work` in the order of the log, with the next place of the log reserved for the event that it commits. */
  exclusive(work: (seq: number) => Promise<readonly RunEvent[]>): Promise<void> {
    const seq = (this.#seq += 1)
    const done = this.#host.appender.exclusive(this.#lane, () => work(seq))
    done.catch(this.#onFailed)
    return done
  }

  /** What an output carries further: later events of this run are influenced by it. */
  influence(label: Label): void {
    if (label !== this.#label && label !== this.#run.label) this.#label = joinLabels([this.#label, label])
  }

  close(): void {
    this.#closed = true
  }

  /** The event at this place was refused, and with it what came after: the log goes on in its stead. */
  goOnAt(seq: number): void {
    this.#closed = false
    this.#seq = seq - 1
    this.#lane = new Lane(this.#lane.lease)
  }

  #note(event: RunEvent, delta: boolean): void {
    if (delta) this.#firstTokenAt ??= event.at
    if (!delta && !this.#hasEnded) this.#hasEnded = this.#definition.hasEnded?.([event]) ?? false
    if (event.type === "usage.recorded") {
      this.#usage = addUsage(this.#usage, event.data)
      this.#model ??= text(event.data, "model")
    }
  }
}

function quiet(promise: Promise<void>): Promise<void> {
  promise.catch(() => undefined)
  return promise
}
