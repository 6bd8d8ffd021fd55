// One run while it is in memory: its body begins, something stops it, it leaves.
//
//   (claimed or started here) ─▶ executing ─┬─ body returned / threw ──────────────▶ completed, failed, incomplete
//                                            ├─ only waits are left ────────────────▶ waiting: the body is dropped, the waits are in the row
//                                            ├─ cancel, deadline: signal aborted,
//                                            │  steps in flight still journaled ─────▶ cancelled, incomplete
//                                            ├─ an effect is in doubt, code diverged ▶ in_doubt, needs_migration
//                                            ├─ clean shutdown ─────────────────────▶ queued
//                                            └─ lease lost ─────────────────────────▶ (nothing is written; the new holder goes on)
import { AppError, type JsonValue } from "../core/index.ts"
import { contextOf } from "./context.ts"
import type { ExecutionHost } from "./execution-host.ts"
import { InFlight } from "./in-flight.ts"
import { readJournal, type Journal, type OperationKind } from "./journal.ts"
import { KeyedOperations, type Live } from "./keyed-operations.ts"
import { leftAs, type Claimed } from "./loaded.ts"
import { LeaseLost, OperationRefused } from "./operation.ts"
import { isEnding, type BodyResult, type Stop } from "./outcomes.ts"
import { encodeJson } from "./payload.ts"
import type { Divergence } from "./replay.ts"
import { RunLog } from "./run-log.ts"
import { never, printable, runError } from "./step-error.ts"
import type { Run, RunDefinition, RunError, RunEvent, RunStatus } from "./types.ts"
import { Waits } from "./wait-set.ts"

export class Execution {
  readonly run: Run
  readonly host: ExecutionHost
  readonly log: RunLog
  readonly waits: Waits
  readonly journal: Journal
  /** For each signal name: the last one that a wait took. */
  readonly consumed: Map<string, number>
  readonly #definition: RunDefinition
  readonly #history: readonly RunEvent[]
  readonly #operations: KeyedOperations
  readonly #controller = new AbortController()
  readonly #inFlight: InFlight
  readonly #deadlineAt: number | null
  #result: BodyResult | undefined
  readonly #turns = new Map<string, Promise<unknown>>()
  #active = 0
  #checking = false
  #stop: Stop | undefined
  #deadlineTimer: NodeJS.Timeout | undefined

  constructor(host: ExecutionHost, definition: RunDefinition, claimed: Claimed) {
    const { run, history, deadlineAt } = claimed
    this.host = host
    this.run = run
    this.#definition = definition
    this.#history = history
    this.#deadlineAt = deadlineAt
    this.journal = readJournal(history, run.label)
    this.consumed = new Map(this.journal.consumed)
    this.log = new RunLog(host, claimed, this.journal, definition, (error) => this.#failed(error))
    this.#inFlight = new InFlight(host.limits.drainMs)
    this.#operations = new KeyedOperations(this, definition.style)
    this.waits = new Waits(this)
  }

  get signal(): AbortSignal {
    return this.#controller.signal
  }

  get closed(): boolean {
    return this.log.closed
  }

  /** Runs the body; everything that happens to the run from here on comes out of `host.released`. */
  begin(cancelReason: string | null): void {
    if (this.run.attempt > 1 && this.#history.length > 0) this.log.emit("run.resumed", { kind: this.run.kind, attempt: this.run.attempt })
    if (cancelReason !== null) this.stop({ kind: "cancel", reason: cancelReason })
    else if (this.#deadlineAt !== null && this.#deadlineAt <= this.host.databaseNow()) this.stop({ kind: "deadline" })
    if (this.#stop) return this.#inFlight.bodyDone()
    if (this.#deadlineAt !== null && !this.log.hasEnded) {
      const inMs = Math.min(this.#deadlineAt - this.host.databaseNow(), timerMsMax)
      this.#deadlineTimer = setTimeout(() => this.stop({ kind: "deadline" }), inMs)
    }
    const body = Promise.resolve().then(() => this.#definition.execute(contextOf(this, this.#history), this.run.input))
    void body.then(
      (output) => this.#bodyEnded({ ok: true, output }),
      (error: unknown) => this.#bodyEnded({ ok: false, error }),
    )
  }

  /** A write did not succeed: either the run is somebody else's, or one of its values cannot be stored and it fails. */
  #failed(error: unknown): void {
    if (this.closed) return
    if (error instanceof OperationRefused) {
      this.log.goOnAt(error.seq)
      this.#controller.abort(error)
      this.#finish("failed", null, { code: "unsupported_value", message: error.message })
      return
    }
    this.lose(error instanceof Error ? error : new Error(String(error)))
  }

  /** The lease is gone: stop without a word. */
  lose(error: Error): void {
    if (this.closed) return
    this.#close()
    this.#controller.abort(error)
    this.host.released(this, { how: "lost" })
  }

  stop(stop: Stop): void {
    if (this.closed || this.#stop || (this.log.hasEnded && (stop.kind === "cancel" || stop.kind === "deadline"))) return
    this.#stop = stop
    this.#operations.stop()
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
    if (this.#checking || this.closed || this.#stop || this.#active > 0 || this.waits.size === 0 || !this.#operations.live) return
    this.#checking = true
    setImmediate(() => {
      this.#checking = false
      if (this.closed || this.#stop || this.#active > 0 || this.waits.size === 0 || !this.waits.mayUnload()) return
      this.#suspend()
    })
  }

  /** Resolves when everything emitted so far is committed. */
  flushed(): Promise<void> {
    return this.closed ? never() : this.busy(() => this.log.written)
  }

  /** A step in flight: the end of the run waits for it, for a while. */
  track<T>(work: Promise<T>): Promise<T> {
    return this.#inFlight.track(work)
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
  operation(kind: OperationKind, key: string, live: Live): Promise<JsonValue | undefined> {
    const stop = this.#stop
    if (this.closed || stop?.kind === "park" || stop?.kind === "release") return never()
    if (stop) return Promise.reject(this.#controller.signal.reason as Error)
    return this.#operations.ask(kind, key, live)
  }

  /** The effect may or may not have happened, and must not be tried blindly: a person decides. */
  doubt(key: string, reason: string): Promise<never> {
    this.#inFlight.doubt()
    this.stop({ kind: "park", status: "in_doubt", data: { key, reason } })
    return never()
  }

  /** The journal and the code do not fit: newer code, or a person, has to decide. */
  diverged(divergence: Divergence): void {
    const { journalKey, journalSeq, codeKey } = divergence
    const data = { journalKey, journalSeq, codeKey, journalVersion: this.run.version, codeVersion: this.#definition.version }
    this.stop({ kind: "park", status: "needs_migration", data })
  }

  #bodyEnded(result: BodyResult): void {
    this.#result = result
    this.#inFlight.bodyDone()
    if (this.closed || this.#stop) return
    const divergence = this.#operations.bodyEnded()
    if (divergence) return this.diverged(divergence)
    void this.#end(result).catch((error: unknown) => this.host.onError(`end of run ${this.run.id}`, error))
  }

  async #end(result: BodyResult): Promise<void> {
    await this.#inFlight.stepsSettled()
    if (this.closed || this.#stop) return
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
      await (stop.kind === "cancel" || stop.kind === "deadline" ? this.#inFlight.bodySettled() : Promise.resolve())
      await this.#inFlight.stepsSettled()
      if (this.closed) return
      // It told its end while it was being stopped: log and run tell the same story, if need be by another attempt.
      const hasTold = this.log.hasEnded && (stop.kind === "cancel" || stop.kind === "deadline")
      const told = hasTold ? this.#result : undefined
      if (stop.kind === "cancel" && !hasTold) await this.host.cancelChildren(this.run, stop.reason)
      if (this.closed) return
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
    const { committed } = this.log.emit(type, data, {
      end: this.log.endRow(status, end),
      final: "finished_at" in end,
      parks: status === "in_doubt" || status === "needs_migration",
    })
    this.#close()
    void committed.then(
      () => this.host.released(this, leftAs(this.run, this.log, status, end)),
      (error: unknown) => {
        if (error instanceof OperationRefused && status !== "failed") return this.#refusedEnd(error)
        if (!(error instanceof LeaseLost)) this.host.onError(`last write of run ${this.run.id}`, error)
        this.host.released(this, { how: "lost" })
      },
    )
  }

  /** The database would not take the end as it was (its output): the run fails with that reason instead of staying open. */
  #refusedEnd(error: OperationRefused): void {
    this.log.goOnAt(error.seq)
    this.#finish("failed", null, { code: "unsupported_value", message: printable(error.message) })
  }

  #close(): void {
    this.log.close()
    this.#operations.stop()
    this.waits.forget()
    if (this.#deadlineTimer) clearTimeout(this.#deadlineTimer)
  }
}

const timerMsMax = 2 ** 31 - 1
