// Which of the known entities a name means: the same name, or nearly the same letters; compared by hashes, so that no name stands in the index.
import { createHmac } from "node:crypto"
import { normalName } from "./types.ts"

export interface HashedName {
  hash: string
  /** Of its groups of three letters, ascending: as alike as the letters are. */
  trigrams: readonly number[]
}

export interface KnownName extends HashedName {
  entityId: string
}

/** Below it two names are two things: "Jonathan Smith" and "Jonathan Smyth" are 0.67 alike, "Jonathan Smiths" 0.82. */
export const alikeMin = 0.75
/** Short names have too few letters to be alike by chance less than by meaning. */
const lettersMin = 7
const hashBytes = 16

export function hashName(key: Uint8Array, name: string): HashedName {
  const normal = normalName(name)
  const trigrams =
    normal.length < lettersMin
      ? []
      : trigramsOf(normal).map((each) => createHmac("sha256", key).update(`3 ${each}`).digest().readInt32BE(0))
  const hash = createHmac("sha256", key).update(`name ${normal}`).digest().subarray(0, hashBytes).toString("base64url")
  return { hash, trigrams: [...new Set(trigrams)].sort((a, b) => a - b) }
}

/** The known entity that the name means; of several nearly alike ones the nearest, of equally near ones the oldest. */
export function resolveName(name: HashedName, known: readonly KnownName[]): string | undefined {
  const same = known.find(({ hash }) => hash === name.hash)
  if (same) return same.entityId
  let best: { entityId: string; alike: number } | undefined
  for (const other of known) {
    const alike = similarity(name.trigrams, other.trigrams)
    if (alike >= alikeMin && (best === undefined || alike > best.alike)) best = { entityId: other.entityId, alike }
  }
  return best?.entityId
}

/** Shared trigrams over all of both, as pg_trgm counts. */
export function similarity(a: readonly number[], b: readonly number[]): number {
  if (a.length === 0 || b.length === 0) return 0
  const others = new Set(b)
  const shared = a.filter((each) => others.has(each)).length
  return shared / (a.length + b.length - shared)
}

function trigramsOf(normal: string): string[] {
  return normal.split(" ").flatMap((word) => {
    const padded = `  ${word} `
    return Array.from({ length: padded.length - 2 }, (_, index) => padded.slice(index, index + 3))
  })
}
