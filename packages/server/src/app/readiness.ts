// Whether this process can do its work: what `/health/ready` answers, without ever calling a model.
import type { Health } from "@perdure/contract"
import type { Records } from "../accounting/index.ts"
import type { EmbeddedEmbeddings } from "../inference/index.ts"
import { sleep } from "../core/index.ts"
import type { SchemaFollower } from "./newer-schema.ts"
import type { Configuration, ConfigurationStatus } from "./reload.ts"
import { diskLowBytes, diskReserveBytes, freeBytes, megabytes, tellableMessage, type Store } from "../store/index.ts"

export interface ReadinessOptions {
  version: string
  store: Pick<Store, "ping" | "capabilities">
  /** The data directory: what is written there needs room. */
  data: string
  records: Pick<Records, "dropped">
  minilm: Pick<EmbeddedEmbeddings, "unavailable">
  configuration: Pick<Configuration, "status">
  schema: Pick<SchemaFollower, "newer">
}

/** Failing without the database, or beside a newer version that it must not work beside; degraded where something works less well than it could. */
export function createReadiness({
  version,
  store,
  data,
  records,
  minilm,
  configuration,
  schema: follower,
}: ReadinessOptions): () => Promise<Health> {
  return async () => {
    const database = await checkOfDatabase(store)
    const vector = store.capabilities.vector ? { ok: true } : { ok: false, detail: "pgvector is not installed: search is by words only" }
    const embeddings = minilm.unavailable ? { ok: false, detail: minilm.unavailable.message } : { ok: true }
    const recorded = records.dropped === 0 ? { ok: true } : { ok: false, detail: `${records.dropped} records of calls were dropped` }
    const disk = checkOfDisk(data)
    const schema = checkOfSchema(follower.newer)
    const checks = { database, schema, disk, vector, embeddings, records: recorded, configuration: checkOf(configuration.status) }
    const status = !database.ok || !schema.ok ? "failing" : Object.values(checks).every(({ ok }) => ok) ? "ok" : "degraded"
    return { status, version, checks }
  }
}

/** Whoever asks has a limit of their own, and a host that vanished answers nothing for minutes. */
const pingMsMax = 4_000

async function checkOfDatabase(store: Pick<Store, "ping">): Promise<{ ok: boolean; detail?: string }> {
  const over = new AbortController()
  const silence = sleep(pingMsMax, over.signal).then(
    () => ({ ok: false, detail: `the database did not answer within ${pingMsMax} ms` }),
    () => ({ ok: false }),
  )
  const answered = store.ping().then(
    () => ({ ok: true }),
    (error: unknown) => ({ ok: false, detail: tellableMessage(error) }),
  )
  const check = await Promise.race([answered, silence])
  over.abort()
  return check
}

function checkOfSchema(newer: SchemaFollower["newer"]): { ok: boolean; detail?: string } {
  if (newer === undefined) return { ok: true }
  if (newer.isOutdated) return { ok: false, detail: "a newer version has changed the database: this process stops" }
  return { ok: true, detail: "a newer version has migrated the database: this process goes on until it is replaced" }
}

/** The directory is not named: whoever operates the server finds it in the log and with `perdure doctor`. */
function checkOfDisk(data: string): { ok: boolean; detail?: string } {
  const free = freeBytes(data)
  if (free >= diskLowBytes) return { ok: true }
  const effect = free < diskReserveBytes ? ": an embedded database takes no writes before there is more" : ""
  return { ok: false, detail: `${megabytes(free)} are free on the disk of the data directory${effect}` }
}

/** Nothing of what the file says: this is told to whoever asks. */
function checkOf({ loadedAt, refused, needsRestart }: ConfigurationStatus): { ok: boolean; detail?: string } {
  if (refused) {
    const problems = refused.problems === 1 ? "1 problem" : `${refused.problems} problems`
    return { ok: false, detail: `the changed file has ${problems}: what was loaded at ${new Date(loadedAt).toISOString()} stays in force` }
  }
  return needsRestart.length === 0 ? { ok: true } : { ok: true, detail: `${needsRestart.length} changes need a restart` }
}
