// Results that nobody deletes: those of batches of Anthropic's form go when their time is over, a page at a time; files expire by themselves.
// Every process looks, at its start and then on and on; whoever comes first does it, and one that is killed is taken up by the next look.
import { repeated, type Clock, type Limits } from "../core/index.ts"
import { batches, batchLines, type Store } from "../store/index.ts"

export interface BatchSweepDependencies {
  store: Store
  clock: Clock
  limits: Pick<Limits, "batchResultsKeptMs" | "expirySweepMs">
  onError: (what: string, error: unknown) => void
}

/** Batches of one look; the next look goes on. */
const batchesMax = 20
/** Of one statement: on the embedded engine every other one waits for it. */
const linesMax = 500

/** Runs until it is disposed of. */
export function startBatchSweep(dependencies: BatchSweepDependencies): AsyncDisposable {
  const onError = (error: unknown): void => dependencies.onError("sweeping results of batches", error)
  return repeated(dependencies.limits.expirySweepMs, (stopped) => sweep(dependencies, stopped).catch(onError))
}

async function sweep({ store, clock, limits }: BatchSweepDependencies, stopped: AbortSignal): Promise<void> {
  const due = await batches.batchesToArchive(store.system, clock.now() - limits.batchResultsKeptMs, batchesMax)
  for (const { projectId, id } of due) {
    const db = store.project(projectId)
    while (!stopped.aborted && (await batchLines.deleteSomeLines(db, projectId, id, linesMax)) === linesMax);
    if (stopped.aborted) return
    await batches.archiveBatch(db, projectId, id, clock.now())
  }
}
