// Tests of vectors between the step that makes them and the one that writes them: in the run's log they are sealed under the entry's own key.
import { afterAll, beforeAll, expect, it } from "vitest"
import { newId, systemClock } from "../../core/index.ts"
import { openSealer } from "../../security/index.ts"
import { startContextServer, type ContextServer } from "../../testing/context-server.ts"
import { createDataKeys, type DataKeys } from "./data-keys.ts"
import { rowsByIds } from "./entries.ts"
import { openVectors, sealVectors } from "./message-vectors.ts"

const projectId = "proj_default"
const caller = { projectId, principal: "key_a" }
let server: ContextServer
let keys: DataKeys
const cleanUps = new AsyncDisposableStack()
beforeAll(async () => {
  server = await startContextServer()
  const limits = { dataKeysCachedMax: 100, dataKeyCacheMs: 60_000 }
  keys = cleanUps.use(createDataKeys({ store: server.store, sealer: await openSealer(server.store), clock: systemClock, newId, limits }))
})
afterAll(async () => {
  await cleanUps.disposeAsync()
  await server[Symbol.asyncDispose]()
})

it("opens them for the same step only, and none whose subject was erased", async () => {
  const { memories, upkeep } = server.context
  const ada = await memories.remember(caller, { scope: "team:a", text: "Ada likes tea", subject: "ada" })
  const bob = await memories.remember(caller, { scope: "team:a", text: "Bob likes rye", subject: "bob" })
  await expect.poll(async () => (await upkeep.status(caller, "team:a")).backlog.toIndex, { timeout: 60_000 }).toBe(0)
  const db = server.store.project(projectId)
  const rows = [...(await rowsByIds(db, projectId, [ada.id, bob.id])).values()]
  const vectors = [ada, bob].map(({ id }) => ({ id, vector: "AAAAAAAA", tokens: null }))
  const step = { projectId, place: "run_1 embed:0" }
  const sealed = await sealVectors(keys, db, step, rows, vectors)
  expect(JSON.stringify(sealed)).not.toContain("AAAAAAAA")
  expect([...(await openVectors(keys, db, step, rows, sealed)).values()]).toEqual(vectors)
  expect((await openVectors(keys, db, { ...step, place: "run_2 embed:0" }, rows, sealed)).size).toBe(0)
  await db.transaction((tx) => keys.destroy(tx, projectId, "ada"))
  expect([...(await openVectors(keys, db, step, rows, sealed)).keys()]).toEqual([bob.id])
  // And so they lie in the log of the run that made them.
  const logged = await db.query<{ data: string }>(
    "select data::text as data from run_events where data::text like '%embed:0%' and data::text like '%vectors%'",
  )
  expect(logged.length).toBeGreaterThan(0)
  for (const { data } of logged) expect(data).not.toContain('"vector"')
})
