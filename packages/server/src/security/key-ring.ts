// The keys of all projects in this process's memory: who a text belongs to, found without the database, and expiry by the clock at each request.
import { hash } from "node:crypto"
import { LRUCache } from "lru-cache"
import type { Clock } from "../core/index.ts"
import type { StoredKey } from "../store/index.ts"
import { digestOf, sameDigest, shortId, shortIdOf } from "./keys.ts"
import { compileScope } from "./scope.ts"
import type { Principal } from "./types.ts"

const verifiedMax = 10_000
/** Last use is kept to the minute, so that a busy key is noted once in a while and not at each request. */
const useGrainMs = 60_000

interface HeldKey {
  readonly row: StoredKey
  readonly principal: Principal
  /** False once another version of the key is held, or none. */
  isHeld: boolean
  usedAt: number
  /** When it was put here, in the order of everything that was. */
  readonly place: number
}

/** A text that was checked against a key: until when it is that key. */
interface Verified {
  readonly key: HeldKey
  readonly until: number
}

export class KeyRing {
  readonly #pepper: Uint8Array
  readonly #clock: Clock
  /** By the part of their text that finds them. */
  readonly #keys = new Map<string, HeldKey>()
  /** By SHA-256 of the text. */
  readonly #verified = new LRUCache<string, Verified>({ max: verifiedMax })
  /** Versions of keys that were revoked here, so that an older reading does not bring them back. */
  readonly #revoked = new Map<string, number>()
  readonly #uses = new Map<string, number>()
  #places = 0

  constructor(pepper: Uint8Array, clock: Clock) {
    this.#pepper = pepper
    this.#clock = clock
  }

  principalOf(text: string): Principal | undefined {
    const known = this.#verifiedOf(text)
    if (known === undefined) return undefined
    const now = this.#clock.now()
    if (now >= known.until) return undefined
    const { key } = known
    if (key.row.blockedAt !== null) return undefined
    if (now - key.usedAt >= useGrainMs) {
      key.usedAt = now
      this.#uses.set(key.row.id, now)
    }
    return key.principal
  }

  /** When a text of ours stopped working because its time was over; undefined for any other text. */
  expiredAt(text: string): number | undefined {
    const known = this.#verifiedOf(text)
    return known !== undefined && this.#clock.now() >= known.until ? known.until : undefined
  }

  /** A text of ours that is refused until its key is unblocked. */
  isBlocked(text: string): boolean {
    return (this.#verifiedOf(text)?.key.row.blockedAt ?? null) !== null
  }

  /** The stored key behind a principal, as it is held now. */
  keyOf(keyId: string): StoredKey | undefined {
    const held = this.#keys.get(shortId(keyId))
    return held?.row.id === keyId ? held.row : undefined
  }

  /** Who a key is, by its id; undefined once it was revoked or its time is over, and while it is blocked. */
  principalOfKey(keyId: string): Principal | undefined {
    const held = this.#keys.get(shortId(keyId))
    if (held?.row.id !== keyId || held.row.blockedAt !== null) return undefined
    return held.row.expiresAt === null || this.#clock.now() < held.row.expiresAt ? held.principal : undefined
  }

  /** Takes keys as they were read or written: in any order, the newest version of each stays. */
  take(rows: readonly StoredKey[]): void {
    for (const row of rows) {
      const held = this.#keys.get(shortId(row.id))
      const newest = Math.max(held?.row.id === row.id ? held.row.version : 0, this.#revoked.get(row.id) ?? 0)
      if (row.version <= newest) continue
      if (row.revokedAt === null) this.#hold(row, held?.usedAt ?? row.lastUsedAt ?? 0)
      else {
        this.drop(row.id)
        this.#revoked.set(row.id, row.version)
      }
    }
  }

  drop(keyId: string): void {
    const short = shortId(keyId)
    const held = this.#keys.get(short)
    if (held?.row.id !== keyId) return
    held.isHeld = false
    this.#keys.delete(short)
  }

  /** Drops what was here already at `since` and is not in `rows`: the whole of what there is, read after `since`. */
  keepOnly(rows: readonly StoredKey[], since: number): void {
    const ids = new Set(rows.map(({ id }) => id))
    for (const { row, place } of this.#keys.values()) if (place <= since && !ids.has(row.id)) this.drop(row.id)
  }

  /** A mark for `keepOnly`. */
  get now(): number {
    return this.#places
  }

  /** No reading is under way that could be older than a revocation. */
  settled(): void {
    this.#revoked.clear()
  }

  /** Which keys were used since this was last asked, and when. */
  takeUses(): ReadonlyMap<string, number> {
    const uses = new Map(this.#uses)
    this.#uses.clear()
    return uses
  }

  #hold(row: StoredKey, usedAt: number): void {
    const short = shortId(row.id)
    const before = this.#keys.get(short)
    if (before) before.isHeld = false
    this.#keys.set(short, { row, principal: principalOf(row), isHeld: true, usedAt, place: (this.#places += 1) })
  }

  #verifiedOf(text: string): Verified | undefined {
    const sum = hash("sha256", text)
    const known = this.#verified.get(sum)
    return known?.key.isHeld === true ? known : this.#verify(text, sum)
  }

  #verify(text: string, sum: string): Verified | undefined {
    const key = this.#keys.get(shortIdOf(text) ?? "")
    if (!key) return undefined
    const until = worksUntil(key.row, digestOf(this.#pepper, text))
    if (until === undefined) return undefined
    const verified = { key, until }
    this.#verified.set(sum, verified)
    return verified
  }
}

/** Until when a secret of that digest is this key; undefined when it never was. */
function worksUntil({ digest, retired, expiresAt }: StoredKey, given: Uint8Array): number | undefined {
  const keyUntil = expiresAt ?? Number.POSITIVE_INFINITY
  if (sameDigest(digest, given)) return keyUntil
  const old = retired.find((secret) => sameDigest(Buffer.from(secret.digest, "hex"), given))
  return old && Math.min(old.until, keyUntil)
}

function principalOf({ id, projectId, name, models, endpoints, regions, limits, tags, user }: StoredKey): Principal {
  const ownLimits = Object.keys(limits).length === 0 ? null : limits // checked when they were stored
  return { id, projectId, kind: "key", name, scope: compileScope({ models, endpoints, regions }), limits: ownLimits, tags, user }
}
