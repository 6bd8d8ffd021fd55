// Where the child dies: before a place, between two statements inside of it, when its work is done but not committed, and when it is committed.
import { AsyncLocalStorage } from "node:async_hooks"
import type { RunContext, RunDefinition, Runs, StepContext } from "../../../packages/server/src/runs/index.ts"
import type { Queryable, Store, Transactor } from "../../../packages/server/src/store/index.ts"
import type { Crash, Phase } from "./protocol.ts"

export interface KillPoints {
  /** Does the work of a place, unless it dies over it. */
  at<T>(place: string, work: () => Promise<T>): Promise<T>
  runs(runs: Runs): Runs
  store(store: Store): Store
}

/** The statement by which a compaction begins to write. */
const compacts = /insert into word_segments/u

export function killPoints(crash: Crash | null): KillPoints {
  const within = new AsyncLocalStorage<string>()
  let statements = 0

  /** SIGKILL leaves no time for anything. */
  const passing = (place: string, phase: Phase): void => {
    const isHere = crash?.place === place && (crash.phase === phase || (crash.phase === "inside" && phase === "uncommitted"))
    if (isHere) process.kill(process.pid, "SIGKILL")
  }
  const stated = (place: string | undefined): void => {
    if (crash?.phase !== "inside" || crash.place !== place) return
    statements += 1
    if (statements >= crash.statements) process.kill(process.pid, "SIGKILL")
  }
  const at = async <T>(place: string, work: () => Promise<T>): Promise<T> => {
    passing(place, "before")
    const done = await within.run(place, work)
    passing(place, "committed")
    return done
  }

  /** The same object: what is announced in a transaction is kept by it. */
  const counted = (tx: Queryable, placeOf: (text: string) => string | undefined): void => {
    const query = tx.query.bind(tx)
    tx.query = async (text, values) => {
      const place = placeOf(text)
      const rows = await query(text, values)
      stated(place)
      return rows as never
    }
  }
  const transactor = (inner: Transactor): Transactor => ({
    query: async (text, values) => {
      const rows = await inner.query(text, values)
      stated(within.getStore())
      return rows as never
    },
    transaction: async (work) => {
      let isCompaction = false
      const done = await inner.transaction(async (tx) => {
        counted(tx, (text) => {
          if (!isCompaction && compacts.test(text)) {
            passing("compact", "before")
            isCompaction = true
          }
          return isCompaction ? "compact" : within.getStore()
        })
        const result = await work(tx)
        passing(isCompaction ? "compact" : (within.getStore() ?? ""), "uncommitted")
        return result
      })
      if (isCompaction) passing("compact", "committed")
      return done
    },
  })

  const watched = (context: RunContext, prefix: string): RunContext => ({
    ...context,
    step: async (key, work, options) => {
      const place = prefix + (key.split(":")[0] ?? "")
      passing(place, "before")
      const output = await context.step(
        key,
        async (step: StepContext) => {
          if (step.tx !== undefined) counted(step.tx, () => place)
          const done = await within.run(place, async () => work(step))
          passing(place, "uncommitted")
          return done
        },
        options,
      )
      passing(place, "committed")
      return output
    },
  })

  return {
    at,
    store: (store) =>
      forwarded(store, {
        project: (projectId: string) => transactor(store.project(projectId)),
      }),
    runs: (runs) =>
      forwarded(runs, {
        define: (definition: RunDefinition) =>
          runs.define({
            ...definition,
            execute: (context, input) => definition.execute(watched(context, definition.name === "memory/erase" ? "erase:" : ""), input),
          }),
      }),
  }
}

/** The same thing with some members of its own. */
function forwarded<T extends object>(inner: T, own: Partial<T>): T {
  return new Proxy(inner, {
    get(target, name): unknown {
      if (Object.hasOwn(own, name)) return Reflect.get(own, name)
      const member: unknown = Reflect.get(target, name)
      return typeof member === "function" ? (member.bind(target) as unknown) : member
    },
  })
}
