// Rows of the answer cache's shared level: an unlogged table that may lose everything in a crash, and costs no log.
import type { JsonValue } from "../../core/index.ts"
import type { Queryable } from "../port.ts"

export interface StoredAnswer {
  key: string
  topic: string | null
  /** Of unit length. */
  vector: Float32Array | null
  body: Uint8Array
  /** Where each frame ends in the body: 32 bits, little-endian. */
  ends: Uint8Array
  facts: JsonValue
  storedAt: number
  expiresAt: number
}

export type FoundAnswer = Omit<StoredAnswer, "topic" | "vector"> & { similarity: number | null }

const found = `key, body, ends, facts, extract(epoch from stored_at) * 1000 as "storedAt", extract(epoch from expires_at) * 1000 as "expiresAt"`

/** Newer answers replace older ones; the keys of one call are distinct. */
export async function putAnswers(db: Queryable, projectId: string, answers: readonly StoredAnswer[]): Promise<void> {
  await db.query(
    `insert into cached_answers (project_id, key, topic, vector, body, ends, facts, stored_at, expires_at)
     select $1, k, t, v::real[], b, e, f::jsonb, to_timestamp(s / 1000), to_timestamp(x / 1000)
     from unnest($2::text[], $3::text[], $4::text[], $5::bytea[], $6::bytea[], $7::text[], $8::float8[], $9::float8[]) as rows (k, t, v, b, e, f, s, x)
     on conflict (project_id, key) do update set topic = excluded.topic, vector = excluded.vector, body = excluded.body, ends = excluded.ends,
       facts = excluded.facts, stored_at = excluded.stored_at, expires_at = excluded.expires_at`,
    [
      projectId,
      answers.map(({ key }) => key),
      answers.map(({ topic }) => topic),
      answers.map(({ vector }) => vector && arrayText(vector)),
      answers.map(({ body }) => body),
      answers.map(({ ends }) => ends),
      answers.map(({ facts }) => JSON.stringify(facts)),
      answers.map(({ storedAt }) => storedAt),
      answers.map(({ expiresAt }) => expiresAt),
    ],
  )
}

export interface AnswerAge {
  now: number
  /** Answers stored before then will not do. */
  since: number
}

export async function answerByKey(
  db: Queryable,
  projectId: string,
  key: string,
  { now, since }: AnswerAge,
): Promise<FoundAnswer | undefined> {
  const rows = await db.query<FoundAnswer>(
    `select ${found}, null::real as similarity from cached_answers
     where project_id = $1 and key = $2 and expires_at > to_timestamp($3::float8 / 1000) and stored_at >= to_timestamp($4::float8 / 1000)`,
    [projectId, key, now, since],
  )
  return rows[0]
}

/** The nearest of the newest answers of a topic: compared one by one, without pgvector, whose dimensions would have to be fixed. */
export async function nearestAnswer(
  db: Queryable,
  projectId: string,
  { topic, vector, answersMax }: { topic: string; vector: Float32Array; answersMax: number },
  { now, since }: AnswerAge,
): Promise<FoundAnswer | undefined> {
  const rows = await db.query<FoundAnswer>(
    `select ${found}, similarity from (
       select *, (select sum(a * b) from unnest(vector, $3::text::real[]) as pair (a, b)) as similarity from (
         select * from cached_answers
         where project_id = $1 and topic = $2 and expires_at > to_timestamp($4::float8 / 1000) and stored_at >= to_timestamp($5::float8 / 1000)
         order by stored_at desc limit $6
       ) newest
     ) compared order by similarity desc limit 1`,
    [projectId, topic, arrayText(vector), now, since, answersMax],
  )
  return rows[0]
}

/** Over all projects: what has expired, and the oldest of what is more than the bytes allow. Returns how many rows went. */
export async function sweepAnswers(db: Queryable, now: number, bytesMax: number): Promise<number> {
  const rows = await db.query<{ count: number }>(
    `with sized as (
       select project_id, key, expires_at, sum(octet_length(body)) over (order by stored_at desc, key) as newer_bytes from cached_answers
     ), gone as (
       delete from cached_answers c using sized s
       where c.project_id = s.project_id and c.key = s.key and (s.expires_at <= to_timestamp($1::float8 / 1000) or s.newer_bytes > $2::int8)
       returning 1
     ) select count(*)::int4 as count from gone`,
    [now, bytesMax],
  )
  return rows[0]?.count ?? 0
}

/** Postgres' text form of an array. */
function arrayText(vector: Float32Array): string {
  return `{${vector.join(",")}}`
}
