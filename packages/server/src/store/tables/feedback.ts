// Scores of runs: one per run, name and key of repetition. Triggers note the experiment of the run and keep its sums.
import type { JsonValue } from "../../core/index.ts"
import { jsonText } from "../json-text.ts"
import type { Queryable } from "../port.ts"

export interface StoredFeedback {
  id: string
  runId: string
  name: string
  value: JsonValue
  comment: string | null
  principal: string
  /** The variant that its run was given. */
  experiment: { name: string; variant: string } | null
  createdAt: number
  updatedAt: number
}

export interface NewFeedback extends Omit<StoredFeedback, "createdAt" | "updatedAt" | "experiment"> {
  idempotencyKey: string
}

const columns = `id, run_id as "runId", name, value, comment, principal, experiment, created_at as "createdAt", updated_at as "updatedAt"`

/** A score that is there already gets the new value and keeps its id; undefined where the run has `rowsMax` others. */
export async function putFeedback(
  db: Queryable,
  projectId: string,
  { id, runId, name, idempotencyKey, value, comment, principal }: NewFeedback,
  rowsMax: number,
): Promise<StoredFeedback | undefined> {
  const text = `insert into feedback (project_id, id, run_id, name, idempotency_key, value, comment, principal)
    select $1, $2, $3, $4, $5, $6::jsonb, $7, $8
    where (select count(*) from feedback where project_id = $1 and run_id = $3) < $9
      or exists (select 1 from feedback where project_id = $1 and run_id = $3 and name = $4 and idempotency_key = $5)
    on conflict (project_id, run_id, name, idempotency_key) do update
      set value = excluded.value, comment = excluded.comment, principal = excluded.principal, updated_at = now()
    returning ${columns}`
  const values = [projectId, id, runId, name, idempotencyKey, jsonText(value), comment, principal, rowsMax]
  return (await db.query<StoredFeedback>(text, values))[0]
}

/** In the order in which they were first given. */
export function feedbackOfRun(db: Queryable, projectId: string, runId: string): Promise<StoredFeedback[]> {
  return db.query<StoredFeedback>(`select ${columns} from feedback where project_id = $1 and run_id = $2 order by id`, [projectId, runId])
}

export interface FeedbackFilter {
  name?: string | undefined
  experiment?: string | undefined
  /** Of runs that were made for this end user. */
  user?: string | undefined
  /** Scores older than the one of this id. */
  before?: string | undefined
}

/** Of a run for this end user; null for every run. */
const ofUser = (
  user: string,
): string => `(${user}::text is null or exists (select from runs r where r.project_id = $1 and r.id = run_id and r.end_user = ${user})
        or exists (select from light_runs l where l.project_id = $1 and l.id = run_id and l.end_user = ${user}))`

/** Newest first. */
export function newestFeedback(db: Queryable, projectId: string, filter: FeedbackFilter, rowsMax: number): Promise<StoredFeedback[]> {
  const text = `select ${columns} from feedback where project_id = $1 and ($2::text is null or name = $2)
      and ($3::text is null or experiment ->> 'name' = $3) and ($4::text is null or id < $4)
      and ${ofUser("$6")}
    order by id desc limit $5`
  const { name = null, experiment = null, before = null, user = null } = filter
  return db.query<StoredFeedback>(text, [projectId, name, experiment, before, rowsMax, user])
}

export interface FeedbackSum {
  name: string
  /** Of scores that are words. */
  category: string | null
  time: string | null
  count: number
  mean: number | null
  deviation: number | null
}

export interface FeedbackSumRange {
  since: number
  until: number
  name: string | undefined
  interval: "hour" | "day" | undefined
  /** Only scores of runs for this end user; null for all. */
  user: string | null
}

const times = {
  hour: `to_char(created_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24":00Z"')`,
  day: `to_char(created_at at time zone 'UTC', 'YYYY-MM-DD')`,
  none: "null::text",
} as const

/** Of scores that were first given in `[since, until)`, in order of name and time. */
export function feedbackSums(
  db: Queryable,
  projectId: string,
  { since, until, name, interval, user }: FeedbackSumRange,
  rowsMax: number,
): Promise<FeedbackSum[]> {
  const text = `select name, case jsonb_typeof(value) when 'string' then value #>> '{}' end as category, ${times[interval ?? "none"]} as "time",
      count(*)::int8 as count, avg(perdure_score_number(value))::float8 as mean, stddev_samp(perdure_score_number(value))::float8 as deviation
    from feedback where project_id = $1 and created_at >= to_timestamp($2::float8 / 1000) and created_at < to_timestamp($3::float8 / 1000)
      and ($4::text is null or name = $4) and ${ofUser("$6")}
    group by 1, 2, 3 order by 1, 3, 2 limit $5`
  return db.query<FeedbackSum>(text, [projectId, since, until, name ?? null, rowsMax, user])
}
