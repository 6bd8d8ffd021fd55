// Whether this process can do its work: what `/health/ready` answers, without ever calling a model.
import type { Health } from "@perdure/contract"
import type { Records } from "../accounting/index.ts"
import type { EmbeddedEmbeddings } from "../inference/index.ts"
import type { Configuration, ConfigurationStatus } from "./reload.ts"
import { tellableMessage, type Store } from "../store/index.ts"

export interface ReadinessOptions {
  version: string
  store: Pick<Store, "ping" | "capabilities">
  records: Pick<Records, "dropped">
  minilm: Pick<EmbeddedEmbeddings, "unavailable">
  configuration: Pick<Configuration, "status">
}

/** Failing without the database; degraded where something works less well than it could. */
export function createReadiness({ version, store, records, minilm, configuration }: ReadinessOptions): () => Promise<Health> {
  return async () => {
    const database = await store.ping().then(
      () => ({ ok: true }),
      (error: unknown) => ({ ok: false, detail: tellableMessage(error) }),
    )
    const vector = store.capabilities.vector ? { ok: true } : { ok: false, detail: "pgvector is not installed: search is by words only" }
    const embeddings = minilm.unavailable ? { ok: false, detail: minilm.unavailable.message } : { ok: true }
    const recorded = records.dropped === 0 ? { ok: true } : { ok: false, detail: `${records.dropped} records of calls were dropped` }
    const checks = { database, vector, embeddings, records: recorded, configuration: checkOf(configuration.status) }
    const status = !database.ok ? "failing" : Object.values(checks).every(({ ok }) => ok) ? "ok" : "degraded"
    return { status, version, checks }
  }
}

/** Nothing of what the file says: this is told to whoever asks. */
function checkOf({ loadedAt, refused, needsRestart }: ConfigurationStatus): { ok: boolean; detail?: string } {
  if (refused) {
    const problems = refused.problems === 1 ? "1 problem" : `${refused.problems} problems`
    return { ok: false, detail: `the changed file has ${problems}: what was loaded at ${new Date(loadedAt).toISOString()} stays in force` }
  }
  return needsRestart.length === 0 ? { ok: true } : { ok: true, detail: `${needsRestart.length} changes need a restart` }
}
