// Keys against a real database: made, changed, rotated, expired and revoked, here and in another process on the same one.
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { defaultLimits, newId, systemClock, type Clock } from "../core/index.ts"
import type { Store } from "../store/index.ts"
import { openTestStore, testEngines, type TestStore } from "../testing/database.ts"
import { createIdentity } from "./identity.ts"
import type { Identity, Principal } from "./types.ts"

const bearer = (secret: string): { authorization: string } => ({ authorization: `Bearer ${secret}` })
const long = { timeout: 20_000 }
const day = 24 * 60 * 60_000

describe.each(testEngines())("keys on %s", (engine) => {
  let opened: TestStore
  let identity: Identity
  /** As another process has it: with a store of its own where the engine allows two. */
  let other: Identity
  let now = systemClock.now()
  const clock: Clock = { now: () => now, monotonic: () => systemClock.monotonic() }
  const errors: unknown[] = []
  const limits = { ...defaultLimits, keysPerProjectMax: 20, keyOldSecretsMax: 2, keyUseFlushMs: 20 }
  const open = (store: Store): Promise<Identity> =>
    createIdentity({ store, clock, newId, limits, onError: (error) => void errors.push(error) })
  const who = (secret: string, at = identity): Principal | undefined => at.authenticate(bearer(secret), "POST")

  beforeAll(async () => {
    opened = await openTestStore(engine)
    identity = await open(opened.store)
    other = await open(engine === "postgres" ? await opened.openAnother() : opened.store)
  })
  afterAll(async () => {
    await other[Symbol.asyncDispose]()
    await identity[Symbol.asyncDispose]()
    await opened[Symbol.asyncDispose]()
  })

  it("keeps all that a key is given and shows it again, without the secret", async () => {
    const settings = {
      scope: { models: ["gpt-*"], endpoints: ["chat", "GET /v1/files*"] },
      limits: { budgetUsd: 2.5, budgetPer: "day", requestsPerMinute: 60 },
      tags: ["team:a", "x"],
      user: 'alice "the" first',
      metadata: { owner: { mail: "a@example.com" }, odd: 'quotes " and \\u0000', none: null },
      expiresAt: now + day,
    } as const
    const given = { ...settings, scope: { models: ["gpt-*"], endpoints: ["chat", "GET /v1/files*"] }, tags: ["team:a", "x"] }
    const { secret, ...made } = await identity.createKey("proj_a", "billing", given)
    expect(made).toMatchObject({
      ...given,
      metadata: { owner: { mail: "a@example.com" } },
      name: "billing",
      state: "live",
      createdBy: null,
      lastUsedAt: null,
    })
    expect(made.metadata).not.toHaveProperty("none")
    expect(await identity.getKey("proj_a", made.id)).toEqual(made)
    expect(await identity.getKey("proj_b", made.id)).toBeUndefined()
    expect(who(secret)).toMatchObject({ id: made.id, limits: given.limits, tags: given.tags, user: given.user })
    expect(who(secret)?.scope?.allowsModel("gpt-4o")).toBe(true)
    expect(who(secret)?.scope?.allowsModel("claude")).toBe(false)
    expect(JSON.stringify(await identity.listKeys("proj_a"))).not.toContain(secret.slice(16))
  })

  it("changes what is named, takes away what is null, and is right in the other process too", async () => {
    const { id, secret } = await identity.createKey("proj_a", "changing", {
      limits: { budgetUsd: 1, concurrent: 4 },
      metadata: { a: 1, b: 2 },
      user: "u",
    })
    await expect.poll(() => who(secret, other)?.limits, long).toEqual({ budgetUsd: 1, concurrent: 4 })
    const patch = {
      limits: { budgetUsd: null, requestsPerMinute: 9 },
      scope: { models: ["m"] },
      metadata: { a: null, c: 3 },
      user: null,
      tags: ["t"],
    }
    expect(await identity.updateKey("proj_a", id, patch)).toMatchObject({
      name: "changing",
      limits: { concurrent: 4, requestsPerMinute: 9 },
      scope: { models: ["m"], endpoints: [], regions: [] },
      metadata: { b: 2, c: 3 },
      user: null,
      tags: ["t"],
    })
    expect(who(secret)?.limits).toEqual({ concurrent: 4, requestsPerMinute: 9 })
    await expect
      .poll(() => who(secret, other), long)
      .toMatchObject({ limits: { concurrent: 4, requestsPerMinute: 9 }, scope: { models: ["m"] }, user: null })
    expect((await identity.updateKey("proj_a", id, { scope: { endpoints: ["chat"] }, name: "n" })).scope).toEqual({
      models: ["m"],
      endpoints: ["chat"],
      regions: [],
    })
  })

  it("loses neither of two changes that are made at once in two processes", async () => {
    const { id } = await identity.createKey("proj_a", "contended")
    const changes = Array.from({ length: 8 }, (_, index) =>
      (index % 2 === 0 ? identity : other).updateKey("proj_a", id, { metadata: { [`k${index}`]: index } }),
    )
    await Promise.all(changes)
    expect(Object.keys((await identity.getKey("proj_a", id))?.metadata ?? {}).toSorted()).toEqual([
      "k0",
      "k1",
      "k2",
      "k3",
      "k4",
      "k5",
      "k6",
      "k7",
    ])
  })

  it("rotates: the new secret works at once, the old one until its time, in both processes", async () => {
    const { id, secret: first } = await identity.createKey("proj_a", "rotating")
    const { secret: second, oldSecretsUntil, rotatedAt } = await identity.rotateKey("proj_a", id, { overlapMs: 1_000 })
    expect({ oldSecretsUntil, rotatedAt }).toEqual({ oldSecretsUntil: now + 1_000, rotatedAt: now })
    expect([who(first)?.id, who(second)?.id]).toEqual([id, id])
    await expect.poll(() => who(second, other)?.id, long).toBe(id)
    expect(who(first, other)?.id).toBe(id)
    now += 1_000
    for (const at of [identity, other])
      expect([who(first, at), who(second, at)?.id, at.expiredAt(bearer(first))]).toEqual([undefined, id, now])
    expect((await identity.getKey("proj_a", id))?.oldSecretsUntil).toBeNull()
  })

  it("rotates with a day of overlap unless told otherwise, several times within it, and bounded", async () => {
    const { id, secret: first } = await identity.createKey("proj_a", "often")
    const second = await identity.rotateKey("proj_a", id)
    expect(second.oldSecretsUntil).toBe(now + day)
    const third = await identity.rotateKey("proj_a", id, { overlapMs: 5 })
    expect([first, second.secret, third.secret].map((secret) => who(secret)?.id)).toEqual([id, id, id])
    await expect(identity.rotateKey("proj_a", id)).rejects.toMatchObject({ hint: expect.stringContaining("overlapMs: 0") as string })
    now += 5
    expect([first, second.secret, third.secret].map((secret) => who(secret)?.id)).toEqual([id, undefined, id])
    const last = await identity.rotateKey("proj_a", id, { overlapMs: 0 })
    expect([first, second.secret, third.secret, last.secret].map((secret) => who(secret)?.id)).toEqual([
      undefined,
      undefined,
      undefined,
      id,
    ])
    await expect
      .poll(() => [who(first, other), who(third.secret, other), who(last.secret, other)?.id], long)
      .toEqual([undefined, undefined, id])
  })

  it("ends a key at its expiry in every process without a word, and an update brings it back", async () => {
    const { id, secret } = await identity.createKey("proj_a", "short", { expiresAt: now + 100 })
    await expect.poll(() => who(secret, other)?.id, long).toBe(id)
    now += 100
    for (const at of [identity, other]) expect([who(secret, at), at.expiredAt(bearer(secret))]).toEqual([undefined, now])
    expect(await identity.getKey("proj_a", id)).toMatchObject({ state: "expired", revokedAt: null })
    await identity.updateKey("proj_a", id, { expiresAt: null })
    expect(who(secret)?.id).toBe(id)
    await expect.poll(() => who(secret, other)?.id, long).toBe(id)
    await expect(identity.createKey("proj_a", "late", { expiresAt: now })).rejects.toMatchObject({
      code: "invalid_request",
      param: "expiresAt",
    })
  })

  it("refuses a blocked key here and in the other process, keeps its end, and takes it again when it is unblocked", async () => {
    const expiresAt = now + 1_000
    const { id, secret } = await identity.createKey("proj_b", "blocked", { expiresAt })
    await expect.poll(() => who(secret, other)?.id, long).toBe(id)
    expect(await identity.updateKey("proj_b", id, { blocked: true })).toMatchObject({ state: "blocked", blockedAt: now, expiresAt })
    expect([who(secret), identity.isBlocked(bearer(secret)), identity.principalOf("proj_b", id)]).toEqual([undefined, true, undefined])
    await expect.poll(() => [who(secret, other), other.isBlocked(bearer(secret))], long).toEqual([undefined, true])
    const blockedAt = now
    now += 500
    expect(await identity.updateKey("proj_b", id, { blocked: true, tags: ["x"] })).toMatchObject({ blockedAt, tags: ["x"] })
    const next = await identity.rotateKey("proj_b", id)
    expect([who(next.secret), who(secret)]).toEqual([undefined, undefined])
    expect((await identity.listKeys("proj_b", { state: "blocked" })).map((key) => key.id)).toEqual([id])
    expect((await identity.listKeys("proj_b", { state: "live" })).map((key) => key.id)).not.toContain(id)
    expect(await identity.updateKey("proj_b", id, { blocked: false })).toMatchObject({ state: "live", blockedAt: null, expiresAt })
    expect(who(next.secret)?.id).toBe(id)
    await expect.poll(() => [who(next.secret, other)?.id, who(secret, other)?.id], long).toEqual([id, id])
  })

  it("lets no key block one with more rights, nor change keys once it is blocked itself", async () => {
    const boss = await identity.createKey("proj_n", "boss")
    const lead = await identity.createKey("proj_n", "lead", { scope: { models: ["gpt-*"], endpoints: ["chat", "keys"] } })
    const [asBoss, asLead] = [who(boss.secret), who(lead.secret)]
    await expect(identity.updateKey("proj_n", boss.id, { blocked: true }, asLead)).rejects.toMatchObject({ code: "permission_denied" })
    expect(who(boss.secret)?.id).toBe(boss.id)
    await identity.updateKey("proj_n", lead.id, { blocked: true }, asBoss)
    await expect(identity.updateKey("proj_n", lead.id, { blocked: false }, asLead)).rejects.toMatchObject({
      code: "invalid_api_key",
      message: expect.stringContaining("blocked") as string,
    })
  })

  it("forgets a revoked key at once, here and in the other process, and for good", async () => {
    const { id, secret } = await identity.createKey("proj_b", "revoked")
    await expect.poll(() => who(secret, other)?.id, long).toBe(id)
    expect(await identity.revokeKey("proj_a", id)).toBe(false)
    expect(await identity.revokeKey("proj_b", id)).toBe(true)
    expect(who(secret)).toBeUndefined()
    await expect.poll(() => who(secret, other), long).toBeUndefined()
    expect(await identity.revokeKey("proj_b", id)).toBe(false)
    await expect(identity.updateKey("proj_b", id, { name: "x" })).rejects.toMatchObject({ code: "not_found" })
    await expect(identity.rotateKey("proj_b", id)).rejects.toMatchObject({ code: "not_found" })
    expect(await identity.getKey("proj_b", id)).toMatchObject({ state: "revoked" })
  })

  it("hears of what somebody changes or deletes in the table by hand", async () => {
    const { id, secret } = await identity.createKey("proj_b", "by hand")
    await opened.store.system.query("update api_keys set end_user = 'bob' where id = $1", [id])
    await expect.poll(() => [who(secret)?.user, who(secret, other)?.user], long).toEqual(["bob", "bob"])
    await opened.store.system.query("delete from api_keys where id = $1", [id])
    await expect.poll(() => [who(secret), who(secret, other)], long).toEqual([undefined, undefined])
  })

  it("does not reach across projects, and says the same of what is not there and what is another's", async () => {
    const { id } = await identity.createKey("proj_a", "mine")
    const failure = async (work: Promise<unknown>): Promise<unknown> =>
      work.then(
        () => "it worked",
        (error: Error) => error.message.replace(/'key_\w+'/, "KEY"),
      )
    const missing = newId("key")
    expect(await failure(identity.updateKey("proj_b", id, { name: "stolen" }))).toBe(
      await failure(identity.updateKey("proj_b", missing, { name: "stolen" })),
    )
    expect(await failure(identity.rotateKey("proj_b", id))).toBe(await failure(identity.rotateKey("proj_b", missing)))
    expect((await identity.getKey("proj_a", id))?.name).toBe("mine")
  })

  it("lists the newest first, in pages, by state, user, tag and words of the name", async () => {
    const [one, two, three] = [
      await identity.createKey("proj_l", "alpha %_", { user: "u1", tags: ["x"] }),
      await identity.createKey("proj_l", "beta", { user: "u2", tags: ["x", "y"] }),
      await identity.createKey("proj_l", "gamma", { expiresAt: now + 50 }),
    ]
    await identity.revokeKey("proj_l", two.id)
    now += 50
    const ids = async (filter: Parameters<Identity["listKeys"]>[1]): Promise<string[]> =>
      (await identity.listKeys("proj_l", filter)).map(({ id }) => id)
    expect(await ids({})).toEqual([three.id, two.id, one.id])
    expect(await ids({ limit: 1, before: three.id })).toEqual([two.id])
    expect([await ids({ state: "live" }), await ids({ state: "revoked" }), await ids({ state: "expired" })]).toEqual([
      [one.id],
      [two.id],
      [three.id],
    ])
    expect([
      await ids({ user: "u2" }),
      await ids({ tag: "x" }),
      await ids({ search: "ALPHA %" }),
      await ids({ search: three.id }),
      await ids({ search: "%" }),
    ]).toEqual([[two.id], [two.id, one.id], [one.id], [three.id], [one.id]])
  })

  it("has a bound per project, exact also when keys are made at once, and revoking makes room", async () => {
    const made = await Promise.allSettled(
      Array.from({ length: 30 }, (_, index) => (index % 2 === 0 ? identity : other).createKey("proj_full", `k${index}`)),
    )
    const keys = made.filter((each) => each.status === "fulfilled").map(({ value }) => value)
    expect(keys).toHaveLength(20)
    await expect(identity.createKey("proj_full", "more")).rejects.toMatchObject({
      code: "invalid_request",
      hint: expect.stringContaining("keysPerProjectMax") as string,
    })
    await identity.revokeKey("proj_full", keys[0]?.id ?? "")
    await expect(identity.createKey("proj_full", "more")).resolves.toMatchObject({ name: "more" })
  })

  it("writes when a key was last used, in batches, and that is no change of the key", async () => {
    const { id, secret, updatedAt } = await identity.createKey("proj_a", "used")
    const principal = who(secret)
    await expect.poll(async () => (await identity.getKey("proj_a", id))?.lastUsedAt, long).toBe(now)
    expect((await identity.getKey("proj_a", id))?.updatedAt).toBe(updatedAt)
    expect(who(secret)).toBe(principal)
    await expect.poll(() => who(secret, other)?.id, long).toBe(id)
  })

  it("holds a key that manages keys to its own rights, when it makes, changes, rotates or revokes one", async () => {
    const boss = await identity.createKey("proj_m", "boss")
    const lead = await identity.createKey("proj_m", "lead", { scope: { models: ["gpt-*"], endpoints: ["chat", "keys"] } })
    const app = await identity.createKey("proj_m", "app", { scope: { models: ["gpt-*"] } })
    const [asBoss, asLead, asApp] = [boss, lead, app].map(({ secret }) => who(secret))
    const denied = { code: "permission_denied" }
    await expect(identity.createKey("proj_m", "more", {}, asLead)).rejects.toMatchObject({ ...denied, param: "scope.models" })
    const made = await identity.createKey("proj_m", "less", { scope: { models: ["gpt-4o"], endpoints: ["chat"] } }, asLead)
    expect(made.createdBy).toBe(lead.id)
    await expect(identity.updateKey("proj_m", made.id, { scope: { models: [] } }, asLead)).rejects.toMatchObject(denied)
    expect((await identity.getKey("proj_m", made.id))?.scope.models).toEqual(["gpt-4o"])
    await expect(identity.rotateKey("proj_m", boss.id, {}, asLead)).rejects.toMatchObject(denied)
    await expect(identity.revokeKey("proj_m", boss.id, asLead)).rejects.toMatchObject(denied)
    await expect(identity.updateKey("proj_m", lead.id, { scope: { endpoints: [] } }, asLead)).rejects.toMatchObject(denied)
    for (const work of [
      () => identity.createKey("proj_m", "x", { scope: { models: ["gpt-4o"] } }, asApp),
      () => identity.listKeys("proj_m", {}, asApp),
      () => identity.getKey("proj_m", boss.id, asApp),
      () => identity.rotateKey("proj_m", app.id, {}, asApp),
    ]) {
      await expect(work()).rejects.toMatchObject(denied)
    }
    expect((await identity.getKey("proj_m", app.id, asApp))?.name).toBe("app")
    expect(await identity.revokeKey("proj_m", lead.id, asBoss)).toBe(true)
    await expect(
      identity.createKey("proj_m", "late", { scope: { models: ["gpt-4o"], endpoints: ["chat"] } }, asLead),
    ).rejects.toMatchObject({ code: "invalid_api_key" })
  })

  it("lets a key with limits rotate itself, and change neither its limits nor other keys", async () => {
    const own = await identity.createKey("proj_m", "limited", { limits: { budgetUsd: 5 }, scope: { endpoints: ["chat", "keys"] } })
    const by = who(own.secret)
    await expect(identity.createKey("proj_m", "x", { limits: { budgetUsd: 5 }, scope: { endpoints: ["chat"] } }, by)).rejects.toMatchObject(
      { param: "limits" },
    )
    await expect(identity.updateKey("proj_m", own.id, { limits: { budgetUsd: 50 } }, by)).rejects.toMatchObject({ param: "limits" })
    await expect(identity.updateKey("proj_m", own.id, { limits: { budgetUsd: null } }, by)).rejects.toMatchObject({ param: "limits" })
    expect((await identity.rotateKey("proj_m", own.id, { overlapMs: 0 }, by)).id).toBe(own.id)
  })

  it("has met no failure of its background work in all of this", () => {
    expect(errors).toEqual([])
  })
})

describe.each(testEngines().filter((engine) => engine === "postgres"))("keys on %s, when notifications are lost", (engine) => {
  it("are right all the same, because changes are also asked for", async () => {
    await using opened = await openTestStore(engine)
    const deaf: Store = Object.assign(Object.create(await opened.openAnother()) as Store, {
      listen: () => Promise.resolve(() => Promise.resolve()),
    })
    const options = { clock: systemClock, newId, limits: { ...defaultLimits, keyPollMs: 50 }, onError: () => undefined }
    await using identity = await createIdentity({ ...options, store: opened.store })
    await using other = await createIdentity({ ...options, store: deaf })
    const { id, secret } = await identity.createKey("proj_a", "unheard")
    await expect.poll(() => other.authenticate(bearer(secret), "GET")?.id, long).toBe(id)
    await identity.revokeKey("proj_a", id)
    await expect.poll(() => other.authenticate(bearer(secret), "GET"), long).toBeUndefined()
  })
})
