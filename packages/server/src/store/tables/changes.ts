// The change log of scopes: what changed, in the order of the commits, and how far named readers have come.
import { defaultLimits } from "../../core/index.ts"
import { announce } from "../announce.ts"
import type { Queryable, Transactor } from "../port.ts"

export interface NewChange {
  projectId: string
  scope: string
  /** What changed: the id of a memory, the path of a block, the key of a state. */
  entry: string
  /** `memory`, `block`, `state` … */
  kind: string
  /** What was done: `assert`, `supersede`, `write`, `delete` … */
  op: string
  versionId?: string | undefined
  principal: string
}

export interface StoredChange {
  seq: number
  entry: string
  kind: string
  op: string
  versionId: string | null
  principal: string
  at: number
}

export interface ChangeHead {
  /** The last number that was given; 0 before the first. */
  seq: number
  /** The first number that is still there. */
  keptFrom: number
}

/** Sent after the commit of each change, as `<project> <scope>`. */
export const changeChannel = "perdure_changes"

/**
 * Adds a change and gives its number. Call it last in a transaction: it holds the scope's row until the commit, which is what makes
 * numbers appear in their order. A transaction that changes several scopes records them in the order of their names.
 */
export async function recordChange(tx: Queryable, change: NewChange): Promise<number> {
  const { projectId, scope, entry, kind, op, versionId, principal } = change
  const [row] = await tx.query<{ seq: number }>(
    `with head as (
       insert into change_scopes as known (project_id, scope, seq) values ($1, $2, 1)
       on conflict (project_id, scope) do update set seq = known.seq + 1 returning seq
     )
     insert into changes (project_id, scope, seq, entry, kind, op, version_id, principal, at)
     select $1, $2, head.seq, $3, $4, $5, $6, $7, clock_timestamp() from head returning seq`,
    [projectId, scope, entry, kind, op, versionId ?? null, principal],
  )
  const seq = row?.seq ?? 0
  await changeWritten(tx, projectId, scope, seq)
  return seq
}

/** What follows a change: old ones go, readers are told. In the transaction that wrote it, or after a statement that did it by itself. */
export async function changeWritten(db: Queryable | Transactor, projectId: string, scope: string, seq: number): Promise<void> {
  if (seq % pruneEvery === 0) {
    const last = seq - defaultLimits.changesKeptMax
    await ("transaction" in db ? db.transaction((tx) => prune(tx, projectId, scope, last)) : prune(db, projectId, scope, last))
  }
  announce(db, changeChannel, `${projectId} ${scope}`)
}

const pruneEvery = 1_000

async function prune(tx: Queryable, projectId: string, scope: string, last: number): Promise<void> {
  if (last < 1) return
  await tx.query(`delete from changes where project_id = $1 and scope = $2 and seq <= $3`, [projectId, scope, last])
  await tx.query(`update change_scopes set kept_from = $3 where project_id = $1 and scope = $2`, [projectId, scope, last + 1])
}

export async function changeHead(db: Queryable, projectId: string, scope: string): Promise<ChangeHead> {
  const text = `select seq, kept_from as "keptFrom" from change_scopes where project_id = $1 and scope = $2`
  return (await db.query<ChangeHead>(text, [projectId, scope]))[0] ?? { seq: 0, keptFrom: 1 }
}

/** The last numbers of many scopes of any project; those that never changed are absent. */
export function changeHeads(
  system: Queryable,
  places: readonly { projectId: string; scope: string }[],
): Promise<{ projectId: string; scope: string; seq: number }[]> {
  const text = `select c.project_id as "projectId", c.scope, c.seq from change_scopes c
    join unnest($1::text[], $2::text[]) as u (project_id, scope) on c.project_id = u.project_id and c.scope = u.scope`
  return system.query(text, [places.map(({ projectId }) => projectId), places.map(({ scope }) => scope)])
}

export function changesAfter(db: Queryable, projectId: string, scope: string, after: number, limit: number): Promise<StoredChange[]> {
  const text = `select seq, entry, kind, op, version_id as "versionId", principal, at from changes
    where project_id = $1 and scope = $2 and seq > $3 order by seq limit $4`
  return db.query<StoredChange>(text, [projectId, scope, after, limit])
}

export async function changeCursor(db: Queryable, projectId: string, reader: string, scope: string): Promise<number> {
  const text = `select seq from change_cursors where project_id = $1 and reader = $2 and scope = $3`
  return (await db.query<{ seq: number }>(text, [projectId, reader, scope]))[0]?.seq ?? 0
}

/** A cursor only goes forward, so that a late acknowledgement of one process does not undo another's. Gives where it stands. */
export async function moveChangeCursor(db: Queryable, projectId: string, reader: string, scope: string, seq: number): Promise<number> {
  const text = `insert into change_cursors as known (project_id, reader, scope, seq) values ($1, $2, $3, $4)
    on conflict (project_id, reader, scope) do update set seq = greatest(known.seq, excluded.seq), updated_at = now() returning seq`
  return (await db.query<{ seq: number }>(text, [projectId, reader, scope, seq]))[0]?.seq ?? seq
}
