// LiteLLM's key routes that change keys, over a real server: updated, blocked, regenerated, deleted, and none with more rights than who asks.
import { describe, expect, it } from "vitest"
import { useLiteLlmAdmin } from "../../testing/litellm-admin.ts"

const { call, generate, own } = useLiteLlmAdmin()
const dayMs = 86_400_000

describe("POST /key/update, /key/block, /key/unblock", () => {
  it("change what they name, take away what is null, and leave the rest", async () => {
    const made = await generate({
      key_alias: "u",
      models: ["a"],
      max_budget: 1,
      rpm_limit: 5,
      team_id: "t",
      metadata: { a: 1, b: 2, tags: ["x"] },
    })
    const { body } = await call("POST", "/key/update", { key: made.key, budget_duration: "7d", rpm_limit: null, metadata: { b: 3 } })
    expect(body).toMatchObject({
      key: made.token,
      models: ["a"],
      max_budget: 1,
      budget_duration: "7d",
      rpm_limit: null,
      team_id: "t",
      metadata: { b: 3, tags: ["x"] },
    })
    expect(body["metadata"]).not.toHaveProperty("a")
    const raised = await call("POST", "/key/update", { key: made.token, max_budget: 20, duration: "1d", models: [] })
    expect(raised.body).toMatchObject({ max_budget: 20, budget_duration: "7d", models: [] })
    const freed = await call("POST", "/key/update", { key: made.token, max_budget: null, duration: "-1", team_id: null, tags: [] })
    expect(freed.body).toMatchObject({ max_budget: null, expires: null, team_id: null, tags: [] })
    expect((await own().keys.get(made.token)).limits).toEqual({})
  })

  it("block a key until it is unblocked, and then it expires when it was to", async () => {
    const made = await generate({ duration: "2d" })
    const blocked = await call("POST", "/key/block", { key: made.key })
    expect(blocked.body).toMatchObject({ blocked: true, expires: made["expires"] })
    expect(await own().keys.get(made.token)).toMatchObject({ state: "blocked", expiresAt: Date.parse(made["expires"] as string) })
    expect(await call("GET", "/key/info", undefined, made.key)).toMatchObject({
      status: 401,
      body: { error: { type: "auth_error", code: "401", message: expect.stringContaining("the API key is blocked") as string } },
    })
    expect((await call("POST", "/key/block", { key: made.token })).body).toMatchObject({ blocked: true, expires: made["expires"] })
    expect((await call("POST", "/key/update", { key: made.key, tpm_limit: 9 })).body).toMatchObject({ blocked: true })
    expect((await call("GET", "/key/info", undefined, made.key)).status).toBe(401)
    const free = await call("POST", "/key/unblock", { key: made.key })
    expect(free.body).toMatchObject({ blocked: false, expires: made["expires"], tpm_limit: 9 })
    expect((await call("GET", "/key/info", undefined, made.key)).status).toBe(200)
  })

  it("say the same of a key that Perdure's own API blocked, whatever time it is given", async () => {
    const made = await generate()
    await own().keys.update(made.token, { blocked: true, expiresAt: Date.now() + dayMs })
    expect((await call("GET", `/key/info?key=${made.token}`)).body).toMatchObject({ info: { blocked: true } })
    expect((await call("POST", "/key/update", { key: made.token, blocked: false, duration: "-1" })).body).toMatchObject({
      blocked: false,
      expires: null,
    })
    expect((await own().keys.get(made.token)).state).toBe("live")
  })
})

describe("POST /key/{key}/regenerate and /key/delete", () => {
  it("give a new secret, and the old one ends at once or after a while", async () => {
    const made = await generate({ key_alias: "r" })
    const next = await call("POST", `/key/${made.key}/regenerate`, { max_budget: 3 })
    expect(next.body).toMatchObject({ token: made.token, key_alias: "r", max_budget: 3, key: expect.stringMatching(/^pk_/) as string })
    const key = next.body["key"] as string
    expect((await call("GET", "/key/info", undefined, made.key)).status).toBe(401)
    const last = await call("POST", "/key/regenerate", { key, grace_period: "1h" })
    for (const each of [key, last.body["key"] as string]) expect((await call("GET", "/key/info", undefined, each)).status).toBe(200)
    expect((await call("POST", `/key/${made.token}/regenerate`, { new_key: "sk-mine" })).body).toMatchObject({
      error: { param: "new_key" },
    })
  })

  it("revoke keys by secret, id and alias, and none where one is not there", async () => {
    const [a, b, c] = [await generate(), await generate(), await generate({ key_alias: "doomed" })]
    expect((await call("POST", "/key/delete", { keys: [a.key, "key_none"] })).status).toBe(404)
    expect((await call("GET", "/key/info", undefined, a.key)).status).toBe(200)
    const { body } = await call("POST", "/key/delete", { keys: [a.key, b.token], key_aliases: ["doomed"] })
    expect(body).toEqual({ deleted_keys: [a.key, b.token, c.token] })
    for (const { key } of [a, b, c]) expect((await call("GET", "/key/info", undefined, key)).status).toBe(401)
    expect((await call("POST", "/key/delete", { keys: [a.key] })).status).toBe(404)
    expect((await call("POST", "/key/delete", {})).status).toBe(400)
  })
})

describe("a key that manages keys", () => {
  it("makes none with more rights than its own", async () => {
    const manager = await generate({ allowed_routes: ["/v1/keys*", "/chat/completions"], models: ["gpt-4o"] })
    const more: [object, string][] = [
      [{}, "scope.models"],
      [{ models: ["gpt-4o"] }, "scope.endpoints"],
      [{ models: ["*"], allowed_routes: ["/chat/completions"] }, "scope.models"],
    ]
    for (const [body, param] of more)
      expect(await call("POST", "/key/generate", body, manager.key)).toMatchObject({ status: 403, body: { error: { param } } })
    const within = { models: ["gpt-4o"], allowed_routes: ["/chat/completions"] }
    const { status, body } = await call("POST", "/key/generate", within, manager.key)
    expect(status).toBe(200)
    const wider = { key: body["token"], models: [] }
    expect((await call("POST", "/key/update", wider, manager.key)).status).toBe(403)
    const admin = await generate()
    for (const [path, named] of [
      ["/key/block", { key: admin.token }],
      ["/key/delete", { keys: [admin.token] }],
      ["/key/regenerate", { key: admin.token }],
    ] as const)
      expect((await call("POST", path, named, manager.key)).status).toBe(403)
    expect((await call("GET", "/key/info", undefined, admin.key)).status).toBe(200)
  })
})
