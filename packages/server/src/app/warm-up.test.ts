// The embedding model starts by itself where there are vectors, and only there.
import { expect, test } from "vitest"
import { createScopeIndex } from "../context/retrieval/index-entry.ts"
import { derivedTermKeys } from "../context/retrieval/term-hash.ts"
import { openEmbeddedEmbeddings } from "../inference/index.ts"
import { openTestStore } from "../testing/database.ts"
import { warmUp } from "./warm-up.ts"

test("the embedding model is started where something has a vector, not where nothing has, and not by a server that stops", async () => {
  await using opened = await openTestStore("pglite")
  const { store } = opened
  await using model = await openEmbeddedEmbeddings()
  let asked = 0
  const passages: typeof model.passages = model.passages && {
    ...model.passages,
    embed: (given, signal) => {
      asked += given.length
      return model.passages?.embed(given, signal) ?? Promise.resolve([])
    },
  }
  const minilm = { deployment: model.deployment, passages }
  const about = { store, minilm, embeddingModel: null }
  const running = new AbortController()
  await warmUp(about, running.signal)
  expect(asked).toBe(0)

  const key = { projectId: "proj_default", scopeId: "memory:user:ada", documentId: "d1" }
  const index = createScopeIndex({ store, termKeyOf: derivedTermKeys(new Uint8Array(32)) })
  await store.project(key.projectId).transaction(async (tx) => {
    await index.indexEntry(tx, { ...key, lane: "user", parts: [{ terms: new Map(), length: 1 }] })
    await index.indexVectors(tx, { ...key, model: "m" }, [{ part: 0, piece: 0, vector: new Float32Array(8).fill(0.5) }])
  })
  await warmUp({ ...about, embeddingModel: "another/model" }, running.signal)
  expect(asked).toBe(0)
  await warmUp(about, running.signal)
  expect(asked).toBe(1)

  const stopping = warmUp(about, running.signal)
  running.abort()
  await stopping
  expect(asked).toBe(1)
})
