// What `assertFacts` needs beside a context server, for tests that derive facts by hand.
import type { FactDependencies } from "../context/memory/assert-fact.ts"
import { createDataKeys } from "../context/memory/data-keys.ts"
import { createScopeIndex } from "../context/retrieval/index-entry.ts"
import { newId, systemClock } from "../core/index.ts"
import { openSealer } from "../security/index.ts"
import type { Store } from "../store/index.ts"

export async function factDependencies(store: Store, cleanUps: AsyncDisposableStack): Promise<FactDependencies> {
  const limits = { dataKeysCachedMax: 100, dataKeyCacheMs: 60_000 }
  const keys = cleanUps.use(createDataKeys({ store, sealer: await openSealer(store), clock: systemClock, newId, limits }))
  return { keys, index: createScopeIndex({ store, termKeyOf: keys.termKeyOf }), clock: systemClock, newId }
}
