// Hybrid search inside one scope: the words by BM25, the vectors exactly, both fused. Statistics and candidates never leave the scope.
import { embeddings, wordIndex, type Queryable, type ScopeKey } from "../../store/index.ts"
import { questionTerms } from "./analyze.ts"
import { placeKey, placeOf, scoreWords, type Bm25Parameters, type WeighedTerm } from "./bm25.ts"
import { fuse, type Candidate, type Fused } from "./fuse.ts"
import type { Lane } from "./lanes.ts"
import { languageMark, languages, type Language } from "./languages.ts"
import { rerankByTokens, type TokenReranking } from "./rerank-tokens.ts"
import type { HashedTerm, ScopeWords } from "./scope-words.ts"
import { scoreSessions } from "./sessions.ts"
import { speakersIn, type NamedSpeakers } from "./speakers.ts"
import { hashedTerm, type TermKeyOf } from "./term-hash.ts"
import { fusionOf, kindOf, wordsFusion, type Fusion } from "./weights.ts"
import type { WordCache } from "./word-cache.ts"

export interface ScopeQuery {
  projectId: string
  scopeId: string
  text: string
  /** The embedded query; undefined when vectors cannot be searched. */
  vector: Float32Array | undefined
  model: string
  /** How signals are weighed where there are vectors; as the model's space has it when absent. */
  fusion?: Fusion | undefined
  /** Orders the best candidates by the tokens of the question; not done when absent. */
  tokens?: TokenReranking | undefined
  /** Only these documents; null is all of the scope. */
  documentIds: ReadonlySet<string> | null
  /** The lanes that are searched, and how. */
  lanes: ReadonlyMap<Lane, Bm25Parameters>
  /** Candidates taken from each arm. */
  candidatesMax: number
  wordCache: WordCache
  termKeyOf: TermKeyOf
}

type Signals = Omit<Candidate, "key" | "cosine">

/** What the words of the query say of the scope. */
interface WordArm {
  ceiling: number
  /** The best parts, by key. */
  best: Map<string, Signals>
  /** Undefined for a place that is gone or in a lane that is not searched. */
  signalsAt(place: number): Signals | undefined
}

/** Candidates in order, best first. Call it in one transaction, so that both arms see the same state. */
export async function searchScope(db: Queryable, query: ScopeQuery): Promise<Fused[]> {
  const arm = await wordArm(db, query)
  if (query.vector === undefined) {
    const candidates = [...arm.best].map(([key, signals]) => ({ ...signals, key, cosine: undefined }))
    return fuse(candidates, { ceiling: arm.ceiling, fusion: wordsFusion })
  }
  const fusion = query.fusion ?? fusionOf(query.model)
  const fused = fuse(await withVectors(db, query, query.vector, arm), { ceiling: arm.ceiling, fusion })
  return query.tokens === undefined ? fused : rerankByTokens(db, query, fused, fusion, query.tokens)
}

/** The speakers of a scope whom a text names; nothing is searched yet. */
export async function namedSpeakers(
  db: Queryable,
  { text, wordCache, termKeyOf, ...scope }: ScopeKey & Pick<ScopeQuery, "text" | "wordCache" | "termKeyOf">,
): Promise<NamedSpeakers> {
  const key = await termKeyOf(db, scope.projectId, scope.scopeId)
  return speakersIn(text, (await wordCache.load(db, scope, [])).speakersPresent(), key)
}

async function wordArm(db: Queryable, query: ScopeQuery): Promise<WordArm> {
  const key = await query.termKeyOf(db, query.projectId, query.scopeId)
  const words = await loadQuestion(db, query, key)
  const named = speakersIn(query.text, words.speakersPresent(), key)
  const spoken = languagesIn(words, key)
  // Without the names there may be no word left, or only stop words.
  const rest = presentTerms(words, key, questionTerms(named.text, spoken))
  const terms = rest.length === 0 ? presentTerms(words, key, questionTerms(query.text, spoken)) : rest
  const scored = scoreWords(words, terms, query.lanes)
  const sessionOf = scoreSessions(words, terms, new Set(query.lanes.keys()))
  const [onlyNamed] = named.hashes.size === 1 ? named.hashes : []
  const signalsAt = (place: number): Signals | undefined => {
    const lane = words.laneNames[(words.laneNumbers[place] ?? 0) - 1]
    if (lane === undefined || !query.lanes.has(lane)) return undefined
    const isNamed = onlyNamed !== undefined && words.speakers[place] === onlyNamed
    return { lane, words: scored.scores[place] ?? 0, session: sessionOf(place), isNamed }
  }
  const only = query.documentIds === null ? undefined : await allowedPlaces(db, query, query.documentIds)
  const places = bestPlaces(only === undefined ? scored.places : scored.places.filter(only), signalsAt, query.candidatesMax)
  return { ceiling: Math.max(0, ...scored.ceilings.values()), best: await keyed(db, query, words, places, signalsAt), signalsAt }
}

/** The scope with the postings of all terms that the words of the question may have there. */
async function loadQuestion(db: Queryable, query: ScopeQuery, key: Uint8Array): Promise<ScopeWords> {
  const hashed = (groups: readonly (readonly string[])[]): HashedTerm[] => groups.flat().map((term) => hashedTerm(key, term))
  const first = questionTerms(query.text, new Set())
  const words = await query.wordCache.load(db, query, [
    ...hashed(first),
    ...languages.map((language) => hashedTerm(key, languageMark(language))),
  ])
  const all = questionTerms(query.text, languagesIn(words, key))
  if (all.flat().length === first.flat().length) return words
  return query.wordCache.load(db, query, hashed(all))
}

/** The languages other than English that some part of the scope is in. */
function languagesIn(words: ScopeWords, key: Uint8Array): Set<Language> {
  return new Set(languages.filter((language) => isPresent(words, hashedTerm(key, languageMark(language)))))
}

/** Of the terms that a word may have those that the scope knows; the likeliest one where it knows none, so that the word still counts as missed. */
function presentTerms(words: ScopeWords, key: Uint8Array, groups: readonly (readonly string[])[]): WeighedTerm[] {
  const weights = new Map<string, WeighedTerm>()
  for (const group of groups) {
    const known = group.filter((term) => isPresent(words, hashedTerm(key, term)))
    for (const term of known.length > 0 ? known : group.slice(0, 1)) {
      const weighed = weights.get(term) ?? { term: hashedTerm(key, term), weight: 0 }
      weights.set(term, { ...weighed, weight: weighed.weight + 1 })
    }
  }
  return [...weights.values()]
}

function isPresent(words: ScopeWords, term: HashedTerm): boolean {
  let found = false
  words.forEach(term, () => (found = true))
  return found
}

/** Whether a document of the filter stands at a place. */
async function allowedPlaces(db: Queryable, query: ScopeQuery, documentIds: ReadonlySet<string>): Promise<(place: number) => boolean> {
  const ranges = await wordIndex.placesOf(db, query, [...documentIds])
  const allowed = new Set<number>()
  for (const { place, parts } of ranges) for (let each = place; each < place + parts; each++) allowed.add(each)
  return (place) => allowed.has(place)
}

/** By words, session and speaker together; equal ones go by place, so that the order never depends on what was cached. */
function bestPlaces(places: readonly number[], signalsAt: WordArm["signalsAt"], limit: number): number[] {
  const found = places.flatMap((place) => {
    const signals = signalsAt(place)
    return signals === undefined ? [] : [{ place, signals }]
  })
  const top = found.reduce((most, { signals }) => Math.max(most, signals.words), Number.MIN_VALUE)
  const ordered = found.map(({ place, signals: { lane, words, session, isNamed } }) => {
    const weights = wordsFusion.weights[kindOf(lane)]
    const context = weights.session * (session ?? words / top) + (isNamed ? weights.speaker : 0)
    return { place, order: weights.words * (words / top) + context }
  })
  ordered.sort((a, b) => b.order - a.order || a.place - b.place)
  return ordered.slice(0, limit).map(({ place }) => place)
}

async function keyed(
  db: Queryable,
  query: ScopeQuery,
  words: ScopeWords,
  places: readonly number[],
  signalsAt: WordArm["signalsAt"],
): Promise<Map<string, Signals>> {
  const unknown = places.filter((place) => !words.parts.has(place))
  if (unknown.length > 0) {
    for (const { place, documentId, part } of await wordIndex.partsAt(db, query, unknown)) words.parts.set(place, { documentId, part })
  }
  const best = new Map<string, Signals>()
  for (const place of places) {
    const found = words.parts.get(place)
    const signals = signalsAt(place)
    if (found !== undefined && signals !== undefined) best.set(placeKey(found.documentId, found.part), signals)
  }
  return best
}

/** Adds the nearest parts. Each arm scores the candidates of the other too: one without its second score would be ranked as if it had none. */
async function withVectors(db: Queryable, query: ScopeQuery, vector: Float32Array, arm: WordArm): Promise<Candidate[]> {
  const only = query.documentIds === null ? null : [...query.documentIds]
  const nearest = await embeddings.nearestParts(db, query, vector, only, query.candidatesMax)
  const missing = new Set(arm.best.keys())
  const added = nearest.filter(({ documentId, part }) => !missing.delete(placeKey(documentId, part)))
  const others = missing.size === 0 ? [] : await embeddings.similaritiesOf(db, query, vector, [...missing].map(placeOf))
  const cosines = new Map([...nearest, ...others].map(({ documentId, part, similarity }) => [placeKey(documentId, part), similarity]))
  const signals = new Map([...arm.best, ...(await signalsOf(db, query, arm, added))])
  return [...signals].map(([key, each]) => ({ ...each, key, cosine: cosines.get(key) }))
}

async function signalsOf(
  db: Queryable,
  query: ScopeQuery,
  arm: WordArm,
  parts: readonly { documentId: string; part: number }[],
): Promise<[string, Signals][]> {
  if (parts.length === 0) return []
  const documentIds = new Set(parts.map(({ documentId }) => documentId))
  const begins = new Map((await wordIndex.placesOf(db, query, [...documentIds])).map(({ documentId, place }) => [documentId, place]))
  return parts.flatMap(({ documentId, part }): [string, Signals][] => {
    const place = begins.get(documentId)
    const signals = place === undefined ? undefined : arm.signalsAt(place + part)
    return signals === undefined ? [] : [[placeKey(documentId, part), signals]]
  })
}
