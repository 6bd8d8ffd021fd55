// The sentences of a message that are its speaker's own, with their places; what repeats recalled memory or quotes somebody is none of them.

export interface Sentence {
  text: string
  /** UTF-16 units in the message. */
  start: number
}

/** How recalled entries are rendered into prompts, quoted lines of mail and Markdown, code. */
const foreign = [/<(memory|memories|recalled)\b[^>]*>[\s\S]*?(?:<\/\1\s*>|$)/giu, /^[ \t]*>.*$/gmu, /```[\s\S]*?(?:```|$)/gu]
const sentenceEnd = /[.!?…。！？]+["'”’)]*(?=\s|$)|\n+/gu
/** A dot after these ends no sentence. */
const abbreviation = /(?:^|[\s(])(?:mr|mrs|ms|dr|prof|st|vs|etc|e\.g|i\.e|no|approx|z\.\s?b|bzw|sr|sra|[a-z])\.$/iu

/** Nor does that of a German day, "am 3. Mai". */
const dayOfMonth = /(?:^|\s)\d{1,2}\.$/u
const month = /^ (?:januar|jänner|februar|märz|april|mai|juni|juli|august|september|oktober|november|dezember)(?!\p{L})/iu

/** The message with what is not its speaker's own blanked out; places stay what they are. */
export function ownWords(text: string): string {
  return foreign.reduce((rest, pattern) => rest.replace(pattern, (found) => " ".repeat(found.length)), text)
}

export function sentencesOf(message: string): Sentence[] {
  const own = ownWords(message)
  const found: Sentence[] = []
  let start = 0
  const take = (end: number): void => {
    const raw = own.slice(start, end)
    const text = raw.trim()
    if (text !== "") found.push({ text, start: start + raw.length - raw.trimStart().length })
    start = end
  }
  for (const { 0: mark, index } of own.matchAll(sentenceEnd)) {
    const end = index + mark.length
    if (mark === "." && abbreviation.test(own.slice(start, end))) continue
    if (mark === "." && dayOfMonth.test(own.slice(start, end)) && month.test(own.slice(end, end + 12))) continue
    take(end)
  }
  take(own.length)
  return found
}

/** Where a quote stands in the speaker's own words of a message, verbatim; undefined where it does not. */
export function placeOfQuote(message: string, quote: string): { start: number; end: number } | undefined {
  const wanted = quote.trim()
  if (wanted === "") return undefined
  const start = ownWords(message).indexOf(wanted)
  return start < 0 ? undefined : { start, end: start + wanted.length }
}
