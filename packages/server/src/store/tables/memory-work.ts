// What was done with which text of a scope, by its hash: the same text is read once, whoever repeats it.
import type { Queryable } from "../port.ts"

export interface StoredWork {
  contentHash: string
  version: string
  state: "done" | "failed" | "waiting"
  attempts: number
  retryAt: number | null
  error: string | null
}

export interface WorkDone extends StoredWork {
  facts: number
  refused: number
  model: string | null
}

/** What is known of these texts, for that version of the step. */
export function workOn(
  db: Queryable,
  projectId: string,
  scope: string,
  contentHashes: readonly string[],
  version: string,
): Promise<StoredWork[]> {
  const text = `select content_hash as "contentHash", version, state, attempts, retry_at as "retryAt", error from memory_work
    where project_id = $1 and scope = $2 and content_hash = any($3) and step = 'extract' and version = $4`
  return db.query<StoredWork>(text, [projectId, scope, contentHashes, version])
}

export async function recordWork(tx: Queryable, projectId: string, scope: string, work: readonly WorkDone[], now: number): Promise<void> {
  if (work.length === 0) return
  await tx.query(
    `insert into memory_work as w (project_id, scope, content_hash, step, version, state, attempts, retry_at, error, facts, refused, model, at)
     select $1, $2, h, 'extract', v, s, a, to_timestamp(r / 1000), e, f, q, m, to_timestamp($3::float8 / 1000)
     from unnest($4::text[], $5::text[], $6::text[], $7::int[], $8::float8[], $9::text[], $10::int[], $11::int[], $12::text[])
       as u (h, v, s, a, r, e, f, q, m)
     on conflict (project_id, scope, content_hash, step, version) do update set state = excluded.state, attempts = excluded.attempts,
       retry_at = excluded.retry_at, error = excluded.error, facts = excluded.facts, refused = excluded.refused, model = excluded.model, at = excluded.at`,
    [
      projectId,
      scope,
      now,
      work.map(({ contentHash }) => contentHash),
      work.map(({ version }) => version),
      work.map(({ state }) => state),
      work.map(({ attempts }) => attempts),
      work.map(({ retryAt }) => retryAt),
      work.map(({ error }) => error),
      work.map(({ facts }) => facts),
      work.map(({ refused }) => refused),
      work.map(({ model }) => model),
    ],
  )
}

/** The earliest time at which something that failed is tried again; null when nothing waits. */
export async function nextRetry(db: Queryable, projectId: string, scope: string): Promise<number | null> {
  const text = `select min(retry_at) as at from memory_work where project_id = $1 and scope = $2 and state = 'waiting'`
  return (await db.query<{ at: number | null }>(text, [projectId, scope]))[0]?.at ?? null
}

/** What waits is tried at once: what it waited for has changed. */
export async function retryNow(tx: Queryable, projectId: string, scope: string, now: number): Promise<void> {
  const text = `update memory_work set retry_at = to_timestamp($3::float8 / 1000) where project_id = $1 and scope = $2 and state = 'waiting'
    and retry_at > to_timestamp($3::float8 / 1000)`
  await tx.query(text, [projectId, scope, now])
}

export interface WorkCounts {
  done: number
  failed: number
  waiting: number
  facts: number
  refused: number
  /** The newest error of what failed or waits. */
  error: string | null
}

export async function workCounts(db: Queryable, projectId: string, scope: string): Promise<WorkCounts> {
  const [row] = await db.query<WorkCounts>(
    `select count(*) filter (where state = 'done')::int as done, count(*) filter (where state = 'failed')::int as failed,
       count(*) filter (where state = 'waiting')::int as waiting, coalesce(sum(facts), 0)::int as facts, coalesce(sum(refused), 0)::int as refused,
       (array_agg(error order by at desc) filter (where error is not null and state <> 'done'))[1] as error
     from memory_work where project_id = $1 and scope = $2`,
    [projectId, scope],
  )
  return row ?? { done: 0, failed: 0, waiting: 0, facts: 0, refused: 0, error: null }
}
