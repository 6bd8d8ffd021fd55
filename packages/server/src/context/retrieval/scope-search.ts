// Hybrid search inside one scope: the words by BM25, the vectors exactly, both fused. Statistics and candidates never leave the scope.
import { wordIndex, type Queryable, type ScopeKey, type Transactor } from "../../store/index.ts"
import { questionTerms } from "./analyze.ts"
import { placeKey, scoreWords, type Bm25Parameters, type WeighedTerm } from "./bm25.ts"
import { bestPlaces } from "./best-places.ts"
import { fuse, type Candidate, type Fused } from "./fuse.ts"
import type { Lane } from "./lanes.ts"
import { isLatin, languageMark, languages, type Language } from "./languages.ts"
import type { PlaceFilter } from "./place-filter.ts"
import { rerankByTokens, type TokenReranking } from "./rerank-tokens.ts"
import type { ScopeWords } from "./scope-words.ts"
import { scoreSessions } from "./sessions.ts"
import { fusionIn } from "./spaces.ts"
import { speakersIn, type NamedSpeakers } from "./speakers.ts"
import { hashedTerm, type HashedTerm, type TermKeyOf } from "./term-hash.ts"
import type { VectorIndex, VectorState } from "./vector-index.ts"
import { wordsFirst, wordsFusion, type Fusion } from "./weights.ts"
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
  /** The embedded query and its tokens where they are still being made: awaited when the words are found. It takes the place of those above. */
  reading?: Promise<EmbeddedQuery> | undefined
  /** The words of the question in the scope, where they are read already. */
  words?: Promise<AskedWords> | undefined
  /** Which places may be found; null is all of the scope. */
  filter: PlaceFilter | null
  /** The lanes that are searched, and how. */
  lanes: ReadonlyMap<Lane, Bm25Parameters>
  /** Candidates taken from each arm. */
  candidatesMax: number
  wordCache: WordCache
  vectorIndex: VectorIndex
  termKeyOf: TermKeyOf
}

export type EmbeddedQuery = Pick<ScopeQuery, "vector" | "tokens">

type Signals = Omit<Candidate, "key" | "cosine">

/** What the words of the query say of the scope. */
interface WordArm {
  words: ScopeWords
  ceiling: number
  /** Places of the best parts, best first. */
  best: readonly number[]
  /** Undefined for a place that is gone or in a lane that is not searched. */
  signalsAt: (place: number) => Signals | undefined
}

/** Candidates in order, best first. In a transaction its statements run one after the other, else those at once that can. */
export async function searchScope(db: Queryable | Transactor, query: ScopeQuery): Promise<Fused[]> {
  if (query.vector === undefined && query.reading === undefined) return byWords(db, query, await wordArm(db, query))
  const [arm, state, fusion] = await allOf(
    db,
    () => wordArm(db, query),
    () => query.vectorIndex.state(db, query),
    () => fusionFor(db, query),
  )
  const { vector, tokens } = (await query.reading) ?? query
  if (vector === undefined) return byWords(db, query, arm)
  const cosines = await cosinesOf(db, query, vector, arm, state)
  // Each arm scores the candidates of the other too: one without its second score would be ranked as if it had none.
  const candidates = await candidatesAt(db, query, arm, new Set([...arm.best, ...cosines.keys()]), cosines)
  const fused = fuse(candidates, { ceiling: arm.ceiling, fusion })
  return tokens === undefined ? fused : rerankByTokens(db, query, fused, fusion, tokens)
}

async function byWords(db: Queryable, query: ScopeQuery, arm: WordArm): Promise<Fused[]> {
  return fuse(await candidatesAt(db, query, arm, arm.best), { ceiling: arm.ceiling, fusion: wordsFusion })
}

/** A transaction has one connection. */
async function allOf<A, B, C>(
  db: Queryable | Transactor,
  first: () => Promise<A>,
  second: () => Promise<B>,
  third: () => Promise<C>,
): Promise<[A, B, C]> {
  return "transaction" in db ? Promise.all([first(), second(), third()]) : [await first(), await second(), await third()]
}

async function fusionFor(db: Queryable, { projectId, model, text, fusion: given }: ScopeQuery): Promise<Fusion> {
  if (given !== undefined) return given
  const fusion = await fusionIn(db, projectId, model)
  return isLatin(text) ? fusion : wordsFirst(fusion)
}

/** A scope with the postings of a question, and the key of its words. */
export interface AskedWords {
  words: ScopeWords
  key: Uint8Array
}

type AskedScope = ScopeKey & Pick<ScopeQuery, "text" | "wordCache" | "termKeyOf">

export async function askedWords(db: Queryable, asked: AskedScope): Promise<AskedWords> {
  const key = await asked.termKeyOf(db, asked.projectId, asked.scopeId)
  return { words: await loadQuestion(db, asked, key), key }
}

/** The speakers of a scope whom a text names; nothing is searched yet. */
export async function namedSpeakers(db: Queryable, asked: AskedScope): Promise<NamedSpeakers> {
  const { words, key } = await askedWords(db, asked)
  return speakersIn(asked.text, words.speakersPresent(), key)
}

async function wordArm(db: Queryable, query: ScopeQuery): Promise<WordArm> {
  const { words, key } = await (query.words ?? askedWords(db, query))
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
  const { filter } = query
  const found = filter === null ? scored.places : scored.places.filter((place) => filter.accepts(place))
  const best = bestPlaces({ words, scores: scored.scores, sessionOf, onlyNamed }, found, query.candidatesMax)
  return { words, ceiling: Math.max(0, ...scored.ceilings.values()), best, signalsAt }
}

/** The scope with the postings of all terms that the words of the question may have there. */
async function loadQuestion(db: Queryable, query: AskedScope, key: Uint8Array): Promise<ScopeWords> {
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

/** Kept for as long as the scope does not change. */
const spokenIn = new WeakMap<ScopeWords, { version: number; spoken: ReadonlySet<Language> }>()

/** The languages other than English that some part of the scope is in; their marks have been loaded. */
function languagesIn(words: ScopeWords, key: Uint8Array): ReadonlySet<Language> {
  const known = spokenIn.get(words)
  if (known?.version === words.version) return known.spoken
  const spoken = new Set(languages.filter((language) => words.postings(hashedTerm(key, languageMark(language))).count > 0))
  spokenIn.set(words, { version: words.version, spoken })
  return spoken
}

/** Of the terms that a word may have those that the scope knows; the likeliest one where it knows none, so that the word still counts as missed. */
function presentTerms(words: ScopeWords, key: Uint8Array, groups: readonly (readonly string[])[]): WeighedTerm[] {
  const weights = new Map<string, WeighedTerm>()
  for (const group of groups) {
    const hashed = group.map((term) => hashedTerm(key, term))
    const known = hashed.filter((term) => words.postings(term).count > 0)
    for (const term of known.length > 0 ? known : hashed.slice(0, 1)) {
      weights.set(term.digits, { term, weight: (weights.get(term.digits)?.weight ?? 0) + 1 })
    }
  }
  return [...weights.values()]
}

/** Those parts with their keys and signals. */
async function candidatesAt(
  db: Queryable,
  query: ScopeQuery,
  { words, signalsAt }: WordArm,
  places: Iterable<number>,
  cosines?: ReadonlyMap<number, number>,
): Promise<Candidate[]> {
  const unknown = [...places].filter((place) => !words.parts.has(place))
  if (unknown.length > 0) {
    for (const { place, documentId, part } of await wordIndex.partsAt(db, query, unknown)) words.parts.set(place, { documentId, part })
  }
  return [...places].flatMap((place) => {
    const found = words.parts.get(place)
    const signals = signalsAt(place)
    if (found === undefined || signals === undefined) return []
    return [{ ...signals, key: placeKey(found.documentId, found.part), cosine: cosines?.get(place) }]
  })
}

/** Cosines of the nearest parts, and of the best by words, by place. */
function cosinesOf(
  db: Queryable | Transactor,
  query: ScopeQuery,
  vector: Float32Array,
  { words, best }: WordArm,
  state: VectorState,
): Promise<Map<number, number>> {
  const { projectId, scopeId, model, candidatesMax: limit, vectorIndex, filter } = query
  const lanes = [...query.lanes.keys()]
  const searched = words.searched(lanes)
  const accept = (place: number): boolean => searched[words.laneNumbers[place] ?? 0] === 1 && (filter === null || filter.accepts(place))
  const available = lanes.reduce((sum, lane) => sum + (words.lanes.get(lane)?.parts ?? 0), 0)
  return vectorIndex.similarities(db, { projectId, scopeId, model, vector, lanes, accept, filter, available, limit }, best, state)
}
