// The languages whose words are stemmed, and how a text's language is told: by its script, its commonest words and its letters.
import { newStemmer } from "snowball-stemmers"
import { ara, deu, fra, ita, nld, por, rus, spa, swe, tur } from "stopword"
import { stem as porter } from "./porter.ts"
import { stopWords as englishStopWords } from "./stop-words.ts"

export const languages = ["en", "ar", "de", "es", "fr", "it", "nl", "pt", "ru", "sv", "tr"] as const
export type Language = (typeof languages)[number]

interface Rules {
  stopWords: ReadonlySet<string>
  stem(word: string): string
  /** Letters and marks that the others in its script seldom have. */
  letters: RegExp | undefined
}

const never = undefined

const rules: Readonly<Record<Language, Rules>> = {
  en: { stopWords: englishStopWords, stem: porter, letters: never },
  ar: snowball("arabic", ara, never),
  de: snowball("german", deu, /[äöüß]/u),
  es: snowball("spanish", [...spa, "dónde", "cuándo", "quién", "qué", "cómo", "cuál", "mi", "tu", "vive", "está"], /[ñ¿¡]/u),
  fr: snowball("french", [...fra, "où", "quand", "qui", "quel", "quelle", "est", "mon", "ma", "mes"], /[çœèêàù]/u),
  it: snowball("italian", ita, never),
  nl: snowball("dutch", nld, never),
  pt: snowball("portuguese", por, /[ãõ]/u),
  ru: snowball("russian", rus, never),
  sv: snowball("swedish", swe, /å/u),
  tr: snowball("turkish", tur, /[ğış]/u),
}

const latin = languages.filter((language) => language !== "ar" && language !== "ru")
const arabicScript = /\p{Script=Arabic}/u
const cyrillicScript = /\p{Script=Cyrillic}/u
/** Single letters are initials and units as often as words. */
const wordPattern = /\p{L}[\p{L}\p{M}]+/gu
/** Of a longer text the beginning tells its language. */
const charactersRead = 2_000

function snowball(name: string, stopWords: readonly string[], letters: RegExp | undefined): Rules {
  const stemmer = newStemmer(name)
  return { stopWords: new Set(stopWords.map((word) => word.normalize("NFC"))), stem: (word) => stemmer.stem(word), letters }
}

/** English where nothing speaks for another one. */
export function languageOf(text: string): Language {
  const beginning = text.slice(0, charactersRead).normalize("NFC").toLowerCase()
  const words = beginning.match(wordPattern) ?? []
  const half = words.length / 2
  if (words.filter((word) => arabicScript.test(word)).length > half) return "ar"
  if (words.filter((word) => cyrillicScript.test(word)).length > half) return "ru"
  let best: Language = "en"
  let most = 0
  for (const language of latin) {
    const { stopWords, letters } = rules[language]
    const common = words.filter((word) => stopWords.has(word)).length
    const votes = common + (letters?.test(beginning) === true ? 1.5 : 0)
    if (votes > most) [best, most] = [language, votes]
  }
  return best
}

export function isStopWord(word: string, language: Language): boolean {
  return rules[language].stopWords.has(word)
}

export function stemOf(word: string, language: Language): string {
  return rules[language].stem(word)
}

const letterPattern = /\p{L}/gu
const latinLetter = /\p{Script=Latin}/u

/** Whether most letters are Latin ones; so for a text without letters. */
export function isLatin(text: string): boolean {
  const letters = text.slice(0, charactersRead).match(letterPattern) ?? []
  return letters.filter((letter) => latinLetter.test(letter)).length * 2 >= letters.length
}

/** A term that no text contains and that marks parts in that language; English goes unmarked. */
export function languageMark(language: Language): string {
  return `\u0000${language}`
}
