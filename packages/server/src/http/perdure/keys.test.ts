// The routes of keys over a real server: made, read, changed, rotated and revoked by key and by session, with the gate's answer in the record.
import { createClient, type PerdureError } from "@perdure/client"
import { apiKeyCreatedSchema, apiKeyListSchema, apiKeySchema } from "@perdure/contract"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { startDashboardServer, type DashboardServer } from "../../testing/dashboard-server.ts"

let server: DashboardServer
let closed: DashboardServer
type Client = ReturnType<typeof createClient>
let client: Client
const long = { timeout: 20_000 }

beforeAll(async () => {
  server = await startDashboardServer({ directory: "/nowhere" })
  closed = await startDashboardServer({ directory: "/nowhere", grants: [] })
  client = createClient({ baseUrl: server.url, apiKey: server.apiKey })
})
afterAll(async () => {
  await server[Symbol.asyncDispose]()
  await closed[Symbol.asyncDispose]()
})

function send(method: string, path: string, body: unknown, headers: Record<string, string> = {}): Promise<Response> {
  const text = typeof body === "string" ? body : JSON.stringify(body)
  return fetch(server.url + path, { method, body: text, headers: { authorization: `Bearer ${server.apiKey}`, ...headers } })
}

describe("the routes of keys", () => {
  it("make, show, change, rotate and revoke a key, in the contract's shapes", async () => {
    const made = await client.keys.create({ name: "app", scope: { models: ["gpt-*"] }, limits: { requestsPerMinute: 60 }, tags: ["a"] })
    expect(apiKeyCreatedSchema.parse(made)).toEqual(made)
    expect(made.createdBy).toBe(server.keyId)
    const own = createClient({ baseUrl: server.url, apiKey: made.secret })
    const { secret, ...shown } = made
    expect(apiKeySchema.parse(await own.keys.get("me"))).toMatchObject({ ...shown, lastUsedAt: null })
    expect(
      await client.keys.update(made.id, { limits: { requestsPerMinute: null, budgetUsd: 2 }, expiresAt: 4_000_000_000_000 }),
    ).toMatchObject({
      limits: { budgetUsd: 2 },
      expiresAt: 4_000_000_000_000,
      scope: { models: ["gpt-*"], endpoints: [], regions: [] },
    })
    const rotated = await client.keys.rotate(made.id, { overlapMs: 60_000 })
    expect(rotated.secret).not.toBe(secret)
    const renewed = createClient({ baseUrl: server.url, apiKey: rotated.secret })
    expect([(await own.keys.get("me")).id, (await renewed.keys.get("me")).id]).toEqual([made.id, made.id])
    const listed = apiKeyListSchema.parse(await client.keys.list({ tag: "a" }))
    expect(listed).toMatchObject({ keys: [{ id: made.id, oldSecretsUntil: rotated.oldSecretsUntil }], next: null })
    expect(JSON.stringify(listed)).not.toContain(secret.slice(16))
    expect(await client.keys.revoke(made.id)).toEqual({ id: made.id, revoked: true })
    await expect(renewed.keys.get("me")).rejects.toMatchObject({ status: 401 })
  })

  it("rotate without a body, and end the old secret at once with an overlap of 0", async () => {
    const made = await client.keys.create({ name: "bodyless" })
    const answer = await fetch(`${server.url}/v1/keys/${made.id}/rotate`, {
      method: "POST",
      headers: { authorization: `Bearer ${server.apiKey}` },
    })
    expect(answer.status).toBe(200)
    const { secret } = await client.keys.rotate(made.id, { overlapMs: 0 })
    const left = createClient({ baseUrl: server.url, apiKey: made.secret })
    await expect(left.keys.get("me")).rejects.toMatchObject({ status: 401, code: "invalid_api_key" })
    expect((await createClient({ baseUrl: server.url, apiKey: secret }).keys.get("me")).oldSecretsUntil).toBeNull()
  })

  it("give pages", async () => {
    for (const name of ["p1", "p2", "p3"]) await client.keys.create({ name, tags: ["pages"] })
    const first = await client.keys.list({ tag: "pages", limit: 2 })
    const second = await client.keys.list({ tag: "pages", limit: 2, before: first.next ?? "" })
    expect([...first.keys, ...second.keys].map(({ name }) => name)).toEqual(["p3", "p2", "p1"])
    expect(second.next).toBeNull()
  })

  it.each<[string, unknown, string | null]>([
    ["no name", {}, "name"],
    ["an empty name", { name: "" }, "name"],
    ["a name with a line break", { name: "a\nb" }, "name"],
    ["a name with NUL", { name: "a\0b" }, "name"],
    ["a field of the row", { name: "x", projectId: "proj_other" }, "projectId"],
    ["a secret of its own", { name: "x", secret: "pk_mine" }, "secret"],
    ["a version", { name: "x", version: 9 }, "version"],
    ["models as text", { name: "x", scope: { models: "gpt-*" } }, "scope.models"],
    ["a model with a space", { name: "x", scope: { models: ["gpt 4"] } }, "scope.models[0]"],
    ["a scope word that does not exist", { name: "x", scope: { model: ["gpt"] } }, "scope.model"],
    ["too many models", { name: "x", scope: { models: Array.from({ length: 101 }, () => "m") } }, "scope.models"],
    ["an endpoint that does not exist", { name: "x", scope: { endpoints: ["embedding"] } }, "scope.endpoints[0]"],
    ["a path outside /v1", { name: "x", scope: { endpoints: ["/metrics"] } }, "scope.endpoints[0]"],
    ["a method alone", { name: "x", scope: { endpoints: ["GET"] } }, "scope.endpoints[0]"],
    ["a negative budget", { name: "x", limits: { budgetUsd: -1 } }, "limits.budgetUsd"],
    ["a limit that does not exist", { name: "x", limits: { rpm: 5 } }, "limits.rpm"],
    ["a limit that is null", { name: "x", limits: { concurrent: null } }, "limits.concurrent"],
    ["half a request per minute", { name: "x", limits: { requestsPerMinute: 0.5 } }, "limits.requestsPerMinute"],
    ["a tag with a comma", { name: "x", tags: ["a,b"] }, "tags[0]"],
    ["a repeated tag", { name: "x", tags: ["a", "a"] }, "tags"],
    ["an expiry that has passed", { name: "x", expiresAt: 1 }, "expiresAt"],
    ["an expiry as text", { name: "x", expiresAt: "tomorrow" }, "expiresAt"],
    ["an expiry beyond all dates", { name: "x", expiresAt: Number.MAX_SAFE_INTEGER }, "expiresAt"],
    ["metadata of ten thousand characters", { name: "x", metadata: { a: "x".repeat(10_000) } }, "metadata"],
    ["a list", [], null],
  ])("refuse %s, and say where", async (_what, body, param) => {
    const answer = await send("POST", "/v1/keys", body)
    const { error } = (await answer.json()) as { error: { param: string | null } }
    expect({ status: answer.status, param: error.param }).toEqual({ status: 400, param })
  })

  it.each(["key_nothing", "%00", "..%2f..%2fruns", "a".repeat(5_000), "key_' or 1=1 --", "me"])(
    "find nothing to change at %s",
    async (id) => {
      for (const [method, path, body] of [
        ["PATCH", `/v1/keys/${id}`, { name: "x" }],
        ["POST", `/v1/keys/${id}/rotate`, {}],
        ["DELETE", `/v1/keys/${id}`, {}],
      ] as const) {
        expect([400, 404]).toContain((await send(method, path, body)).status)
      }
    },
  )

  it("refuse an overlap that is negative, fractional or longer than a month", async () => {
    for (const overlapMs of [-1, 0.5, 31 * 24 * 3_600_000, "1h"])
      expect((await send("POST", `/v1/keys/${server.keyId}/rotate`, { overlapMs })).status).toBe(400)
  })

  it("tell the holder of an expired key when it expired, and strangers nothing", async () => {
    const made = await client.keys.create({ name: "expiring" })
    await server.identity.updateKey(server.projectId, made.id, { expiresAt: 1_700_000_000_000 })
    await expect(createClient({ baseUrl: server.url, apiKey: made.secret }).keys.get("me")).rejects.toMatchObject({
      status: 401,
      message: expect.stringContaining("2023-11-14T22:13:20.000Z") as string,
    })
    const changed = `${made.secret.slice(0, -7)}x${made.secret.slice(-6)}`
    await expect(createClient({ baseUrl: server.url, apiKey: changed }).keys.get("me")).rejects.toMatchObject({
      message: expect.not.stringContaining("2023") as string,
    })
  })

  it("say which endpoints of a key nothing answers, since the configuration passes no such path through", async () => {
    const made = await send("POST", "/v1/keys", { name: "passed", scope: { endpoints: ["chat", "/openai/*"] } })
    expect([made.status, made.headers.get("x-perdure-not-passed")]).toEqual([201, "/openai/*"])
    const { id } = (await made.json()) as { id: string }
    const changed = await send("PATCH", `/v1/keys/${id}`, { scope: { endpoints: ["chat", "/v1/files*"] } })
    expect([changed.status, changed.headers.get("x-perdure-not-passed")]).toEqual([200, null])
  })

  it("block a key, whose holder is told so and strangers are not, and unblock it", async () => {
    const made = await client.keys.create({ name: "blocked", blocked: true })
    expect(made).toMatchObject({ state: "blocked", blockedAt: expect.any(Number) as number })
    const own = createClient({ baseUrl: server.url, apiKey: made.secret })
    const told = await own.keys.get("me").catch((error: PerdureError) => error)
    expect(told).toMatchObject({ status: 401, code: "invalid_api_key", message: expect.stringContaining("blocked") as string })
    const changed = `${made.secret.slice(0, -7)}x${made.secret.slice(-6)}`
    await expect(createClient({ baseUrl: server.url, apiKey: changed }).keys.get("me")).rejects.toMatchObject({
      message: expect.not.stringContaining("blocked") as string,
    })
    expect((await client.keys.list({ state: "blocked" })).keys.map(({ id }) => id)).toEqual([made.id])
    expect(await client.keys.update(made.id, { blocked: false })).toMatchObject({ state: "live", blockedAt: null })
    expect((await own.keys.get("me")).id).toBe(made.id)
  })

  it("hold a restricted key to its own rights, and say what is beyond them", async () => {
    const lead = await client.keys.create({ name: "lead", scope: { models: ["gpt-*"], endpoints: ["keys", "chat"] } })
    const own = createClient({ baseUrl: server.url, apiKey: lead.secret })
    await expect(own.keys.create({ name: "x" })).rejects.toMatchObject({
      status: 403,
      code: "permission_denied",
      message: expect.stringContaining("gpt-*") as string,
    })
    await expect(own.keys.rotate(server.keyId)).rejects.toMatchObject({ status: 403 })
    await expect(own.keys.revoke(server.keyId)).rejects.toMatchObject({ status: 403 })
    await expect(own.usage()).rejects.toMatchObject({ code: "endpoint_not_allowed" })
    const made = await own.keys.create({ name: "less", scope: { models: ["gpt-4o"], endpoints: ["chat"] } })
    await expect(createClient({ baseUrl: server.url, apiKey: made.secret }).keys.list()).rejects.toMatchObject({
      code: "endpoint_not_allowed",
    })
  })

  it("record each change with who did what and the gate's answer, and no secret", async () => {
    const made = await client.keys.create({ name: "audited" })
    await client.keys.update(made.id, { tags: ["t"], limits: { concurrent: 2 } })
    const { secret } = await client.keys.rotate(made.id)
    await client.keys.revoke(made.id)
    const changes = async (): Promise<string[]> => (await client.runs.list({ kind: "key", limit: 4 })).runs.map(({ name }) => name ?? "")
    await expect.poll(changes, long).toEqual(["key.revoke", "key.rotate", "key.update", "key.create"])
    const rows = await server.store.system.query<{ principal: string; data: object }>(
      "select principal, data from light_runs where kind = 'key' order by id desc limit 4",
    )
    expect(rows[2]).toMatchObject({
      principal: server.keyId,
      data: { keyId: made.id, changed: ["limits", "tags"], gate: { allowed: true, action: "keys.manage", target: made.id } },
    })
    expect(JSON.stringify(rows)).not.toContain(secret.slice(16, 50))
  })

  it("ask the gate: without a grant nothing can be changed, and the refusal is recorded", async () => {
    const denied = createClient({ baseUrl: closed.url, apiKey: closed.apiKey })
    const refusals = [
      () => denied.keys.create({ name: "x" }),
      () => denied.keys.update(closed.keyId, { name: "x" }),
      () => denied.keys.rotate(closed.keyId),
      () => denied.keys.revoke(closed.keyId),
    ]
    for (const work of refusals) {
      const error = await work().then(
        () => undefined,
        (thrown: PerdureError) => thrown,
      )
      expect(error).toMatchObject({ status: 403, code: "policy_denied", message: expect.stringContaining("keys.manage:") as string })
    }
    expect((await denied.keys.list()).keys).toHaveLength(1)
    const recorded = async (): Promise<unknown[]> =>
      closed.store.system.query("select outcome, error_code, data->'gate'->>'rule' as rule from light_runs where kind = 'key'")
    await expect.poll(recorded, long).toHaveLength(4)
    expect(await recorded()).toContainEqual({ outcome: "failed", error_code: "policy_denied", rule: "default deny" })
  })

  it("have met no failure of the server in all of this", () => {
    expect([...server.errors, ...closed.errors]).toEqual([])
  })
})
