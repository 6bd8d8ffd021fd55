// Sums over light and durable runs together: of a time, by what they have in common.
import type { Queryable, SqlValue } from "../port.ts"
import { saidConditions, type MetadataPair } from "./said.ts"

export const usageGroups = ["hour", "day", "model", "deployment", "principal", "user", "tag", "metadata", "kind"] as const
/** `metadata` is by the names in it, `metadata.customer` by the values of one. */
export type UsageGroup = (typeof usageGroups)[number] | `metadata.${string}`
export type UsageInterval = "hour" | "day"

export interface UsageSum {
  group: string
  /** The hour or day, where sums are asked for each. */
  time: string | null
  runs: number
  failedRuns: number
  inputTokens: number
  outputTokens: number
  cachedTokens: number
  reasoningTokens: number
  costMicroUsd: number
  /** False when the cost of some run in the group is unknown: the sum is then a lower bound. */
  costKnown: boolean
}

const timeExpressions: Readonly<Record<UsageInterval, string>> = {
  hour: `to_char(at at time zone 'UTC', 'YYYY-MM-DD"T"HH24":00Z"')`,
  day: `to_char(at at time zone 'UTC', 'YYYY-MM-DD')`,
}

/** The group of names that no deployment has: clients invent as many as they like. */
const unknownModels = "(unknown)"

const knownModels = `, known_models as (
      select distinct model from all_runs where model is not null and error_code is distinct from 'model_not_found'
    )`
/** A name with which every run of the range was refused. */
const isUnknownName = `error_code = 'model_not_found' and model not in (select model from known_models)`

const groupExpressions: Readonly<Record<Exclude<(typeof usageGroups)[number], "tag" | "metadata">, string>> = {
  ...timeExpressions,
  model: `case when ${isUnknownName} then '${unknownModels}' else coalesce(model, '') end`,
  deployment: `coalesce(deployment, '')`,
  principal: `principal`,
  user: `coalesce(end_user, '')`,
  kind: `kind`,
}

export interface UsageRange {
  from: number
  to: number
  by: UsageGroup
  /** Apart for each of them, too; null sums over the whole range. */
  interval: UsageInterval | null
  /** Only the runs for this end user; null for all of the project. */
  user: string | null
  /** Only those that have it. */
  tag?: string | undefined
  metadata?: MetadataPair | undefined
  groupsMax: number
}

/** A run can be in several of these groups: it is in the sum of each. */
export function overlaps(by: UsageGroup): boolean {
  return by === "tag" || by.startsWith("metadata")
}

/** Child runs report their own usage. In order of time and group; where there are too many groups, those that cost most. */
export function usageSums(db: Queryable, projectId: string, range: UsageRange): Promise<UsageSum[]> {
  const { by, interval } = range
  const values: SqlValue[] = [projectId, range.from, range.to, range.groupsMax]
  const bound = (value: SqlValue): string => `$${values.push(value)}`
  const time = interval === null ? "null::text" : timeExpressions[interval]
  const runs = `with all_runs as (${allRuns(range, bound)})`
  const text = overlaps(by)
    ? `${runs}, distinct_sums as (select ${time} as "time", said, ${sums} from all_runs group by 1, 2)
       select "time", each.name as "group", ${sumsOfSums} from distinct_sums cross join lateral unnest(${namesOfSaid}) as each (name) group by 1, 2`
    : `${runs}${by === "model" ? knownModels : ""}
       select ${time} as "time", ${groupExpressions[by as keyof typeof groupExpressions]} as "group", ${sums} from all_runs group by 1, 2` // by `overlaps`
  return db.query<UsageSum>(
    `select * from (${text} order by "costMicroUsd" desc, runs desc, "time", "group" limit $4) as found order by "time", "group"`,
    values,
  )
}

/** Rows of both tables that began in `[from, to)`. */
function allRuns({ by, user, tag, metadata }: UsageRange, bound: (value: SqlValue) => string): string {
  const said = by.startsWith("metadata.") ? valueOf(bound(by.slice("metadata.".length))) : by === "metadata" ? namesOfMetadata : tagsOf
  const [ofLight, ofDurable] = overlaps(by) ? [said.light, said.durable] : ["null::jsonb", "null::jsonb"]
  const ofUser = user === null ? "" : ` and end_user = ${bound(user)}`
  const saying = saidConditions(tag, metadata, bound)
  return `select started_at as at, model, deployment, principal, end_user, kind, ${ofLight} as said, error_code, outcome = 'failed' as failed,
      input_tokens, output_tokens, cached_tokens, reasoning_tokens, cost_micro_usd, cost_known
    from light_runs where project_id = $1 and started_at >= to_timestamp($2::float8 / 1000) and started_at < to_timestamp($3::float8 / 1000)
      ${ofUser}${saying.light}
    union all
    select created_at, model, null, principal, end_user, kind, ${ofDurable}, error->>'code', status in ('failed', 'poisoned'),
      input_tokens, output_tokens, cached_tokens, reasoning_tokens, cost_micro_usd, cost_known
    from runs where project_id = $1 and created_at >= to_timestamp($2::float8 / 1000) and created_at < to_timestamp($3::float8 / 1000)
      ${ofUser}${saying.durable}`
}

const sums = `count(*)::int8 as runs, count(*) filter (where failed)::int8 as "failedRuns",
  sum(input_tokens)::int8 as "inputTokens", sum(output_tokens)::int8 as "outputTokens", sum(cached_tokens)::int8 as "cachedTokens",
  sum(reasoning_tokens)::int8 as "reasoningTokens", sum(cost_micro_usd)::int8 as "costMicroUsd", bool_and(cost_known) as "costKnown"`

const sumsOfSums = `sum(runs)::int8 as runs, sum("failedRuns")::int8 as "failedRuns",
  sum("inputTokens")::int8 as "inputTokens", sum("outputTokens")::int8 as "outputTokens", sum("cachedTokens")::int8 as "cachedTokens",
  sum("reasoningTokens")::int8 as "reasoningTokens", sum("costMicroUsd")::int8 as "costMicroUsd", bool_and("costKnown") as "costKnown"`

/** Taken apart once for each set of them that there is, and not for each run. */
const namesOfSaid = `case when said is null or said in ('null', '[]', '""') then '{""}'
  when jsonb_typeof(said) = 'array' then array(select distinct jsonb_array_elements_text(said)) else array[said #>> '{}'] end`

interface Expressions {
  light: string
  durable: string
}

/** Light runs carry those of their key, durable ones have those that it has now. */
const tagsOf: Expressions = {
  light: "tags",
  durable: `(select jsonb_agg(tag order by tag) from (select unnest(k.tags) from api_keys k where k.id = runs.principal
    union select json_array_elements_text(runs.metadata -> 'tags') where json_typeof(runs.metadata -> 'tags') = 'array') as all_tags (tag))`,
}

/** What is no object: beside it stands in `runs.metadata` what was chosen for a run. */
const namesOfMetadata: Expressions = {
  light: "case when metadata is not null then to_jsonb(array(select jsonb_object_keys(metadata))) end",
  durable: `case when kind in ('response', 'workflow') and json_typeof(metadata) = 'object' then
    (select jsonb_agg(key order by key) from json_each(metadata) where json_typeof(value) <> 'object' and key <> 'tags') end`,
}

function valueOf(key: string): Expressions {
  return {
    light: `metadata -> ${key}::text`,
    durable: `case when kind in ('response', 'workflow') and json_typeof(metadata -> ${key}::text) <> 'object' then (metadata -> ${key}::text)::jsonb end`,
  }
}

/** What each of them cost since its time, light and durable runs together. */
export function spendOfPrincipals(
  db: Queryable,
  projectId: string,
  principals: readonly string[],
  since: readonly number[],
): Promise<{ principal: string; costMicroUsd: number }[]> {
  const text = `with asked as (select principal, to_timestamp(since / 1000) as since from unnest($2::text[], $3::float8[]) as each (principal, since)),
    spent as (
      select l.principal, l.cost_micro_usd from light_runs l join asked a on a.principal = l.principal and l.started_at >= a.since
      where l.project_id = $1 and l.started_at >= to_timestamp($4::float8 / 1000)
      union all
      select r.principal, r.cost_micro_usd from runs r join asked a on a.principal = r.principal and r.created_at >= a.since
      where r.project_id = $1 and r.created_at >= to_timestamp($4::float8 / 1000))
    select principal, sum(cost_micro_usd)::int8 as "costMicroUsd" from spent group by 1`
  return db.query(text, [projectId, principals, since, Math.min(...since)])
}
