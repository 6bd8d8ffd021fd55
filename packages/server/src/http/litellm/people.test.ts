// LiteLLM's routes of users and teams over a real server: a user is a name that keys act for, a team a tag of keys.
import { describe, expect, it } from "vitest"
import { useLiteLlmAdmin } from "../../testing/litellm-admin.ts"

const { call, own } = useLiteLlmAdmin()

describe("users", () => {
  it("are a name that a new key acts for", async () => {
    const asked = {
      user_id: "ada",
      user_email: "ada@example.com",
      user_role: "internal_user",
      teams: ["search"],
      duration: "1d",
      max_budget: null,
    }
    const { body } = await call("POST", "/user/new", asked)
    expect(body).toMatchObject({ user_id: "ada", user_email: "ada@example.com", team_id: "search", teams: ["search"] })
    const theirs = own(String(body["key"]))
    expect(await theirs.keys.get("me")).toMatchObject({ user: "ada", tags: ["team:search"], metadata: { user_email: "ada@example.com" } })
    const told = await call("GET", "/user/info?user_id=ada")
    expect(told.body).toMatchObject({ user_id: "ada", user_info: { spend: 0 }, keys: [{ token: body["token"] }], teams: ["search"] })
    expect(JSON.stringify(told.body)).not.toContain(String(body["key"]).slice(16))
  })

  it("may be made up, and be without a key", async () => {
    const { body } = await call("POST", "/user/new", { auto_create_key: false })
    expect(body["user_id"]).toMatch(/^[0-9a-f-]{36}$/)
    expect(body).not.toHaveProperty("key")
    expect((await call("GET", `/user/info?user_id=${String(body["user_id"])}`)).body).toMatchObject({ keys: [] })
  })

  it("are changed in what each of their keys says of them", async () => {
    const keys = [(await call("POST", "/user/new", { user_id: "eve", user_alias: "Eve", metadata: { plan: "a" } })).body]
    keys.push((await call("POST", "/key/generate", { user_id: "eve" })).body)
    const { body } = await call("POST", "/user/update", { user_id: "eve", user_email: "eve@example.com", user_alias: null })
    expect(body).toMatchObject({ user_id: "eve", data: { user_email: "eve@example.com" } })
    for (const { key } of keys) expect((await own(String(key)).keys.get("me")).metadata).toHaveProperty("user_email", "eve@example.com")
    expect((await own(String(keys[0]?.["key"])).keys.get("me")).metadata).toEqual({ plan: "a", user_email: "eve@example.com" })
    for (const [asked, param] of [
      [{ user_id: "eve", max_budget: 5 }, "max_budget"],
      [{ user_id: "eve", metadata: { plan: "b" } }, "metadata"],
    ] as const)
      expect(await call("POST", "/user/update", asked)).toMatchObject({ status: 400, body: { error: { param } } })
    expect(await call("POST", "/user/update", { user_id: "unknown" })).toMatchObject({ status: 404, body: { error: { param: "user_id" } } })
    expect((await call("POST", "/user/update", { user_id: "eve" }, String(keys[0]?.["key"]))).status).toBe(403)
  })

  it("are read by their own keys, which are told of nobody else", async () => {
    const [grace, bo] = [
      (await call("POST", "/user/new", { user_id: "grace" })).body,
      (await call("POST", "/user/new", { user_id: "bo" })).body,
    ]
    const [key, other] = [String(grace["key"]), String(bo["token"])]
    for (const path of ["/user/info", "/user/info?user_id=grace"])
      expect((await call("GET", path, undefined, key)).body).toMatchObject({ user_id: "grace", keys: [{ token: grace["token"] }] })
    const refused = await call("GET", "/user/info?user_id=bo", undefined, key)
    expect(refused).toMatchObject({ status: 403, body: { error: { type: "auth_error", param: "user_id" } } })
    expect(JSON.stringify(refused.body)).not.toContain(other)
    expect((await call("POST", "/user/new", { user_id: "bo" }, key)).status).toBe(403)
    expect((await call("GET", "/team/info?team_id=any", undefined, key)).status).toBe(403)
  })

  it.each<[object, string]>([
    [{ max_budget: 10 }, "max_budget"],
    [{ models: ["gpt-4o"] }, "models"],
    [{ rpm_limit: 1 }, "rpm_limit"],
    [{ user_role: "proxy_admin" }, "user_role"],
    [{ password: "long enough" }, "password"],
    [{ send_invite_email: true }, "send_invite_email"],
    [{ teams: ["a", "b"] }, "teams"],
    [{ colour: "red" }, "colour"],
  ])("are refused what binds a user: %j", async (body, param) => {
    expect(await call("POST", "/user/new", body)).toMatchObject({ status: 400, body: { error: { param, code: "400" } } })
  })
})

describe("teams", () => {
  it("are a tag of keys, by their id or their alias", async () => {
    const { body } = await call("POST", "/team/new", { team_alias: "core", models: [], members_with_roles: [] })
    expect(body).toMatchObject({ team_id: "core", team_alias: "core" })
    const made = await call("POST", "/key/generate", { team_id: body["team_id"] })
    expect((await call("GET", "/team/info?team_id=core")).body).toMatchObject({
      team_id: "core",
      team_info: { spend: 0 },
      keys: [{ token: made.body["token"], team_id: "core" }],
    })
  })

  it("say when an alias is not kept", async () => {
    const { headers, body } = await call("POST", "/team/new", { team_alias: "Core team" })
    expect(body["team_id"]).toMatch(/^[0-9a-f-]{36}$/)
    expect(headers.get("x-perdure-not-kept")).toBe("team_alias")
  })

  it.each<[object, string]>([
    [{ max_budget: 10 }, "max_budget"],
    [{ members_with_roles: [{ user_id: "ada", role: "admin" }] }, "members_with_roles"],
    [{ models: ["gpt-4o"] }, "models"],
    [{ metadata: { a: 1 } }, "metadata"],
  ])("are refused members and what binds them: %j", async (body, param) => {
    expect(await call("POST", "/team/new", body)).toMatchObject({ status: 400, body: { error: { param } } })
  })
})
