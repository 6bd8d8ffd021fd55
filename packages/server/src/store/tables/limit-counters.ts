// Counters of budgets and rates: one exchange of a process reports what it used and gets credit; the reading of what is left; the sweep.
import type { Queryable } from "../port.ts"

/** What migration 0008 says of each member; figures are whole numbers and absolute. */
export interface LimitExchange {
  id: string
  /** The first one of this process for that counter: `used` and `kept` are nothing. */
  first: boolean
  new: { kind: string; project: string | null; rule: string; unit: string; per: string | null; scope: string; end: number | null }
  amount: number
  burst: number
  /** Milliseconds in which one unit of a rate comes back; 1 elsewhere. */
  interval: number
  used: number
  kept: number
  reserved: number
  /** Credit without which calls must be refused; 0 asks for none. */
  least: number
  want: number
  /** What may be lent is lent in such parts, so that parts get smaller as it ends. */
  parts: number
  /** Where credit is short: ask the other processes for what they do not need. */
  recall: boolean
}

export interface LimitAnswer {
  id: string
  granted: number
  /** All unspent credit of this process, with what was granted. */
  kept: number
  /** By all processes. */
  used: number
  /** Held by other processes. */
  others: number
  free: number
  /** Of a rate: until all of it is there again. */
  debtMs: number
  /** Of a rate that was short: until it is not. */
  waitMs: number
}

/** `leaseMs` null: this process is the only one and keeps no credit; see `exchangeAlone`. */
export function exchange(db: Queryable, holder: string, leaseMs: number | null, ops: readonly LimitExchange[]): Promise<LimitAnswer[]> {
  return db.query<LimitAnswer>(
    `select id, granted, kept, used, others, free, debt_ms as "debtMs", wait_ms as "waitMs" from perdure_limits($1::uuid, $2::integer, $3::json)`,
    [holder, leaseMs, JSON.stringify(ops)],
  )
}

/**
 * The same for the only process of an embedded database: it is lent nothing, so of its answers `used` and `debtMs` alone say something. Counters
 * that it has had before are told in one statement, which takes half of what the function does for each of them in turn; the others
 * go the long way. Those of an answer that was lost may be told again.
 */
export async function exchangeAlone(db: Queryable, holder: string, ops: readonly LimitExchange[]): Promise<LimitAnswer[]> {
  const answers = await reported(
    db,
    holder,
    ops.filter(({ first }) => !first),
  )
  if (answers.length === ops.length) return answers
  const known = new Set(answers.map(({ id }) => id))
  const others = await exchange(
    db,
    holder,
    null,
    ops.filter(({ id }) => !known.has(id)),
  )
  return [...answers, ...others]
}

/** No answer for a counter that is not there, or was not told by this process before. `old` is of Postgres 18, which is embedded. */
async function reported(db: Queryable, holder: string, ops: readonly LimitExchange[]): Promise<LimitAnswer[]> {
  if (ops.length === 0) return []
  const rows = await db.query<Pick<LimitAnswer, "id" | "used" | "debtMs">>(
    `with told as (
       update limit_leases l set used = o.used, reserved = o.reserved
       from unnest($2::text[], $3::int8[], $4::int8[], $5::int8[], $6::float8[]) as o (id, used, reserved, amount, interval_ms)
       where l.counter_id = o.id and l.holder = $1::uuid
       returning o.id, o.amount, o.interval_ms, o.used - old.used as more)
     update limit_counters c set amount = t.amount, used = c.used + t.more, updated_at = now(),
       arrival = case when c.kind <> 'rate' then c.arrival
         when t.more > 0 then greatest(c.arrival, extract(epoch from clock_timestamp()) * 1000) + t.more * t.interval_ms
         else c.arrival + t.more * t.interval_ms end
     from told t where c.id = t.id
     returning c.id, c.used, greatest(0, c.arrival - extract(epoch from clock_timestamp()) * 1000)::float8 as "debtMs"`,
    [
      holder,
      ops.map(({ id }) => id),
      ops.map(({ used }) => used),
      ops.map(({ reserved }) => reserved),
      ops.map(({ amount }) => amount),
      ops.map(({ interval }) => interval),
    ],
  )
  return rows.map((row) => ({ ...row, ...nothingLent }))
}

const nothingLent = { granted: 0, kept: 0, others: 0, free: 0, waitMs: 0 }

/** The process ends: nothing is held by it any more. */
export async function forgetHolder(db: Queryable, holder: string): Promise<void> {
  await db.query(
    `with kept as (select counter_id, held from limit_leases where holder = $1::uuid and held > 0 order by counter_id),
       locked as (select c.id, kept.held from limit_counters c join kept on kept.counter_id = c.id order by c.id for update of c),
       returned as (update limit_counters c set held = c.held - locked.held from locked where c.id = locked.id),
       leases as (delete from limit_leases where holder = $1::uuid)
     delete from limit_holders where id = $1::uuid`,
    [holder],
  )
}

/** Takes the credit of all other processes as returned: in an embedded database they are dead. */
export async function forgetOthers(db: Queryable, holder: string): Promise<void> {
  await db.query("delete from limit_leases where holder <> $1::uuid", [holder])
  await db.query("update limit_counters set held = 0 where held <> 0")
}

export async function sweep(db: Queryable, goneMs: number): Promise<number> {
  const [row] = await db.query<{ swept: number }>("select perdure_limits_sweep($1::integer) as swept", [goneMs])
  return row?.swept ?? 0
}

/** A counter as it stands. */
export interface StoredLimit {
  id: string
  projectId: string | null
  kind: string
  rule: string
  unit: string
  per: string | null
  /** JSON text. */
  scope: string
  windowEnd: number | null
  amount: number
  used: number
  held: number
  reserved: number
  debtMs: number
}

/** The counters of a project and those that all projects share, of the present windows. */
export function limitsOfProject(db: Queryable, projectId: string, limit: number): Promise<StoredLimit[]> {
  return db.query<StoredLimit>(
    `select c.id, c.project_id as "projectId", c.kind, c.rule, c.unit, c.per, c.scope, c.window_end as "windowEnd", c.amount, c.used, c.held,
       coalesce((select sum(l.reserved)::int8 from limit_leases l where l.counter_id = c.id), 0) as reserved,
       greatest(0, c.arrival - extract(epoch from clock_timestamp()) * 1000)::float8 as "debtMs"
     from limit_counters c
     where (c.project_id = $1 or c.project_id is null) and (c.window_end is null or c.window_end > now())
     order by c.updated_at desc, c.id limit $2`,
    [projectId, limit],
  )
}
