// LiteLLM's routes of customers over a real server: end users that requests name, what they spent, and the budget that the configuration has for them.
import { afterAll, beforeAll, expect, it } from "vitest"
import { startPerdureServer, type PerdureServer } from "../../testing/perdure-server.ts"

const budgets = `budgets:
  - { name: each-user, for: { user: "*" }, usd: 2, per: day }
  - { name: vip, for: { user: ada }, usd: 1.5, per: month }
  - { name: model, for: { user: "*", model: fake }, usd: 0.5, per: day }
unknownPrice: { inputPerMillionUsd: 1, outputPerMillionUsd: 1 }`
let server: PerdureServer
beforeAll(async () => {
  server = await startPerdureServer("pglite", budgets)
})
afterAll(() => server[Symbol.asyncDispose]())

const call = async (method: string, path: string, body?: object, key = server.apiKey) => {
  const headers = { authorization: `Bearer ${key}`, "content-type": "application/json" }
  const response = await fetch(server.url + path, { method, headers, ...(body ? { body: JSON.stringify(body) } : {}) })
  return { status: response.status, headers: response.headers, body: (await response.json()) as Record<string, unknown> }
}
const keyOf = async (user: string): Promise<string> => String((await call("POST", "/key/generate", { user_id: user })).body["key"])

it("are there once a request names them, and listed from then on", async () => {
  const made = await call("POST", "/customer/new", { user_id: "grace", alias: "Grace", blocked: false })
  expect(made).toMatchObject({ status: 200, body: { user_id: "grace", blocked: false, spend: 0, alias: null } })
  expect(made.headers.get("x-perdure-not-kept")).toBe("alias")
  expect((await call("GET", "/customer/list")).body).toEqual([])
  const ask = { model: "fake", user: "grace", max_tokens: 10, messages: [{ role: "user", content: "Hi" }] }
  expect((await call("POST", "/v1/chat/completions", ask)).status).toBe(200)
  const listed = async (): Promise<unknown> => (await call("GET", "/customer/list")).body
  await expect.poll(listed, { timeout: 20_000 }).toEqual([expect.objectContaining({ user_id: "grace", blocked: false })])
})

it("are told with the smallest budget that binds all that is done for them", async () => {
  const told = async (user: string) => (await call("GET", `/customer/info?end_user_id=${user}`)).body
  expect(await told("ada")).toMatchObject({
    user_id: "ada",
    spend: 0,
    litellm_budget_table: { max_budget: 1.5, soft_budget: null, budget_duration: "30d" },
  })
  expect(await told("bo")).toMatchObject({ litellm_budget_table: { max_budget: 2, budget_duration: "1d" } })
})

it("are read by their own keys, which are told of nobody else", async () => {
  const key = await keyOf("bo")
  expect((await call("GET", "/customer/info?end_user_id=bo", undefined, key)).body).toMatchObject({ user_id: "bo" })
  for (const [method, path, body] of [
    ["GET", "/customer/info?end_user_id=grace"],
    ["POST", "/customer/new", { user_id: "grace" }],
  ] as const)
    expect(await call(method, path, body, key)).toMatchObject({ status: 403, body: { error: { type: "auth_error" } } })
  expect((await call("GET", "/customer/list", undefined, key)).body).toEqual([])
})

it.each<[object, string]>([
  [{ user_id: "x", max_budget: 10 }, "max_budget"],
  [{ user_id: "x", budget_id: "free_tier" }, "budget_id"],
  [{ user_id: "x", blocked: true }, "blocked"],
  [{ user_id: "x", allowed_model_region: "eu" }, "allowed_model_region"],
  [{ user_id: "x", default_model: "fake" }, "default_model"],
  [{ user_id: "x", object_permission: { agents: ["a"] } }, "object_permission"],
  [{ alias: "nobody" }, "user_id"],
])("are refused what would bind them: %j", async (body, param) => {
  expect(await call("POST", "/customer/new", body)).toMatchObject({ status: 400, body: { error: { param } } })
})

it("leave their path to what the configuration passes through, and so do several keys at once", async () => {
  await server.reload(`${budgets}\npassThrough: [{ path: /customer, provider: fake }, { path: /v2, provider: fake }]`)
  await call("GET", "/customer/list")
  expect(server.provider.last?.path).toContain("/list")
  await call("POST", "/v2/key/info", { keys: [] })
  expect(server.provider.last?.path).toContain("/key/info")
})
