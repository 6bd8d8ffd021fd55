// Rows of runs: reading, listing, and what is done to a run that nobody executes (cancel, wake, resolve, delete).
import type { JsonValue } from "../../core/index.ts"
import type { Queryable, SqlValue } from "../port.ts"
import { saidConditions, type MetadataPair } from "./said.ts"

export interface StoredRun {
  id: string
  projectId: string
  principal: string
  user: string | null
  kind: string
  name: string
  title: string | null
  version: string
  status: string
  parentId: string | null
  conversationId: string | null
  model: string | null
  token: string | null
  attempt: number
  label: JsonValue
  input: JsonValue
  output: JsonValue
  error: JsonValue
  metadata: JsonValue
  inputTokens: number
  outputTokens: number
  cachedTokens: number
  reasoningTokens: number
  costMicroUsd: number
  costKnown: boolean
  firstTokenMs: number | null
  createdAt: number
  startedAt: number | null
  finishedAt: number | null
  wakeAt: number | null
  deadlineAt: number | null
  cancelReason: string | null
  lastSeq: number
  /** The tags of its key. */
  keyTags: string[] | null
  /** Of a batch: its requests. */
  progress: { total: number; completed: number; failed: number } | null
}

export interface StoredRunFilter {
  kind?: string
  status?: string
  search?: string
  conversationId?: string
  parentId?: string
  /** The prompt, the experiment that a response used. */
  prompt?: string
  experiment?: string
  user?: string
  tag?: string
  said?: MetadataPair
  before?: string
  limit: number
}

/** The list of columns with their names in `StoredRun`. */
export function runColumns(table: string): string {
  const plain = Object.entries(columnOf).map(([name, column]) => `${table}.${column} as "${name}"`)
  const lastSeq = `coalesce((select max(seq) from run_events where run_id = ${table}.id), 0) as "lastSeq"`
  // The batch of a run has its digits.
  const progress = `(select json_build_object('total', lines_total, 'completed', lines_succeeded, 'failed', lines_errored) from batches
    where ${table}.kind = 'batch' and project_id = ${table}.project_id
      and batches.id in ('batch' || substr(${table}.id, 4), 'msgbatch' || substr(${table}.id, 4))) as progress`
  const keyTags = `(select tags from api_keys where id = ${table}.principal and project_id = ${table}.project_id) as "keyTags"`
  return `${plain.join(", ")}, ${lastSeq}, ${progress}, ${keyTags}`
}

const columnOf = {
  id: "id",
  projectId: "project_id",
  principal: "principal",
  user: "end_user",
  kind: "kind",
  name: "name",
  title: "title",
  version: "version",
  status: "status",
  parentId: "parent_id",
  conversationId: "conversation_id",
  model: "model",
  token: "token",
  attempt: "attempt",
  label: "label",
  input: "input",
  output: "output",
  error: "error",
  metadata: "metadata",
  inputTokens: "input_tokens",
  outputTokens: "output_tokens",
  cachedTokens: "cached_tokens",
  reasoningTokens: "reasoning_tokens",
  costMicroUsd: "cost_micro_usd",
  costKnown: "cost_known",
  firstTokenMs: "first_token_ms",
  createdAt: "created_at",
  startedAt: "started_at",
  finishedAt: "finished_at",
  wakeAt: "wake_at",
  deadlineAt: "deadline_at",
  cancelReason: "cancel_reason",
} as const

export async function getRun(db: Queryable, projectId: string, runId: string): Promise<StoredRun | undefined> {
  const rows = await db.query<StoredRun>(`select ${runColumns("r")} from runs r where r.project_id = $1 and r.id = $2`, [projectId, runId])
  return rows[0]
}

/** As `getRun`, with the row locked for the rest of the transaction. */
export async function lockRun(db: Queryable, projectId: string, runId: string): Promise<StoredRun | undefined> {
  const rows = await db.query<{ id: string }>("select id from runs where project_id = $1 and id = $2 for update", [projectId, runId])
  return rows[0] ? getRun(db, projectId, runId) : undefined
}

/** As the partial indexes have it. */
function usedBy(member: "prompt" | "experiment", key: "id" | "name", parameter: 9 | 10): string {
  return `and kind = 'response' and json_typeof(metadata -> '${member}') = 'object' and metadata -> '${member}' ->> '${key}' = $${parameter}`
}

/** The runs of a list, newest first, without input and output. */
export async function listRuns(db: Queryable, projectId: string, filter: StoredRunFilter): Promise<StoredRun[]> {
  const values: SqlValue[] = [
    projectId,
    filter.kind ?? null,
    filter.status ?? null,
    filter.conversationId ?? null,
    filter.parentId ?? null,
    filter.before ?? null,
    filter.search === undefined ? null : `%${filter.search.replaceAll(/[\\%_]/g, String.raw`\$&`)}%`,
    filter.limit,
    filter.prompt ?? null,
    filter.experiment ?? null,
    filter.user ?? null,
  ]
  const saying = saidConditions(filter.tag, filter.said, (value) => `$${values.push(value)}`)
  return db.query<StoredRun>(
    `select ${runColumns("r")} from (
       select id, project_id, principal, end_user, kind, name, title, version, status, parent_id, conversation_id, model, token, attempt, label,
              null::jsonb as input, null::jsonb as output, error, metadata, input_tokens, output_tokens, cached_tokens, reasoning_tokens,
              cost_micro_usd, cost_known, first_token_ms, created_at, started_at, finished_at, wake_at, deadline_at, cancel_reason
       from runs
       where project_id = $1 and ($2::text is null or kind = $2) and ($3::text is null or status = $3)
         and ($4::text is null or conversation_id = $4) and ($5::text is null or parent_id = $5)
         and ($6::text is null or id < $6)
         ${filter.user === undefined ? "and $11::text is null" : "and end_user = $11"}
         ${filter.prompt === undefined ? "and $9::text is null" : usedBy("prompt", "id", 9)}
         ${filter.experiment === undefined ? "and $10::text is null" : usedBy("experiment", "name", 10)}
         ${saying.durable}
         and ($7::text is null or name ilike $7 or title ilike $7 or model ilike $7 or id ilike $7 or principal ilike $7 or input::text ilike $7 or output::text ilike $7)
       order by id desc limit $8) r
     order by r.id desc`,
    values,
  )
}

/** Locks a run, its descendants and its parent in the order of ids; returns the tree without the parent. */
export async function lockTree(db: Queryable, runId: string): Promise<{ id: string; status: string }[]> {
  const tree = `with recursive tree as (
    select id, parent_id from runs where id = $1 union all select c.id, c.parent_id from runs c join tree t on c.parent_id = t.id)`
  await db.query(`${tree} select 1 from runs where id in (select id from tree union select parent_id from tree) order by id for update`, [
    runId,
  ])
  return db.query<{ id: string; status: string }>(`${tree} select r.id, r.status from runs r join tree t on t.id = r.id order by r.id`, [
    runId,
  ])
}

/** Ids of the children of a run that have not ended. */
export async function openChildren(db: Queryable, projectId: string, parentId: string): Promise<string[]> {
  const rows = await db.query<{ id: string }>(
    "select id from runs where project_id = $1 and parent_id = $2 and finished_at is null order by id",
    [projectId, parentId],
  )
  return rows.map((row) => row.id)
}

/** Marks running runs, for their executors to see. */
export async function markCancelled(db: Queryable, runIds: readonly string[], reason: string): Promise<void> {
  await db.query("update runs set cancel_reason = coalesce(cancel_reason, $2) where id = any ($1::text[])", [runIds, reason])
}

/** Ends a locked run that nobody executes, and wakes its parent. */
export async function endUnowned(db: Queryable, runId: string, status: string, errorJson: string): Promise<void> {
  await db.query(
    `update runs set status = $2, error = $3::jsonb, executor = null, token = null, waits = null, wake_at = null, finished_at = now()
     where id = $1 and status <> 'running'`,
    [runId, status, errorJson],
  )
  await db.query("select perdure_wake(array(select parent_id from runs where id = $1 and parent_id is not null))", [runId])
}

/** Makes a locked, parked run ready to be claimed. */
export async function queueParked(db: Queryable, runId: string): Promise<void> {
  await db.query("update runs set status = 'queued', deaths = 0 where id = $1 and status in ('in_doubt', 'needs_migration', 'poisoned')", [
    runId,
  ])
}

/** Queues runs that were parked because their code did not fit, once other code of that name is there. */
export async function queueMigratable(db: Queryable, kind: string, name: string, version: string): Promise<number> {
  const rows = await db.query<{ id: string }>(
    "update runs set status = 'queued' where status = 'needs_migration' and kind = $1 and name = $2 and version <> $3 returning id",
    [kind, name, version],
  )
  return rows.length
}

/** Deletes a run that has ended, with its log. */
export async function deleteRun(db: Queryable, projectId: string, runId: string): Promise<boolean> {
  const rows = await db.query<{ id: string }>(
    "delete from runs where project_id = $1 and id = $2 and finished_at is not null returning id",
    [projectId, runId],
  )
  if (rows.length === 0) return false
  for (const statement of [
    "delete from run_events where run_id = $1",
    "delete from signals where run_id = $1",
    "delete from blobs where run_id = $1",
  ]) {
    await db.query(statement, [runId])
  }
  return true
}
