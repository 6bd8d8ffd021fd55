// The kernel of runs: starts, executes, reads and steers them over one store.
//
//   status            entered by                                          left by                                   stored with it
//   queued            start without room · wake · reap · release ·        claim (any executor)                      –
//                     a person's decision
//   running           start here · claim                                  its holder only (token) · reap            executor, token, attempt
//   waiting           its holder, when only waits are left                a due time · a signal · a child's end ·   wake_at, waits
//                                                                         cancel
//   in_doubt          its holder: an effect may or may not have happened  resolveDoubt · cancel                     event run.in_doubt {key}
//   needs_migration   its holder: the code asks for another key           newer code of that name · resume · cancel event with both keys
//   poisoned          reap: executors died under it runAttemptsMax times  resume · cancel                           event run.poisoned
//   completed         its holder: the body returned                       delete                                    output, usage, run.ended
//   failed            its holder: the body threw                          delete                                    error, run.ended
//   incomplete        its holder: a body's ending · the deadline          delete                                    output, error, run.ended
//   cancelled         cancel (when nobody executes it) · its holder       delete                                    error, run.ended
//
// Every write of a holder goes through the appender and is refused when the run's token is not the holder's any more (0002_runs.sql).
import { AppError, type Clock, type Limits, type NewId } from "../core/index.ts"
import { runEvents, runs as table, type Store } from "../store/index.ts"
import { cancelChildren, cancelRun, deleteRun, resolveRun, resumeRun, signalRun, type ControlOptions } from "./control.ts"
import { Executor } from "./executor.ts"
import { Hub } from "./hub.ts"
import { channel, decodePayload } from "./messages.ts"
import { changesOf, patiently, tailRun } from "./readers.ts"
import { toEvent, toRun, toSummary } from "./rows.ts"
import type { Run, RunDefinition, RunEvent, RunFilter, Runs, RunSummary, StartRun } from "./types.ts"

export interface RunsOptions {
  store: Store
  clock: Clock
  newId: NewId
  limits: Limits
  /** `gateway` processes start and read runs but execute none; default `all`. */
  role?: "all" | "executor" | "gateway"
  /** Told of every event that this process committed, for metrics; must not throw. */
  onCommitted?: (events: readonly RunEvent[]) => void
  /** Told of every run that ended here, for metrics; must not throw. */
  onEnded?: (run: Run) => void
  /** Failures in the background: what was being done, and why it did not work. */
  onError?: (what: string, error: unknown) => void
}

export function createRuns(options: RunsOptions): Runs {
  return new RunKernel(options)
}

class RunKernel implements Runs {
  readonly #store: Store
  readonly #limits: Limits
  readonly #clock: Clock
  readonly #hub: Hub
  readonly #executor: Executor
  readonly #control: ControlOptions
  readonly #endings = new Map<string, Set<(run: Run) => void>>()
  readonly #onError: (what: string, error: unknown) => void
  readonly #unlisten: Promise<(() => Promise<void>) | undefined>

  constructor(options: RunsOptions) {
    this.#store = options.store
    this.#limits = options.limits
    this.#clock = options.clock
    this.#onError = options.onError ?? (() => undefined)
    this.#hub = new Hub(options.limits.tailRingEventsMax)
    this.#executor = new Executor({
      store: options.store,
      clock: options.clock,
      newId: options.newId,
      limits: options.limits,
      hub: this.#hub,
      role: options.role ?? "all",
      onError: this.#onError,
      cancelChildren: (parent, reason) => cancelChildren(this.#control, parent, reason),
      onEnded: (run) => {
        this.#ended(run)
        options.onEnded?.(run)
      },
      onCommitted: options.onCommitted ?? (() => undefined),
    })
    this.#control = {
      store: options.store,
      payloadBytesMax: options.limits.eventBytesMax,
      onChanged: (projectId, runIds) => this.#changed(projectId, runIds),
      hasEnded: (run, history) => this.#executor.definitionOf(run)?.hasEnded?.(history) ?? false,
    }
    this.#unlisten =
      options.store.engine === "postgres" ? options.store.listen(channel, (payload) => this.#heard(payload)) : Promise.resolve(undefined)
    this.#unlisten.catch((error: unknown) => this.#onError("listening for runs of other processes", error))
  }

  define(definition: RunDefinition): void {
    this.#executor.define(definition)
  }

  async start(request: StartRun): Promise<Run> {
    const started = await this.#executor.start(request)
    if (started) return started
    const existing = request.id === undefined ? undefined : await this.get(request.projectId, request.id)
    if (!existing)
      throw new AppError("run_conflict", `the run id ${request.id ?? ""} cannot be used`, {
        param: "id",
        hint: "leave the id out, or use a fresh one",
      })
    return existing
  }

  async get(projectId: string, runId: string): Promise<Run | undefined> {
    const row = await table.getRun(this.#store.project(projectId), projectId, runId)
    return row && toRun(row)
  }

  async list(projectId: string, filter: RunFilter): Promise<{ runs: RunSummary[]; next: string | null }> {
    const limit = Math.min(filter.limit ?? 20, this.#limits.pageRowsMax)
    const rows = await table.listRuns(this.#store.project(projectId), projectId, { ...filter, limit: limit + 1 })
    const page = rows.slice(0, limit).map(toSummary)
    return { runs: page, next: rows.length > limit ? (page.at(-1)?.id ?? null) : null }
  }

  async events(projectId: string, runId: string, after: number, limit: number): Promise<RunEvent[]> {
    const db = this.#store.project(projectId)
    const run = await this.get(projectId, runId)
    if (!run) return []
    const rows = await runEvents.eventsAfter(db, runId, after, Math.min(limit, eventsMax))
    return rows.map((row) => toEvent(row, run.label))
  }

  tail(projectId: string, runId: string, after: number, signal: AbortSignal): AsyncIterable<RunEvent> {
    return tailRun({ store: this.#store, hub: this.#hub, clock: this.#clock, pollMs: readerPollMs }, projectId, runId, after, signal)
  }

  async ended(projectId: string, runId: string, signal: AbortSignal): Promise<Run> {
    signal.throwIfAborted()
    const local = this.#executor.execution(runId)
    const run = local?.run.projectId === projectId ? await this.#endedHere(runId, signal) : undefined
    if (run) return run
    // Of a run that was executed here the database alone knows what becomes of it now.
    const again = (): Promise<Run | undefined> => this.get(projectId, runId)
    const now = await (local ? patiently(this.#clock, signal, again) : again())
    if (!now) throw new AppError("not_found", `run ${runId} does not exist`)
    if (now.finishedAt !== null) return now
    for await (const event of this.tail(projectId, runId, now.lastSeq, signal)) if (event.type === "run.ended") break
    signal.throwIfAborted()
    const after = await patiently(this.#clock, signal, again)
    if (!after) throw new AppError("not_found", `run ${runId} was deleted`)
    return after
  }

  cancel(projectId: string, runId: string, reason: string) {
    return cancelRun(this.#control, projectId, runId, reason)
  }

  signal(...[projectId, runId, name, payload, label]: Parameters<Runs["signal"]>): Promise<void> {
    return signalRun(this.#control, projectId, runId, name, payload, label)
  }

  resolveDoubt(...[projectId, runId, resolution]: Parameters<Runs["resolveDoubt"]>): Promise<Run> {
    return resolveRun(this.#control, projectId, runId, resolution)
  }

  resume(projectId: string, runId: string): Promise<Run> {
    return resumeRun(this.#control, projectId, runId)
  }

  async delete(projectId: string, runId: string): Promise<boolean> {
    const deleted = await deleteRun(this.#control, projectId, runId)
    if (deleted) this.#changed(projectId, [runId])
    return deleted
  }

  changes(projectId: string, signal: AbortSignal): AsyncIterable<string> {
    return changesOf(this.#hub, projectId, signal)
  }

  touched(projectId: string, runId: string): void {
    this.#hub.changed(projectId, runId)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#executor.ready.catch(() => undefined)
    await this.#executor.stop()
    const unlisten = await this.#unlisten.catch(() => undefined)
    await unlisten?.()
  }

  /** Resolves when the run ends while it is executed here; undefined when it leaves memory in another way. */
  async #endedHere(runId: string, signal: AbortSignal): Promise<Run | undefined> {
    const reader = this.#hub.read(runId)
    const results: Run[] = []
    const listener = (run: Run): void => void results.push(run)
    const listeners = this.#endings.get(runId) ?? new Set<(run: Run) => void>()
    this.#endings.set(runId, listeners.add(listener))
    try {
      while (results.length === 0 && this.#executor.execution(runId)) {
        signal.throwIfAborted()
        await reader.changed(reader.version, readerPollMs, signal)
      }
      return results[0]
    } finally {
      reader.close()
      listeners.delete(listener)
      if (listeners.size === 0) this.#endings.delete(runId)
    }
  }

  #ended(run: Run): void {
    for (const listener of this.#endings.get(run.id) ?? []) listener(run)
  }

  #changed(projectId: string, runIds: readonly string[]): void {
    for (const runId of runIds) {
      this.#hub.touch(runId)
      this.#hub.changed(projectId, runId)
    }
    this.#look(() => this.#executor.look(runIds))
    this.#executor.claimSoon()
  }

  #heard(payload: string): void {
    const message = decodePayload(payload)
    if (!message) return
    if (message.verb === "queued") return this.#executor.claimSoon()
    if (message.verb === "look") {
      for (const runId of message.runIds) this.#hub.touch(runId)
      return this.#look(() => this.#executor.look(message.runIds))
    }
    if (message.origin === this.#executor.executorId()) return
    if (message.all) return this.#hub.touchAll()
    for (const { runId, projectId } of message.runs) {
      this.#hub.touch(runId)
      if (projectId !== undefined) this.#hub.changed(projectId, runId)
    }
  }

  #look(work: () => Promise<void>): void {
    void work().catch((error: unknown) => this.#onError("look at runs that were cancelled or got a signal", error))
  }
}

const readerPollMs = 1_000
const eventsMax = 1_000
