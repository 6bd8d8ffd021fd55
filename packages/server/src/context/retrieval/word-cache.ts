// Keeps copies of recently searched scopes in memory; each follows its scope by reading what changed since, in any process.
import { wordIndex, type Queryable, type ScopeKey } from "../../store/index.ts"
import { deltasMax } from "./compaction.ts"
import type { Compactor } from "./compactor.ts"
import { ScopeWords } from "./scope-words.ts"
import type { HashedTerm } from "./term-hash.ts"

export interface WordCache {
  /** The scope as the database has it now, with the postings of those terms. */
  load(db: Queryable, key: ScopeKey, terms: readonly HashedTerm[]): Promise<ScopeWords>
}

/** Two searches at once may each get an older answer than the copy has; the next one has caught up. */
const triesMax = 4

/** The scopes that were used longest ago go when all copies together take more than `bytesMax`. */
export function createWordCache({ bytesMax, compactor }: { bytesMax: number; compactor?: Pick<Compactor, "wish"> }): WordCache {
  // A Map keeps the order of insertion, so the first key is the scope that was used longest ago.
  const scopes = new Map<string, { words: ScopeWords; bytes: number }>()
  let bytes = 0

  const keep = (name: string, words: ScopeWords): void => {
    bytes += words.bytes - (scopes.get(name)?.bytes ?? 0)
    scopes.delete(name)
    scopes.set(name, { words, bytes: words.bytes })
    for (const [oldest, { bytes: freed }] of scopes) {
      if (bytes <= bytesMax) break
      bytes -= freed
      scopes.delete(oldest)
    }
  }
  const isNewer = (name: string, words: ScopeWords): boolean => {
    const known = scopes.get(name)?.words
    return known === undefined || known === words || known.generation < words.generation
  }
  return {
    async load(db, key, asked) {
      // What is asked for twice would be read twice, and then count twice.
      const terms = [...new Map(asked.map((term) => [term.digits, term])).values()]
      const name = `${key.projectId} ${key.scopeId}`
      for (let tries = 1; ; tries++) {
        const known = scopes.get(name)?.words ?? new ScopeWords(0)
        const wanted = terms.map((term) => ({ term: term.digits, version: known.termVersion(term) }))
        const changes = await wordIndex.changesOf(db, key, known, wanted)
        if (changes.scope === undefined) return new ScopeWords(0)
        const words = changes.scope.generation === known.generation ? known : new ScopeWords(changes.scope.generation)
        words.apply(changes, terms)
        if (words.deltas.size >= deltasMax) compactor?.wish(key)
        if (isNewer(name, words)) keep(name, words)
        if (words.version <= changes.scope.version || tries === triesMax) return words
      }
    },
  }
}
