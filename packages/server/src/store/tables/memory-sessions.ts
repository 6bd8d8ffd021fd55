// Sessions of a scope: when each began, when its last message came, when it ended, how far it is summarised.
import type { Queryable } from "../port.ts"

export interface StoredSession {
  session: string
  firstAt: number
  lastAt: number
  endedAt: number | null
  digestedAt: number | null
}

const columns = `session, first_at as "firstAt", last_at as "lastAt", ended_at as "endedAt", digested_at as "digestedAt"`

/** A message of a session came; one that had ended goes on. */
export async function touchSession(
  tx: Queryable,
  projectId: string,
  touch: { scope: string; session: string; firstAt: number; lastAt: number },
): Promise<void> {
  await tx.query(
    `insert into memory_sessions as s (project_id, scope, session, first_at, last_at)
     values ($1, $2, $3, to_timestamp($4::float8 / 1000), to_timestamp($5::float8 / 1000))
     on conflict (project_id, scope, session) do update set first_at = least(s.first_at, excluded.first_at),
       last_at = greatest(s.last_at, excluded.last_at), ended_at = null, ended_by = null`,
    [projectId, touch.scope, touch.session, touch.firstAt, touch.lastAt],
  )
}

/** Ends those whose last message is older, and those whose conversation was deleted. */
export async function endSessions(tx: Queryable, projectId: string, scope: string, end: { before: number; now: number }): Promise<void> {
  await tx.query(
    `update memory_sessions s set ended_at = to_timestamp($4::float8 / 1000),
       ended_by = case when s.last_at <= to_timestamp($3::float8 / 1000) then 'gap' else 'conversation' end
     where s.project_id = $1 and s.scope = $2 and s.ended_at is null and (s.last_at <= to_timestamp($3::float8 / 1000)
       or (s.session like 'conv\\_%' and not exists (select from conversations c where c.project_id = $1 and c.id = s.session)))`,
    [projectId, scope, end.before, end.now],
  )
}

/** Ended ones with messages that no summary knows. */
export function sessionsToDigest(db: Queryable, projectId: string, scope: string, limit: number): Promise<StoredSession[]> {
  const text = `select ${columns} from memory_sessions where project_id = $1 and scope = $2 and ended_at is not null
    and (digested_at is null or digested_at < last_at) order by last_at limit $3`
  return db.query<StoredSession>(text, [projectId, scope, limit])
}

export async function markDigested(tx: Queryable, projectId: string, scope: string, session: string, lastAt: number): Promise<void> {
  await tx.query(
    `update memory_sessions set digested_at = to_timestamp($4::float8 / 1000) where project_id = $1 and scope = $2 and session = $3`,
    [projectId, scope, session, lastAt],
  )
}

/** When the last message of the open session that ends first came; null when none is open. */
export async function firstOpenSession(db: Queryable, projectId: string, scope: string): Promise<number | null> {
  const text = `select min(last_at) as at from memory_sessions where project_id = $1 and scope = $2 and ended_at is null`
  return (await db.query<{ at: number | null }>(text, [projectId, scope]))[0]?.at ?? null
}
