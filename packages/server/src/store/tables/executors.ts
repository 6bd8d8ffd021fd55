// Processes that execute runs: their leases, what reaping a dead one gives back, and claiming queued runs. Times are the database's.
import type { Queryable } from "../port.ts"
import { runColumns, type StoredRun } from "./runs.ts"

export interface Heartbeat {
  /** False: the lease was taken away; everything that was executed under it is somebody else's now. */
  alive: boolean
  /** Other processes whose lease is current. */
  peers: number
  /** Database time, epoch milliseconds. */
  now: number
  /** Runs of this executor that somebody wants cancelled. */
  cancelled: readonly { id: string; reason: string }[]
}

export async function register(db: Queryable, id: string, leaseMs: number, roles: string, capacity: number): Promise<void> {
  await db.query("insert into executors (id, lease_ms, roles, capacity) values ($1::uuid, $2, $3, $4)", [id, leaseMs, roles, capacity])
}

export async function heartbeat(db: Queryable, id: string, leaseMs: number): Promise<Heartbeat> {
  const rows = await db.query<{ alive: boolean; peers: number; now: number; ids: string[]; reasons: string[] }>(
    `with me as (update executors set seen = now(), lease_ms = $2 where id = $1::uuid returning 1)
     select exists (select 1 from me) as alive, now() as now,
            (select count(*)::integer from executors where id <> $1::uuid and seen > now() - lease_ms * interval '1 millisecond') as peers,
            array(select id from runs where executor = $1::uuid and status = 'running' and cancel_reason is not null order by id) as ids,
            array(select cancel_reason from runs where executor = $1::uuid and status = 'running' and cancel_reason is not null order by id) as reasons`,
    [id, leaseMs],
  )
  const row = rows[0]
  if (!row) throw new Error("the heartbeat returned no row")
  return {
    alive: row.alive,
    peers: row.peers,
    now: row.now,
    cancelled: row.ids.map((run, i) => ({ id: run, reason: row.reasons[i] ?? "" })),
  }
}

export async function unregister(db: Queryable, id: string): Promise<void> {
  await db.query("delete from executors where id = $1::uuid", [id])
}

/** The embedded database has one process: whoever is registered there from before is dead. */
export async function unregisterOthers(db: Queryable, id: string): Promise<void> {
  await db.query("delete from executors where id <> $1::uuid", [id])
}

/**
 * Ends expired leases and gives back their runs, in one statement: with two, a reaper that dies in between strands runs.
 * A run that is cancelled gets as many attempts more: its body is not executed again.
 * A running run whose executor is not registered at all (its start raced with the reaper) is given back too.
 */
export async function reap(db: Queryable, deathsMax: number): Promise<{ id: string; projectId: string; status: "queued" | "poisoned" }[]> {
  return db.query<{ id: string; projectId: string; status: "queued" | "poisoned" }>(
    `with dead as (delete from executors where seen < now() - lease_ms * interval '1 millisecond' returning id),
     alive as (select id from executors where id not in (select id from dead)),
     lost as (
       select r.id from runs r
       where r.status = 'running' and not exists (select 1 from alive where alive.id = r.executor)
       order by r.id for update of r),
     requeued as (
       update runs r set executor = null, token = null, deaths = r.deaths + 1,
         status = case when r.deaths + 1 >= case when r.cancel_reason is null then $1 else 2 * $1 end then 'poisoned' else 'queued' end
       from lost where r.id = lost.id
       returning r.id, r.project_id, r.attempt, r.status, r.deaths),
     evidence as (
       insert into run_events (run_id, seq, project_id, attempt, type, data, at)
       select q.id, coalesce((select max(seq) from run_events e where e.run_id = q.id), 0) + 1, q.project_id, q.attempt, 'run.poisoned',
              jsonb_build_object('executorsDied', q.deaths), now()
       from requeued q where q.status = 'poisoned')
     select id, project_id as "projectId", status from requeued`,
    [deathsMax],
  )
}

/** Gives back runs that this process dropped although their tokens may still be current. */
export async function giveBack(db: Queryable, runIds: readonly string[], tokens: readonly string[]): Promise<void> {
  await db.query(
    `with mine as (
       select r.id from runs r join unnest($1::text[], $2::uuid[]) as w (id, token) on w.id = r.id and w.token = r.token
       where r.status = 'running' order by r.id for update of r)
     update runs r set status = 'queued', executor = null, token = null from mine where r.id = mine.id`,
    [runIds, tokens],
  )
}

/** Why each of these running runs is to be cancelled; runs that are not, are left out. */
export async function cancelledAmong(db: Queryable, runIds: readonly string[]): Promise<{ id: string; reason: string }[]> {
  return db.query<{ id: string; reason: string }>(
    "select id, cancel_reason as reason from runs where id = any ($1::text[]) and status = 'running' and cancel_reason is not null",
    [runIds],
  )
}

/** Tells every process; inside a transaction: when it commits. */
export async function announce(db: Queryable, payload: string): Promise<void> {
  await db.query("select pg_notify('perdure_runs', $1)", [payload])
}

/** Takes up to `limit` queued runs whose code is here; each gets a new token and its next attempt. */
export async function claim(
  db: Queryable,
  executor: string,
  kinds: readonly string[],
  names: readonly string[],
  limit: number,
): Promise<StoredRun[]> {
  return db.query<StoredRun>(
    `with picked as (
       select id from runs
       where status = 'queued' and (kind, name) in (select * from unnest($2::text[], $3::text[]))
       order by priority, id limit $4 for update skip locked)
     update runs r set status = 'running', executor = $1::uuid, token = gen_random_uuid(), attempt = r.attempt + 1,
       started_at = coalesce(r.started_at, now()), wake_at = null, waits = null
     from picked where r.id = picked.id
     returning ${runColumns("r")}`,
    [executor, kinds, names, limit],
  )
}

/** Queues waiting runs whose time has come; returns how many, and the next time (epoch milliseconds) at which one is due. */
export async function wakeDue(db: Queryable): Promise<{ woken: number; nextInMs: number | null }> {
  const rows = await db.query<{ woken: number; nextInMs: number | null }>(
    `with due as (select id from runs where status = 'waiting' and wake_at <= now() order by id limit 1000 for update skip locked),
     queued as (update runs r set status = 'queued', wake_at = null, waits = null from due where r.id = due.id returning 1)
     select (select count(*)::integer from queued) as woken,
            (select (extract(epoch from min(wake_at) - now()) * 1000)::float8 from runs
             where status = 'waiting' and wake_at is not null and id not in (select id from due)) as "nextInMs"`,
  )
  return rows[0] ?? { woken: 0, nextInMs: null }
}
