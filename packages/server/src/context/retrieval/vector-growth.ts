// Moves the vectors of a scope that has grown large into the partition with the approximate index, a few at a time; the scope stays searchable and writable.
import { largeEmbeddings, type ScopeKey, type Store } from "../../store/index.ts"

/** From so many vectors on the approximate index is the faster way. */
export const largeRowsMin = 20_000
/** Each row is put into the index, which takes a millisecond or several on the embedded engine; others wait for its only connection. */
const rowsPerMove = 200

/** Does nothing for scopes that are small or have moved. A move that was cut off goes on. */
export async function moveLargeScope(store: Pick<Store, "project">, key: ScopeKey, rowsMin = largeRowsMin): Promise<void> {
  const db = store.project(key.projectId)
  if (!(await largeEmbeddings.beginMove(db, key, rowsMin))) return
  let after: number | undefined = -1
  while (after !== undefined) {
    const from: number = after
    after = await db.transaction((tx) => largeEmbeddings.moveSome(tx, key, from, rowsPerMove))
  }
}
