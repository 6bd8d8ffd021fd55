// Finds things in a text that can become arguments: numbers, dates, names, places, addresses, quoted text. Each with its span, first come first served.
import { datesIn, timesIn } from "./date-readings.ts"
import type { Found } from "./found.ts"
import { splitName } from "./words.ts"

/** A text whose pieces are taken by one argument each. */
export class Readable {
  readonly text: string
  readonly now: number
  /** The text answers our question for an argument, so it may be nothing but the value. */
  readonly isReply: boolean
  readonly #taken: { start: number; end: number }[] = []

  constructor(text: string, now: number, isReply = false) {
    this.text = text
    this.now = now
    this.isReply = isReply
  }

  /** The first one that no other argument took; it is taken now. */
  take<T>(found: Iterable<Found<T>>): T | undefined {
    for (const each of found) {
      if (this.#taken.some((span) => each.start < span.end && span.start < each.end)) continue
      this.#taken.push({ start: each.start, end: each.end })
      return each.value
    }
    return undefined
  }

  takeAll<T>(found: readonly Found<T>[]): T[] {
    return found.flatMap((each) => this.take([each]) ?? [])
  }
}

export function quotedIn(text: string): Found[] {
  return matches(
    text,
    /"([^"\n]{1,2000})"|“([^”\n]{1,2000})”|«\s?([^»\n]{1,2000})\s?»|`([^`\n]{1,2000})`|(?<![\p{L}\d])'([^'\n]{1,2000})'(?!\p{L})/gu,
  )
}

export function emailsIn(text: string): Found[] {
  return matches(text, /([\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8})/gu)
}

export function urlsIn(text: string): Found[] {
  return matches(text, /(https?:\/\/[^\s"'<>“”]{1,2000}?)(?=[.,;:!?)]*(?:[\s"'<>“”]|$))/giu)
}

/** Tokens such as `A-1042`, `ord_9f2`, `#77`; no amounts of money. */
export function idsIn(text: string): Found[] {
  return matches(text, /(?<![\w@.,$€£-])#?((?=[\w-]{0,63}\d)[A-Za-z0-9][\w-]{0,63})(?![\w@-]|[.,]\d)/gu)
}

const numberWords = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"]

/** Numbers that are not part of a date, a time, an address or a token. */
export function numbersIn(text: string, now: number): Found<number>[] {
  const blocked = [...datesIn(text, now), ...timesIn(text), ...emailsIn(text), ...urlsIn(text)]
  const digits = matches(
    text,
    /(?<![\p{L}\d_#.])([-−]?\d{1,3}(?:,\d{3})+(?:\.\d+)?|[-−]?\d{1,15}(?:\.\d{1,15})?)(?![\p{L}\d_]*\d)(?!-\d)/gu,
  )
  const words = matches(text, new RegExp(`\\b(${numberWords.join("|")})\\b`, "giu")).filter(
    ({ value }) => value.toLowerCase() !== "one" || !/\bone (?:of|more)\b/i.test(text),
  )
  const found = digits.map(({ value, ...span }) => ({ ...span, value: Number(value.replaceAll(",", "").replace("−", "-")) }))
  const spelt = words.map(({ value, ...span }) => ({ ...span, value: numberWords.indexOf(value.toLowerCase()) }))
  return [...found, ...spelt]
    .filter((each) => !blocked.some((span) => each.start < span.end && span.start < each.end))
    .sort((a, b) => a.start - b.start)
}

const capitalised = String.raw`\p{Lu}[\p{L}\p{M}.'’-]*(?:\s(?:(?:de|da|do|del|la|le|of|the|van|von|upon|and\sthe|al|el|y)\s)?\p{Lu}[\p{L}\p{M}.'’-]*){0,4}`
const notNames =
  /^(?:I|I'm|I’m|A|An|The|Please|What|When|Where|Who|Which|How|Why|Is|Are|Do|Does|Can|Could|Would|Will|Send|Find|Get|Show|Tell|Give|Book|Make|Add|Set|Search|Create|Remember|Translate|Convert|Look|Cancel|Delete|Update|Schedule|Remind|Call|Check|Order|Refund|List|Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday|January|February|March|April|May|June|July|August|September|October|November|December|Today|Tomorrow|Celsius|Fahrenheit|OK|Hi|Hello)$/u

/** Names after one of the prepositions, in the order of the text. */
export function namesAfter(text: string, prepositions: readonly string[]): Found[] {
  return matches(
    text,
    new RegExp(`(?<![\\p{L}])(?:${prepositions.join("|")})\\s+(?:the\\s+)?(${capitalised}(?:,\\s${capitalised})?)`, "giu".replace("i", "")),
  ).flatMap(asName)
}

/** Any name that does not only stand capitalised because a sentence begins. */
export function namesIn(text: string): Found[] {
  return matches(text, new RegExp(`(?<![\\p{L}\\d])(${capitalised})`, "gu")).flatMap(asName)
}

/** Words after a preposition up to the next pause: `in new york please` gives `new york`. */
export function wordsAfter(text: string, prepositions: readonly string[]): Found[] {
  const stop = String.raw`(?=\s*(?:[,.;:!?]|$|\s(?:today|tomorrow|tonight|now|right|please|and|or|in|on|at|for|from|to|with|by|this|next|using|as|is)\b))`
  return matches(
    text,
    new RegExp(
      `\\b(?:${prepositions.join("|")})\\s+(?:(?:the|a|an|my|our)\\s+)?(\\p{L}[\\p{L}\\p{N}'’-]*(?:\\s[\\p{L}\\p{N}'’-]+){0,3}?)${stop}`,
      "giu",
    ),
  )
}

/** What follows the argument's own name: `subject: Hello`, `order id is 77`, `titled "x"`. */
export function labelled(text: string, name: string): Found[] {
  const words = splitName(name).split(" ")
  const last = words.at(-1) ?? ""
  // `order_id` is also meant by "order 77".
  const variants = words.length > 1 && /^(?:id|number|no|name|code)$/.test(last) ? [words, words.slice(0, -1)] : [words]
  return variants.flatMap((variant) => labelledBy(text, variant))
}

function labelledBy(text: string, words: readonly string[]): Found[] {
  const own = words.filter((word) => word !== "").join("[\\s_-]*")
  if (own === "") return []
  const value = String.raw`"([^"\n]+)"|“([^”\n]+)”|'([^'\n]+)'|([^\s,;.!?"“#][^,;!?\n]*?)(?=\s*(?:[,;!?\n]|\.(?:\s|$)|$|\s(?:and|with|for|in|on|at|to|from|because|saying)\s))`
  return matches(
    text,
    new RegExp(
      `(?<![\\p{L}\\d_])${own}(?:\\s*[:=]\\s*|\\s+(?:(?:is|are|as|named|called|of|number|no\\.?|should be|to)\\s+)?#?)(?:${value})`,
      "giu",
    ),
  )
}

const currencyWords: Readonly<Record<string, string>> = {
  euro: "EUR",
  dollar: "USD",
  pound: "GBP",
  yen: "JPY",
  franc: "CHF",
  rupee: "INR",
  yuan: "CNY",
}

/** Currencies as codes, from codes or their usual words. */
export function currenciesIn(text: string): Found[] {
  const found = matches(text, new RegExp(`(?<![\\p{L}\\d])([A-Z]{3}|(?:${Object.keys(currencyWords).join("|")})s?)(?![\\p{L}\\d])`, "gu"))
  return found.map((each) => ({ ...each, value: currencyWords[each.value.replace(/s$/, "")] ?? each.value }))
}

export function expressionsIn(text: string): Found[] {
  return matches(text, /(?<![\p{L}\d])([-(]*\d[\d\s.,()]{0,40}(?:(?:[-+*/^%×÷]|\*\*|(?<=\d\s)x(?=\s\d))[\d\s.,()-]{1,40}){1,20})/gu).map(
    (each) => ({ ...each, value: each.value.trim().replace(/[.,]$/, "") }),
  )
}

/** The rest of the text after words that announce it: `saying …`, `remember that …`, `note: …`. */
export function announced(text: string): Found[] {
  return matches(
    text,
    /(?:\b(?:saying|that says|which says|telling (?:him|her|them)(?: that)?|with (?:the )?(?:message|text|note|body|content)|remember(?: that)?|note(?: down)?(?: that)?|remind me (?:to|that)|that)\b\s*:?\s*|:\s+)(\S.{0,4000})$/gisu,
  )
}

function asName(found: Found): Found[] {
  const words = found.value.split(" ")
  const leading = words.findIndex((word) => !notNames.test(word.replace(/[.,]$/, "")))
  if (leading < 0) return []
  const value = words.slice(leading).join(" ")
  const start = found.start + (found.value.length - value.length)
  const bare = value.replace(/(?:['’]s|[.,'’])$/u, "")
  return bare === "" ? [] : [{ value: bare, start, end: start + bare.length }]
}

/** The first group that matched, with its span. */
function matches(text: string, pattern: RegExp): Found[] {
  return [...text.matchAll(new RegExp(pattern.source, `${pattern.flags}d`))].flatMap((match) => {
    const group = match.slice(1).findIndex((each) => each !== undefined) + 1
    const value = match[group]
    const span = match.indices?.[group]
    return value === undefined || !span ? [] : [{ value: value.trim(), start: span[0], end: span[1] }]
  })
}
