// Keeps postings of recently searched terms in memory, for as long as the version of their scope stays the same.
import { postings, type Queryable, type WordScope } from "../../store/index.ts"

/** The parts that contain one term: a place (see `splitPlace`), how often it occurs there, and how many terms the part has. */
export interface TermPostings {
  readonly places: Float64Array
  readonly frequencies: Float64Array
  readonly lengths: Float64Array
}

export interface ScopeWords {
  readonly statistics: WordScope
  readonly terms: ReadonlyMap<string, TermPostings>
  /** Document ids by their number in a place, and the other way round. */
  readonly documentIds: readonly string[]
  readonly documentNumbers: ReadonlyMap<string, number>
}

export interface WordCache {
  /** What BM25 needs for those terms, as the database has it now. */
  load(db: Queryable, projectId: string, scopeId: string, terms: readonly string[]): Promise<ScopeWords>
}

/** More than the chunks of any file; a place is `document number × partsMax + part`. */
const partsMax = 1 << 20

/** The place of a part, or undefined when no posting of the scope that is in memory names its document. */
export function placeIn(words: Pick<ScopeWords, "documentNumbers">, documentId: string, part: number): number | undefined {
  const document = words.documentNumbers.get(documentId)
  return document === undefined ? undefined : document * partsMax + part
}

export function splitPlace(place: number): { document: number; part: number } {
  return { document: Math.floor(place / partsMax), part: place % partsMax }
}

interface Scope {
  version: number
  terms: Map<string, TermPostings>
  documentIds: string[]
  numbers: Map<string, number>
  entries: number
}

/** Each posting takes 24 bytes; the oldest scopes go when all of them hold more than `entriesMax`. */
export function createWordCache({ entriesMax }: { entriesMax: number }): WordCache {
  // A Map keeps the order of insertion, so the first key is the scope that was used longest ago.
  const scopes = new Map<string, Scope>()
  let entries = 0

  const drop = (key: string): void => {
    entries -= scopes.get(key)?.entries ?? 0
    scopes.delete(key)
  }
  const scopeAt = (key: string, version: number): Scope => {
    const known = scopes.get(key)
    if (known?.version === version) return known
    const fresh: Scope = { version, terms: new Map(), documentIds: [], numbers: new Map(), entries: 0 }
    // A search that began before the last write works on its own copy and does not bring the older version back.
    if (known !== undefined && known.version > version) return fresh
    drop(key)
    scopes.set(key, fresh)
    return fresh
  }
  return {
    async load(db, projectId, scopeId, terms) {
      const key = `${projectId} ${scopeId}`
      const statistics = await postings.wordScope(db, projectId, scopeId)
      const scope = scopeAt(key, statistics.version)
      const missing = terms.filter((term) => !scope.terms.has(term))
      if (missing.length > 0) {
        const found = await postings.postingsOf(db, projectId, scopeId, missing)
        const added = addTerms(scope, missing, found)
        if (scopes.get(key) === scope) entries += added
      }
      if (scopes.get(key) === scope) {
        scopes.delete(key)
        scopes.set(key, scope)
      }
      for (const oldest of scopes.keys()) {
        if (entries <= entriesMax) break
        drop(oldest)
      }
      return { statistics, terms: scope.terms, documentIds: scope.documentIds, documentNumbers: scope.numbers }
    },
  }
}

function addTerms(scope: Scope, terms: readonly string[], found: Awaited<ReturnType<typeof postings.postingsOf>>): number {
  const byTerm = Map.groupBy(found, (posting) => posting.term)
  let added = 0
  for (const term of terms) {
    // Another search may have added it while this one waited.
    if (scope.terms.has(term)) continue
    const packed = packedOf(scope, byTerm.get(term) ?? [])
    scope.terms.set(term, packed)
    added += packed.places.length + 1
  }
  scope.entries += added
  return added
}

function packedOf(scope: Scope, list: readonly Awaited<ReturnType<typeof postings.postingsOf>>[number][]): TermPostings {
  const size = list.reduce((total, posting) => total + posting.parts.length, 0)
  const packed = { places: new Float64Array(size), frequencies: new Float64Array(size), lengths: new Float64Array(size) }
  let at = 0
  for (const posting of list) {
    const document = numberOf(scope, posting.documentId)
    for (const [index, part] of posting.parts.entries()) {
      packed.places[at] = document * partsMax + part
      packed.frequencies[at] = posting.frequencies[index] ?? 0
      packed.lengths[at] = posting.lengths[index] ?? 0
      at += 1
    }
  }
  return packed
}

function numberOf(scope: Scope, documentId: string): number {
  const known = scope.numbers.get(documentId)
  if (known !== undefined) return known
  scope.numbers.set(documentId, scope.documentIds.length)
  scope.documentIds.push(documentId)
  return scope.documentIds.length - 1
}
