// What is pinned in some scopes, as far as it holds now and may be told.
import type { Clock } from "../../core/index.ts"
import { recalled, type Store } from "../../store/index.ts"
import type { MemoryCaller } from "../scopes/access.ts"
import { refusalOf } from "./choose.ts"
import type { DataKeys } from "./data-keys.ts"
import { readRows } from "./entries.ts"
import { pinnedRows } from "./pins.ts"
import { levelsOf, readableScopes } from "./readable-scopes.ts"
import type { Entry } from "./types.ts"

export interface PinnedQuery {
  scopes: readonly string[]
  /** Leave out what has less integrity. */
  levelMin?: number | undefined
  limit: number
  /** The run that is given them: it is remembered that they influenced it. */
  runId?: string | undefined
}

export async function pinnedEntries(
  { store, keys, clock }: { store: Store; keys: DataKeys; clock: Clock },
  caller: MemoryCaller,
  { scopes, levelMin, limit, runId }: PinnedQuery,
): Promise<Entry[]> {
  const { projectId } = caller
  return store.project(projectId).transaction(async (tx) => {
    const read = await readableScopes(tx, caller, scopes)
    const paths = read.map(({ path }) => path)
    const rows = await pinnedRows(tx, projectId, paths, limit)
    if (rows.length === 0) return []
    const now = clock.now()
    const wanted = { now, asOf: null, validAt: now, lanes: null, levelMin: levelsOf(read, levelMin), directives: "withhold" } as const
    const entries = await readRows(keys, tx, projectId, rows)
    const told = rows.flatMap((row, index) => {
      const entry = entries[index]
      return entry === undefined || refusalOf({ entry, row }, wanted) !== undefined ? [] : [entry]
    })
    const entryIds = told.map(({ id, versionId }) => versionId ?? id)
    if (runId !== undefined && told.length > 0) await recalled.insertRecalls(tx, projectId, { entryIds, runId, seq: 0, now })
    return told.slice(0, limit)
  })
}
