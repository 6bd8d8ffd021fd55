// The list of alerts: a key sees what is its project's and no other key's, a person also what is of no project and who took it.
import { Hono } from "hono"
import { afterAll, beforeAll, expect, it } from "vitest"
import type { AlertList } from "@perdure/contract"
import { defaultLimits, newId, type JsonObject } from "../../core/index.ts"
import { alerts } from "../../store/index.ts"
import { openTestStore, type TestStore } from "../../testing/database.ts"
import { testPrincipal } from "../../testing/gateway.ts"
import type { HttpEnv } from "../env.ts"
import { createAlertRoutes } from "./alerts.ts"

let database: TestStore

beforeAll(async () => {
  database = await openTestStore("pglite")
  await database.store.system.query("insert into projects (id, name) values ('proj_a', 'a'), ('proj_b', 'b')")
  const add = async (projectId: string | null, type: string, data: JsonObject): Promise<void> => {
    const id = newId("evt")
    await alerts.addAlert(database.store.system, { id, projectId, type, occasion: id, data, keepUntil: null }, ["ops"], 10)
  }
  await add("proj_a", "budget.threshold", { budget: "own", scope: { project: "proj_a", key: "key_1" }, spent: 4 })
  await add("proj_a", "budget.threshold", { budget: "other key", scope: { project: "proj_a", key: "key_2" }, spent: 4 })
  await add("proj_a", "budget.threshold", { budget: "ada", scope: { project: "proj_a", user: "ada" }, spent: 4 })
  await add("proj_b", "budget.threshold", { budget: "other project", scope: { project: "proj_b" }, spent: 4 })
  await add(null, "budget.exceeded", { budget: "shared", scope: {}, spent: 4 })
  await add(null, "budget.exceeded", { budget: "provider", scope: { provider: "openai" }, spent: 4 })
  await add("proj_a", "key.expiring", { key: "key_2", name: "two" })
})
afterAll(() => database[Symbol.asyncDispose]())

async function listed(part: Partial<typeof testPrincipal>): Promise<AlertList["alerts"]> {
  const app = new Hono<HttpEnv>()
  app.use(async (context, next) => {
    context.set("principal", { ...testPrincipal, id: "key_1", projectId: "proj_a", ...part })
    await next()
  })
  app.route("/", createAlertRoutes({ store: database.store, limits: defaultLimits }))
  const { alerts: list } = (await (await app.request("/v1/alerts")).json()) as AlertList
  return list
}

const budgetsOf = (list: AlertList["alerts"]): unknown[] => list.map(({ data }) => data["budget"] ?? data["key"]).reverse()

it("a key sees what is of its project and not of another key", async () => {
  const list = await listed({})
  expect(budgetsOf(list)).toEqual(["own", "ada"])
  expect(list.map(({ webhooks }) => webhooks)).toEqual([[], []])
})

it("a key that acts for an end user sees nothing of another one", async () => {
  expect(budgetsOf(await listed({ user: "bob" }))).toEqual(["own"])
})

it("a person sees what is of no project and who took it, and not what other projects used", async () => {
  const list = await listed({ id: "user:admin", kind: "session" })
  expect(budgetsOf(list)).toEqual(["own", "other key", "ada", "shared", "provider", "key_2"])
  const spent = Object.fromEntries(list.map(({ data }) => [data["budget"], data["spent"]]))
  expect([spent["shared"], spent["provider"]]).toEqual([undefined, 4])
  expect(list[0]?.webhooks).toEqual([{ name: "ops", status: "waiting", attempts: 0, outcome: null }])
})

it("what all share is told to the only project that there is", async () => {
  await database.store.system.query("delete from projects where id <> 'proj_a'")
  const list = await listed({ id: "user:admin", kind: "session" })
  expect(list.find(({ data }) => data["budget"] === "shared")?.data["spent"]).toBe(4)
})
