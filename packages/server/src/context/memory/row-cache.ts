// Rows of recalled entries, kept in memory as they lie in the tables, bodies sealed: between two recalls few of them are written.
import { episodes, memoryVersions, type Queryable } from "../../store/index.ts"
import type { Row } from "./entries.ts"

export interface RowCache {
  /** Rows by episode id or version id, as the database has them now; ids that are neither are left out. Never in a transaction that has written. */
  rowsByIds(db: Queryable, projectId: string, ids: readonly string[]): Promise<Map<string, Row>>
  /** Forgets all. */
  clear(): void
}

interface Kept {
  stamp: string
  row: Row
  bytes: number
}

/** What a row takes besides its body: labels, ids, times. */
const bytesBeside = 1_500

/** Asks for the stamp of each row, which is another one after every write, and reads those that it has not with that stamp. */
export function createRowCache({ bytesMax }: { bytesMax: number }): RowCache {
  // A Map keeps the order of insertion, so the first one is what was used longest ago.
  const kept = new Map<string, Kept>()
  let bytes = 0

  const drop = (key: string): void => {
    bytes -= kept.get(key)?.bytes ?? 0
    kept.delete(key)
  }
  const keep = (key: string, entry: Kept): void => {
    drop(key)
    kept.set(key, entry)
    bytes += entry.bytes
    for (const oldest of kept.keys()) {
      if (bytes <= bytesMax) break
      drop(oldest)
    }
  }
  return {
    async rowsByIds(db, projectId, ids) {
      const rows = new Map<string, Row>()
      const unknown: string[] = []
      for (const { id, stamp } of await stampsOf(db, projectId, ids)) {
        const key = `${projectId} ${id}`
        const known = kept.get(key)
        if (known?.stamp !== stamp) unknown.push(id)
        else {
          rows.set(id, known.row)
          keep(key, known)
        }
      }
      for (const { id, stamp, row, body } of await readRows(db, projectId, unknown)) {
        rows.set(id, row)
        keep(`${projectId} ${id}`, { stamp, row, bytes: (body?.byteLength ?? 0) + bytesBeside })
      }
      return rows
    },
    clear() {
      kept.clear()
      bytes = 0
    },
  }
}

/** Ids of versions say that they are. */
function isVersion(id: string): boolean {
  return id.startsWith("ver_")
}

async function stampsOf(db: Queryable, projectId: string, ids: readonly string[]): Promise<{ id: string; stamp: string }[]> {
  const [versions, others] = [ids.filter(isVersion), ids.filter((id) => !isVersion(id))]
  const ofOthers = others.length === 0 ? [] : await episodes.episodeStamps(db, projectId, others)
  return versions.length === 0 ? ofOthers : [...ofOthers, ...(await memoryVersions.versionStamps(db, projectId, versions))]
}

async function readRows(
  db: Queryable,
  projectId: string,
  ids: readonly string[],
): Promise<{ id: string; stamp: string; row: Row; body: Uint8Array | null }[]> {
  const [versions, others] = [ids.filter(isVersion), ids.filter((id) => !isVersion(id))]
  const read = others.length === 0 ? [] : await episodes.stampedEpisodes(db, projectId, others)
  const derived = versions.length === 0 ? [] : await memoryVersions.stampedVersions(db, projectId, versions)
  return [
    ...read.map((episode) => ({ id: episode.id, stamp: episode.stamp, row: { episode }, body: episode.body })),
    ...derived.map((version) => ({ id: version.id, stamp: version.stamp, row: { version }, body: version.body })),
  ]
}
