// Which runs were given which entries: an index into the run log, for asking whom an entry influenced.
import type { Queryable } from "../port.ts"

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

/** Runs that were given any of those entries, the latest first. */
export function runsGiven(
  db: Queryable,
  projectId: string,
  entryIds: readonly string[],
  limit: number,
): Promise<{ runId: string; entries: number; recalledAt: number }[]> {
  const text = `select run_id as "runId", count(distinct entry_id)::int as entries, max(recalled_at) as "recalledAt" from recalled
    where project_id = $1 and entry_id = any($2) group by run_id order by max(recalled_at) desc, run_id desc limit $3`
  return db.query(text, [projectId, entryIds, limit])
}
