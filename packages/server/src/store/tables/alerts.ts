// What somebody is told of: each occasion once, and its way to each webhook, which goes on after a restart and in any process.
import type { JsonObject } from "../../core/index.ts"
import { jsonText } from "../json-text.ts"
import type { Queryable } from "../port.ts"

export interface NewAlert {
  id: string
  projectId: string | null
  type: string
  /** The same for the same thing: it is kept once. */
  occasion: string
  data: JsonObject
  /** Epoch milliseconds; null: the occasion never comes again. */
  keepUntil: number | null
  /** Of a deployment that went down or came back: kept only where that is news. */
  deployment?: { id: string; isDown: boolean }
}

const gates = {
  none: "select 1 as one where $7::text is null",
  down: "insert into alert_deployments (id) values ($7::text) on conflict do nothing returning 1 as one",
  up: "delete from alert_deployments where id = $7::text returning 1 as one",
}

/** True where it is new. A webhook for which `waitingMax` wait already gets no more of them. */
export async function addAlert(db: Queryable, alert: NewAlert, webhooks: readonly string[], waitingMax: number): Promise<boolean> {
  const { id, projectId, type, occasion, data, keepUntil, deployment } = alert
  const gate = deployment === undefined ? gates.none : deployment.isDown ? gates.down : gates.up
  const rows = await db.query(
    `with gate as (${gate}),
       made as (insert into alerts (id, project_id, type, occasion, data, keep_until)
         select $1::text, $2::text, $3::text, $4::text, $5::jsonb, to_timestamp($6::float8 / 1000) from gate
         on conflict (occasion) do nothing returning id),
       waiting as (select w as webhook, (select count(*) from (
           select 1 from alert_deliveries d where d.webhook = w and d.next_at is not null limit $9::integer) as few) as count
         from unnest($8::text[]) as w),
       sent as (insert into alert_deliveries (alert_id, webhook)
         select made.id, waiting.webhook from made, waiting where waiting.count < $9::integer)
     select id from made`,
    [id, projectId, type, occasion, jsonText(data), keepUntil, deployment?.id ?? null, webhooks, waitingMax],
  )
  return rows.length > 0
}

export interface DueDelivery {
  alertId: string
  /** With this one. */
  attempts: number
  type: string
  projectId: string | null
  data: JsonObject
  createdAt: number
}

/** Nobody else takes them for `leaseMs`: a process that dies while it sends leaves them to another one. */
export function takeDue(db: Queryable, webhook: string, rowsMax: number, leaseMs: number): Promise<DueDelivery[]> {
  return db.query<DueDelivery>(
    `with due as (select alert_id from alert_deliveries where webhook = $1 and next_at <= now()
         order by next_at, alert_id limit $2::integer for update skip locked),
       taken as (update alert_deliveries d set attempts = d.attempts + 1, next_at = now() + $3::float8 * interval '1 millisecond', updated_at = now()
         from due where d.webhook = $1 and d.alert_id = due.alert_id returning d.alert_id, d.attempts)
     select a.id as "alertId", taken.attempts, a.type, a.project_id as "projectId", a.data, a.created_at as "createdAt"
     from taken join alerts a on a.id = taken.alert_id order by a.id`,
    [webhook, rowsMax, leaseMs],
  )
}

/** Taken, and not sent: whoever is next has them at once. */
export async function putBack(db: Queryable, webhook: string, alertIds: readonly string[]): Promise<void> {
  await db.query(
    `update alert_deliveries set attempts = greatest(0, attempts - 1), next_at = now(), updated_at = now()
     where webhook = $1 and alert_id = any($2::text[]) and next_at is not null`,
    [webhook, alertIds],
  )
}

/** `retryMs` null: it is not tried again. */
export async function endAttempt(
  db: Queryable,
  alertId: string,
  webhook: string,
  { isSent, outcome, retryMs }: { isSent: boolean; outcome: string; retryMs: number | null },
): Promise<void> {
  await db.query(
    `update alert_deliveries set status = case when $3::boolean then 'sent' when $5::float8 is null then 'failed' else 'waiting' end,
       outcome = $4, next_at = now() + $5::float8 * interval '1 millisecond', updated_at = now()
     where alert_id = $1 and webhook = $2`,
    [alertId, webhook, isSent, outcome, retryMs],
  )
}

export async function downDeployments(db: Queryable): Promise<string[]> {
  return (await db.query<{ id: string }>("select id from alert_deployments")).map(({ id }) => id)
}

export async function sweepAlerts(db: Queryable, deploymentsKeptMs: number): Promise<void> {
  await db.query("delete from alerts where keep_until < now()")
  await db.query("delete from alert_deployments where since < now() - $1::float8 * interval '1 millisecond'", [deploymentsKeptMs])
}

export interface StoredAlert {
  id: string
  type: string
  projectId: string | null
  data: JsonObject
  createdAt: number
  deliveries: { webhook: string; status: "waiting" | "sent" | "failed"; attempts: number; outcome: string | null }[]
}

/** Newest first: those of a project, and where `withShared` those that are of none. */
export function alertsOfProject(db: Queryable, projectId: string, withShared: boolean, rowsMax: number): Promise<StoredAlert[]> {
  return db.query<StoredAlert>(
    `select a.id, a.type, a.project_id as "projectId", a.data, a.created_at as "createdAt", coalesce((
         select jsonb_agg(jsonb_build_object('webhook', d.webhook, 'status', d.status, 'attempts', d.attempts, 'outcome', d.outcome) order by d.webhook)
         from alert_deliveries d where d.alert_id = a.id), '[]'::jsonb) as deliveries
     from alerts a where a.project_id = $1 or ($2::boolean and a.project_id is null) order by a.created_at desc, a.id desc limit $3`,
    [projectId, withShared, rowsMax],
  )
}

export interface ExpiringKey {
  id: string
  projectId: string
  name: string
  expiresAt: number
}

export function expiringKeys(db: Queryable, withinMs: number, rowsMax: number): Promise<ExpiringKey[]> {
  return db.query<ExpiringKey>(
    `select id, project_id as "projectId", name, expires_at as "expiresAt" from api_keys
     where revoked_at is null and blocked_at is null and expires_at > now() and expires_at <= now() + $1::float8 * interval '1 millisecond' order by expires_at limit $2`,
    [withinMs, rowsMax],
  )
}
