// Tests of what comes between two statements of somebody else, on Postgres alone: the embedded engine has one connection, so nothing happens there meanwhile.
import { afterAll, beforeAll, describe, expect } from "vitest"
import type { Queryable } from "../store/index.ts"
import { startContextServer, type ContextServer, type ContextServerOptions } from "./context-server.ts"
import { testEngines } from "./database.ts"

export const raceTimeoutMs = 120_000

export function describeRaces(options: ContextServerOptions, tests: (server: () => ContextServer) => void): void {
  const isThere = testEngines().includes("postgres")
  describe.skipIf(!isThere)(`on Postgres${isThere ? "" : " (skipped: it is not installed)"}`, { timeout: 300_000 }, () => {
    let server: ContextServer
    beforeAll(async () => {
      server = await startContextServer({ engine: "postgres", embed: undefined, ...options })
    }, raceTimeoutMs)
    afterAll(() => server[Symbol.asyncDispose]())
    tests(() => server)
  })
}

/** Statements that wait for a lock now. */
export async function lockWaits({ store }: ContextServer): Promise<number> {
  const [row] = await store.system.query<{ n: number }>(
    "select count(*)::int as n from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()",
  )
  return row?.n ?? 0
}

export interface Race<T> {
  /** In a transaction that is then open. */
  first: (tx: Queryable) => Promise<unknown>
  /** Comes upon a lock of it. */
  begin: () => Promise<T>
  /** What the transaction does before it commits. */
  last?: (tx: Queryable) => Promise<unknown>
}

/** What begins while a transaction is open comes to, once that has committed. */
export async function during<T>(server: ContextServer, { first, begin, last }: Race<T>): Promise<T> {
  let begun: Promise<T> | undefined
  await server.store.project(server.projectId).transaction(async (tx) => {
    await first(tx)
    begun = begin()
    begun.catch(() => undefined)
    await expect.poll(() => lockWaits(server), { timeout: raceTimeoutMs }).toBeGreaterThan(0)
    await last?.(tx)
  })
  if (begun === undefined) throw new Error("nothing was begun")
  return begun
}
