// Executes runs in this process: what it starts and claims, what it holds, what it gives back.
//
// One process, one lease, one new id per start. Every process reaps the dead ones, so there is no coordinator. With PGlite, where whoever is
// registered from before is dead, recovery is the same reaping.
import type { RunKind } from "@perdure/contract"
import { AppError, sleep, type Clock, type JsonValue, type Limits, type NewId } from "../core/index.ts"
import type { Label } from "../security/index.ts"
import { executors, isStoreError, runs, type Store } from "../store/index.ts"
import type { Appender } from "./appender.ts"
import { Claims } from "./claims.ts"
import type { ExecutionHost } from "./execution-host.ts"
import { Execution } from "./execution.ts"
import type { Hub } from "./hub.ts"
import { Lane } from "./lane.ts"
import type { Claimed, Left } from "./loaded.ts"
import { Loop } from "./loop.ts"
import { Membership } from "./membership.ts"
import { LeaseLost, Unreachable, type Lease, type Operation } from "./operation.ts"
import { Orphans } from "./orphans.ts"
import { processAppender } from "./process-appender.ts"
import { Sleepers } from "./sleepers.ts"
import { newStart, notStarted } from "./start-row.ts"
import type { Run, RunDefinition, RunEvent, StartRun } from "./types.ts"

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
  readonly #orphans: Orphans
  readonly #claims: Claims
  readonly #membership: Membership
  readonly #sleepers: Sleepers
  #starting = 0
  #stopping = false

  constructor(options: ExecutorOptions) {
    this.#options = options
    this.store = options.store
    this.clock = options.clock
    this.newId = options.newId
    this.limits = options.limits
    this.#orphans = new Orphans(options.store)
    this.#claims = new Claims({
      ...options,
      ready: () => this.ready,
      room: () => this.#room,
      executorId: () => this.executorId(),
      definitions: () => [...this.#definitions.values()],
      onClaimed: (claimed) => this.#claimed(claimed),
    })
    const claimSoon = (): void => this.#claims.soon()
    this.#membership = new Membership({
      ...options,
      onLost: (reason) => this.#loseLease(reason),
      onCancelled: (id, reason) => this.#executions.get(id)?.stop({ kind: "cancel", reason }),
      onRegisteredAnew: claimSoon,
    })
    this.#sleepers = new Sleepers({ ...options, onWoken: claimSoon })
    this.appender = processAppender({
      ...options,
      membership: this.#membership,
      onCommitted: (events, operations) => this.#committed(events, operations),
      onWoken: claimSoon,
    })
    this.ready = this.#begin()
    this.ready.catch((error: unknown) => options.onError("registration of this executor", error))
  }

  executorId(): string {
    return this.#membership.id
  }

  databaseNow(): number {
    return this.#membership.databaseNow()
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
    const here = definition !== undefined && this.#room > 0
    const { run, lease, deadlineAt, operation } = newStart(request, definition, here, this)
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
    if (left.how === "suspended" && left.wakeAt !== null) this.#sleepers.arm(left.wakeAt - this.databaseNow())
    if (left.how === "lost") this.#orphans.add(run.id, log.lease.token)
    if (left.how === "ended") this.#options.onEnded(left.run)
    if (left.how === "queued" || this.#claims.pending) this.claimSoon()
  }

  cancelChildren(parent: Run, reason: string): Promise<void> {
    return this.#options.cancelChildren(parent, reason)
  }

  onError(what: string, error: unknown): void {
    this.#options.onError(what, error)
  }

  /** There may be something to claim. */
  claimSoon(): void {
    this.#claims.soon()
  }

  /** Some of these runs were cancelled or got signals elsewhere. */
  async look(runIds: readonly string[]): Promise<void> {
    const mine = runIds.filter((id) => this.#executions.has(id))
    if (mine.length === 0) return
    for (const { id, reason } of await executors.cancelledAmong(this.store.system, mine))
      this.#executions.get(id)?.stop({ kind: "cancel", reason })
    for (const id of mine) this.#executions.get(id)?.waits.poke()
  }

  /** Clean stop: no new work, side effects in flight are journaled, runs and lease are given back. */
  async stop(): Promise<void> {
    this.#stopping = true
    this.#sleepers.stop()
    for (const execution of this.#executions.values()) execution.stop({ kind: "release", reason: "shutdown" })
    const deadline = this.clock.monotonic() + this.limits.drainMs + 1_000
    while (this.#executions.size > 0 && this.clock.monotonic() < deadline) await new Promise((resolve) => setTimeout(resolve, 5))
    // A query that hangs must not keep the process from ending.
    await Promise.race([
      Promise.all(this.#loops.map((loop) => loop.stop())),
      new Promise((resolve) => setTimeout(resolve, this.limits.drainMs).unref()),
    ])
    this.#sleepers.clear()
    await this.appender.idle()
    await this.#giveBackOrphans()
    await this.#membership.unregister()
  }

  /** How many runs may begin here. */
  get #room(): number {
    const mayExecute = this.#options.role !== "gateway" && !this.#stopping && this.#definitions.size > 0 && this.#membership.isFresh(2 / 3)
    return mayExecute ? this.limits.runsInFlightMax - this.loaded : 0
  }

  async #begin(): Promise<void> {
    await this.#beginAgain()
    const every = (name: string, ms: () => number, work: () => Promise<void>): void => {
      this.#loops.push(new Loop(ms, work, (error) => this.#options.onError(name, error)))
    }
    if (this.#membership.distributed) {
      const partOfLease = (divisor: number) => () => this.#membership.leaseMs / divisor
      every("heartbeat", partOfLease(3), () => this.#beat())
      every("reaping of dead executors", partOfLease(4), () => this.#reap())
    }
    const slowly = (): number => pollMs
    every("slow poll of the run tables", slowly, () => this.#poll())
    await this.#sleepers.wakeDue()
    this.claimSoon()
  }

  /** A database that goes away just now is waited for: without this the process would execute nothing, for ever. */
  async #beginAgain(): Promise<void> {
    const membership = this.#membership
    for (;;) {
      try {
        await membership.register()
        if (membership.distributed) await this.#beat()
        else await executors.unregisterOthers(this.store.system, membership.id)
        return await this.#reap()
      } catch (error) {
        if (this.#stopping || !isStoreError(error) || !error.isAway) throw error
        this.onError("registration of this executor", error)
        await sleep(pollMs)
      }
    }
  }

  async #beat(): Promise<void> {
    if (await this.#membership.beat()) await this.#giveBackOrphans()
  }

  /** Whatever is executed here may be executed elsewhere too now: stop without writing. */
  #loseLease(reason: string): void {
    if (this.#executions.size > 0)
      this.#options.onError("lease of this executor", new Error(`${reason}; ${this.#executions.size} runs are left to others`))
    for (const execution of this.#executions.values()) execution.lose(new LeaseLost(reason))
  }

  async #giveBackOrphans(): Promise<void> {
    if (await this.#orphans.giveBack()) this.claimSoon()
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
    if (!this.#membership.distributed) return this.#giveBackOrphans()
    await this.#sleepers.wakeDue()
    this.claimSoon()
  }

  #claimed(claimed: Claimed): void {
    const definition = this.definitionOf(claimed.run)
    if (!definition) return
    this.#options.hub.open(claimed.run.id)
    this.#execute(definition, claimed)
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

const pollMs = 1_000
