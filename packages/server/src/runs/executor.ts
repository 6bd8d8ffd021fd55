// Executes runs in this process: its lease, what it claims and starts, what it gives back, and when it wakes what waits.
//
// One process, one lease, one new id per start. Every process reaps the dead ones, so there is no coordinator. PGlite has one process, which
// holds the directory's lock: it needs no lease; whoever is registered from before is dead, and recovery is the same reaping.
import { randomUUID } from "node:crypto"
import { AppError, sleep, type Clock, type JsonValue, type Limits, type NewId } from "../core/index.ts"
import type { Label } from "../security/index.ts"
import { executors, isStoreError, runEvents, runFlush, runs, type Store } from "../store/index.ts"
import { Appender } from "./appender.ts"
import { Lane } from "./lane.ts"
import { LeaseLost, Unreachable, type Lease, type Operation } from "./operation.ts"
import type { ExecutionHost } from "./execution-host.ts"
import { Execution } from "./execution.ts"
import type { Hub } from "./hub.ts"
import type { Claimed, Left } from "./loaded.ts"
import { Loop } from "./loop.ts"
import { encodePayload } from "./messages.ts"
import { toEvent, toRun } from "./rows.ts"
import { newRun, startOperation } from "./start-row.ts"
import type { Run, RunDefinition, RunEvent, RunKind, StartRun } from "./types.ts"

export interface ExecutorOptions {
  store: Store
  clock: Clock
  newId: NewId
  limits: Limits
  hub: Hub
  /** `gateway` starts and reads runs but executes none. */
  role: "all" | "executor" | "gateway"
  onError: (what: string, error: unknown) => void
  cancelChildren: (parent: Run, reason: string) => Promise<void>
  /** A run that was executed here has ended. */
  onEnded: (run: Run) => void
  onCommitted: (events: readonly RunEvent[]) => void
}

export class Executor implements ExecutionHost {
  readonly store: Store
  readonly clock: Clock
  readonly newId: NewId
  readonly limits: Limits
  readonly appender: Appender
  readonly ready: Promise<void>
  readonly #options: ExecutorOptions
  readonly #definitions = new Map<string, RunDefinition>()
  readonly #executions = new Map<string, Execution>()
  readonly #loops: Loop[] = []
  readonly #orphans = new Map<string, string>()
  readonly #distributed: boolean
  #id = randomUUID() as string
  #leaseMs: number
  #aliveAt: number
  #clockOffsetMs = 0
  #peers = 0
  #starting = 0
  #claiming = false
  #claimAgain = false
  #stopping = false
  #wakeTimer: NodeJS.Timeout | undefined
  #wakeAt = Number.POSITIVE_INFINITY

  constructor(options: ExecutorOptions) {
    this.#options = options
    this.store = options.store
    this.clock = options.clock
    this.newId = options.newId
    this.limits = options.limits
    this.#distributed = options.store.engine === "postgres"
    this.#leaseMs = options.limits.leaseMs
    this.#aliveAt = options.clock.monotonic()
    this.appender = new Appender({
      port: {
        flush: (batch) => runFlush.flushRuns(options.store.system, { executor: this.#id, ...batch }),
        attemptsOf: (runs, seqs) => runFlush.attemptsOf(options.store.system, runs, seqs),
        putBlob: (lease, hash, text) => runEvents.insertBlob(options.store.system, lease.projectId, lease.runId, hash, text),
      },
      operationsMax: options.limits.flushOperationsMax,
      bytesMax: options.limits.flushBytesMax,
      deltaWindowMs: options.limits.deltaWindowMs,
      flushesMax: this.#distributed ? 3 : 1,
      crowdRunsMin: 64,
      retryMs: 30_000,
      retryPauseMs: 10,
      monotonic: () => options.clock.monotonic(),
      onCommitted: (events, operations) => this.#committed(events, operations),
      onWoken: () => this.claimSoon(),
      onRetry: (error) => options.onError("flush of the run log, sent again", error),
      payload: (batch) => (this.#peers > 0 ? encodePayload(this.#id, batch) : null),
    })
    this.ready = this.#begin()
    this.ready.catch((error: unknown) => options.onError("registration of this executor", error))
  }

  executorId(): string {
    return this.#id
  }

  databaseNow(): number {
    return this.clock.now() + this.#clockOffsetMs
  }

  execution(runId: string): Execution | undefined {
    return this.#executions.get(runId)
  }

  get loaded(): number {
    return this.#executions.size + this.#starting
  }

  definitionOf({ kind, name }: { kind: string; name: string }): RunDefinition | undefined {
    return this.#definitions.get(`${kind}:${name}`)
  }

  define(definition: RunDefinition): void {
    this.#definitions.set(`${definition.kind}:${definition.name}`, definition)
    void this.ready
      .then(() => runs.queueMigratable(this.store.system, definition.kind, definition.name, definition.version))
      .then(() => this.claimSoon())
      .catch((error: unknown) => this.#options.onError(`definition of ${definition.kind} ${definition.name}`, error))
  }

  /** Commits the run with its first events; executes it here when there is room. Undefined: the id is taken. */
  async start(request: StartRun): Promise<Run | undefined> {
    await this.ready
    if (this.#stopping)
      throw new AppError("shutting_down", "this process is stopping", { hint: "send the request again; another process answers it" })
    if (request.id !== undefined && this.#executions.has(request.id)) return undefined
    const definition = this.definitionOf(request)
    const here = definition !== undefined && this.#mayExecute && this.loaded < this.limits.runsInFlightMax
    const run = newRun(request, definition?.version ?? "", here, this.clock.now(), this.newId)
    const lease: Lease = { runId: run.id, projectId: run.projectId, parentId: run.parentId, token: randomUUID(), attempt: run.attempt }
    const deadlineAt = request.deadlineMs === undefined ? null : this.databaseNow() + request.deadlineMs
    const operation = startOperation(run, lease, request, deadlineAt, here, this.limits.eventBytesMax)
    const lastSeq = operation.events.length
    if (here) this.#starting += 1
    try {
      if (here) this.#options.hub.open(run.id)
      await this.appender.append(new Lane(lease), operation)
    } catch (error) {
      // Whoever took the id may be executing it here by now.
      if (here && !this.#executions.has(run.id)) this.#options.hub.close(run.id)
      if (error instanceof Unreachable) throw notStarted(error)
      if (error instanceof LeaseLost) return undefined
      throw error
    } finally {
      if (here) this.#starting -= 1
    }
    if (definition && here)
      this.#execute(definition, { run: { ...run, lastSeq }, lease, history: [], lastSeq, deadlineAt, cancelReason: null })
    else this.claimSoon()
    return { ...run, lastSeq }
  }

  async startChild(parent: Run, childId: string, request: { kind: RunKind; name: string; input: JsonValue; label: Label }): Promise<void> {
    const { projectId, principal, user, conversationId } = parent
    await this.start({ ...request, id: childId, projectId, principal, user, conversationId, parentId: parent.id })
  }

  released(execution: Execution, left: Left): void {
    const { run, log } = execution
    if (this.#executions.get(run.id) === execution) {
      this.#executions.delete(run.id)
      this.#options.hub.close(run.id)
    }
    if (left.how === "suspended" && left.wakeAt !== null) this.#armWake(left.wakeAt - this.databaseNow())
    if (left.how === "lost") this.#orphans.set(run.id, log.lease.token)
    if (left.how === "ended") this.#options.onEnded(left.run)
    if (left.how === "queued" || this.#claimAgain) this.claimSoon()
  }

  cancelChildren(parent: Run, reason: string): Promise<void> {
    return this.#options.cancelChildren(parent, reason)
  }

  onError(what: string, error: unknown): void {
    this.#options.onError(what, error)
  }

  /** There may be something to claim. */
  claimSoon(): void {
    this.#claimAgain = true
    if (this.#claiming || !this.#mayExecute || this.loaded >= this.limits.runsInFlightMax) return
    this.#claiming = true
    void this.#claim()
      .catch((error: unknown) => this.#options.onError("claim of queued runs", error))
      .finally(() => {
        this.#claiming = false
        if (this.#claimAgain && this.loaded < this.limits.runsInFlightMax) this.claimSoon()
      })
  }

  /** Some of these runs were cancelled or got signals elsewhere. */
  async look(runIds: readonly string[]): Promise<void> {
    const mine = runIds.filter((id) => this.#executions.has(id))
    if (mine.length === 0) return
    for (const { id, reason } of await executors.cancelledAmong(this.store.system, mine))
      this.#executions.get(id)?.stop({ kind: "cancel", reason })
    for (const id of mine) this.#executions.get(id)?.waits.poke()
  }

  async lookAll(): Promise<void> {
    await this.look([...this.#executions.keys()])
  }

  /** Clean stop: no new work, side effects in flight are journaled, runs and lease are given back. */
  async stop(): Promise<void> {
    this.#stopping = true
    for (const execution of this.#executions.values()) execution.stop({ kind: "release", reason: "shutdown" })
    const deadline = this.clock.monotonic() + this.limits.drainMs + 1_000
    while (this.#executions.size > 0 && this.clock.monotonic() < deadline) await new Promise((resolve) => setTimeout(resolve, 5))
    // A query that hangs must not keep the process from ending.
    await Promise.race([
      Promise.all(this.#loops.map((loop) => loop.stop())),
      new Promise((resolve) => setTimeout(resolve, this.limits.drainMs).unref()),
    ])
    if (this.#wakeTimer) clearTimeout(this.#wakeTimer)
    await this.appender.idle()
    await this.#giveBackOrphans()
    await executors.unregister(this.store.system, this.#id)
    if (this.#peers > 0) await executors.announce(this.store.system, "- q")
  }

  get #mayExecute(): boolean {
    return this.#options.role !== "gateway" && !this.#stopping && this.#definitions.size > 0 && this.#leaseIsFresh(2 / 3)
  }

  #leaseIsFresh(part: number): boolean {
    return !this.#distributed || this.clock.monotonic() - this.#aliveAt < this.#leaseMs * part
  }

  async #begin(): Promise<void> {
    await this.#beginAgain()
    const every = (name: string, ms: () => number, work: () => Promise<void>): void => {
      this.#loops.push(new Loop(ms, work, (error) => this.#options.onError(name, error)))
    }
    if (this.#distributed) {
      const partOfLease = (divisor: number) => () => this.#leaseMs / divisor
      every("heartbeat", partOfLease(3), () => this.#beat())
      every("reaping of dead executors", partOfLease(4), () => this.#reap())
    }
    every(
      "slow poll of the run tables",
      () => pollMs,
      () => this.#poll(),
    )
    await this.#wakeDue()
    this.claimSoon()
  }

  /** A database that goes away just now is waited for: without this the process would execute nothing, for ever. */
  async #beginAgain(): Promise<void> {
    const { store, limits, role, onError } = this.#options
    for (;;) {
      try {
        await executors.register(store.system, this.#id, this.#leaseMs, role, role === "gateway" ? 0 : limits.runsInFlightMax)
        this.#aliveAt = this.clock.monotonic()
        if (this.#distributed) await this.#beat()
        else await executors.unregisterOthers(store.system, this.#id)
        return await this.#reap()
      } catch (error) {
        if (this.#stopping || !isStoreError(error) || !error.isAway) throw error
        onError("registration of this executor", error)
        await sleep(pollMs)
      }
    }
  }

  async #beat(): Promise<void> {
    const sentAt = this.clock.monotonic()
    // A late beat means a starved host: a longer lease is better than losing all runs to a peer again and again.
    const lateMs = sentAt - this.#aliveAt - this.#leaseMs / 3
    if (lateMs > this.#leaseMs / 2) this.#leaseMs = Math.min(leaseMsMax, this.#leaseMs * 1.5)
    else if (this.#leaseMs > this.limits.leaseMs) this.#leaseMs = Math.max(this.limits.leaseMs, this.#leaseMs - leaseDecayMs)
    const guard = setTimeout(
      () => {
        if (!this.#leaseIsFresh(2 / 3)) this.#loseLease("no heartbeat went through in time")
      },
      Math.max(1, (this.#leaseMs * 2) / 3 - (sentAt - this.#aliveAt)) + 5,
    )
    try {
      const beat = await executors.heartbeat(this.store.system, this.#id, Math.round(this.#leaseMs))
      if (!beat.alive) {
        this.#loseLease("another process has ended this executor's lease")
        return await this.#register()
      }
      this.#aliveAt = sentAt
      this.#peers = beat.peers
      this.#clockOffsetMs = beat.now - this.clock.now()
      for (const { id, reason } of beat.cancelled) this.#executions.get(id)?.stop({ kind: "cancel", reason })
      await this.#giveBackOrphans()
    } finally {
      clearTimeout(guard)
    }
  }

  async #register(): Promise<void> {
    this.#id = randomUUID()
    await executors.register(this.store.system, this.#id, Math.round(this.#leaseMs), this.#options.role, this.limits.runsInFlightMax)
    this.#aliveAt = this.clock.monotonic()
    this.claimSoon()
  }

  /** Whatever is executed here may be executed elsewhere too now: stop without writing. */
  #loseLease(reason: string): void {
    if (this.#executions.size > 0)
      this.#options.onError("lease of this executor", new Error(`${reason}; ${this.#executions.size} runs are left to others`))
    for (const execution of this.#executions.values()) execution.lose(new LeaseLost(reason))
  }

  async #giveBackOrphans(): Promise<void> {
    if (this.#orphans.size === 0) return
    const list = [...this.#orphans]
    await executors.giveBack(
      this.store.system,
      list.map(([id]) => id),
      list.map(([, token]) => token),
    )
    for (const [id, token] of list) if (this.#orphans.get(id) === token) this.#orphans.delete(id)
    this.claimSoon()
  }

  async #reap(): Promise<void> {
    const given = await executors.reap(this.store.system, this.limits.runAttemptsMax)
    for (const run of given) {
      this.#options.hub.touch(run.id)
      this.#options.hub.changed(run.projectId, run.id)
    }
    if (given.length > 0) this.claimSoon()
  }

  /** Beneath notifications, which can be lost. */
  async #poll(): Promise<void> {
    for (const execution of this.#executions.values()) execution.waits.poke()
    if (!this.#distributed) return this.#giveBackOrphans()
    await this.#wakeDue()
    this.claimSoon()
  }

  #armWake(inMs: number): void {
    const at = this.clock.monotonic() + Math.max(0, inMs)
    if (at >= this.#wakeAt || this.#stopping) return
    this.#wakeAt = at
    if (this.#wakeTimer) clearTimeout(this.#wakeTimer)
    this.#wakeTimer = setTimeout(
      () => void this.#wakeDue().catch((error: unknown) => this.#options.onError("waking of sleepers", error)),
      Math.min(Math.max(0, inMs) + 1, timerMsMax),
    )
  }

  async #wakeDue(): Promise<void> {
    this.#wakeAt = Number.POSITIVE_INFINITY
    const { woken, nextInMs } = await executors.wakeDue(this.store.system)
    if (nextInMs !== null) this.#armWake(nextInMs)
    if (woken > 0) this.claimSoon()
  }

  async #claim(): Promise<void> {
    await this.ready
    while (this.#claimAgain && this.#mayExecute) {
      const limit = Math.min(this.limits.runsInFlightMax - this.loaded, claimRunsMax)
      if (limit <= 0) return
      this.#claimAgain = false
      const definitions = [...this.#definitions.values()]
      const kinds = definitions.map((definition) => definition.kind)
      const names = definitions.map((definition) => definition.name)
      const rows = await executors.claim(this.store.system, this.#id, kinds, names, limit)
      if (rows.length === 0) return
      if (rows.length === limit) this.#claimAgain = true
      const logs = await this.#logsOf(rows)
      for (const row of rows) {
        const definition = this.definitionOf(row)
        if (!definition || row.token === null) continue
        const run = toRun(row)
        const history = (logs.get(row.id) ?? []).map((event) => toEvent(event, run.label))
        const lease: Lease = { runId: run.id, projectId: run.projectId, parentId: run.parentId, token: row.token, attempt: run.attempt }
        this.#options.hub.open(run.id)
        this.#execute(definition, {
          run,
          lease,
          history,
          lastSeq: history.at(-1)?.seq ?? 0,
          deadlineAt: row.deadlineAt,
          cancelReason: row.cancelReason,
        })
      }
    }
  }

  async #logsOf(rows: readonly { id: string }[]): Promise<Map<string, runEvents.StoredEvent[]>> {
    const logs = new Map<string, runEvents.StoredEvent[]>()
    const ids = rows.map((row) => row.id)
    for (const event of await runEvents.journalsOf(this.store.system, ids)) {
      const log = logs.get(event.runId)
      if (log) log.push(event)
      else logs.set(event.runId, [event])
    }
    return logs
  }

  #execute(definition: RunDefinition, claimed: Claimed): void {
    const execution = new Execution(this, definition, claimed)
    this.#executions.set(claimed.run.id, execution)
    this.#options.hub.changed(claimed.run.projectId, claimed.run.id)
    execution.begin(claimed.cancelReason)
    if (this.#stopping) execution.stop({ kind: "release", reason: "shutdown" })
  }

  #committed(events: readonly RunEvent[], operations: readonly { lease: Lease; operation: Operation }[]): void {
    this.#options.hub.committed(events)
    this.#options.onCommitted(events)
    for (const { lease, operation } of operations) {
      if (operation.lifecycle) this.#options.hub.changed(lease.projectId, lease.runId)
      if (operation.final && lease.parentId !== null) this.#executions.get(lease.parentId)?.waits.poke()
    }
  }
}

function notStarted(cause: Unreachable): AppError {
  return new AppError("database_unavailable", "the run could not be written: the database does not answer", {
    hint: "Send the request again, with an Idempotency-Key: it may have been written all the same.",
    retryAfterMs: 1_000,
    cause,
  })
}

const pollMs = 1_000
const claimRunsMax = 64
const leaseMsMax = 10_000
const leaseDecayMs = 100
const timerMsMax = 2 ** 31 - 1
