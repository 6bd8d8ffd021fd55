// Which texts a reader has before it anyway, however they are spaced and written.

/** Of longer ones the end is looked at: that is what was said last. */
const shownCharactersMax = 1_000_000

/** Asked of a text, it says whether one of these is it or has it in it, as whole words. */
export function shownTexts(texts: readonly string[]): (text: string) => boolean {
  if (texts.length === 0) return () => false
  const all = ` ${sameText(texts.join("\n").slice(-shownCharactersMax))} `
  return (text) => {
    const same = sameText(text)
    return same !== "" && all.includes(` ${same} `)
  }
}

/** Texts that differ in spaces, case and forms of characters alone are the same. */
export function sameText(text: string): string {
  return text.normalize("NFKC").toLowerCase().replaceAll(/\s+/gu, " ").trim()
}
