// What the tests of the kernel share: a store per engine, kernels on it, and a store that can die like a process.
import { onTestFinished } from "vitest"
import { defaultLimits, newId, systemClock, type Clock, type JsonValue, type Limits } from "../core/index.ts"
import { userLabel } from "../security/index.ts"
import type { Queryable, Store, Transactor } from "../store/index.ts"
import { createRuns, type RunsOptions } from "./runs.ts"
import type { Run, RunDefinition, RunEvent, Runs, StartRun } from "./types.ts"

export const project = "proj_a"
export const label = userLabel("key_1")
/** Short lease and drain, so that tests of recovery are quick. */
export const testLimits: Limits = { ...defaultLimits, leaseMs: 600, drainMs: 500, runAttemptsMax: 50 }

export interface KernelOptions {
  limits?: Partial<Limits>
  clock?: Clock
  role?: RunsOptions["role"]
  errors?: { what: string; error: unknown }[]
}

/** A kernel that is disposed when the test ends. */
export function kernelOn(store: Store, definitions: readonly RunDefinition[] = [], options: KernelOptions = {}): Runs {
  const { limits = {}, clock = systemClock, role = "all", errors } = options
  const runs = createRuns({
    store,
    clock,
    newId,
    role,
    limits: { ...testLimits, ...limits },
    onError: (what, error) => errors?.push({ what, error }),
  })
  for (const definition of definitions) runs.define(definition)
  onTestFinished(async () => {
    const disposed = runs[Symbol.asyncDispose]()
    if ("dead" in store && store.dead === true) return
    await disposed
  })
  return runs
}

export function request(name: string, input: JsonValue = null, more: Partial<StartRun> = {}): StartRun {
  return { projectId: project, principal: "key_1", kind: "workflow", name, input, label, ...more }
}

/** As long as whatever else tests wait for by default. */
export function within(ms = 60_000): AbortSignal {
  return AbortSignal.timeout(ms)
}

export function end(runs: Runs, run: Run): Promise<Run> {
  return runs.ended(project, run.id, within())
}

export async function logOf(runs: Runs, run: Run): Promise<RunEvent[]> {
  return runs.events(project, run.id, 0, 1_000)
}

export async function typesOf(runs: Runs, run: Run): Promise<string[]> {
  return (await logOf(runs, run)).map((event) => event.type)
}

/** Polls until the run has that status. */
export async function reaches(runs: Runs, run: Run, status: Run["status"]): Promise<Run> {
  const signal = within()
  for (;;) {
    const now = await runs.get(project, run.id)
    if (now?.status === status) return now
    if (signal.aborted) throw new Error(`run ${run.id} is ${now?.status}, not ${status}: ${JSON.stringify(await typesOf(runs, run))}`)
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}

export interface MortalStore extends Store {
  readonly dead: boolean
  /** From now on nothing is answered any more, as for a process that was killed; open transactions roll back. */
  kill(): void
  /** While set: statements that match wait. */
  hold(pattern: RegExp | undefined): void
}

export function mortal(store: Store): MortalStore {
  let dead = false
  let held: RegExp | undefined
  const never = <T>(): Promise<T> => new Promise<T>(() => undefined)
  const guard = async <T>(text: string, work: () => Promise<T>): Promise<T> => {
    if (dead) return never()
    while (held?.test(text)) await new Promise((resolve) => setTimeout(resolve, 5))
    if (dead) return never()
    try {
      const result = await work()
      return dead ? await never<T>() : result
    } catch (error) {
      if (dead) return never()
      throw error
    }
  }
  const inside = (tx: Queryable): Queryable => ({
    query: (text, values) => (dead ? Promise.reject(new Error("killed")) : tx.query(text, values)),
  })
  const wrap = (transactor: Transactor): Transactor => ({
    query: (text, values) => guard(text, () => transactor.query(text, values)),
    transaction: (work) =>
      guard("transaction", () =>
        transactor.transaction(async (tx) => {
          const result = await work(inside(tx))
          if (dead) throw new Error("killed")
          return result
        }),
      ),
  })
  return {
    engine: store.engine,
    holdFiles: store.holdFiles,
    capabilities: store.capabilities,
    system: wrap(store.system),
    project: (projectId) => wrap(store.project(projectId)),
    listen: (channel, onPayload) => store.listen(channel, (payload) => (dead ? undefined : onPayload(payload))),
    notify: (channel, payload) => guard("notify", () => store.notify(channel, payload)),
    ping: () => store.ping(),
    scrubber: store.scrubber,
    get dead() {
      return dead
    },
    kill: () => void (dead = true),
    hold: (pattern) => void (held = pattern),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  }
}
