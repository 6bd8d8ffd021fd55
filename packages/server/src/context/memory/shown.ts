// Which texts a reader has before it anyway, however they are spaced and written, and how much of one text another has in it.

/** Of longer ones the end is looked at: that is what was said last. */
const shownCharactersMax = 1_000_000
const phrasesCharactersMax = 100_000
/** Of the phrases of a text, from which on it says next to nothing new. */
const sameShareMin = 0.8

/** Asked of a text, it says whether one of these is it, has it in it as whole words, or nearly all of it. */
export function shownTexts(texts: readonly string[]): (text: string) => boolean {
  if (texts.length === 0) return () => false
  const joined = texts.join("\n\n")
  const all = ` ${sameText(joined.slice(-shownCharactersMax))} `
  let phrases: ReadonlySet<string> | undefined
  return (text) => {
    const same = sameText(text)
    if (same === "") return false
    if (all.includes(` ${same} `)) return true
    phrases ??= phrasesOf(joined.slice(-phrasesCharactersMax))
    return shareIn(phrasesOf(text), phrases) >= sameShareMin
  }
}

/** Texts that differ in spaces, case and forms of characters alone are the same. */
export function sameText(text: string): string {
  return text.normalize("NFKC").toLowerCase().replaceAll(/\s+/gu, " ").trim()
}

export function wordsIn(text: string): ReadonlySet<string> {
  return new Set(listOf(text))
}

/** Three words after each other: unlike words alone they tell "is not" from "is", and whose number is whose. */
export function phrasesOf(text: string): ReadonlySet<string> {
  const words = listOf(text)
  return new Set(words.slice(2).map((word, index) => `${words[index]} ${words[index + 1]} ${word}`))
}

/** How many of these are among those; none of nothing. */
export function shareIn(some: ReadonlySet<string>, all: ReadonlySet<string>): number {
  let met = 0
  for (const each of some) if (all.has(each)) met += 1
  return some.size === 0 ? 0 : met / some.size
}

function listOf(text: string): string[] {
  return sameText(text).match(/[\p{L}\p{M}\p{N}]+/gu) ?? []
}
