// From text to the terms that are indexed and searched: folding, words, stop words, stems by language; bigrams where a script has no spaces.
import { isStopWord, languageMark, languageOf, languages, stemOf, type Language } from "./languages.ts"

/** Longest run that still counts as a word; longer ones (base64, hashes of hashes) only fill the index. */
const wordLengthMax = 64
/** Accents of Latin and Greek, Hebrew points, Arabic vowel marks: written or left out at will, so they are dropped. */
const marks = /[\u0300-\u036f\u0591-\u05c7\u0610-\u061a\u064b-\u065f\u0670]/gu
/** The stretched form of Arabic letters, for looks only. */
const tatweel = /\u0640/gu
const words = /[\p{L}\p{N}\p{M}]+/gu
/** "'s" and the like say nothing; a "t" or an "s" by itself may. */
const contractions = /(?<=\p{L})['’](?:s|t|ll|ve|re|m|d)(?![\p{L}\p{N}])/gu
const unspaced = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}]+/gu
const anyUnspaced = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}]/u

/** The terms of a text in order, with repetitions. */
export function analyze(text: string, language: Language = languageOf(text)): string[] {
  return wordsOf(text).flatMap((word) => termsOf(word, language))
}

/** How often each term occurs, and how many terms there are. A text in another language than English is marked as such, at no weight. */
export function countTerms(text: string): { frequencies: Map<string, number>; length: number } {
  const language = languageOf(text)
  const terms = analyze(text, language)
  const frequencies = new Map<string, number>()
  for (const term of terms) frequencies.set(term, (frequencies.get(term) ?? 0) + 1)
  if (language !== "en" && terms.length > 0) frequencies.set(languageMark(language), 0)
  return { frequencies, length: terms.length }
}

/** The words of a question, each with the terms that it may have in texts of those languages; words that say nothing are left out. */
export function questionTerms(text: string, spoken: ReadonlySet<Language>): string[][] {
  const asked = languageOf(text)
  const tried = languages.filter((language) => language === asked || language === "en" || spoken.has(language))
  return wordsOf(text).flatMap((word) => {
    // What says nothing in the language of the question says nothing in another one either.
    if (termsOf(word, asked).length === 0) return []
    const first = termsOf(word, asked)
    if (anyUnspaced.test(word)) return first.map((term) => [term])
    return [[...new Set([...first, ...tried.flatMap((language) => termsOf(word, language))])]]
  })
}

function wordsOf(text: string): string[] {
  const folded = text.normalize("NFKC").toLowerCase().replaceAll(contractions, " ")
  return folded.match(words) ?? []
}

function termsOf(word: string, language: Language): string[] {
  const terms: string[] = []
  if (anyUnspaced.test(word)) pushUnspaced(word, language, terms)
  else pushWord(word, language, terms)
  return terms
}

function pushWord(word: string, language: Language, terms: string[]): void {
  if (word.length > wordLengthMax || isStopWord(word, language)) return
  const bare = folded(word)
  if (bare === "" || isStopWord(bare, language)) return
  // Stemmers of other languages than English know their accents.
  terms.push(language === "en" ? stemOf(bare, "en") : folded(stemOf(language === "ar" ? bare : word, language)))
}

/** Without accents and vowel marks, but with the Cyrillic й, which is a letter. */
function folded(word: string): string {
  const decomposed = word.replaceAll("й", "\u0001").normalize("NFKD").replace(marks, "").replace(tatweel, "")
  return decomposed.normalize("NFKC").replaceAll("\u0001", "й")
}

const segmenter = new Intl.Segmenter("ja", { granularity: "word" })
const oneHanCharacter = /^\p{Script=Han}$/u

/** Pairs of neighbouring characters find words without knowing where they begin; words of one character, which no pair is, come beside them. */
function pushUnspaced(word: string, language: Language, terms: string[]): void {
  let end = 0
  const bare = folded(word)
  for (const match of bare.matchAll(unspaced)) {
    if (match.index > end) pushWord(bare.slice(end, match.index), language, terms)
    end = match.index + match[0].length
    const characters = Array.from(match[0])
    if (characters.length === 1) terms.push(match[0])
    else for (const { segment } of segmenter.segment(match[0])) if (oneHanCharacter.test(segment)) terms.push(segment)
    for (let index = 0; index + 1 < characters.length; index++) terms.push(`${characters[index]}${characters[index + 1]}`)
  }
  if (end < bare.length) pushWord(bare.slice(end), language, terms)
}
