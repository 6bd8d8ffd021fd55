// Tests of scopes over HTTP: a scope with grants is a wall inside the project, and only who manages memories builds one.
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { scopeListSchema, scopeSchema } from "@perdure/contract"
import { startContextServer, type ContextServer } from "../../testing/context-server.ts"
import { testEngines } from "../../testing/database.ts"

describe.each(testEngines())("scopes on %s", (engine) => {
  let server: ContextServer
  let keys: Record<"manager" | "sales" | "plain" | "ada", { id: string; secret: string }>

  beforeAll(async () => {
    const grants = [{ to: "*", allow: ["memory.write:*", "memory.delete:*"], origin: "test" }]
    server = await startContextServer({ engine, grants, embed: undefined })
    const make = async (name: string, user?: string): Promise<{ id: string; secret: string }> =>
      server.identity.createKey(server.projectId, name, user === undefined ? {} : { user })
    keys = { manager: await make("manager"), sales: await make("sales"), plain: await make("plain"), ada: await make("ada", "ada") }
    grants.push({ to: keys.manager.id, allow: ["memory.manage:*"], origin: "test" })
  })
  afterAll(() => server[Symbol.asyncDispose]())

  async function call(by: keyof typeof keys, method: string, path: string, body?: unknown): Promise<{ status: number; body: unknown }> {
    const headers = { authorization: `Bearer ${keys[by].secret}`, "content-type": "application/json" }
    const answer = await fetch(`${server.url}${path}`, { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) })
    return { status: answer.status, body: await answer.json() }
  }
  const remember = (by: keyof typeof keys, scope: string): Promise<{ status: number; body: unknown }> =>
    call(by, "POST", "/v1/memories", { scope, text: `The plan of ${by}` })
  const search = async (by: keyof typeof keys, scope: string): Promise<number> =>
    (await call(by, "POST", "/v1/memories/search", { scope, query: "plan" })).status

  /** What is said to everything that can be asked of a scope, without its name. */
  const answers = async (by: keyof typeof keys, name: string): Promise<{ status: number }[]> => {
    const encoded = encodeURIComponent(name)
    const asked = [
      await call(by, "GET", `/v1/scopes/${encoded}`),
      await call(by, "POST", "/v1/memories/search", { scope: name, query: "plan" }),
      await call(by, "POST", "/v1/memories/search", { scopes: ["user:ada", name], query: "plan" }),
      await call(by, "GET", `/v1/memories?scope=${encoded}`),
      await call(by, "GET", `/v1/memories/reviews?scope=${encoded}`),
      await call(by, "GET", `/v1/memories/upkeep?scope=${encoded}`),
      await call(by, "GET", `/v1/sources?scope=${encoded}`),
      await call(by, "GET", `/v1/blocks/${encoded}`),
      await call(by, "GET", `/v1/blocks/${encoded}/plan`),
      await call(by, "GET", `/v1/states/${encoded}`),
      await call(by, "GET", `/v1/changes?scope=${encoded}`),
      await call(by, "PUT", `/v1/states/${encoded}/plan`, { value: 1 }),
      await remember(by, name),
    ]
    return JSON.parse(JSON.stringify(asked).replaceAll(name, "…").replaceAll(encoded, "…")) as { status: number }[]
  }

  it("a scope without grants is the project's, one with grants is theirs, and who manages memories gets in", async () => {
    expect((await remember("plain", "team:sales")).status).toBe(201)
    const grants = [{ principal: keys.sales.id, can: ["read", "write"] }]
    const path = `/v1/scopes/${encodeURIComponent("team:sales")}`
    expect(await call("plain", "PATCH", path, { grants })).toMatchObject({ status: 403, body: { error: { code: "policy_denied" } } })
    const { status, body } = await call("manager", "PATCH", path, { grants, levelMin: 1, retentionDays: 30 })
    expect([status, scopeSchema.parse(body)]).toMatchObject([
      200,
      { path: "team:sales", kind: "team", grants, levelMin: 1, retentionDays: 30 },
    ])
    expect([await search("sales", "team:sales"), await search("plain", "team:sales"), await search("manager", "team:sales")]).toEqual([
      200, 403, 200,
    ])
    expect(await remember("plain", "team:sales")).toMatchObject({
      status: 403,
      body: { error: { code: "permission_denied", message: expect.stringContaining("PATCH /v1/scopes/team%3Asales") as string } },
    })
    expect((await remember("sales", "team:sales")).status).toBe(201)
    const mine = (await remember("sales", "team:sales")).body as { id: string }
    expect((await call("plain", "GET", `/v1/memories/${mine.id}`)).status).toBe(404)
    expect((await call("sales", "DELETE", `/v1/memories/${mine.id}`)).status).toBe(403)
    expect((await call("manager", "DELETE", `/v1/memories/${mine.id}`)).status).toBe(200)
  })

  it.each(["/v1/blocks/team:desk", "/v1/states/team:desk", "/v1/changes?scope=team:desk", "/v1/memories/upkeep?scope=team:desk"])(
    "the wall stands before %s too, with the same way in",
    async (path) => {
      await remember("plain", "team:desk")
      const grants = [{ principal: keys.sales.id, can: ["read"] }]
      await call("manager", "PATCH", "/v1/scopes/team%3Adesk", { grants })
      const statuses = []
      for (const by of ["sales", "plain", "manager"] as const) statuses.push((await call(by, "GET", path)).status)
      expect(statuses).toEqual([200, 403, 200])
    },
  )

  it("a grant to an end user holds for every key that acts for them, and for no scope of another user", async () => {
    const path = `/v1/scopes/${encodeURIComponent("agent:desk/user:ada")}`
    await call("manager", "PATCH", path, { grants: [{ user: "ada", can: ["read", "write"] }] })
    expect((await remember("ada", "agent:desk/user:ada")).status).toBe(201)
    expect((await remember("plain", "agent:desk/user:ada")).status).toBe(403)
    expect((await remember("ada", "agent:desk/user:bob")).status).toBe(403)
  })

  it("lists the scopes that the caller may read", async () => {
    const paths = async (by: keyof typeof keys): Promise<string[]> =>
      scopeListSchema.parse((await call(by, "GET", "/v1/scopes")).body).scopes.map(({ path }) => path)
    await remember("plain", "user:bob")
    expect(await paths("manager")).toEqual(["agent:desk/user:ada", "team:desk", "team:sales", "user:bob"])
    expect(await paths("plain")).toEqual(["user:bob"])
    expect(await paths("ada")).toEqual(["agent:desk/user:ada"])
  })

  it("tells how much can be found in each", async () => {
    for (const text of ["The kettle is green", "The kettle is new"])
      await call("plain", "POST", "/v1/memories", { scope: "team:kettle", text })
    const { entries } = scopeSchema.parse((await call("plain", "GET", "/v1/scopes/team:kettle")).body)
    const { scopes } = scopeListSchema.parse((await call("plain", "GET", "/v1/scopes")).body)
    expect([entries, scopes.find(({ path }) => path === "team:kettle")?.entries]).toEqual([2, 2])
    expect(scopeSchema.parse((await call("manager", "PATCH", "/v1/scopes/team:empty", {})).body).entries).toBe(0)
  })

  it("a key that acts for an end user cannot tell a scope that is granted to others from one that is not there", async () => {
    await remember("plain", "team:hidden")
    await call("manager", "PATCH", "/v1/scopes/team%3Ahidden", { grants: [{ principal: keys.sales.id, can: ["read", "write"] }] })
    const foreign = await answers("ada", "team:hidden")
    expect(new Set(foreign.map(({ status }) => status))).toEqual(new Set([403]))
    expect(await answers("ada", "team:unknown")).toEqual(foreign)
    // Nor does asking make one.
    expect(await answers("ada", "team:unknown")).toEqual(foreign)
    // What the application opened for the whole project, her own, and what is granted to her are hers to use.
    await remember("plain", "team:open")
    await call("manager", "PATCH", "/v1/scopes/team%3Ahers", { grants: [{ user: "ada", can: ["read", "write"] }] })
    const statuses = []
    for (const name of ["team:open", "user:ada/thread:1", "team:hers", "project"]) statuses.push((await remember("ada", name)).status)
    expect(statuses).toEqual([201, 201, 201, 201])
  })

  it("in a closed project a scope that is not there answers as one that is granted to others, whatever is asked of it", async () => {
    await remember("plain", "team:theirs")
    await call("manager", "PATCH", "/v1/scopes/team%3Atheirs", { grants: [{ principal: keys.sales.id, can: ["read", "write"] }] })
    expect(await call("plain", "PATCH", "/v1/scopes/project", { closed: true })).toMatchObject({ status: 403 })
    expect(await call("manager", "PATCH", "/v1/scopes/team%3Atheirs", { closed: true })).toMatchObject({
      status: 400,
      body: { error: { param: "closed" } },
    })
    expect(await call("manager", "PATCH", "/v1/scopes/project", { closed: true })).toMatchObject({ status: 200, body: { closed: true } })
    const foreign = await answers("plain", "team:theirs")
    expect(new Set(foreign.map(({ status }) => status))).toEqual(new Set([403]))
    expect(await answers("plain", "team:nobodys")).toEqual(foreign)
    // Who was granted it, users in their own, and the project's own go on.
    expect([await search("sales", "team:theirs"), (await remember("sales", "project")).status]).toEqual([200, 201])
    expect((await remember("ada", "user:ada")).status).toBe(201)
    expect((await call("manager", "GET", "/v1/scopes/team%3Anobodys")).status).toBe(404)
    expect((await remember("manager", "team:new")).status).toBe(201)
    expect((await call("manager", "PATCH", "/v1/scopes/project", { closed: false })).status).toBe(200)
    expect(await search("plain", "team:nobodys")).toBe(200)
  })

  it("in a closed project a user's scope that is not there answers a key of the application as one that is granted to others", async () => {
    await call("manager", "PATCH", "/v1/scopes/user%3Adora", { grants: [{ principal: keys.sales.id, can: ["read", "write"] }] })
    expect((await remember("plain", "user:emil")).status).toBe(201)
    await call("manager", "PATCH", "/v1/scopes/project", { closed: true })
    const foreign = await answers("plain", "user:dora")
    expect(new Set(foreign.map(({ status }) => status))).toEqual(new Set([403]))
    for (const name of ["user:unknown", "user:emil", "agent:desk/user:unknown"]) expect(await answers("plain", name)).toEqual(foreign)
    // Who was granted it, who looks after memories, and the user's own keys go on.
    expect([
      await search("sales", "user:dora"),
      await search("manager", "user:emil"),
      (await remember("ada", "user:ada/thread:2")).status,
    ]).toEqual([200, 200, 201])
    await call("manager", "PATCH", "/v1/scopes/project", { closed: false })
    expect((await remember("plain", "user:emil")).status).toBe(201)
  })

  it("refuses what is no grant, and says which scope is not there", async () => {
    const path = "/v1/scopes/user%3Anobody"
    expect(await call("manager", "PATCH", path, { grants: [{ principal: "k", can: ["own"] }] })).toMatchObject({ status: 400 })
    expect(await call("manager", "GET", path)).toMatchObject({
      status: 404,
      body: { error: { message: expect.stringContaining("user:nobody") as string } },
    })
  })

  it("reached no error handler in all of this", () => {
    expect(server.errors).toEqual([])
  })
})
