// Small vectors of the tokens of short texts, for late interaction among candidates.
import type { Queryable } from "../port.ts"

export interface PartTokens {
  part: number
  /** The text ends by asking something. */
  asks: boolean
  /** As many signed bytes per token as the model has dimensions. */
  vectors: Int8Array
}

type DocumentPlace = { projectId: string; scopeId: string; documentId: string }

export async function insertTokens(db: Queryable, key: DocumentPlace & { model: string }, parts: readonly PartTokens[]): Promise<void> {
  for (const { part, asks, vectors } of parts) {
    await db.query(
      `insert into token_vectors (project_id, scope_id, document_id, part, model, asks, vectors) values ($1, $2, $3, $4, $5, $6, $7)
       on conflict (project_id, scope_id, document_id, part)
       do update set model = excluded.model, asks = excluded.asks, vectors = excluded.vectors`,
      [
        key.projectId,
        key.scopeId,
        key.documentId,
        part,
        key.model,
        asks,
        Buffer.from(vectors.buffer, vectors.byteOffset, vectors.byteLength),
      ],
    )
  }
}

export async function deleteTokens(db: Queryable, key: DocumentPlace): Promise<void> {
  await db.query(`delete from token_vectors where project_id = $1 and scope_id = $2 and document_id = $3`, [
    key.projectId,
    key.scopeId,
    key.documentId,
  ])
}

export async function deleteScopeTokens(db: Queryable, key: Omit<DocumentPlace, "documentId">): Promise<void> {
  await db.query(`delete from token_vectors where project_id = $1 and scope_id = $2`, [key.projectId, key.scopeId])
}

export async function tokensOf(
  db: Queryable,
  key: { projectId: string; scopeId: string; model: string },
  places: readonly { documentId: string; part: number }[],
): Promise<({ documentId: string } & PartTokens)[]> {
  const rows = await db.query<{ documentId: string; part: number; asks: boolean; vectors: Uint8Array }>(
    `select t.document_id as "documentId", t.part, t.asks, t.vectors
     from unnest($4::text[], $5::int[]) as u (document_id, part)
     join token_vectors t on t.project_id = $1 and t.scope_id = $2 and t.document_id = u.document_id and t.part = u.part and t.model = $3`,
    [key.projectId, key.scopeId, key.model, places.map(({ documentId }) => documentId), places.map(({ part }) => part)],
  )
  return rows.map((row) => ({ ...row, vectors: new Int8Array(row.vectors.buffer, row.vectors.byteOffset, row.vectors.byteLength) }))
}
