// Times that a question names ("last week", "in March 2024", "seit Juni"), as spans of the calendar of whoever asks; read by rules, no model.
import type { ParsedComponents, ParsedResult } from "chrono-node"
import { calendarReadings, type CalendarDay, type CalendarReading } from "./calendar-words.ts"
import { languageOf, type Language } from "../retrieval/languages.ts"
import type { TimeSpan } from "./time-signal.ts"
import { startOfDay, wallTimeAt } from "./wall-time.ts"

export interface NamedTime extends TimeSpan {
  /** As the question says it. */
  text: string
}

export interface AskedAt {
  at: number
  timeZone: string
}

/** Without one of these there is no time in a question, and the parsers need not be loaded. */
const hint =
  /\d|\b(?:today|tonight|tomorrow|yesterday|ago|last|past|this|next|since|week|month|year|day|monday|tuesday|wednesday|thursday|friday|saturday|sunday|january|february|march|april|may|june|july|august|september|october|november|december)|(?:heute|gestern|morgen|vorgestern|letzte|vorige|diese|nächste|vor|seit|woche|monat|jahr|tag|januar|februar|märz|mai|juni|juli|oktober|dezember|montag|dienstag|mittwoch|donnerstag|freitag|samstag|sonntag)|(?:aujourd|hier|demain|semaine|mois|année|jour|janvier|février|mars|avril|juin|juillet|août|septembre|octobre|novembre|décembre|lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche|depuis)|(?:hoy|ayer|mañana|semana|mes|año|día|enero|febrero|marzo|abril|mayo|junio|julio|agosto|septiembre|octubre|noviembre|diciembre|lunes|martes|miércoles|jueves|viernes|sábado|domingo|desde|hace)/iu

export async function questionTimes(text: string, asked: AskedAt): Promise<NamedTime[]> {
  const now = wallTimeAt(asked.at, asked.timeZone)
  if (!hint.test(text)) return []
  const parser = await parserOf(languageOf(text))
  // The parser reads clocks of this process: it is told what those of the asker show, and its answers are read so too.
  const found = parser.parse(text, new Date(now.year, now.month - 1, now.day, now.hour, now.minute))
  const read = found.flatMap((result) => readingOf(text, result, asked))
  const taken: Place[] = found
  const more: CalendarReading[] = []
  for (const each of calendarReadings(text, now)) if (isFree(each, [...taken, ...more])) more.push(each)
  const ours = more.map((each) => opened(text.slice(0, each.index), each.text, spanOf(each, asked)))
  return [...read, ...ours, ...yearsIn(text, [...taken, ...more], asked)]
}

type Place = Pick<ParsedResult, "index" | "text">

function isFree({ index, text }: Place, taken: readonly Place[]): boolean {
  return taken.every((other) => index >= other.index + other.text.length || index + text.length <= other.index)
}

async function parserOf(language: Language): Promise<{ parse: (text: string, reference: Date) => ParsedResult[] }> {
  const chrono = await import("chrono-node")
  if (language === "de") return chrono.de.casual
  if (language === "fr") return chrono.fr.casual
  if (language === "es") return chrono.es.casual
  return chrono.en.casual
}

/** Words that are months or days as seldom as they are something else, unless something before them says so. */
const doubtful = /^(?:may|march|mar|mars|sun|sat|mon|wed|now|jetzt|ahora|maintenant|second)$/iu
const leads =
  /(?:^|[^\p{L}])(?:in|since|during|until|till|before|after|of|by|from|on|last|this|next|im|seit|bis|vor|nach|en|depuis|desde|de)\s*$/iu

function readingOf(text: string, { index, text: said, start, end }: ParsedResult, asked: AskedAt): NamedTime[] {
  const before = text.slice(0, index)
  if (doubtful.test(said) && !leads.test(before)) return []
  const first = periodOf(start, said, asked)
  if (first === undefined) return []
  const last = end === null || end === undefined ? first : (periodOf(end, said, asked) ?? first)
  return [opened(before, said, { from: first.from, to: Math.max(first.to, last.to) })]
}

interface Period {
  from: number
  to: number
}

function spanOf({ from, to }: { from: CalendarDay; to: CalendarDay }, { timeZone }: AskedAt): Period {
  return { from: startOfDay(...from, timeZone), to: startOfDay(...to, timeZone) }
}

const weekend = /weekend|wochenende|week-end|fin de semana/iu
const week = /week|woche|semaine|semana/iu
const month = /month|monat|mois|mes(?:es)?(?!\p{L})/iu
const year = /years?(?!\p{L})|jahr|ann?ée|\bans?(?!\p{L})|año/iu

/** As wide as what was said: a day, a week, a month, a year. Undefined where it names none, but a time of the day. */
function periodOf(said: ParsedComponents, text: string, asked: AskedAt): Period | undefined {
  const [y, m, d] = [said.get("year") ?? 0, said.get("month") ?? 1, said.get("day") ?? 1]
  const { timeZone } = asked
  const of = (from: CalendarDay, to: CalendarDay): Period => spanOf({ from, to }, asked)
  const weekday = (new Date(Date.UTC(y, m - 1, d)).getUTCDay() + 6) % 7
  if (weekend.test(text)) return of([y, m, d - weekday + 5], [y, m, d - weekday + 7])
  if (week.test(text) && !said.isCertain("weekday")) return of([y, m, d - weekday], [y, m, d - weekday + 7])
  if (said.isCertain("day") || said.isCertain("weekday")) return of([y, m, d], [y, m, d + 1])
  if (said.isCertain("month") || month.test(text)) {
    // Of what is remembered the last one is meant, where no year is said.
    const past = said.isCertain("year") || month.test(text) || startOfDay(y, m, 1, timeZone) <= asked.at ? y : y - 1
    return of([past, m, 1], [past, m + 1, 1])
  }
  return said.isCertain("year") || year.test(text) ? of([y, 1, 1], [y + 1, 1, 1]) : undefined
}

const since =
  /(?:^|[^\p{L}])(since|seit(?:\s+(?:dem|der))?|ab(?:\s+dem)?|desde(?:\s+(?:el|la))?|depuis(?:\s+(?:le|la))?|à\s+partir\s+de|a\s+partir\s+de)\s*$/iu
const after = /(?:^|[^\p{L}])(after|nach(?:\s+(?:dem|der))?|après(?:\s+(?:le|la))?|después\s+del?)\s*$/iu
const before = /(?:^|[^\p{L}])(before|vor(?:\s+(?:dem|der))?|avant(?:\s+(?:le|la))?|antes\s+del?)\s*$/iu
const until = /(?:^|[^\p{L}])(until|till|up\s+to|bis(?:\s+(?:zum|zur))?|jusqu['’]?(?:en|au|à(?:\s+la)?)?|hasta(?:\s+(?:el|la))?)\s*$/iu

/** "Since June" has no end, "before June" no beginning. */
function opened(lead: string, said: string, { from, to }: Period): NamedTime {
  const [sinceWord, afterWord, beforeWord, untilWord] = [since, after, before, until].map((pattern) => pattern.exec(lead)?.[1])
  const word = sinceWord ?? afterWord ?? beforeWord ?? untilWord
  const text = (word === undefined ? said : `${word} ${said}`).replace(/[\s:;,.]+$/u, "")
  if (sinceWord !== undefined) return { text, from, to: null }
  if (afterWord !== undefined) return { text, from: to, to: null }
  if (beforeWord !== undefined) return { text, from: null, to: from }
  return untilWord === undefined ? { text, from, to } : { text, from: null, to }
}

const yearAlone = /(?<![\p{L}\p{N}.,:/-])(?:19|20)\d{2}(?![\p{L}\p{N}]|[.,:/-]\d)/gu

/** Years that stand for themselves, which the parsers pass over: "in 2024", and not "2000 watts". */
function yearsIn(text: string, taken: readonly Place[], asked: AskedAt): NamedTime[] {
  return [...text.matchAll(yearAlone)].flatMap(({ 0: said, index }) => {
    const lead = text.slice(0, index)
    const isYear = leads.test(lead) || /^\s*(?:[?.!,;]|$)/u.test(text.slice(index + said.length))
    if (!isYear || !isFree({ index, text: said }, taken)) return []
    const y = Number(said)
    return [opened(lead, said, spanOf({ from: [y, 1, 1], to: [y + 1, 1, 1] }, asked))]
  })
}
