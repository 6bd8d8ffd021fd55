// What calls cost, read from light and durable runs together: call by call and in sums of a day's keys, users and models.
import type { Queryable, SqlValue } from "../port.ts"

export interface SpendFilter {
  /** Epoch milliseconds, `[since, until)`. */
  since: number
  until: number
  keyId?: string | undefined
  user?: string | undefined
}

export interface SpendCall {
  id: string
  keyId: string
  user: string | null
  kind: string
  model: string | null
  deployment: string | null
  failed: boolean
  inputTokens: number
  outputTokens: number
  costMicroUsd: number
  startedAt: number
  durationMs: number
  firstTokenMs: number | null
  tags: readonly string[]
}

/** Kinds that call a model; others are in it where they cost something. */
const kinds = ["chat", "embedding", "image", "audio", "moderation", "rerank", "realtime", "response"]

const range = (
  time: string,
): string => `project_id = $1 and ${time} >= to_timestamp($2::float8 / 1000) and ${time} < to_timestamp($3::float8 / 1000)
        and ($4::text is null or principal = $4) and ($5::text is null or end_user = $5) and (kind = any($6::text[]) or cost_micro_usd > 0)`
const counts = `input_tokens as "inputTokens", output_tokens as "outputTokens", cost_micro_usd as "costMicroUsd"`
const light = `select id, principal as "keyId", end_user as "user", kind, model, deployment, outcome = 'failed' as failed, ${counts},
        started_at as at, duration_ms as "durationMs", first_token_ms as "firstTokenMs",
        case when jsonb_typeof(tags) = 'array' then tags else '[]'::jsonb end as tags
      from light_runs where ${range("started_at")}`
/** Durable runs have the tags of their key. */
const durable = `select id, principal, end_user, kind, model, null::text, status in ('failed', 'poisoned'), input_tokens, output_tokens, cost_micro_usd,
        created_at, coalesce(extract(epoch from finished_at - created_at) * 1000, 0)::int4, first_token_ms,
        coalesce((select to_jsonb(k.tags) from api_keys k where k.id = r.principal), '[]'::jsonb)
      from runs r where ${range("created_at")}`

function valuesOf(projectId: string, { since, until, keyId = "", user = "" }: SpendFilter): SqlValue[] {
  return [projectId, since, until, keyId || null, user || null, kinds]
}

export interface SpendCallFilter extends SpendFilter {
  id?: string | undefined
  /** Calls older than this id. */
  before?: string | undefined
  limit: number
}

/** Newest first. */
export function spendCalls(db: Queryable, projectId: string, filter: SpendCallFilter): Promise<SpendCall[]> {
  const page = `and ($7::text is null or id = $7) and ($8::text is null or id < $8) order by id desc limit $9`
  const text = `select id, "keyId", "user", kind, model, deployment, failed, "inputTokens", "outputTokens", "costMicroUsd", at as "startedAt", "durationMs",
      "firstTokenMs", tags from ((${light} ${page}) union all (${durable} ${page})) as calls order by id desc limit $9`
  return db.query<SpendCall>(text, [...valuesOf(projectId, filter), filter.id ?? null, filter.before ?? null, filter.limit])
}

export interface SpendCell extends Pick<SpendCall, "keyId" | "user" | "model" | "inputTokens" | "outputTokens" | "costMicroUsd"> {
  /** `2026-01-31`, UTC. */
  day: string
  /** The first tag `team:…`, without that word. */
  team: string | null
  calls: number
}

/** In order of the days. */
export function spendCells(db: Queryable, projectId: string, filter: SpendFilter, limit: number): Promise<SpendCell[]> {
  const text = `select to_char(at at time zone 'UTC', 'YYYY-MM-DD') as day, "keyId", "user", model,
      (select substr(tag, 6) from jsonb_array_elements_text(tags) as tag where tag like 'team:%' limit 1) as team, count(*)::int8 as calls,
      sum("inputTokens")::int8 as "inputTokens", sum("outputTokens")::int8 as "outputTokens", sum("costMicroUsd")::int8 as "costMicroUsd"
    from (${light} union all ${durable}) as calls group by 1, 2, 3, 4, 5 order by 1, 2, 3, 4, 5 limit $7`
  return db.query<SpendCell>(text, [...valuesOf(projectId, filter), limit])
}
