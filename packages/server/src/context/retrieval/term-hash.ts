// Words as the index keeps them: 64 bits of a hash under the key of their scope, so that nothing readable stays behind when the key goes.
import { createHmac, createSecretKey, hkdfSync, type KeyObject } from "node:crypto"
import type { Queryable } from "../../store/index.ts"

/** A term as the index has it: its 64 bits as decimal digits, and as two halves. */
export interface HashedTerm {
  digits: string
  high: number
  low: number
}

/** The key of a scope; the same for as long as the scope has an index. */
export type TermKeyOf = (db: Queryable, projectId: string, scopeId: string) => Promise<Uint8Array> | Uint8Array

/** Keys derived from one secret of the installation. */
export function derivedTermKeys(secret: Uint8Array): TermKeyOf {
  return (_db, projectId, scopeId) => new Uint8Array(hkdfSync("sha256", secret, projectId, `perdure terms ${scopeId}`, 32))
}

/** Keys as the hash wants them: to make them anew for each word takes several times as long as the hash. */
const keyObjects = new WeakMap<Uint8Array, KeyObject>()

function keyObject(key: Uint8Array): KeyObject {
  const known = keyObjects.get(key) ?? createSecretKey(key)
  keyObjects.set(key, known)
  return known
}

/** Eight bytes that stand for the term. */
export function termBytes(key: Uint8Array, term: string): Buffer {
  return createHmac("sha256", keyObject(key)).update(term).digest().subarray(0, 8)
}

/** The number that stands for a name (a session, a speaker); never 0, which is none. Names are compared without case and odd spaces. */
export function nameHash(key: Uint8Array, name: string): number {
  const normal = name.normalize("NFKC").toLowerCase().replaceAll(/\s+/gu, " ").trim()
  return createHmac("sha256", keyObject(key)).update(`name ${normal}`).digest().readInt32BE(0) || 1
}

export function hashedTerm(key: Uint8Array, term: string): HashedTerm {
  const bytes = termBytes(key, term)
  return { digits: bytes.readBigInt64BE(0).toString(), high: bytes.readInt32BE(0), low: bytes.readInt32BE(4) }
}
