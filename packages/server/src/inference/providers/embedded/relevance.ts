// Picks the sentences that answer a question best: by meaning (MiniLM), by shared words, by what kind of answer is asked for.
import { setImmediate as nextTurn } from "node:timers/promises"
import type { Embed } from "../../types.ts"
import type { Source } from "./reading.ts"
import { sentencesOf, type Sentence } from "./sentences.ts"
import { topicStems } from "./words.ts"

export interface Quote extends Sentence {
  source: Source
  score: number
  /** Stems of the sentence and of its heading. */
  own: ReadonlySet<string>
  above: ReadonlySet<string>
}

export const quotesMax = 4
/** Sentences that are embedded for one answer; about two milliseconds each. */
export const sentencesEmbeddedMax = 64
/** Sentences that are compared by their words; the nearest texts come first. */
export const sentencesReadMax = 4_000
/** Below this score a sentence is no answer; set on the cases of extractive.test.ts. */
export const relevantMin = 0.33
/** Others are quoted beside the best one only when they come this near to it. */
const companionShare = 0.75
const meaningWeight = 0.65
const rowPenalty = 0.05

/** The best sentences in reading order; empty when none is relevant. */
export async function selectQuotes(question: string, sources: readonly Source[], embed: Embed, signal: AbortSignal): Promise<Quote[]> {
  const ranked = await rankSentences(question, sources, embed, signal)
  const best = ranked[0]
  if (!best || best.score < relevantMin) return []
  const chosen: Quote[] = []
  for (const quote of ranked) {
    if (chosen.length === quotesMax || quote.score < Math.max(relevantMin, best.score * companionShare)) break
    if (!chosen.some((other) => sameWords(other.text, quote.text))) chosen.push(quote)
  }
  return inReadingOrder(chosen, sources)
}

/** Every candidate with its score, best first; equal scores keep reading order. */
export async function rankSentences(question: string, sources: readonly Source[], embed: Embed, signal: AbortSignal): Promise<Quote[]> {
  const all: Quote[] = []
  const asked = topicStems(question)
  for (const source of sources) {
    for (const sentence of sentencesOf(source.text, sentencesReadMax - all.length)) {
      all.push({ ...sentence, source, score: 0, own: topicStems(sentence.text), above: topicStems(sentence.heading) })
    }
    await nextTurn() // many long texts are read; others want their turn in between
  }
  const weights = rarity(asked, all)
  for (const each of all) each.score = sharedWords(weights, each)
  const candidates = shortlist(wantsSummary(question) && all.some(({ isRow }) => !isRow) ? all.filter(({ isRow }) => !isRow) : all)
  if (candidates.length === 0) return []
  const [questionVector, ...vectors] = await embed([question, ...candidates.map(inContext)], signal)
  if (!questionVector) return []
  const target = wantsSummary(question) ? centre(vectors) : questionVector
  for (const [i, each] of candidates.entries()) {
    const words = wantsSummary(question) ? 0.3 : each.score
    each.score =
      meaningWeight * dot(target, vectors[i]) + (1 - meaningWeight) * words + kindBonus(question, each.text) - (each.isRow ? rowPenalty : 0)
  }
  return candidates.sort((a, b) => b.score - a.score)
}

export function wantsSummary(question: string): boolean {
  return /\b(?:summari[sz]e|summary|overview|tl;?dr|main points?|key points?|gist)\b|what (?:is|are) (?:this|these|it|the (?:text|document|file)s?) about/iu.test(
    question,
  )
}

/** The words of a question in the order of how much they tell: rare among the candidates weighs more. They sum to 1. */
function rarity(asked: ReadonlySet<string>, all: readonly Quote[]): Map<string, number> {
  const counts = new Map<string, number>([...asked].map((word) => [word, 0]))
  for (const { own, above } of all)
    for (const word of asked) if (own.has(word) || above.has(word)) counts.set(word, (counts.get(word) ?? 0) + 1)
  const raw = [...asked].map((word) => [word, Math.log(1 + (all.length + 1) / ((counts.get(word) ?? 0) + 0.5))] as const)
  const total = raw.reduce((sum, [, weight]) => sum + weight, 0)
  return new Map(raw.map(([word, weight]) => [word, weight / total]))
}

function sharedWords(weights: ReadonlyMap<string, number>, { own, above }: Quote): number {
  let shared = 0
  for (const [word, weight] of weights) shared += own.has(word) ? weight : above.has(word) ? weight / 2 : 0
  return shared
}

/** All when there are few; else the best by words, filled up with the first of each source, which retrieval ranked by meaning. */
function shortlist(all: readonly Quote[]): Quote[] {
  if (all.length <= sentencesEmbeddedMax) return [...all]
  const byWords = all.filter((each) => each.score > 0).sort((a, b) => b.score - a.score)
  const chosen = new Set(byWords.slice(0, sentencesEmbeddedMax / 2))
  for (const each of all) {
    if (chosen.size === sentencesEmbeddedMax) break
    chosen.add(each)
  }
  return all.filter((each) => chosen.has(each))
}

/** The heading belongs to what a sentence says. */
function inContext({ heading, text }: Sentence): string {
  return heading === "" ? text : `${heading}: ${text}`
}

/** A small push for a sentence that holds the kind of thing that is asked for. */
function kindBonus(question: string, text: string): number {
  const asked = question.toLowerCase()
  if (/\b(?:how (?:many|much|long|old|far|tall|often|big|large|high)|what (?:is the )?(?:price|cost|number|percentage|age))\b/.test(asked))
    return /\d|\b(?:one|two|three|four|five|six|seven|eight|nine|ten|twice|once|half)\b/i.test(text) ? 0.08 : 0
  if (/\b(?:when|what (?:date|day|time|year))\b/.test(asked))
    return /\b\d{4}\b|\d[:h.]\d\d|\d+ (?:\w+ )?(?:second|minute|hour|day|week|month|year)|\b(?:days?|weeks?|months?|morning|noon|evening|monday|tuesday|wednesday|thursday|friday|saturday|sunday)/i.test(
      text,
    )
      ? 0.1
      : 0
  if (/\bwho(?:se|m)?\b/.test(asked)) return /\s\p{Lu}\p{Ll}+/u.test(text) ? 0.03 : 0
  return defines(question, text) ? 0.15 : 0
}

/** "What is X?" is answered by "X is …". */
function defines(question: string, text: string): boolean {
  const subject = /^\s*(?:what|who)(?:'s| is| are) (?:(?:a|an|the) )?([\p{L}\p{N} _./-]{2,60})\?*\s*$/iu
    .exec(question)?.[1]
    ?.trim()
    .toLowerCase()
  if (subject === undefined) return false
  const plain = text.toLowerCase().replaceAll(/[*_`]/g, "")
  return [" is ", " are ", " (", ": ", ", "].some(
    (after) => plain.startsWith(subject + after) || plain.startsWith(`the ${subject}${after}`),
  )
}

function inReadingOrder(quotes: readonly Quote[], sources: readonly Source[]): Quote[] {
  const place = new Map(sources.map((source, i) => [source, i]))
  return [...quotes].sort((a, b) => (place.get(a.source) ?? 0) - (place.get(b.source) ?? 0) || a.start - b.start)
}

/** Overlapping chunks repeat sentences. */
function sameWords(a: string, b: string): boolean {
  const normal = (text: string): string =>
    text
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}]+/gu, " ")
      .trim()
  return normal(a) === normal(b)
}

function centre(vectors: readonly Float32Array[]): Float32Array {
  const sum = new Float32Array(vectors[0]?.length ?? 0)
  for (const vector of vectors) for (const [i, value] of vector.entries()) sum[i] = (sum[i] ?? 0) + value
  const norm = Math.hypot(...sum) || 1
  return sum.map((value) => value / norm)
}

function dot(a: Float32Array, b: Float32Array | undefined): number {
  let sum = 0
  for (let i = 0; i < a.length; i++) sum += (a[i] ?? 0) * (b?.[i] ?? 0)
  return sum
}
