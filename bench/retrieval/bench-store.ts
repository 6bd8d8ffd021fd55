// A fresh store for a bench: the embedded engine in a directory of its own, removed afterwards.
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { createVectorIndex, type VectorIndex } from "../../packages/server/src/context/retrieval/vector-index.ts"
import { defaultLimits } from "../../packages/server/src/core/index.ts"
import { openStore, type Store } from "../../packages/server/src/store/index.ts"

export async function openBenchStore(): Promise<{ store: Store } & AsyncDisposable> {
  const dataDirectory = await mkdtemp(join(tmpdir(), "perdure-bench-"))
  const store = await openStore({ dataDirectory, limits: defaultLimits })
  return {
    store,
    async [Symbol.asyncDispose]() {
      await store[Symbol.asyncDispose]()
      await rm(dataDirectory, { recursive: true, force: true })
    },
  }
}

const vectorIndexes = new WeakMap<Store, VectorIndex>()

/** One for each store, so that its copies in memory are used by the next search. */
export function vectorIndexOf(store: Store): VectorIndex {
  const known = vectorIndexes.get(store) ?? createVectorIndex({ store, bytesMax: defaultLimits.vectorCacheBytesMax })
  vectorIndexes.set(store, known)
  return known
}
