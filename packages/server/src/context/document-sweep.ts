// What nobody asks for is done all the same: what has expired is deleted (files at once, vector stores after a time in which their owner may bring them back),
// and files whose ingestion has no run get it. Every process looks, at its start and then on and on; whoever comes first does it.
import type { Clock, Limits } from "../core/index.ts"
import { AppError, repeated } from "../core/index.ts"
import { files as filesTable, vectorStoreFiles, vectorStores as storesTable, type Store } from "../store/index.ts"
import type { Files } from "./files.ts"
import type { Ingestions } from "./ingestions.ts"
import { wholeProject } from "./owners.ts"
import type { VectorStores } from "./vector-stores.ts"

export interface DocumentSweepDependencies {
  store: Store
  files: Pick<Files, "deleteExpired">
  vectorStores: Pick<VectorStores, "delete">
  ingestions: Pick<Ingestions, "settled">
  clock: Clock
  limits: Pick<Limits, "expirySweepMs" | "expiredStoreKeptMs">
  onError?: ((name: string, error: unknown) => void) | undefined
}

/** Deleted per look; the next look goes on. */
const sweptMax = 100

/** Runs until it is disposed of. */
export function startDocumentSweep(dependencies: DocumentSweepDependencies): AsyncDisposable {
  const failed = (what: string) => (error: unknown) => dependencies.onError?.(what, error)
  return repeated(dependencies.limits.expirySweepMs, async (stopped) => {
    await deleteExpired(dependencies).catch(failed("deleting what has expired"))
    await startMissing(dependencies, stopped).catch(failed("starting ingestions without a run"))
  })
}

async function deleteExpired({ store, files, vectorStores, clock, limits }: DocumentSweepDependencies): Promise<void> {
  const now = clock.now()
  for (const { projectId, id } of await filesTable.expiredFiles(store.system, now, sweptMax)) await files.deleteExpired(projectId, id)
  const expired = await storesTable.expiredVectorStores(store.system, now - limits.expiredStoreKeptMs, sweptMax)
  for (const { projectId, id } of expired)
    await vectorStores.delete(wholeProject(projectId), id).catch((error: unknown) => {
      if (!(error instanceof AppError) || error.code !== "not_found") throw error
    })
}

/** A crash between a row and its run left it so, or a migration, after which the file must be read anew. */
async function startMissing({ store, ingestions, onError }: DocumentSweepDependencies, stopped: AbortSignal): Promise<void> {
  for (let after: Parameters<typeof vectorStoreFiles.filesWithoutRun>[1]; !stopped.aborted;) {
    const page = await vectorStoreFiles.filesWithoutRun(store.system, after, sweptMax)
    for (const row of page) {
      if (stopped.aborted) return
      await ingestions.settled(row).catch((error: unknown) => onError?.(`starting the ingestion of file ${row.fileId}`, error))
    }
    after = page.at(-1)
    if (page.length < sweptMax) return
  }
}
