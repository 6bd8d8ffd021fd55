// Reads one string argument: its format and its name say what kind of thing it is, and that says where in the text to look.
import { datesIn, timesIn } from "./date-readings.ts"
import {
  announced,
  currenciesIn,
  emailsIn,
  expressionsIn,
  idsIn,
  labelled,
  namesAfter,
  namesIn,
  quotedIn,
  urlsIn,
  wordsAfter,
  type Readable,
} from "./readings.ts"
import type { Found, Property } from "./found.ts"
import { splitName } from "./words.ts"

/** Words of an argument's name, by the kind of thing that it holds. */
const kinds = {
  email: /\be ?mails?\b|\brecipients?\b/,
  url: /\b(?:url|uri|link|website|webpage)\b/,
  date: /\b(?:date|day|deadline|due)\b/,
  time: /\btime\b/,
  identifier: /\b(?:ids?|number|code|sku|reference|ticket|order|invoice|account|isbn|key)\b/,
  currency: /\bcurrency\b|^(?:from|to|base|target|source)$/,
  origin: /\b(?:from|origin|source|departure|start)\b/,
  destination: /\b(?:to|destination|target|arrival|end)\b/,
  place: /\b(?:city|location|place|country|town|region|address|area|venue|where|airport|station|state|room)\b/,
  person:
    /\b(?:person|name|customer|user|recipient|contact|employee|author|assignee|attendee|guest|to|who|owner|member|channel|team|project|company)\b/,
  language: /\blanguages?\b|\blang\b/,
  query: /\b(?:query|q|question|search|keywords?|topic|subject matter|term|prompt)\b/,
  expression: /\b(?:expression|formula|equation|calculation|math)\b/,
  freeText:
    /\b(?:text|message|body|content|note|comment|statement|memory|fact|reason|description|summary|task|reminder|title|subject|input|instruction)\b/,
} as const

export function readString(property: Property, readable: Readable): string | undefined {
  const { text, now } = readable
  const format = property.schema["format"]
  const name = splitName(property.name)
  if (format === "email" || (kinds.email.test(name) && emailsIn(text).length > 0)) return readable.take(emailsIn(text))
  if (format === "uri" || format === "url" || kinds.url.test(name)) return readable.take(urlsIn(text))
  if (format === "date") return readable.take(datesIn(text, now))
  if (format === "time") return readable.take(timesIn(text))
  if (format === "date-time") return dateTime(readable)
  if (kinds.date.test(name) && datesIn(text, now).length > 0) return readable.take(datesIn(text, now))
  if (kinds.time.test(name) && timesIn(text).length > 0) return dateTimeOrTime(readable)
  return byName(property, name, readable)
}

function byName(property: Property, name: string, readable: Readable): string | undefined {
  const { text } = readable
  const asked = readable.take(labelled(text, property.name).filter((found) => isValue(found, name)))
  if (asked !== undefined) return asked
  const special = specialKind(name, readable)
  if (special !== undefined || readsOnlySpecial(name)) return special ?? reply(readable)
  if (kinds.query.test(name))
    return readable.take(quotedIn(text)) ?? (property.required ? (first(searched(text)) ?? text.trim()) : undefined)
  if (kinds.freeText.test(name)) return readable.take(quotedIn(text)) ?? (property.required ? freeText(property, readable) : undefined)
  if (kinds.place.test(name)) return placed(readable, placePrepositions, property.required)
  if (kinds.person.test(name)) return readable.take(quotedIn(text)) ?? placed(readable, personPrepositions, false)
  if (!property.required) return undefined
  return (
    readable.take(quotedIn(text)) ??
    (property.alone ? placed(readable, [...placePrepositions, "about", "with", "named", "called"], true) : reply(readable))
  )
}

const placePrepositions = ["in", "at", "near", "for", "of", "around", "from", "to"]
const personPrepositions = [
  "to",
  "for",
  "with",
  "named",
  "called",
  "by",
  "of",
  "about",
  "invite",
  "ask",
  "tell",
  "message",
  "email",
  "call",
]

/** Announced text may overlap with what other arguments took: "remind me to call tomorrow" is both a text and a date. */
function freeText(property: Property, readable: Readable): string | undefined {
  return first(announced(readable.text)) ?? reply(readable) ?? (property.alone ? first(afterVerb(readable.text)) : undefined)
}

/** Nothing else is a number of an order, or an expression. */
function readsOnlySpecial(name: string): boolean {
  return kinds.expression.test(name) || /\bcurrency\b/.test(name) || (kinds.identifier.test(name) && !kinds.place.test(name))
}

function reply(readable: Readable): string | undefined {
  return readable.isReply ? readable.take(lone(readable.text)) : undefined
}

function first(found: readonly Found[]): string | undefined {
  return found[0]?.value
}

/** Kinds that are only read where they surely are. */
function specialKind(name: string, readable: Readable): string | undefined {
  const { text } = readable
  if (kinds.expression.test(name)) return readable.take(expressionsIn(text))
  if (/\bcurrency\b/.test(name) || (kinds.currency.test(name) && currenciesIn(text).length > 1)) {
    const target = kinds.destination.test(name)
    return (
      readable.take(currenciesIn(text).filter(({ start }) => /\b(?:to|into|in)\s+$/i.test(text.slice(0, start)) === target)) ??
      readable.take(currenciesIn(text))
    )
  }
  if (kinds.language.test(name))
    return (
      readable.take(namesAfter(text, kinds.origin.test(name) ? ["from"] : ["to", "into", "in"])) ??
      (kinds.origin.test(name) ? undefined : readable.take(wordsAfter(text, ["into", "to", "in"])))
    )
  if (kinds.origin.test(name)) return readable.take(namesAfter(text, ["from"])) ?? readable.take(wordsAfter(text, ["from"]))
  if (kinds.destination.test(name) && !kinds.person.test(name.replace(/\bto\b/, "")))
    return (
      readable.take(emailsIn(text)) ?? readable.take(namesAfter(text, ["to", "into", "for"])) ?? readable.take(wordsAfter(text, ["to"]))
    )
  if (kinds.identifier.test(name) && !kinds.place.test(name)) return readable.take(idsIn(text))
  return undefined
}

/** A name after a preposition, any other name, or plain words after the first prepositions. */
function placed(readable: Readable, prepositions: readonly string[], loosely: boolean): string | undefined {
  const { text } = readable
  return (
    readable.take(namesAfter(text, prepositions)) ??
    readable.take(namesIn(text).filter(({ start }) => start > 0 && !/[.!?]\s+$/.test(text.slice(0, start)))) ??
    (loosely ? readable.take(wordsAfter(text, ["in", "near", "at", "for"])) : undefined) ??
    reply(readable)
  )
}

/** A reply that is nothing but the value: `Paris`, `paris please`. */
function lone(text: string): Found[] {
  const match = /^\s*(?:in |for |at )?([\p{L}\p{M}'’ .-]{2,60}?)(?:,? please)?[.!]?\s*$/iu.exec(text)
  const value = match?.[1]
  return value === undefined || value.split(" ").length > 3 || /\b(?:what|how|who|when|is|are|the|please)\b/i.test(value)
    ? []
    : [{ value, start: 0, end: text.length }]
}

/** What a search is for: the words after `search for`, `about`, `find`. */
function searched(text: string): Found[] {
  const match =
    /\b(?:(?:search|look|google|browse|query)\b.{0,40}?\b(?:for|up|about)\s+|(?:find|search)\s+(?:me\s+|out\s+)?(?!in\b)|(?:information|details|docs|documents|articles|papers|news|facts?)\s+(?:about|on|for)\s+)(.+?)[.?!]*\s*$/isu.exec(
      text,
    )
  return match?.[1] === undefined ? [] : [{ value: match[1], start: match.index, end: text.length }]
}

function afterVerb(text: string): Found[] {
  const match = /^\s*(?:please\s+|can you\s+|could you\s+)?\p{L}+\s+(?:(?:a|an|the|this|that|my)\s+)?(\S.*?)[.!?]*\s*$/isu.exec(text)
  return match?.[1] === undefined ? [] : [{ value: match[1], start: text.length - 1, end: text.length }]
}

function dateTime(readable: Readable): string | undefined {
  const date = readable.take(datesIn(readable.text, readable.now))
  if (date === undefined) return undefined
  return `${date}T${readable.take(timesIn(readable.text)) ?? "00:00"}:00Z`
}

function dateTimeOrTime(readable: Readable): string | undefined {
  return readable.take(timesIn(readable.text))
}

/** `to` and other little words label too much; their argument is read by its kind. */
function isValue({ value }: Found, name: string): boolean {
  if (name.length <= 3 && name !== "id") return false
  if (kinds.place.test(name) || kinds.query.test(name)) return !/^(?:in|of|for|at|the|a|an|about|like|to)\b/i.test(value)
  if (kinds.identifier.test(name)) return /\d/.test(value) && !/\s/.test(value)
  return !/^(?:in|of|for|at|to|from|about|with|that|saying)\b/i.test(value)
}
