// Tests of operational state over HTTP: compare-and-swap, history, walls, the change log, the gate.
import { stateSchema, stateVersionsSchema } from "@perdure/contract"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { startContextServer, type ContextServer } from "../../testing/context-server.ts"
import { testEngines } from "../../testing/database.ts"

describe.each(testEngines())("states on %s", (engine) => {
  let server: ContextServer

  beforeAll(async () => {
    const grants = [{ to: "*", allow: ["memory.write:user:*", "memory.write:team:*", "memory.delete:user:*"], origin: "test" }]
    server = await startContextServer({ engine, grants, limits: { stateBytesMax: 200, statesPerScopeMax: 4, stateVersionsMax: 3 } })
  })
  afterAll(() => server[Symbol.asyncDispose]())

  interface Answer {
    status: number
    etag: string | null
    body: Record<string, unknown>
  }

  async function call(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
    key = server.apiKey,
  ): Promise<Answer> {
    const all = { authorization: `Bearer ${key}`, "content-type": "application/json", ...headers }
    const answer = await fetch(`${server.url}/v1/states/${path}`, {
      method,
      headers: all,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    return { status: answer.status, etag: answer.headers.get("etag"), body: (await answer.json()) as Record<string, unknown> }
  }

  it("keep a value with its version, its digest and who wrote it, in scopes with slashes too", async () => {
    const scope = encodeURIComponent("agent:support/user:ada")
    const grants = await call("PUT", `${scope}/step`, { value: 1 })
    expect([grants.status, grants.body]).toMatchObject([403, { error: { code: "policy_denied" } }])
    const written = await call("PUT", "user:ada/step", { value: { at: 3, list: [null, "x"] } })
    expect([written.status, written.etag, written.body["seq"]]).toEqual([200, '"1"', 1])
    const read = await call("GET", "user:ada/step")
    expect(stateSchema.parse(read.body)).toMatchObject({ value: { at: 3, list: [null, "x"] }, version: 1, label: { integrity: 3 } })
    expect(read.etag).toBe('"1"')
  })

  it("change only from the version or the digest that the writer saw, and the refusal brings what is there", async () => {
    await call("PUT", "user:cas/n", { value: 1 }, { "if-none-match": "*" })
    expect((await call("PUT", "user:cas/n", { value: 5 }, { "if-none-match": "*" })).status).toBe(412)
    const second = await call("PUT", "user:cas/n", { value: 2 }, { "if-match": '"1"' })
    expect(second.body).toMatchObject({ value: 2, version: 2 })
    const late = await call("PUT", "user:cas/n", { value: 9 }, { "if-match": "1" })
    expect([late.status, late.etag, late.body]).toMatchObject([
      412,
      '"2"',
      { error: { code: "precondition_failed" }, current: { value: 2, version: 2 } },
    ])
    const byDigest = await call("PUT", "user:cas/n", { value: 3 }, { "if-match": `"${String(second.body["sha256"])}"` })
    expect(byDigest.body).toMatchObject({ value: 3, version: 3 })
    expect((await call("DELETE", "user:cas/n", undefined, { "if-match": '"2"' })).status).toBe(412)
    expect((await call("PUT", "user:cas/none", { value: 1 }, { "if-match": "*" })).body).toMatchObject({ current: null })
    expect((await call("PUT", "user:cas/n", { value: 1 }, { "if-match": "new" })).status).toBe(400)
  })

  it("lose no increment of many writers at once", async () => {
    await call("PUT", "user:race/n", { value: 0 })
    const increment = async (): Promise<void> => {
      for (;;) {
        const { body, etag } = await call("GET", "user:race/n")
        const next = await call("PUT", "user:race/n", { value: Number(body["value"]) + 1 }, { "if-match": etag ?? "" })
        if (next.status === 200) return
        expect(next.status).toBe(412)
      }
    }
    await Promise.all(Array.from({ length: 12 }, increment))
    expect((await call("GET", "user:race/n")).body).toMatchObject({ value: 12, version: 13 })
    const created = await Promise.all(
      Array.from({ length: 6 }, () => call("PUT", "user:race/once", { value: 1 }, { "if-none-match": "*" })),
    )
    expect(created.filter(({ status }) => status === 200)).toHaveLength(1)
  })

  it("remember what they were, the last few, deletions too, and give no number twice", async () => {
    for (const value of ["a", "b", "c"]) await call("PUT", "user:past/k", { value })
    expect((await call("DELETE", "user:past/k")).body).toMatchObject({ deleted: true, seq: 4 })
    expect((await call("GET", "user:past/k")).status).toBe(404)
    const again = await call("PUT", "user:past/k", { value: "d" })
    expect(again.body).toMatchObject({ version: 5 })
    const { versions } = stateVersionsSchema.parse((await call("GET", "user:past/k/versions")).body)
    expect(versions.map(({ version, op, value }) => [version, op, value])).toEqual([
      [5, "write", "d"],
      [4, "delete", null],
      [3, "write", "c"],
    ])
  })

  it("are listed by key in pages, and are in the change log", async () => {
    for (const key of ["b", "a", "c"]) await call("PUT", `team:list/${key}`, { value: key })
    const first = await call("GET", "team:list?limit=2")
    expect([(first.body["states"] as { key: string }[]).map(({ key }) => key), first.body["next"]]).toEqual([["a", "b"], "b"])
    expect((await call("GET", "team:list?limit=2&after=b")).body).toMatchObject({ states: [{ key: "c" }], next: null })
    const headers = { authorization: `Bearer ${server.apiKey}` }
    const log = (await (await fetch(`${server.url}/v1/changes?scope=team:list`, { headers })).json()) as { changes: object[] }
    expect(log.changes).toMatchObject([
      { seq: 1, entry: "b", kind: "state", op: "write", versionId: "1" },
      { seq: 2, entry: "a" },
      { seq: 3, entry: "c" },
    ])
  })

  it("are walls between scopes and between projects", async () => {
    await call("PUT", "user:wall/secret", { value: 1 })
    expect((await call("GET", "user:other/secret")).status).toBe(404)
    expect((await call("GET", "user:wall/secret", undefined, {}, server.otherKey)).status).toBe(404)
  })

  it("refuse what is too large, too many, or no key, and name the limit", async () => {
    expect((await call("PUT", "user:ada/big", { value: "x".repeat(300) })).body).toMatchObject({
      error: { code: "request_too_large", param: "value" },
    })
    for (let index = 0; index < 4; index++) await call("PUT", `user:many/${index}`, { value: index })
    expect((await call("PUT", "user:many/5", { value: 5 })).body).toMatchObject({ error: { code: "invalid_request" } })
    expect((await call("PUT", "user:many/3", { value: "again" })).status).toBe(200)
    expect((await call("PUT", "user:ada/with%20blank", { value: 1 })).status).toBe(400)
    expect((await call("PUT", "user:ada/k", { value: 1, colour: 2 })).body).toMatchObject({ error: { code: "unknown_parameter" } })
  })

  it("reached no error handler in all of this", () => {
    expect(server.errors).toEqual([])
  })
})
