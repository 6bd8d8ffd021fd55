// Whether this process can do its work: what `/health/ready` answers, without ever calling a model.
import type { Health } from "@perdure/contract"
import type { Records } from "../accounting/index.ts"
import type { EmbeddedEmbeddings } from "../inference/index.ts"
import { tellableMessage, type Store } from "../store/index.ts"

export interface ReadinessOptions {
  version: string
  store: Pick<Store, "ping" | "capabilities">
  records: Pick<Records, "dropped">
  minilm: Pick<EmbeddedEmbeddings, "unavailable">
}

/** Failing without the database; degraded where something works less well than it could. */
export function createReadiness({ version, store, records, minilm }: ReadinessOptions): () => Promise<Health> {
  return async () => {
    const database = await store.ping().then(
      () => ({ ok: true }),
      (error: unknown) => ({ ok: false, detail: tellableMessage(error) }),
    )
    const vector = store.capabilities.vector ? { ok: true } : { ok: false, detail: "pgvector is not installed: search is by words only" }
    const embeddings = minilm.unavailable ? { ok: false, detail: minilm.unavailable.message } : { ok: true }
    const recorded = records.dropped === 0 ? { ok: true } : { ok: false, detail: `${records.dropped} records of calls were dropped` }
    const checks = { database, vector, embeddings, records: recorded }
    const status = !database.ok ? "failing" : Object.values(checks).every(({ ok }) => ok) ? "ok" : "degraded"
    return { status, version, checks }
  }
}
