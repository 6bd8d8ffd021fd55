// Sums of requests per variant. Light runs are added by the statement that inserts them, responses wait in `experiment_ends` until they are folded in.
import type { Queryable } from "../port.ts"

export interface StoredArm {
  variant: string
  content: string
  requests: number
  completed: number
  failed: number
  costMicroUsd: number
  costUnknown: number
  /** Of the completed ones. */
  latencyMs: number
  outputTokens: number
}

const sums = ["requests", "completed", "failed", "cost_micro_usd", "cost_unknown", "latency_ms", "output_tokens"] as const

/** Takes rows of these columns, each group once; in one order everywhere, so that two writers never wait for each other in a circle. */
export const addArms = `insert into experiment_arms as known (project_id, name, variant, content, ${sums.join(", ")})
  select * from added order by project_id, name, variant, content
  on conflict (project_id, name, variant, content) do update set ${sums.map((sum) => `${sum} = known.${sum} + excluded.${sum}`).join(", ")}`

const endSums = `count(*) as requests, count(*) filter (where completed) as completed, count(*) filter (where failed) as failed,
  sum(cost_micro_usd) as cost_micro_usd, count(*) filter (where not cost_known) as cost_unknown,
  coalesce(sum(latency_ms) filter (where completed), 0) as latency_ms, sum(output_tokens) as output_tokens`

export async function armsOf(db: Queryable, projectId: string, name: string): Promise<StoredArm[]> {
  const text = `select variant, content, sum(requests)::int8 as requests, sum(completed)::int8 as completed, sum(failed)::int8 as failed,
      sum(cost_micro_usd)::float8 as "costMicroUsd", sum(cost_unknown)::int8 as "costUnknown", sum(latency_ms)::float8 as "latencyMs",
      sum(output_tokens)::float8 as "outputTokens"
    from (
      select variant, content, ${sums.join(", ")} from experiment_arms where project_id = $1 and name = $2
      union all
      select variant, content, ${endSums} from experiment_ends where project_id = $1 and name = $2 group by variant, content
    ) both_kinds group by variant, content`
  return db.query<StoredArm>(text, [projectId, name])
}

/** Adds responses that have ended to the sums; false when there are none left. */
export async function foldEnds(db: Queryable, rowsMax: number): Promise<boolean> {
  const text = `with taken as (
      delete from experiment_ends where id in (select id from experiment_ends order by id limit $1 for update skip locked) returning *
    ), added as (
      select project_id, name, variant, content, ${endSums} from taken group by project_id, name, variant, content
    ), folded as (${addArms})
    select count(*)::int8 as count from taken`
  return ((await db.query<{ count: number }>(text, [rowsMax]))[0]?.count ?? 0) > 0
}
