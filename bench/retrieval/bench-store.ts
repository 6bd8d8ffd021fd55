// A fresh store for a bench, removed afterwards: the embedded engine in a directory of its own, or a Postgres server.
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { createVectorIndex, type VectorIndex } from "../../packages/server/src/context/retrieval/vector-index.ts"
import { defaultLimits } from "../../packages/server/src/core/index.ts"
import { openStore, type Store } from "../../packages/server/src/store/index.ts"
import { startTestPostgres } from "../../packages/server/src/testing/postgres-server.ts"

export async function openBenchStore(engine: "pglite" | "postgres" = "pglite"): Promise<{ store: Store } & AsyncDisposable> {
  if (engine === "postgres") return openOnPostgres()
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

/** Commits wait for the disk, as they do on the embedded engine. */
async function openOnPostgres(): Promise<{ store: Store } & AsyncDisposable> {
  const server = await startTestPostgres({ fsync: true })
  const store = await openStore({ databaseUrl: await server.createDatabase(), limits: defaultLimits })
  return {
    store,
    async [Symbol.asyncDispose]() {
      await store[Symbol.asyncDispose]()
      await server[Symbol.asyncDispose]()
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
