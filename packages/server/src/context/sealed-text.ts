// Texts of blocks and states at rest: what seals them and opens them again.
import type { Queryable } from "../store/index.ts"

export interface SealedText {
  /** The key that opens it; null: it is plain. */
  keyId: string | null
  body: Uint8Array
}

export interface TextVault {
  seal(tx: Queryable, place: { projectId: string; scope: string }, rowId: string, text: string): Promise<SealedText>
  /** In order; undefined for what nobody can open any more. */
  open(db: Queryable, projectId: string, rows: readonly (SealedText & { rowId: string })[]): Promise<(string | undefined)[]>
}

export const plainVault: TextVault = {
  seal: (_tx, _place, _rowId, text) => Promise.resolve({ keyId: null, body: Buffer.from(text) }),
  open: (_db, _projectId, rows) =>
    Promise.resolve(rows.map(({ keyId, body }) => (keyId === null ? Buffer.from(body).toString("utf8") : undefined))),
}
