// The keys in memory: versions in any order, revocations that stay, expiry by the clock, and when a key was used.
import { beforeEach, describe, expect, it } from "vitest"
import { newId } from "../core/index.ts"
import type { StoredKey } from "../store/index.ts"
import { KeyRing } from "./key-ring.ts"
import { digestOf, newKeyText } from "./keys.ts"

const pepper = new Uint8Array(32).fill(7)
let now = 1_000_000
let ring: KeyRing

beforeEach(() => {
  now = 1_000_000
  ring = new KeyRing(pepper, { now: () => now, monotonic: () => now })
})

function key(part: Partial<StoredKey> = {}): { row: StoredKey; secret: string } {
  const id = part.id ?? newId("key")
  const secret = newKeyText(id)
  const restrictions = { models: [], endpoints: [], regions: [], limits: {}, tags: [], user: null, metadata: {} }
  const times = { createdAt: 0, updatedAt: 0, expiresAt: null, rotatedAt: null, lastUsedAt: null, revokedAt: null, blockedAt: null }
  const digest = digestOf(pepper, secret)
  return {
    row: {
      id,
      projectId: "proj_a",
      name: "k",
      hint: "",
      digest,
      retired: [],
      createdBy: null,
      version: 1,
      ...restrictions,
      ...times,
      ...part,
    },
    secret,
  }
}

describe("the key ring", () => {
  it("gives one principal object for a key until the key changes, with all that it carries", () => {
    const { row, secret } = key({ models: ["gpt-*"], limits: { requestsPerMinute: 5 }, tags: ["team:a"], user: "alice" })
    ring.take([row])
    const first = ring.principalOf(secret)
    expect(first).toMatchObject({
      id: row.id,
      limits: { requestsPerMinute: 5 },
      tags: ["team:a"],
      user: "alice",
      scope: { models: ["gpt-*"] },
    })
    expect(ring.principalOf(secret)).toBe(first)
    ring.take([{ ...row }])
    expect(ring.principalOf(secret)).toBe(first)
    ring.take([{ ...row, version: 2, models: [], limits: {} }])
    expect(ring.principalOf(secret)).toMatchObject({ scope: null, limits: null })
  })

  it("keeps the newest version, in whatever order they come", () => {
    const { row, secret } = key()
    ring.take([{ ...row, version: 3, name: "new" }])
    ring.take([{ ...row, version: 2, name: "old" }])
    expect(ring.principalOf(secret)?.name).toBe("new")
  })

  it("does not bring a revoked key back by a reading that is older, until nothing older can come", () => {
    const { row, secret } = key()
    ring.take([row])
    expect(ring.principalOf(secret)).toBeDefined()
    ring.take([{ ...row, version: 2, revokedAt: now }])
    expect(ring.principalOf(secret)).toBeUndefined()
    ring.take([row])
    expect(ring.principalOf(secret)).toBeUndefined()
  })

  it("drops what a reading of everything does not have, but nothing that came after it began", () => {
    const [old, made] = [key(), key()]
    ring.take([old.row])
    const since = ring.now
    ring.take([made.row])
    ring.keepOnly([], since)
    expect([ring.principalOf(old.secret), ring.principalOf(made.secret)?.id]).toEqual([undefined, made.row.id])
  })

  it("ends a key at its time without being told, also one that it has just recognised", () => {
    const { row, secret } = key({ expiresAt: now + 1_000 })
    ring.take([row])
    expect(ring.principalOf(secret)?.id).toBe(row.id)
    expect(ring.expiredAt(secret)).toBeUndefined()
    now += 1_000
    expect(ring.principalOf(secret)).toBeUndefined()
    expect(ring.expiredAt(secret)).toBe(now)
    ring.take([{ ...row, version: 2, expiresAt: now + 1 }])
    expect(ring.principalOf(secret)?.id).toBe(row.id)
  })

  it("takes a replaced secret until its time, and no longer than the key itself lives", () => {
    const old = key()
    const fresh = key({ id: old.row.id })
    const retired = [{ digest: Buffer.from(old.row.digest).toString("hex"), until: now + 500 }]
    ring.take([old.row])
    expect(ring.principalOf(old.secret)).toBeDefined()
    ring.take([{ ...fresh.row, version: 2, retired }])
    expect([ring.principalOf(old.secret)?.id, ring.principalOf(fresh.secret)?.id]).toEqual([old.row.id, old.row.id])
    now += 500
    expect([ring.principalOf(old.secret), ring.principalOf(fresh.secret)?.id]).toEqual([undefined, old.row.id])
    expect(ring.expiredAt(old.secret)).toBe(now)
    ring.take([{ ...fresh.row, version: 3, retired: retired.map((each) => ({ ...each, until: now + 500 })), expiresAt: now + 100 }])
    now += 100
    expect(ring.principalOf(old.secret)).toBeUndefined()
  })

  it("refuses a key while it is blocked, by its secret and by its id, also one that it has just recognised", () => {
    const { row, secret } = key()
    ring.take([row])
    expect([ring.principalOf(secret)?.id, ring.isBlocked(secret)]).toEqual([row.id, false])
    ring.take([{ ...row, version: 2, blockedAt: now }])
    expect([ring.principalOf(secret), ring.principalOfKey(row.id), ring.isBlocked(secret)]).toEqual([undefined, undefined, true])
    expect([ring.isBlocked(newKeyText(row.id)), ring.isBlocked("x"), ring.isBlocked("")]).toEqual([false, false, false])
    ring.take([{ ...row, version: 3 }])
    expect([ring.principalOf(secret)?.id, ring.principalOfKey(row.id)?.id, ring.isBlocked(secret)]).toEqual([row.id, row.id, false])
  })

  it("tells strangers nothing about when a key expired", () => {
    const { row, secret } = key({ expiresAt: 1 })
    ring.take([row])
    const forged = newKeyText(row.id)
    expect([ring.principalOf(forged), ring.expiredAt(forged), ring.expiredAt("x"), ring.expiredAt(secret)]).toEqual([
      undefined,
      undefined,
      undefined,
      1,
    ])
  })

  it("notes use once a minute at most", () => {
    const { row, secret } = key()
    ring.take([row])
    ring.principalOf(secret)
    expect([...ring.takeUses()]).toEqual([[row.id, now]])
    now += 59_999
    ring.principalOf(secret)
    ring.take([{ ...row, version: 2 }])
    ring.principalOf(secret)
    expect(ring.takeUses().size).toBe(0)
    now += 1
    ring.principalOf(secret)
    ring.principalOf(`${secret}x`)
    expect([...ring.takeUses()]).toEqual([[row.id, now]])
  })
})
