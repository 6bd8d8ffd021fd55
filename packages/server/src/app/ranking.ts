// The retrieval of a data directory without a server: for `perdure retrieval fit` while nothing runs.
import type { Config } from "../config/index.ts"
import type { Ranking } from "../context/index.ts"
import { defaultProjectId } from "./compose.ts"
import { openFoundation, openParts, openTelemetry, sharedOf } from "./foundation.ts"
import { composeInference } from "./inference.ts"
import { composeContext } from "./services.ts"

export async function openRanking(config: Config): Promise<{ projectId: string; ranking: Ranking } & AsyncDisposable> {
  const cleanUps = new AsyncDisposableStack()
  try {
    // Not an executor: runs that wait are left to the server.
    const quiet: Config = { ...config, roles: ["gateway"], discovery: false }
    const { logger, metrics, observers } = openTelemetry(quiet, { version: "0", routes: [] }, cleanUps)
    const shared = sharedOf(quiet, (what, error) => logger.error({ what, error }, "background work failed"))
    const parts = await openParts(quiet, logger, undefined, cleanUps)
    const foundation = await openFoundation(quiet, shared, { store: parts.store, metrics, observers }, cleanUps)
    const inference = composeInference(
      shared,
      quiet,
      { ...parts, observer: observers.pool, upstream: foundation.admission.upstream },
      cleanUps,
    )
    const context = cleanUps.use(composeContext(shared, quiet, { ...foundation, ...parts, inference, dropCaches: () => undefined }))
    return { projectId: defaultProjectId, ranking: context.ranking, [Symbol.asyncDispose]: () => cleanUps.disposeAsync() }
  } catch (error) {
    await cleanUps.disposeAsync()
    throw error
  }
}
