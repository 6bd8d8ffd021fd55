// Vectors of document parts; the table exists only where pgvector is installed.
import type { Queryable } from "../port.ts"

export interface PartEmbedding {
  part: number
  piece: number
  vector: Float32Array
}

/** How near a part is to the query: the inner product of unit vectors, so the cosine. */
export interface PartSimilarity {
  documentId: string
  part: number
  similarity: number
}

/** pgvector's text form of a vector. */
function vectorText(vector: Float32Array): string {
  return `[${vector.join(",")}]`
}

export async function insertEmbeddings(
  db: Queryable,
  key: { projectId: string; scopeId: string; documentId: string; model: string },
  embeddings: readonly PartEmbedding[],
): Promise<void> {
  if (embeddings.length === 0) return
  await db.query(
    `insert into embeddings (project_id, scope_id, document_id, model, part, piece, embedding)
     select $1, $2, $3, $4, p, q, v::vector from unnest($5::int[], $6::int[], $7::text[]) as u (p, q, v)
     on conflict (project_id, scope_id, document_id, part, piece) do update set model = excluded.model, embedding = excluded.embedding`,
    [
      key.projectId,
      key.scopeId,
      key.documentId,
      key.model,
      embeddings.map((embedding) => embedding.part),
      embeddings.map((embedding) => embedding.piece),
      embeddings.map((embedding) => vectorText(embedding.vector)),
    ],
  )
}

export async function deleteEmbeddings(db: Queryable, projectId: string, scopeId: string, documentId: string): Promise<void> {
  await db.query(`delete from embeddings where project_id = $1 and scope_id = $2 and document_id = $3`, [projectId, scopeId, documentId])
}

export async function deleteScopeEmbeddings(db: Queryable, projectId: string, scopeId: string): Promise<void> {
  await db.query(`delete from embeddings where project_id = $1 and scope_id = $2`, [projectId, scopeId])
}

/**
 * The nearest parts, exactly: all vectors of the scope are compared. `documentIds` narrows it; null is all.
 * Pieces of one part are joined here and not by `group by`, which more than doubles the time; so a scope with many pieces gives fewer than `limit` parts.
 */
export async function nearestParts(
  db: Queryable,
  key: { projectId: string; scopeId: string; model: string },
  query: Float32Array,
  documentIds: readonly string[] | null,
  limit: number,
): Promise<PartSimilarity[]> {
  const rows = await db.query<PartSimilarity>(
    `select document_id as "documentId", part, -(embedding <#> $4::vector) as similarity from embeddings
     where project_id = $1 and scope_id = $2 and model = $3 and ($5::text[] is null or document_id = any($5))
     order by embedding <#> $4::vector limit $6`,
    [key.projectId, key.scopeId, key.model, vectorText(query), documentIds, limit * rowsPerPart],
  )
  const best = new Map<string, PartSimilarity>()
  for (const row of rows) {
    const place = `${row.documentId} ${row.part}`
    if (!best.has(place) && best.size < limit) best.set(place, row)
  }
  return [...best.values()]
}

/** Rows read for each part wanted; parts of several pieces come several times. */
const rowsPerPart = 2

/** The similarity of just those parts. */
export function similaritiesOf(
  db: Queryable,
  key: { projectId: string; scopeId: string; model: string },
  query: Float32Array,
  places: readonly { documentId: string; part: number }[],
): Promise<PartSimilarity[]> {
  return db.query<PartSimilarity>(
    `select e.document_id as "documentId", e.part, max(-(e.embedding <#> $4::vector)) as similarity
     from unnest($5::text[], $6::int[]) as u (document_id, part)
     join embeddings e on e.project_id = $1 and e.scope_id = $2 and e.document_id = u.document_id and e.part = u.part and e.model = $3
     group by e.document_id, e.part`,
    [key.projectId, key.scopeId, key.model, vectorText(query), places.map((place) => place.documentId), places.map((place) => place.part)],
  )
}

/** Vectors that chunks of those contents have anywhere in the project, one for each piece. */
export async function vectorsByContent(
  db: Queryable,
  projectId: string,
  model: string,
  contentHashes: readonly string[],
): Promise<{ contentHash: string; piece: number; vector: Float32Array }[]> {
  const rows = await db.query<{ contentHash: string; piece: number; text: string }>(
    `select distinct on (c.content_hash, e.piece) c.content_hash as "contentHash", e.piece, e.embedding::text as text
     from chunks c join embeddings e on e.project_id = $1 and e.scope_id = c.vector_store_id and e.document_id = c.document_id
       and e.part = c.part and e.model = $2
     where c.project_id = $1 and c.content_hash = any($3)`,
    [projectId, model, contentHashes],
  )
  return rows.map(({ text, ...row }) => ({ ...row, vector: Float32Array.from(JSON.parse(text) as number[]) }))
}
