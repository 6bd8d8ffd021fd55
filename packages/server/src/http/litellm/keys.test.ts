// LiteLLM's key routes over a real server, called as its documentation calls them: made and read, and what is refused.
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { startDashboardServer, type DashboardServer } from "../../testing/dashboard-server.ts"
import { useLiteLlmAdmin } from "../../testing/litellm-admin.ts"

const { call, generate, own } = useLiteLlmAdmin()
let closed: DashboardServer
beforeAll(async () => {
  closed = await startDashboardServer({ directory: "/nowhere", grants: [] })
})
afterAll(() => closed[Symbol.asyncDispose]())

const dayMs = 86_400_000

describe("POST /key/generate", () => {
  it("makes a key with all that LiteLLM says of one, and it is one of Perdure's", async () => {
    const before = Date.now()
    const made = await generate({
      key_alias: "search-prod",
      models: ["gpt-4o", "openai/*"],
      duration: "30d",
      max_budget: 10,
      budget_duration: "30d",
      tpm_limit: 2000,
      rpm_limit: 60,
      max_parallel_requests: 4,
      metadata: { app: "search", tags: ["prod"] },
      user_id: "ada",
      team_id: "search-team",
      // LiteLLM's own defaults say nothing.
      aliases: {},
      config: {},
      permissions: {},
      spend: 0,
      send_invite_email: false,
    })
    expect(made).toMatchObject({
      key: expect.stringMatching(/^pk_/) as string,
      key_alias: "search-prod",
      models: ["gpt-4o", "openai/*"],
      max_budget: 10,
      budget_duration: "30d",
      tpm_limit: 2000,
      rpm_limit: 60,
      max_parallel_requests: 4,
      metadata: { app: "search", tags: ["prod"] },
      user_id: "ada",
      team_id: "search-team",
      spend: 0,
      blocked: false,
    })
    const expires = Date.parse(made["expires"] as string)
    expect(expires).toBeGreaterThanOrEqual(before + 30 * dayMs)
    expect(await own().keys.get(made.token)).toMatchObject({
      name: "search-prod",
      scope: { models: ["gpt-4o", "openai/*"], endpoints: [] },
      limits: { budgetUsd: 10, budgetPer: "month", tokensPerMinute: 2000, requestsPerMinute: 60, concurrent: 4 },
      tags: ["prod", "team:search-team"],
      user: "ada",
      metadata: { app: "search" },
      expiresAt: expires,
    })
  })

  it("makes one with nothing asked for, with a budget for ever, and with one blocked from the start", async () => {
    expect(await generate()).toMatchObject({ key_alias: null, models: [], max_budget: null, expires: null, metadata: {}, tags: [] })
    expect(await generate({ max_budget: 5 })).toMatchObject({ max_budget: 5, budget_duration: null, budget_reset_at: null })
    const made = await generate({ blocked: true })
    expect([made["blocked"], (await own().keys.get(made.token)).state]).toEqual([true, "blocked"])
    expect((await call("GET", "/key/info", undefined, made.key)).status).toBe(401)
  })

  it("has a soft budget, which tells and refuses nothing, per the same time as the budget", async () => {
    const made = await generate({ soft_budget: 8 })
    expect(made).toMatchObject({ soft_budget: 8, max_budget: null, budget_duration: null })
    expect((await own().keys.get(made.token)).limits).toEqual({ alertUsd: 8, budgetPer: "total" })
    const both = await call("POST", "/key/update", { key: made.token, max_budget: 10, budget_duration: "7d" })
    expect(both.body).toMatchObject({ soft_budget: 8, max_budget: 10, budget_duration: "7d" })
    expect((await own().keys.get(made.token)).limits).toEqual({ alertUsd: 8, budgetUsd: 10, budgetPer: "week" })
    const soft = await call("POST", "/key/update", { key: made.token, max_budget: null, soft_budget: 9 })
    expect(soft.body).toMatchObject({ soft_budget: 9, max_budget: null, budget_duration: "7d" })
    const none = await call("POST", "/key/update", { key: made.token, soft_budget: null })
    expect(none.body).toMatchObject({ soft_budget: null, budget_duration: "7d" })
    expect(await own().keys.get(made.token)).toMatchObject({ limits: {}, metadata: { litellm: { budget_duration: "7d" } } })
  })

  it("restricts to routes by LiteLLM's names of them", async () => {
    expect((await generate({ allowed_routes: ["/chat/completions", "/v1/embeddings"] }))["allowed_routes"]).toEqual([
      "/v1/chat/completions",
      "/v1/embeddings",
    ])
    const made = await generate({ key_type: "llm_api" })
    expect(made["allowed_routes"]).toEqual(expect.arrayContaining(["chat", "embeddings", "/mcp"]))
    expect((await call("POST", "/key/generate", {}, made.key)).status).toBe(403)
    expect((await call("GET", "/key/info", undefined, made.key)).body["key"]).toBe(made.token)
  })

  it("restricts to paths that are passed through, besides what models are called by, and changes either alone", async () => {
    const made = await generate({ allowed_passthrough_routes: ["/openai/*", "/bria"] })
    const passed = ["/openai/*", "/bria", "/bria/*"]
    const again = await call("POST", "/key/generate", { allowed_passthrough_routes: ["/openai/*"] })
    expect(again.headers.get("x-perdure-not-passed")).toBe("/openai/*")
    expect(made["allowed_passthrough_routes"]).toEqual(["/openai/*", "/bria"])
    const { scope } = await own().keys.get(made.token)
    expect(scope.endpoints).toEqual(expect.arrayContaining(["chat", "embeddings", "/mcp", ...passed]))
    expect(scope.endpoints).not.toContain("keys")
    const endpointsAfter = async (change: object): Promise<string[]> => {
      await call("POST", "/key/update", { key: made.token, ...change })
      return (await own().keys.get(made.token)).scope.endpoints
    }
    expect(await endpointsAfter({ allowed_routes: ["/chat/completions"] })).toEqual(["/v1/chat/completions", ...passed])
    expect(await endpointsAfter({ max_budget: 1 })).toEqual(["/v1/chat/completions", ...passed])
    expect(await endpointsAfter({ allowed_passthrough_routes: ["/bria/*"] })).toEqual(["/v1/chat/completions", "/bria/*"])
    expect(await endpointsAfter({ allowed_passthrough_routes: null })).toEqual(["/v1/chat/completions"])
  })

  it.each<[string, object, string]>([
    ["a path of its own as one that is passed through", { allowed_passthrough_routes: ["/v1/files"] }, "allowed_passthrough_routes[0]"],
    ["a word as a path that is passed through", { allowed_passthrough_routes: ["/a", "chat"] }, "allowed_passthrough_routes[1]"],
    ["aliases of models", { aliases: { "gpt-4": "gpt-4o" } }, "aliases"],
    ["permissions", { permissions: { allow_pii_controls: true } }, "permissions"],
    ["budgets of models", { model_max_budget: { "gpt-4": { budget_limit: 1 } } }, "model_max_budget"],
    ["rates of models", { model_rpm_limit: { "gpt-4": 1 } }, "model_rpm_limit"],
    ["guardrails", { guardrails: ["pii"] }, "guardrails"],
    ["what it may use of MCP", { object_permission: { mcp_servers: ["a"] } }, "object_permission"],
    ["a budget by its id", { budget_id: "free-tier" }, "budget_id"],
    ["a secret of its own", { key: "sk-mine" }, "key"],
    ["money that was spent", { spend: 3 }, "spend"],
    ["rotation by itself", { auto_rotate: true, rotation_interval: "30d" }, "auto_rotate"],
    ["guaranteed throughput", { rpm_limit_type: "guaranteed_throughput" }, "rpm_limit_type"],
    ["a key that manages", { key_type: "management" }, "key_type"],
    ["no models at all", { models: ["no-default-models"] }, "models"],
    ["a window that there is none of", { max_budget: 1, budget_duration: "3d" }, "budget_duration"],
    ["a length without a unit", { duration: "30" }, "duration"],
    ["a negative budget", { max_budget: -1 }, "max_budget"],
    ["a rate of nothing", { rpm_limit: 0 }, "rpm_limit"],
    ["a route that there is none of", { allowed_routes: ["/ui"] }, "allowed_routes[0]"],
    ["tags that are none", { metadata: { tags: ["a b"] } }, "metadata.tags"],
    ["metadata of the server", { metadata: { litellm: {} } }, "metadata.litellm"],
    ["a field that LiteLLM does not have either", { max_bugdet: 1 }, "max_bugdet"],
  ])("refuses %s, by the name of the field", async (_what, body, param) => {
    const { status, body: answer } = await call("POST", "/key/generate", body)
    expect({ status, answer }).toMatchObject({ status: 400, answer: { error: { param, type: "bad_request_error", code: "400" } } })
  })

  it("refuses an alias that is there already", async () => {
    await generate({ key_alias: "only-one" })
    expect((await call("POST", "/key/generate", { key_alias: "only-one" })).body).toMatchObject({ error: { param: "key_alias" } })
  })

  it("refuses who has no key, and who has no grant, in LiteLLM's words", async () => {
    expect(await call("POST", "/key/generate", {}, "sk-1234")).toMatchObject({
      status: 401,
      body: { error: { type: "auth_error", code: "401", param: null } },
    })
    const response = await fetch(`${closed.url}/key/generate`, {
      method: "POST",
      headers: { authorization: `Bearer ${closed.apiKey}` },
      body: "{}",
    })
    expect({ status: response.status, body: await response.json() }).toMatchObject({ status: 403, body: { error: { type: "auth_error" } } })
  })
})

describe("GET /key/info and /key/list", () => {
  it("read a key by its secret, by its id, and the one that asks, without telling the secret", async () => {
    const made = await generate({ key_alias: "read-me", max_budget: 1, budget_duration: "1d" })
    for (const path of [`?key=${made.key}`, `?key=${made.token}`]) {
      const { body } = await call("GET", `/key/info${path}`)
      expect(body).toMatchObject({ key: made.token, info: { key_alias: "read-me", max_budget: 1, budget_duration: "1d", spend: 0 } })
      expect(JSON.stringify(body)).not.toContain(made.key.slice(16))
    }
    const limited = await call("GET", `/key/info?key=${made.key}`, undefined, made.key)
    expect([(await call("GET", "/key/info", undefined, made.key)).body["key"], limited.body["key"]]).toEqual([made.token, made.token])
  })

  it("tell a restricted key of itself alone", async () => {
    const [chat, other] = [await generate({ allowed_routes: ["/chat/completions"] }), await generate()]
    expect((await call("GET", `/key/info?key=${chat.key}`, undefined, chat.key)).status).toBe(200)
    for (const path of [
      `/key/info?key=${other.token}`,
      `/key/info?key=${other.key}`,
      "/key/list",
      `/key/info?key=${chat.token}&key=${other.token}`,
    ])
      expect((await call("GET", path, undefined, chat.key)).status).toBe(403)
    const limited = await generate({ max_budget: 1 })
    for (const path of [`/key/info?key=${other.token}`, `/key/info?key=${other.key}`, "/key/list"])
      expect((await call("GET", path, undefined, limited.key)).status).toBe(403)
  })

  it("list in pages, by user, team and alias", async () => {
    for (const name of ["l1", "l2", "l3"]) await generate({ key_alias: name, team_id: "listed", user_id: "grace" })
    const first = await call("GET", "/key/list?team_id=listed&size=2&return_full_object=true")
    expect(first.body).toMatchObject({ keys: [{ key_alias: "l3" }, { key_alias: "l2" }], total_count: 3, current_page: 1, total_pages: 2 })
    const second = await call("GET", "/key/list?team_id=listed&size=2&page=2&user_id=grace")
    expect(second.body).toMatchObject({ keys: [expect.stringMatching(/^key_/)], total_count: 3, current_page: 2 })
    expect((await call("GET", "/key/list?key_alias=l2")).body["total_count"]).toBe(1)
    expect((await call("GET", "/key/list?team_id=nobody")).body).toMatchObject({ keys: [], total_count: 0, total_pages: 0 })
  })

  it("are read several at once, all of them or none", async () => {
    const [first, second] = [await generate({ key_alias: "several-1" }), await generate({ key_alias: "several-2" })]
    const { body } = await call("POST", "/v2/key/info", { keys: [first.key, second.token] })
    expect(body).toMatchObject({
      key: [first.token, second.token],
      info: [
        { token: first.token, key_alias: "several-1", spend: 0 },
        { token: second.token, key_alias: "several-2" },
      ],
    })
    expect(JSON.stringify(body)).not.toContain(first.key)
    const missing = await call("POST", "/v2/key/info", { keys: [first.token, "key_nothing"] })
    expect(missing).toMatchObject({ status: 404, body: { error: { param: "keys" } } })
    const limited = await generate({ max_budget: 1 })
    expect((await call("POST", "/v2/key/info", { keys: [first.token] }, limited.key)).status).toBe(403)
  })

  it("say nothing of a key that is not there, nor what was asked", async () => {
    for (const key of ["sk-1234-secret", "key_nothing", `pk_${"0".repeat(12)}_${"a".repeat(49)}`]) {
      const { status, body } = await call("GET", `/key/info?key=${key}`)
      expect({ status, body }).toMatchObject({ status: 404, body: { error: { type: "not_found_error", code: "404", param: "key" } } })
      expect(JSON.stringify(body)).not.toContain(key)
    }
  })
})
