// Deletes what has expired: files at once, vector stores after a time in which their owner may bring them back. Every process looks; whoever comes first deletes.
import type { Clock, Limits } from "../core/index.ts"
import { AppError, sleep } from "../core/index.ts"
import { files as filesTable, vectorStores as storesTable, type Store } from "../store/index.ts"
import type { Files } from "./files.ts"
import type { VectorStores } from "./vector-stores.ts"

export interface ExpirySweepDependencies {
  store: Store
  files: Pick<Files, "deleteExpired">
  vectorStores: Pick<VectorStores, "delete">
  clock: Clock
  limits: Pick<Limits, "expirySweepMs" | "expiredStoreKeptMs">
  onError?: ((name: string, error: unknown) => void) | undefined
}

/** Deleted per look; the next look goes on. */
const sweptMax = 100

/** Runs until it is disposed of. */
export function startExpirySweep(dependencies: ExpirySweepDependencies): AsyncDisposable {
  const stopped = new AbortController()
  const sweeping = sweepOnAndOn(dependencies, stopped.signal)
  return {
    async [Symbol.asyncDispose]() {
      stopped.abort()
      await sweeping
    },
  }
}

async function sweepOnAndOn(dependencies: ExpirySweepDependencies, stopped: AbortSignal): Promise<void> {
  while (!stopped.aborted) {
    await sleep(dependencies.limits.expirySweepMs, stopped).catch(() => undefined)
    if (!stopped.aborted) await sweep(dependencies).catch((error: unknown) => dependencies.onError?.("deleting what has expired", error))
  }
}

async function sweep({ store, files, vectorStores, clock, limits }: ExpirySweepDependencies): Promise<void> {
  const now = clock.now()
  for (const { projectId, id } of await filesTable.expiredFiles(store.system, now, sweptMax)) await files.deleteExpired(projectId, id)
  const expired = await storesTable.expiredVectorStores(store.system, now - limits.expiredStoreKeptMs, sweptMax)
  for (const { projectId, id } of expired)
    await vectorStores.delete(projectId, id).catch((error: unknown) => {
      if (!(error instanceof AppError) || error.code !== "not_found") throw error
    })
}
