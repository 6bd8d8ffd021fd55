// One run while it is in memory: its context for the body, its place in the log, its stops.
//
//   (claimed or started here) ─▶ executing ─┬─ body returned / threw ──────────────▶ completed, failed, incomplete
//                                            ├─ only waits are left ────────────────▶ waiting: the body is dropped, the waits are in the row
//                                            ├─ cancel, deadline: signal aborted,
//                                            │  steps in flight still journaled ─────▶ cancelled, incomplete
//                                            ├─ an effect is in doubt, code diverged ▶ in_doubt, needs_migration
//                                            ├─ clean shutdown ─────────────────────▶ queued
//                                            └─ lease lost ─────────────────────────▶ (nothing is written; the new holder goes on)
//
// Over 400 lines because all of it moves one thing, the run's place in its log: in two files that place would be state shared between them.
import { AppError, deferred, type Clock, type JsonValue, type Limits, type NewId } from "../core/index.ts"
import { joinLabels, type Label } from "../security/index.ts"
import type { Store } from "../store/index.ts"
import type { Appender } from "./appender.ts"
import { Lane } from "./lane.ts"
import { LeaseLost, OperationRefused, type EventRow } from "./operation.ts"
import { addUsage, readJournal, text, type Entry, type Journal, type OperationKind } from "./journal.ts"
import { encodeJson } from "./payload.ts"
import { Replay, type Divergence } from "./replay.ts"
import { never, printable, runError } from "./step-error.ts"
import { isEnding, settled, type BodyResult, type Stop } from "./outcomes.ts"
import type { Claimed, Left } from "./loaded.ts"
import { contextOf } from "./context.ts"
import { endRow, eventRow } from "./event-row.ts"
import type { EmitOptions, Run, RunDefinition, RunError, RunEvent, RunKind, RunStatus, RunUsage } from "./types.ts"
import { Waits } from "./wait-set.ts"

export interface ExecutionHost {
  readonly store: Store
  readonly clock: Clock
  readonly newId: NewId
  readonly limits: Limits
  readonly appender: Appender
  /** Database time as far as this process knows it. */
  databaseNow(): number
  executorId(): string
  /** Those that were started while the run was being cancelled: whoever cancelled it did not see them. */
  cancelChildren(parent: Run, reason: string): Promise<void>
  startChild(parent: Run, childId: string, request: { kind: RunKind; name: string; input: JsonValue; label: Label }): Promise<void>
  /** The run left this process's memory: ended (then with how), suspended, parked, given back, lost. */
  released(execution: Execution, left: Left): void
  onError(what: string, error: unknown): void
}

export class Execution {
  readonly run: Run
  readonly host: ExecutionHost
  readonly waits: Waits
  readonly journal: Journal
  /** For each signal name: the last one that a wait took. */
  readonly consumed: Map<string, number>
  readonly #definition: RunDefinition
  readonly #history: readonly RunEvent[]
  readonly #replay: Replay
  readonly #controller = new AbortController()
  readonly #keys = new Set<string>()
  readonly #steps = new Set<Promise<unknown>>()
  /** Those of them that are in doubt: they never settle. */
  #doubted = 0
  readonly #bodyDone = deferred<void>()
  readonly #deadlineAt: number | null
  /** The log tells how it ended, by an earlier attempt that died before the run did, or by this one: what is left is to write the end. */
  #hasEnded: boolean
  #result: BodyResult | undefined
  #lane: Lane
  #seq: number
  #label: Label
  #usage: RunUsage
  #model: string | null
  #firstTokenAt: number | null
  readonly #turns = new Map<string, Promise<unknown>>()
  #lastWrite: Promise<void> = Promise.resolve()
  #active = 0
  #checking = false
  #stop: Stop | undefined
  #closed = false
  #deadlineTimer: NodeJS.Timeout | undefined

  constructor(host: ExecutionHost, definition: RunDefinition, claimed: Claimed) {
    const { run, lease, history, deadlineAt } = claimed
    this.host = host
    this.run = run
    this.#definition = definition
    this.#history = history
    this.#lane = new Lane(lease)
    this.#deadlineAt = deadlineAt
    this.#hasEnded = definition.hasEnded?.(history) ?? false
    this.journal = readJournal(history, run.label)
    this.consumed = new Map(this.journal.consumed)
    this.#seq = claimed.lastSeq
    this.#label = this.journal.label
    this.#usage = this.journal.usage
    this.#model = this.journal.model ?? run.model
    this.#firstTokenAt = this.journal.firstTokenAt
    this.#replay = new Replay(
      this.journal,
      (divergence) => this.#diverged(divergence),
      () => this.checkSuspend(),
    )
    // A data body reads its history and asks for what comes next: nothing is handed back to it in order.
    if (definition.style === "data") this.#replay.stop()
    this.waits = new Waits(this)
  }

  get signal(): AbortSignal {
    return this.#controller.signal
  }

  get closed(): boolean {
    return this.#closed
  }

  get stopping(): boolean {
    return this.#stop !== undefined
  }

  get nextSeq(): number {
    return this.#seq + 1
  }

  get lane(): Lane {
    return this.#lane
  }

  /** Runs the body; everything that happens to the run from here on comes out of `host.released`. */
  begin(cancelReason: string | null): void {
    if (this.run.attempt > 1 && this.#history.length > 0) this.emit("run.resumed", { kind: this.run.kind, attempt: this.run.attempt })
    if (cancelReason !== null) this.stop({ kind: "cancel", reason: cancelReason })
    else if (this.#deadlineAt !== null && this.#deadlineAt <= this.host.databaseNow()) this.stop({ kind: "deadline" })
    if (this.#stop) return this.#bodyDone.resolve()
    if (this.#deadlineAt !== null && !this.#hasEnded) {
      const inMs = Math.min(this.#deadlineAt - this.host.databaseNow(), timerMsMax)
      this.#deadlineTimer = setTimeout(() => this.stop({ kind: "deadline" }), inMs)
    }
    const body = Promise.resolve().then(() => this.#definition.execute(contextOf(this, this.#history), this.run.input))
    void body.then(
      (output) => this.#bodyEnded({ ok: true, output }),
      (error: unknown) => this.#bodyEnded({ ok: false, error }),
    )
  }

  /** Appends one event at the next place of the log. */
  emit(
    type: string,
    data: JsonValue,
    options: EmitOptions & { end?: string; final?: boolean; parks?: boolean; lifecycle?: boolean } = {},
  ): { seq: number; committed: Promise<void> } {
    const row = this.rowAt(this.#seq + 1, type, data, options.label ?? this.#label)
    if (this.#closed)
      return { seq: row.event.seq, committed: quiet(Promise.reject(new LeaseLost(`run ${this.run.id} is no longer executed here`))) }
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
    const committed = this.host.appender.append(this.#lane, operation)
    this.#lastWrite = committed
    committed.catch((error: unknown) => this.failed(error))
    return { seq: row.event.seq, committed }
  }

  /** An event with its row; its place is not taken until it is appended. */
  rowAt(seq: number, type: string, data: JsonValue, label: Label): EventRow {
    return eventRow(this.run, this.#lane.lease.attempt, seq, type, data, label, this.host.clock.now(), this.host.limits.eventBytesMax)
  }

  /** Runs `work` in the order of the log, with the next place of the log reserved for the event that it commits. */
  exclusive(work: (seq: number) => Promise<readonly RunEvent[]>): Promise<void> {
    const seq = (this.#seq += 1)
    const done = this.host.appender.exclusive(this.#lane, () => work(seq))
    done.catch((error: unknown) => this.failed(error))
    return done
  }

  /** What an output carries further: later events of this run are influenced by it. */
  influence(label: Label): void {
    if (label !== this.#label && label !== this.run.label) this.#label = joinLabels([this.#label, label])
  }

  get label(): Label {
    return this.#label
  }

  /** A write did not succeed: either the run is somebody else's, or one of its values cannot be stored and it fails. */
  failed(error: unknown): void {
    if (this.#closed) return
    if (error instanceof OperationRefused) {
      this.#seq = error.seq - 1
      this.#lane = new Lane(this.#lane.lease)
      this.#controller.abort(error)
      this.#finish("failed", null, { code: "unsupported_value", message: error.message })
      return
    }
    this.lose(error instanceof Error ? error : new Error(String(error)))
  }

  /** The lease is gone: stop without a word. */
  lose(error: Error): void {
    if (this.#closed) return
    this.#close()
    this.#controller.abort(error)
    this.host.released(this, { how: "lost" })
  }

  stop(stop: Stop): void {
    if (this.#closed || this.#stop || (this.#hasEnded && (stop.kind === "cancel" || stop.kind === "deadline"))) return
    this.#stop = stop
    this.#replay.stop()
    if (stop.kind === "cancel" || stop.kind === "deadline") {
      const error = new AppError(
        "cancelled",
        stop.kind === "cancel" ? `the run was cancelled: ${stop.reason}` : "the run's deadline has passed",
      )
      this.#controller.abort(error)
      this.waits.rejectAll(error)
    } else {
      if (stop.kind === "release")
        this.#controller.abort(new AppError("shutting_down", "this process stops; another one continues the run"))
      this.waits.forget()
    }
    void this.#wind(stop)
  }

  /** Called whenever something finished: if only waits are left, the run leaves memory. */
  checkSuspend(): void {
    if (this.#checking || this.#closed || this.#stop || this.#active > 0 || this.waits.size === 0 || !this.#replay.live) return
    this.#checking = true
    setImmediate(() => {
      this.#checking = false
      if (this.#closed || this.#stop || this.#active > 0 || this.waits.size === 0 || !this.waits.mayUnload()) return
      this.#suspend()
    })
  }

  /** Resolves when everything emitted so far is committed. */
  flushed(): Promise<void> {
    return this.#closed ? never() : this.busy(() => this.#lastWrite)
  }

  /** A step in flight: the end of the run waits for it, for a while. */
  track<T>(work: Promise<T>): Promise<T> {
    this.#steps.add(work)
    return work.finally(() => this.#steps.delete(work))
  }

  /** Waits of one signal look for it one after the other, in the order in which they were begun. */
  inTurn<T>(name: string, look: () => Promise<T>): Promise<T> {
    const turn = (this.#turns.get(name) ?? Promise.resolve()).then(look, look)
    this.#turns.set(name, turn)
    return turn
  }

  pause(): void {
    this.#active -= 1
    this.checkSuspend()
  }

  unpause(): void {
    this.#active += 1
  }

  /** Counts work that keeps the run in memory; a wait pauses it. */
  async busy<T>(work: () => Promise<T>): Promise<T> {
    this.#active += 1
    try {
      return await work()
    } finally {
      this.#active -= 1
      this.checkSuspend()
    }
  }

  /** One keyed operation: its recorded outcome, or `live` executed now. */
  operation(
    kind: OperationKind,
    key: string,
    live: (entry: Entry | undefined) => Promise<JsonValue | undefined>,
  ): Promise<JsonValue | undefined> {
    if (this.#closed) return never()
    if (this.#stop)
      return this.#stop.kind === "park" || this.#stop.kind === "release" ? never() : Promise.reject(this.#controller.signal.reason as Error)
    if (this.#keys.has(key)) {
      return Promise.reject(
        new AppError("run_conflict", `the key "${key}" is used twice in run ${this.run.id}`, {
          hint: 'add what differs to the key, such as "charge:" + id',
        }),
      )
    }
    this.#keys.add(key)
    const entry = this.journal.entries.get(key)
    if (entry && entry.kind !== kind) {
      this.#diverged({ journalKey: `${entry.kind} ${key}`, journalSeq: entry.seq, codeKey: `${kind} ${key}` })
      return never()
    }
    if (this.#replay.live || this.#definition.style === "data") {
      if (entry?.outcome) return settled(entry.outcome)
      return this.busy(() => live(entry))
    }
    return new Promise((resolve, reject) => {
      this.#replay.ask({
        key,
        entry,
        recorded: (outcome) => resolve(settled(outcome)),
        live: () => void this.busy(() => live(entry)).then(resolve, reject),
      })
    })
  }

  #note(event: RunEvent, delta: boolean): void {
    if (delta) this.#firstTokenAt ??= event.at
    if (!delta && !this.#hasEnded) this.#hasEnded = this.#definition.hasEnded?.([event]) ?? false
    if (event.type === "usage.recorded") {
      this.#usage = addUsage(this.#usage, event.data)
      this.#model ??= text(event.data, "model")
    }
  }

  /** The effect may or may not have happened, and must not be tried blindly: a person decides. */
  doubt(key: string, reason: string): Promise<never> {
    this.#doubted += 1
    this.stop({ kind: "park", status: "in_doubt", data: { key, reason } })
    return never()
  }

  #diverged(divergence: Divergence): void {
    const { journalKey, journalSeq, codeKey } = divergence
    const data = { journalKey, journalSeq, codeKey, journalVersion: this.run.version, codeVersion: this.#definition.version }
    this.stop({ kind: "park", status: "needs_migration", data })
  }

  #bodyEnded(result: BodyResult): void {
    this.#result = result
    this.#bodyDone.resolve()
    if (this.#closed || this.#stop) return
    const divergence = this.#definition.style === "replay" ? this.#replay.bodyEnded() : undefined
    if (divergence) return this.#diverged(divergence)
    void this.#end(result).catch((error: unknown) => this.host.onError(`end of run ${this.run.id}`, error))
  }

  async #end(result: BodyResult): Promise<void> {
    await this.#stepsSettled()
    if (this.#closed || this.#stop) return
    this.#conclude(result)
  }

  #conclude(result: BodyResult): void {
    if (result.ok) {
      try {
        encodeJson(result.output, `the output of run ${this.run.id}`, this.host.limits.stepOutputBytesMax)
        this.#finish("completed", result.output ?? null, null)
      } catch (error) {
        this.#finish("failed", null, runError(error))
      }
      return
    }
    if (isEnding(result.error)) this.#finish("incomplete", result.error.output, { code: "incomplete", message: result.error.reason })
    else this.#finish("failed", null, runError(result.error))
  }

  /** After a stop: let what is in flight be journaled, then write the end that the stop asked for. */
  async #wind(stop: Stop): Promise<void> {
    try {
      await Promise.race([
        stop.kind === "cancel" || stop.kind === "deadline" ? this.#bodyDone.promise : Promise.resolve(),
        wait(this.host.limits.drainMs),
      ])
      await this.#stepsSettled()
      if (this.#closed) return
      // It told its end while it was being stopped: log and run tell the same story, if need be by another attempt.
      const hasTold = this.#hasEnded && (stop.kind === "cancel" || stop.kind === "deadline")
      const told = hasTold ? this.#result : undefined
      if (stop.kind === "cancel" && !hasTold) await this.host.cancelChildren(this.run, stop.reason)
      if (this.#closed) return
      if (told && (told.ok || told.error !== this.signal.reason)) this.#conclude(told)
      else if (hasTold) this.#leave("queued", "run.released", { reason: "it had told its end when it was stopped" })
      else if (stop.kind === "cancel") this.#finish("cancelled", null, { code: "cancelled", message: stop.reason })
      else if (stop.kind === "deadline")
        this.#finish("incomplete", null, { code: "deadline_exceeded", message: "the run's deadline has passed" })
      else if (stop.kind === "park") this.#leave(stop.status, `run.${stop.status}`, stop.data)
      else this.#leave("queued", "run.released", { reason: stop.reason })
    } catch (error) {
      this.host.onError(`stop of run ${this.run.id}`, error)
    }
  }

  /** Side effects in flight are journaled if their results arrive in time. */
  async #stepsSettled(): Promise<void> {
    if (this.#steps.size === this.#doubted) return
    let isLate = false
    const late = wait(this.host.limits.drainMs).then(() => (isLate = true))
    while (!isLate && this.#steps.size > this.#doubted) await Promise.race([late, ...[...this.#steps].map(quietly)])
  }

  #suspend(): void {
    const { wakeAt, list } = this.waits.stored()
    const until = wakeAt === null ? this.#deadlineAt : this.#deadlineAt === null ? wakeAt : Math.min(wakeAt, this.#deadlineAt)
    this.waits.forget()
    this.#leave("waiting", "run.suspended", { waits: list, wakeAt }, { waits: list, wake_at: until })
  }

  #finish(status: RunStatus, output: JsonValue, error: RunError | null): void {
    const end = { output, error: error === null ? null : { ...error }, finished_at: this.host.clock.now() }
    this.#leave(status, "run.ended", error === null ? { status } : { status, error: { ...error } }, end)
  }

  #leave(status: RunStatus, type: string, data: JsonValue, end: { [key: string]: JsonValue } = {}): void {
    const firstTokenMs = this.#firstTokenAt === null ? null : Math.max(0, Math.round(this.#firstTokenAt - this.run.createdAt))
    const row = endRow(this.run.id, status, this.#usage, this.#model, firstTokenMs, end)
    const { committed } = this.emit(type, data, {
      end: row,
      final: "finished_at" in end,
      parks: status === "in_doubt" || status === "needs_migration",
    })
    this.#close()
    void committed.then(
      () => this.host.released(this, this.#leftAs(status, end)),
      (error: unknown) => {
        if (error instanceof OperationRefused && status !== "failed") return this.#refusedEnd(error)
        if (!(error instanceof LeaseLost)) this.host.onError(`last write of run ${this.run.id}`, error)
        this.host.released(this, { how: "lost" })
      },
    )
  }

  #leftAs(status: RunStatus, end: { [key: string]: JsonValue }): Left {
    if (status === "waiting") return { how: "suspended", wakeAt: typeof end["wake_at"] === "number" ? end["wake_at"] : null }
    const finishedAt = end["finished_at"]
    if (typeof finishedAt !== "number") return { how: status === "queued" ? "queued" : "parked" }
    const error = (end["error"] ?? null) as RunError | null // put there by `#finish`
    return {
      how: "ended",
      run: {
        ...this.run,
        status,
        output: end["output"] ?? null,
        error,
        model: this.#model,
        usage: this.#usage,
        finishedAt,
        wakeAt: null,
        lastSeq: this.#seq,
      },
    }
  }

  /** The database would not take the end as it was (its output): the run fails with that reason instead of staying open. */
  #refusedEnd(error: OperationRefused): void {
    this.#closed = false
    this.#seq = error.seq - 1
    this.#lane = new Lane(this.#lane.lease)
    this.#finish("failed", null, { code: "unsupported_value", message: printable(error.message) })
  }

  #close(): void {
    this.#closed = true
    this.#replay.stop()
    this.waits.forget()
    if (this.#deadlineTimer) clearTimeout(this.#deadlineTimer)
  }
}

function quietly(promise: Promise<unknown>): Promise<unknown> {
  return promise.catch(() => undefined)
}

function quiet(promise: Promise<void>): Promise<void> {
  promise.catch(() => undefined)
  return promise
}

function wait(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms).unref())
}

const timerMsMax = 2 ** 31 - 1
