// Porter's stemmer for English words in lower case (M. F. Porter, "An algorithm for suffix stripping", 1980).

/** The stem of an English word; words under three letters and words of other alphabets stay as they are. */
export function stem(word: string): string {
  if (word.length < 3 || !/^[a-z]+$/.test(word)) return word
  return step5(step4(step3(step2(step1c(step1b(step1a(word)))))))
}

const consonant = "(?:[^aeiouy]|(?<=^|[aeiou])y|^y)"
const vowel = "(?:[aeiou]|(?<=[^aeiou])y)"
const consonants = `${consonant}+`
const vowels = `${vowel}+`
/** Measures of a stem: the number of vowel-consonant sequences. */
const measureOver0 = new RegExp(`^(?:${consonants})?${vowels}${consonants}`)
const measureIs1 = new RegExp(`^(?:${consonants})?${vowels}${consonants}(?:${vowels})?$`)
const measureOver1 = new RegExp(`^(?:${consonants})?(?:${vowels}${consonants}){2}`)
const hasVowel = new RegExp(`^(?:${consonants})?${vowel}`)
const endsCvc = new RegExp(`^${consonants}[aeiouy][^aeiouwxy]$`)

function step1a(word: string): string {
  if (word.endsWith("sses") || word.endsWith("ies")) return word.slice(0, -2)
  if (word.endsWith("s") && !word.endsWith("ss")) return word.slice(0, -1)
  return word
}

function step1b(word: string): string {
  if (word.endsWith("eed")) return measureOver0.test(word.slice(0, -3)) ? word.slice(0, -1) : word
  const cut = word.endsWith("ed") ? word.slice(0, -2) : word.endsWith("ing") ? word.slice(0, -3) : undefined
  if (cut === undefined || !hasVowel.test(cut)) return word
  if (/(?:at|bl|iz)$/.test(cut)) return `${cut}e`
  if (/([^aeiouylsz])\1$/.test(cut)) return cut.slice(0, -1)
  return endsCvc.test(cut) ? `${cut}e` : cut
}

function step1c(word: string): string {
  return word.endsWith("y") && hasVowel.test(word.slice(0, -1)) ? `${word.slice(0, -1)}i` : word
}

const step2Suffixes: readonly (readonly [string, string])[] = [
  ["ational", "ate"],
  ["tional", "tion"],
  ["enci", "ence"],
  ["anci", "ance"],
  ["izer", "ize"],
  ["bli", "ble"],
  ["alli", "al"],
  ["entli", "ent"],
  ["eli", "e"],
  ["ousli", "ous"],
  ["ization", "ize"],
  ["ation", "ate"],
  ["ator", "ate"],
  ["alism", "al"],
  ["iveness", "ive"],
  ["fulness", "ful"],
  ["ousness", "ous"],
  ["aliti", "al"],
  ["iviti", "ive"],
  ["biliti", "ble"],
  ["logi", "log"],
]

function step2(word: string): string {
  return replaced(word, step2Suffixes, measureOver0)
}

const step3Suffixes: readonly (readonly [string, string])[] = [
  ["icate", "ic"],
  ["ative", ""],
  ["alize", "al"],
  ["iciti", "ic"],
  ["ical", "ic"],
  ["ful", ""],
  ["ness", ""],
]

function step3(word: string): string {
  return replaced(word, step3Suffixes, measureOver0)
}

const step4Suffixes: readonly string[] = [
  "al",
  "ance",
  "ence",
  "er",
  "ic",
  "able",
  "ible",
  "ant",
  "ement",
  "ment",
  "ent",
  "ou",
  "ism",
  "ate",
  "iti",
  "ous",
  "ive",
  "ize",
]

function step4(word: string): string {
  // The longest suffix that fits decides, even when its stem is too short to be cut.
  const suffix = step4Suffixes.filter((candidate) => word.endsWith(candidate)).sort((a, b) => b.length - a.length)[0]
  const ion = /[st]ion$/.test(word) ? "ion" : undefined
  const end = suffix ?? ion
  if (end === undefined) return word
  const cut = word.slice(0, -end.length)
  return measureOver1.test(cut) ? cut : word
}

function step5(word: string): string {
  let result = word
  if (result.endsWith("e")) {
    const cut = result.slice(0, -1)
    if (measureOver1.test(cut) || (measureIs1.test(cut) && !endsCvc.test(cut))) result = cut
  }
  return result.endsWith("ll") && measureOver1.test(result) ? result.slice(0, -1) : result
}

function replaced(word: string, suffixes: readonly (readonly [string, string])[], condition: RegExp): string {
  const match = suffixes.filter(([suffix]) => word.endsWith(suffix)).sort(([a], [b]) => b.length - a.length)[0]
  if (match === undefined) return word
  const cut = word.slice(0, -match[0].length)
  return condition.test(cut) ? cut + match[1] : word
}
