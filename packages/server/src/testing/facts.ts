// A context server on which tests derive facts by hand.
import { assertFacts, type FactDependencies, type FactOutcome, type NewFact } from "../context/memory/assert-fact.ts"
import { createDataKeys } from "../context/memory/data-keys.ts"
import { createScopeIndex } from "../context/retrieval/index-entry.ts"
import { newId, systemClock } from "../core/index.ts"
import { openSealer } from "../security/index.ts"
import type { Store } from "../store/index.ts"
import { startContextServer, type ContextServer, type ContextServerOptions } from "./context-server.ts"

export interface FactServer extends ContextServer {
  readonly facts: FactDependencies
  /** Asserts one fact of the server's project in a transaction of its own. */
  conclude(fact: NewFact): Promise<FactOutcome | undefined>
}

/** Without vectors. */
export async function startFactServer(options: Omit<ContextServerOptions, "embed">): Promise<FactServer> {
  const cleanUps = new AsyncDisposableStack()
  const server = cleanUps.use(await startContextServer({ ...options, embed: undefined }))
  const facts = await factDependencies(server.store, cleanUps)
  return {
    ...server,
    facts,
    async conclude(fact) {
      const [outcome] = await server.store.project(server.projectId).transaction((tx) => assertFacts(facts, tx, [fact]))
      return outcome
    },
    [Symbol.asyncDispose]: () => cleanUps.disposeAsync(),
  }
}

export async function factDependencies(store: Store, cleanUps: AsyncDisposableStack): Promise<FactDependencies> {
  const limits = { dataKeysCachedMax: 100, dataKeyCacheMs: 60_000 }
  const keys = cleanUps.use(createDataKeys({ store, sealer: await openSealer(store), clock: systemClock, newId, limits }))
  return { keys, index: createScopeIndex({ store, termKeyOf: keys.termKeyOf }), clock: systemClock, newId }
}
