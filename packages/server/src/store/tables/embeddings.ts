// Vectors of document parts; the tables exist only where pgvector is installed.
import type { Queryable, SqlValue } from "../port.ts"
import type { DocumentKey, ScopeKey } from "./word-index.ts"

export interface PartEmbedding {
  part: number
  piece: number
  vector: Float32Array
}

/** The vectors of a scope as a whole. */
export interface VectorScope {
  /** Another one after every write. */
  version: number
  /** At least so many there are. */
  rows: number
  /** Whether they lie in the partition with the approximate index. */
  stage: "small" | "moving" | "large"
}

/** One vector at its place in the scope; `vector` is null when it is of another model. */
export interface PlacedVector {
  place: number
  piece: number
  vector: Float32Array | null
}

const stages = ["small", "moving", "large"] as const

/** pgvector's binary form of a vector, as it is sent and received. */
export function vectorBytes(vector: Float32Array): Uint8Array {
  const bytes = Buffer.alloc(4 + vector.length * 4)
  bytes.writeInt16BE(vector.length, 0)
  for (const [index, value] of vector.entries()) bytes.writeFloatBE(value, 4 + index * 4)
  return bytes
}

/** How a vector is read: bytes come as hexadecimal digits, which take ten times as long to read as these. */
export function vectorText(column: string): string {
  return `encode(vector_send(${column}), 'base64')`
}

/** The same of all rows that an aggregate takes in, in their order: thousands of values by themselves take several times as long to send and to read. */
function vectorsText(column: string): string {
  return `encode(string_agg(vector_send(${column}), ''::bytea), 'base64')`
}

/** Each is preceded by four bytes, of which the first two say how many dimensions it has. */
function vectorsOf(text: string | null): Float32Array[] {
  if (text === null) return []
  const bytes = Buffer.from(text, "base64")
  const words = Buffer.from(new Uint8Array(bytes).buffer).swap32()
  const heads = new Int32Array(words.buffer)
  const values = new Float32Array(words.buffer)
  const vectors: Float32Array[] = []
  for (let at = 0; at < values.length;) {
    const end = at + 1 + ((heads[at] ?? 0) >>> 16)
    vectors.push(values.subarray(at + 1, end))
    at = end
  }
  return vectors
}

/** Rows of an aggregate, side by side; null where there are none. */
interface PackedVectors {
  places: number[] | null
  pieces: number[] | null
  vectors: string | null
}

function unpacked(packed: PackedVectors | undefined): (PlacedVector & { vector: Float32Array })[] {
  const { places, pieces, vectors } = packed ?? { places: null, pieces: null, vectors: null }
  return vectorsOf(vectors).map((vector, index) => ({ place: places?.[index] ?? 0, piece: pieces?.[index] ?? 0, vector }))
}

function vectorOf(text: string): Float32Array {
  const bytes = Buffer.from(text, "base64")
  const values = Buffer.from(new Uint8Array(bytes.subarray(4)).buffer).swap32()
  return new Float32Array(values.buffer, 0, values.length / 4)
}

/** The binary form of a `real[]`: text would cost the server many times as much to read. */
function floatsBytes(vectors: readonly Float32Array[], dimensions: number): Uint8Array {
  const bytes = Buffer.alloc(20 + vectors.length * dimensions * 8)
  const header = [1, 0, realTypeId, vectors.length * dimensions, 1]
  for (const [index, value] of header.entries()) bytes.writeInt32BE(value, index * 4)
  let at = 20
  for (const vector of vectors) {
    for (const value of vector) {
      bytes.writeInt32BE(4, at)
      bytes.writeFloatBE(value, at + 4)
      at += 8
    }
  }
  return bytes
}

const realTypeId = 700

/** Adds vectors of a document that is indexed, or replaces them; nothing happens when it is not indexed. All have the same dimensions. */
export async function insertEmbeddings(
  db: Queryable,
  key: DocumentKey & { model: string },
  embeddings: readonly PartEmbedding[],
): Promise<void> {
  const dimensions = embeddings[0]?.vector.length ?? 0
  if (dimensions === 0) return
  await db.query(
    `with entry as (
       select place, lane from index_entries where project_id = $1 and scope_id = $2 and document_id = $3
     ), scope as (
       insert into vector_scopes as s (project_id, scope_id, version, rows) select $1, $2, 1, cardinality($5::int[]) from entry
       on conflict (project_id, scope_id) do update set version = s.version + 1, rows = s.rows + excluded.rows
       returning version, stage > 0 as large
     ), given as (
       select part, piece, (($7::real[])[(n - 1) * $8::int + 1 : n * $8::int])::vector as embedding
       from unnest($5::int[], $6::int[]) with ordinality as u (part, piece, n)
     ), old as (
       delete from embeddings e using scope, given g where scope.large and not e.large
         and e.project_id = $1 and e.scope_id = $2 and e.document_id = $3 and e.part = g.part and e.piece = g.piece
     )
     insert into embeddings (project_id, scope_id, document_id, part, piece, model, place, lane, version, large, embedding)
     select $1, $2, $3, g.part, g.piece, $4, entry.place + g.part, entry.lane, scope.version, scope.large, g.embedding from entry, scope, given g
     on conflict (project_id, scope_id, document_id, part, piece, large)
       do update set model = excluded.model, place = excluded.place, lane = excluded.lane, version = excluded.version, embedding = excluded.embedding`,
    [
      key.projectId,
      key.scopeId,
      key.documentId,
      key.model,
      embeddings.map(({ part }) => part),
      embeddings.map(({ piece }) => piece),
      floatsBytes(
        embeddings.map(({ vector }) => vector),
        dimensions,
      ),
      dimensions,
    ],
  )
}

/** Call it after what locks the scope's row of words: writers do it in that order. */
export async function deleteEmbeddings(db: Queryable, { projectId, scopeId, documentId }: DocumentKey): Promise<void> {
  await db.query(
    `with scope as (
       select from vector_scopes where project_id = $1 and scope_id = $2 for update
     ), gone as (
       delete from embeddings e using scope where e.project_id = $1 and e.scope_id = $2 and e.document_id = $3 returning 1
     )
     update vector_scopes set rows = greatest(0, rows - (select count(*) from gone))
     where project_id = $1 and scope_id = $2 and exists (select from gone)`,
    [projectId, scopeId, documentId],
  )
}

export async function deleteScopeEmbeddings(db: Queryable, { projectId, scopeId }: ScopeKey): Promise<void> {
  await db.query(`update vector_scopes set version = version + 1, rows = 0 where project_id = $1 and scope_id = $2`, [projectId, scopeId])
  await db.query(`delete from embeddings where project_id = $1 and scope_id = $2`, [projectId, scopeId])
}

export interface ModelKey extends ScopeKey {
  model: string
}

export interface VectorRow {
  place: number
  piece: number
  vector: string | null
}

export function placed({ place, piece, vector }: VectorRow): PlacedVector {
  return { place, piece, vector: vector === null ? null : vectorOf(vector) }
}

/** Whether any project has one. */
export async function anyVector(db: Queryable): Promise<boolean> {
  const [row] = await db.query<{ found: boolean }>(
    "select exists (select from embeddings) or exists (select from large_embeddings) as found",
  )
  return row?.found === true
}

/** The scope as it is now, and its vectors that were written after a version; undefined when it never had any. */
export async function vectorScope(
  db: Queryable,
  { projectId, scopeId, model }: ModelKey,
  after: number,
): Promise<(VectorScope & { changes: PlacedVector[] }) | undefined> {
  const rows = await db.query<{ version: number; rows: number; stage: number } & (VectorRow | { place: null })>(
    `select s.version, s.rows, s.stage, e.place, e.piece, case when e.model = $3 then ${vectorText("e.embedding")} end as vector
     from vector_scopes s left join embeddings e on e.project_id = $1 and e.scope_id = $2 and e.version > $4
     where s.project_id = $1 and s.scope_id = $2`,
    [projectId, scopeId, model, after],
  )
  const [scope] = rows
  if (scope === undefined) return undefined
  const changes = rows.flatMap((row) => (row.place === null ? [] : [placed(row)]))
  return { version: scope.version, rows: scope.rows, stage: stages[scope.stage] ?? "small", changes }
}

/** Some of the scope's vectors in the order of places, after the one that is named. */
export async function vectorsAfter(
  db: Queryable,
  { projectId, scopeId, model }: ModelKey,
  after: { place: number; piece: number },
  limit: number,
): Promise<PlacedVector[]> {
  const [packed] = await db.query<PackedVectors>(
    `select array_agg(place) as places, array_agg(piece) as pieces, ${vectorsText("embedding")} as vectors from (
       select place, piece, embedding from embeddings
       where project_id = $1 and scope_id = $2 and model = $3 and place >= $4 and (place, piece) > ($4, $5) order by place, piece limit $6) e`,
    [projectId, scopeId, model, after.place, after.piece, limit],
  )
  return unpacked(packed)
}

export interface NearestQuery extends ModelKey {
  vector: Float32Array
  lanes: readonly string[]
  /** Null: all places. */
  condition: PlaceCondition | null
}

/** Places that may be found, or with `excludes` may not: listed, or as a multirange. */
export type PlaceCondition = { excludes: boolean } & ({ places: readonly number[]; ranges?: never } | { ranges: string; places?: never })

/** As SQL with a parameter. Its text depends on the condition, so that a plan for many places does not serve for few. */
export function conditionText(condition: PlaceCondition | null, parameter: string): string {
  if (condition === null) return `${parameter}::text is null`
  const test = condition.places === undefined ? `place <@ ${parameter}::int4multirange` : `place = any(${parameter}::int[])`
  return condition.excludes ? `not (${test})` : test
}

export function conditionValue(condition: PlaceCondition | null): SqlValue {
  return condition === null ? null : (condition.places ?? condition.ranges ?? null)
}

/** The nearest vectors, exactly: all of the scope are compared; and those of other places. */
export async function nearestExactly(
  db: Queryable,
  query: NearestQuery,
  limit: number,
  others: readonly number[],
): Promise<(PlacedVector & { isNear: boolean })[]> {
  const { projectId, scopeId, model, vector, lanes, condition } = query
  const [packed] = await db.query<PackedVectors & { near: number }>(
    `with nearest as materialized (
       select place, piece, embedding from embeddings
       where project_id = $1 and scope_id = $2 and model = $3 and lane = any($5) and ${conditionText(condition, "$6")}
       order by embedding <#> $4::vector, place limit $7
     )
     select array_agg(place) as places, array_agg(piece) as pieces, ${vectorsText("embedding")} as vectors,
       (select count(*)::int from nearest) as near
     from (
       select place, piece, embedding, true as "isNear" from nearest
       union all
       select e.place, e.piece, e.embedding, false from embeddings e
       where e.project_id = $1 and e.scope_id = $2 and e.model = $3 and e.place = any($8::int[])
         and not exists (select from nearest n where n.place = e.place and n.piece = e.piece)
       order by "isNear" desc
     ) found`,
    [projectId, scopeId, model, vectorBytes(vector), lanes, conditionValue(condition), limit, others],
  )
  return unpacked(packed).map((each, index) => ({ ...each, isNear: index < (packed?.near ?? 0) }))
}

/** The vectors at those places. */
export async function vectorsAt(
  db: Queryable,
  { projectId, scopeId, model }: ModelKey,
  places: readonly number[],
): Promise<PlacedVector[]> {
  const [packed] = await db.query<PackedVectors>(
    `select array_agg(place) as places, array_agg(piece) as pieces, ${vectorsText("embedding")} as vectors from embeddings
     where project_id = $1 and scope_id = $2 and model = $3 and place = any($4::int[])`,
    [projectId, scopeId, model, places],
  )
  return unpacked(packed)
}

/** Vectors that chunks of those contents have anywhere in the project, one for each piece. */
export async function vectorsByContent(
  db: Queryable,
  projectId: string,
  model: string,
  contentHashes: readonly string[],
): Promise<{ contentHash: string; piece: number; vector: Float32Array }[]> {
  const rows = await db.query<{ contentHash: string; piece: number; vector: string }>(
    `select distinct on (c.content_hash, e.piece) c.content_hash as "contentHash", e.piece, ${vectorText("e.embedding")} as vector
     from chunks c join embeddings e on e.project_id = $1 and e.scope_id = c.vector_store_id and e.document_id = c.document_id
       and e.part = c.part and e.model = $2
     where c.project_id = $1 and c.content_hash = any($3)`,
    [projectId, model, contentHashes],
  )
  return rows.map(({ vector, ...row }) => ({ ...row, vector: vectorOf(vector) }))
}

/** The first vectors of those documents, each in its scope. */
export async function firstVectors(
  db: Queryable,
  { projectId, model }: Omit<ModelKey, "scopeId">,
  documents: readonly { scopeId: string; documentId: string; part?: number }[],
): Promise<{ scopeId: string; documentId: string; part: number; vector: Float32Array }[]> {
  const rows = await db.query<{ scopeId: string; documentId: string; part: number; vector: string }>(
    `select e.scope_id as "scopeId", e.document_id as "documentId", e.part, ${vectorText("e.embedding")} as vector
     from unnest($3::text[], $4::text[], $5::int[]) as u (scope_id, document_id, part)
     join embeddings e on e.project_id = $1 and e.model = $2 and e.scope_id = u.scope_id and e.document_id = u.document_id
       and e.part = u.part and e.piece = 0`,
    [
      projectId,
      model,
      documents.map(({ scopeId }) => scopeId),
      documents.map(({ documentId }) => documentId),
      documents.map(({ part = 0 }) => part),
    ],
  )
  return rows.map(({ vector, ...row }) => ({ ...row, vector: vectorOf(vector) }))
}
