// Starts upkeep: after a write, and when something is due; one run per scope at a time, over all processes and restarts.
import { messageOf, sleep, type Clock, type Limits } from "../../../core/index.ts"
import { keyedRunIds, type Run, type Runs } from "../../../runs/index.ts"
import { memoryUpkeep, type Store } from "../../../store/index.ts"
import type { Caller } from "../../types.ts"
import { writersLabel } from "../labels.ts"

export const upkeepName = "memory/upkeep"

/** Told of each write after its commit; what is to do is in the database, so a call that gets lost delays it only. */
export type AfterRemember = (caller: Caller, scope: string) => void

/** For the metrics of this process. */
export interface UpkeepNumbers {
  /** Scopes whose run it waits for. */
  readonly active: number
  /** Scopes that were due when it looked last. */
  readonly due: number
  /** Runs that did not end well, and looks that failed, since it started. */
  readonly failures: number
}

export interface UpkeepStarter extends AsyncDisposable {
  afterRemember: AfterRemember
  /** Told of each recall and each write: what follows writes gives way to them. */
  noteUse(): void
  readonly numbers: UpkeepNumbers
  /** Looks for what is due now, besides doing so every so often. Resolves when its runs are over. */
  look(): Promise<void>
}

export interface StarterOptions {
  store: Store
  runs: Pick<Runs, "start" | "get" | "ended">
  clock: Clock
  limits: Pick<Limits, "memoryUpkeepPollMs" | "memoryUpkeepScopesMax" | "memoryUpkeepQuietMs" | "memoryUpkeepWaitMsMax">
  onError: (name: string, message: string) => void
}

/** First wait after a run that did not end well, doubled each time, and the longest. */
const retryMs = 1_000
const retryMsMax = 10 * 60_000
/** Between two looks at a run that does not end: it may be parked. */
const lookMs = 5_000

export function createUpkeepStarter(options: StarterOptions): UpkeepStarter {
  return new Starter(options)
}

class Starter implements UpkeepStarter {
  readonly #options: StarterOptions
  readonly #stopping = new AbortController()
  /** By project and scope: whether to look once more when its run is over. */
  readonly #again = new Map<string, boolean>()
  readonly #working = new Map<string, Promise<void>>()
  readonly #timer: NodeJS.Timeout
  #looking: Promise<void> = Promise.resolve()
  #usedAt = -Infinity
  #due = 0
  #failures = 0

  constructor(options: StarterOptions) {
    this.#options = options
    const tick = (): void =>
      void (this.#looking = this.look().catch((error: unknown) => this.#failed("looking for due upkeep of memory", error)))
    this.#timer = setInterval(tick, options.limits.memoryUpkeepPollMs)
    this.#timer.unref()
    // What a process that was killed left behind.
    setImmediate(tick)
  }

  readonly afterRemember: AfterRemember = (caller, scope) => {
    const key = `${caller.projectId} ${scope}`
    if (this.#again.has(key)) this.#again.set(key, true)
    else if (!this.#stopping.signal.aborted) this.#begin(key, caller, scope, true)
  }

  noteUse(): void {
    this.#usedAt = performance.now()
  }

  get numbers(): UpkeepNumbers {
    return { active: this.#working.size, due: this.#due, failures: this.#failures }
  }

  async look(): Promise<void> {
    if (this.#stopping.signal.aborted) return
    const { store, clock, limits } = this.#options
    const due = await memoryUpkeep.dueUpkeep(store.system, clock.now(), limits.memoryUpkeepScopesMax)
    this.#due = due.length
    const begun = due.map(({ projectId, scope, principal }) => {
      const key = `${projectId} ${scope}`
      if (!this.#again.has(key)) this.#begin(key, { projectId, principal }, scope, false)
      return this.#working.get(key) ?? Promise.resolve()
    })
    await Promise.all(begun)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer)
    this.#stopping.abort()
    await this.#looking
    await Promise.all(this.#working.values())
  }

  #begin(key: string, caller: Caller, scope: string, givesWay: boolean): void {
    this.#again.set(key, false)
    const work = this.#work(key, caller, scope, givesWay).finally(() => this.#working.delete(key))
    this.#working.set(key, work)
  }

  async #work(key: string, caller: Caller, scope: string, givesWay: boolean): Promise<void> {
    try {
      if (givesWay) await this.#quiet()
      while (!this.#stopping.signal.aborted) {
        this.#again.set(key, false)
        await this.#run(caller, scope)
        if (this.#again.get(key) !== true) break
        await this.#quiet()
      }
    } catch (error) {
      // What was written is committed and found by words; the next write to the scope, or the timer, tries again.
      this.#failed(`the upkeep of memory in ${scope}`, error)
    } finally {
      this.#again.delete(key)
    }
  }

  /** Who writes often asks or writes again at once, and must not wait for what follows the write; that then takes several writes together. */
  async #quiet(): Promise<void> {
    const { memoryUpkeepQuietMs, memoryUpkeepWaitMsMax } = this.#options.limits
    const latest = performance.now() + memoryUpkeepWaitMsMax
    while (!this.#stopping.signal.aborted) {
      const leftMs = Math.min(this.#usedAt + memoryUpkeepQuietMs, latest) - performance.now()
      if (leftMs <= 0) return
      await sleep(leftMs, this.#stopping.signal).catch(() => undefined)
    }
  }

  /** The id follows from the generation, so that two processes, or one that starts again, start the same run. */
  async #run(caller: Caller, scope: string): Promise<void> {
    const { store, runs, clock } = this.#options
    const { projectId, principal } = caller
    const db = store.project(projectId)
    const upkeep = await memoryUpkeep.ensureUpkeep(db, projectId, { scope, principal, now: clock.now() })
    if (upkeep === undefined) return
    const { generation, generationAt } = upkeep
    const [id] = keyedRunIds(generationAt, `${projectId} ${upkeepName} ${scope} ${generation}`)
    const input = { scope, generation }
    await runs.start({ id, projectId, principal, kind: "memory", name: upkeepName, title: scope, input, label: writersLabel(caller) })
    const run = await this.#settled(projectId, id)
    if (run === undefined || run.status === "completed") return
    // Failed, cancelled, parked: another run tries again later; what this one committed stays.
    const error = run.error === null ? run.status : `${run.error.code}: ${run.error.message}`
    await memoryUpkeep.failGeneration(db, projectId, { scope, generation, now: clock.now(), error, retryMs, retryMsMax })
    this.#failed(`the upkeep of memory in ${scope}`, error)
  }

  /** The run once nothing will go on with it by itself; undefined when this process stops first, or it was deleted. */
  async #settled(projectId: string, id: string): Promise<Run | undefined> {
    const { runs } = this.#options
    const { signal } = this.#stopping
    while (!signal.aborted) {
      const run = await runs.get(projectId, id)
      if (run === undefined || !["queued", "running", "waiting"].includes(run.status)) return run
      await runs.ended(projectId, id, AbortSignal.any([signal, AbortSignal.timeout(lookMs)])).catch(() => undefined)
    }
    return undefined
  }

  #failed(what: string, error: unknown): void {
    if (this.#stopping.signal.aborted) return
    this.#failures += 1
    this.#options.onError(what, messageOf(error))
  }
}
