// Which runs were given which entries: an index into the run log, for asking whom an entry influenced.
import type { Queryable } from "../port.ts"

export interface StoredRecall {
  entryId: string
  runId: string
  seq: number
  recalledAt: number
}

export async function insertRecalls(
  db: Queryable,
  projectId: string,
  recall: { entryIds: readonly string[]; runId: string; seq: number; now: number },
): Promise<void> {
  await db.query(
    `insert into recalled (project_id, entry_id, run_id, seq, recalled_at)
     select $1, unnest($2::text[]), $3, $4, to_timestamp($5::float8 / 1000) on conflict do nothing`,
    [projectId, recall.entryIds, recall.runId, recall.seq, recall.now],
  )
}
