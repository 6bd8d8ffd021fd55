// From text to the terms that are indexed and searched: folding, words, stop words, stems; bigrams where a script has no spaces.
import { stem } from "./porter.ts"
import { stopWords } from "./stop-words.ts"

/** Longest run that still counts as a word; longer ones (base64, hashes of hashes) only fill the index. */
const wordLengthMax = 64
/** Accents of Latin, Greek and Cyrillic, Hebrew points, Arabic vowel marks: written or left out at will, so they are dropped. */
const marks = /[\u0300-\u036f\u0591-\u05c7\u0610-\u061a\u064b-\u065f\u0670]/gu
const words = /[\p{L}\p{N}\p{M}]+/gu
const unspaced = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}]+/gu
const anyUnspaced = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}]/u

/** The terms of a text in order, with repetitions. */
export function analyze(text: string): string[] {
  const folded = text.normalize("NFKD").replace(marks, "").normalize("NFKC").toLowerCase()
  const terms: string[] = []
  for (const [word] of folded.matchAll(words)) {
    if (anyUnspaced.test(word)) pushUnspaced(word, terms)
    else pushWord(word, terms)
  }
  return terms
}

/** How often each term occurs, and how many terms there are. */
export function countTerms(text: string): { frequencies: Map<string, number>; length: number } {
  const terms = analyze(text)
  const frequencies = new Map<string, number>()
  for (const term of terms) frequencies.set(term, (frequencies.get(term) ?? 0) + 1)
  return { frequencies, length: terms.length }
}

function pushWord(word: string, terms: string[]): void {
  if (word.length > wordLengthMax || stopWords.has(word)) return
  terms.push(stem(word))
}

/** Pairs of neighbouring characters find words without knowing where they begin; a lone character stays alone. */
function pushUnspaced(word: string, terms: string[]): void {
  let end = 0
  for (const match of word.matchAll(unspaced)) {
    if (match.index > end) pushWord(word.slice(end, match.index), terms)
    end = match.index + match[0].length
    const characters = Array.from(match[0])
    if (characters.length === 1) terms.push(match[0])
    for (let index = 0; index + 1 < characters.length; index++) terms.push(`${characters[index]}${characters[index + 1]}`)
  }
  if (end < word.length) pushWord(word.slice(end), terms)
}
