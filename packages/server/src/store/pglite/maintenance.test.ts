// What the embedded engine needs besides statements: checkpoints, vacuum, and turns that urgent work gets first without starving the rest.
import { afterAll, beforeAll, expect, test } from "vitest"
import { openTestStore, type TestStore } from "../../testing/database.ts"
import type { Store } from "../port.ts"
import { maintain } from "./maintenance.ts"

let testStore: TestStore
let store: Store
beforeAll(async () => {
  testStore = await openTestStore("pglite")
  store = testStore.store
})
afterAll(() => testStore[Symbol.asyncDispose]())

const parts = (walBytesMax: number): Parameters<typeof maintain>[0] => ({
  query: (text) => store.system.query(text),
  logger: { info: () => undefined, warn: () => undefined, error: () => undefined },
  walBytesMax,
})

test("writes a checkpoint once the log has grown past its limit, and then has none to write", async () => {
  await store.system.query("create table filler as select g as id, repeat('x', 500) as body from generate_series(1, 4000) g")
  expect((await maintain(parts(1024 * 1024 * 1024))).checkpoint).toBe(false)
  expect((await maintain(parts(1024 * 1024))).checkpoint).toBe(true)
  expect((await maintain(parts(1024 * 1024))).checkpoint).toBe(false)
})

test("vacuums the table with the most dead rows and leaves the others for later rounds", async () => {
  await store.system.query("create table busy (id int primary key, n int)")
  await store.system.query("insert into busy select g, 0 from generate_series(1, 2000) g")
  for (let round = 0; round < 10; round += 1) await store.system.query("update busy set n = n + 1")
  const tables: (string | undefined)[] = []
  for (let round = 0; round < 20 && !tables.includes(undefined); round += 1) tables.push((await maintain(parts(2 ** 40))).table)
  expect(tables[0]).toBe("busy")
  expect(tables.at(-1)).toBe(undefined)
  await store.system.query("select pg_stat_force_next_flush()")
  expect(await store.system.query("select n_dead_tup from pg_stat_user_tables where relname = 'busy'")).toEqual([{ n_dead_tup: 0 }])
})

test("vacuums the new rows of a large table in pieces, before a tenth of it is new", async () => {
  await store.system.query("create table large (id int)")
  await store.system.query("insert into large select generate_series(1, 600000)")
  await store.system.query("select pg_stat_force_next_flush()")
  await store.system.query("vacuum (analyze) large")
  await store.system.query("insert into large select generate_series(1, 45000)")
  const beforeItIsDue = await maintain(parts(2 ** 40))
  await store.system.query("insert into large select generate_series(1, 6000)")
  expect([beforeItIsDue.table, (await maintain(parts(2 ** 40))).table]).toEqual([undefined, "large"])
  await store.system.query("select pg_stat_force_next_flush()")
  expect(await store.system.query("select n_ins_since_vacuum::int as rows from pg_stat_user_tables where relname = 'large'")).toEqual([
    { rows: 0 },
  ])
})

test("gives urgent statements the connection before normal ones, but every ninth turn to a normal one", async () => {
  const order: string[] = []
  const first = store.system.query("select 1")
  const normal = Array.from({ length: 3 }, () =>
    store
      .project("p")
      .query("select 1")
      .then(() => order.push("normal")),
  )
  const urgent = Array.from({ length: 20 }, () => store.system.query("select 1").then(() => order.push("urgent")))
  await Promise.all([first, ...normal, ...urgent])
  // The first statement is the turn in progress; the eight after it are urgent ones.
  expect(order.slice(0, 9)).toEqual([...Array.from({ length: 8 }, () => "urgent"), "normal"])
  expect(order.indexOf("normal", 9)).toBe(17)
})
