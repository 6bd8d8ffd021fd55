// Texts of blocks and states at rest: sealed under the key of their scope, each bound to its row, so that destroying the key erases them all.
import type { Queryable } from "../store/index.ts"
import { openBody, sealBody } from "./memory/bodies.ts"
import { subjectOfScope, type DataKeys } from "./memory/data-keys.ts"

export interface SealedText {
  keyId: string
  body: Uint8Array
}

export interface TextVault {
  seal(tx: Queryable, place: { projectId: string; scope: string }, rowId: string, text: string): Promise<SealedText>
  /** In order; undefined for what nobody can open any more. */
  open(db: Queryable, projectId: string, rows: readonly (SealedText & { rowId: string })[]): Promise<(string | undefined)[]>
}

export function createTextVault(keys: Pick<DataKeys, "held" | "byIds">): TextVault {
  return {
    async seal(tx, { projectId, scope }, rowId, text) {
      const key = await keys.held(tx, projectId, subjectOfScope(scope))
      return { keyId: key.id, body: sealBody(key.bytes, projectId, rowId, { text }) }
    },
    async open(db, projectId, rows) {
      const found = await keys.byIds(
        db,
        projectId,
        rows.map(({ keyId }) => keyId),
      )
      return rows.map(({ keyId, body, rowId }) => {
        const opened = openBody(found.get(keyId), projectId, rowId, body)
        return opened === undefined ? undefined : (opened as { text: string }).text // sealed above
      })
    },
  }
}
