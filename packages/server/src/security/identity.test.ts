// Keys and sessions against a real database: who is recognised, who is not, and what is stored.
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { defaultLimits, newId, systemClock, type Clock } from "../core/index.ts"
import { openTestStore, testEngines, type TestStore } from "../testing/database.ts"
import { createIdentity } from "./identity.ts"
import { sessionCookie } from "./sessions.ts"
import type { Identity } from "./types.ts"

const bearer = (secret: string): { authorization: string } => ({ authorization: `Bearer ${secret}` })

describe.each(testEngines())("identity on %s", (engine) => {
  let opened: TestStore
  let identity: Identity
  let now = systemClock.now()
  const clock: Clock = { now: () => now, monotonic: () => now }
  const open = (): Promise<Identity> =>
    createIdentity({
      store: opened.store,
      clock,
      newId,
      limits: defaultLimits,
      onError: (error) => {
        throw error
      },
    })

  beforeAll(async () => {
    opened = await openTestStore(engine)
    identity = await open()
  })
  afterAll(async () => {
    await identity[Symbol.asyncDispose]()
    await opened[Symbol.asyncDispose]()
  })

  it("recognises a key by bearer or x-api-key and says which project it belongs to", async () => {
    const { id, secret } = await identity.createKey("proj_a", "first")
    expect(identity.authenticate(bearer(secret), "POST")).toMatchObject({ id, projectId: "proj_a", kind: "key", name: "first" })
    expect(identity.authenticate({ "x-api-key": secret }, "POST")?.id).toBe(id)
    expect(identity.authenticate(bearer(secret), "POST")?.id).toBe(id)
  })

  it("recognises nobody by a changed, cut or made-up key, whatever its length", async () => {
    const { secret } = await identity.createKey("proj_a", "second")
    const last = secret.at(-1) === "0" ? "1" : "0"
    for (const text of ["", "x", secret.slice(0, -1), secret.slice(0, -1) + last, `${secret}0`, `sk-${secret}`, "a".repeat(10_000)]) {
      expect(identity.authenticate(bearer(text), "POST")).toBeUndefined()
    }
    expect(identity.authenticate({}, "GET")).toBeUndefined()
    expect(identity.authenticate({ authorization: `Basic ${secret}` }, "GET")).toBeUndefined()
  })

  it("stores no secret, only its digest and a hint", async () => {
    const { secret } = await identity.createKey("proj_a", "third")
    const rows = JSON.stringify(await opened.store.system.query("select name, hint, encode(hash, 'hex') as hash from api_keys"))
    expect(rows).toContain("third")
    expect(rows).not.toContain(secret)
    expect(rows).not.toContain(secret.slice(16, 40))
    expect(rows).not.toContain(Buffer.from(secret).toString("hex"))
  })

  it("lists the keys of one project only", async () => {
    await identity.createKey("proj_c", "mine")
    await identity.createKey("proj_d", "theirs")
    const names = (await identity.listKeys("proj_c")).map((key) => key.name)
    expect(names).toEqual(["mine"])
  })

  it("exchanges a login token once for a session that needs its CSRF token to change anything", async () => {
    const token = identity.createLoginToken("proj_a")
    const session = await identity.exchangeLoginToken(token)
    expect(session?.setCookie).toMatch(/HttpOnly; SameSite=Strict/)
    expect(await identity.exchangeLoginToken(token)).toBeUndefined()
    const cookie = session?.setCookie.split(";")[0] ?? ""
    expect(identity.authenticate({ cookie }, "GET")).toMatchObject({ kind: "session", projectId: "proj_a" })
    expect(identity.authenticate({ cookie }, "POST")).toBeUndefined()
    expect(identity.authenticate({ cookie, "x-perdure-csrf": "wrong" }, "POST")).toBeUndefined()
    expect(identity.authenticate({ cookie, "x-perdure-csrf": session?.csrf }, "POST")).toMatchObject({ kind: "session" })
    expect(identity.csrfOf({ cookie })).toBe(session?.csrf)
  })

  it("refuses expired, forged and swapped tokens", async () => {
    const token = identity.createLoginToken("proj_a")
    expect(identity.authenticate({ cookie: `${sessionCookie}=${token}` }, "GET")).toBeUndefined()
    expect(await identity.exchangeLoginToken(`${token}x`)).toBeUndefined()
    expect(await identity.exchangeLoginToken(token.replace(".", ".A"))).toBeUndefined()
    expect(await identity.exchangeLoginToken("")).toBeUndefined()
    now += 16 * 60_000
    expect(await identity.exchangeLoginToken(token)).toBeUndefined()
    const session = await identity.exchangeLoginToken(identity.createLoginToken("proj_a"))
    now += 13 * 60 * 60_000
    expect(identity.authenticate({ cookie: session?.setCookie.split(";")[0] }, "GET")).toBeUndefined()
  })
})
