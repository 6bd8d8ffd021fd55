// Writes many changes to one scope from several connections at once; one in five transactions is rolled back after its number was given.
import { sleep } from "../core/index.ts"
import { changes, type Store } from "../store/index.ts"

export interface WriterOptions {
  name: string
  scope: string
  count: number
  atOnce: number
}

/** What was committed, as `[number, entry]`. */
export async function recordedChanges(store: Store, { name, scope, count, atOnce }: WriterOptions): Promise<[number, string][]> {
  const committed: [number, string][] = []
  const left = Array.from({ length: count }, (_, index) => `${name}-${index}`)
  const writer = async (): Promise<void> => {
    for (let entry = left.pop(); entry !== undefined; entry = left.pop()) {
      const seq = await write(store, scope, entry)
      if (seq !== undefined) committed.push([seq, entry])
    }
  }
  await Promise.all(Array.from({ length: atOnce }, writer))
  return committed
}

async function write(store: Store, scope: string, entry: string): Promise<number | undefined> {
  const fails = Math.random() < 0.2
  try {
    return await store.project("proj_default").transaction(async (tx) => {
      await sleep(Math.random() * 4)
      const seq = await changes.recordChange(tx, { projectId: "proj_default", scope, entry, kind: "test", op: "write", principal: entry })
      // Time between the number and the commit: where a plain sequence would let a later number be seen first.
      await sleep(Math.random() * 4)
      if (fails) throw new Error("rolled back")
      return seq
    })
  } catch (error) {
    if (fails) return undefined
    throw error
  }
}
