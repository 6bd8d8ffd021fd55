// Times that a text names, resolved against when it was said, never against today: "yesterday", "next Friday", "3 May 2024", "in two weeks".

import {
  dayMs,
  dayOf,
  days,
  monthAlone,
  monthSpan,
  monthYearIn,
  period,
  shifted,
  yearFor,
  yearSpan,
  type DateRule,
  type Span,
} from "./date-spans.ts"
import { otherRules } from "./dates-other.ts"

export interface NamedTime extends Span {
  /** As the text says it. */
  text: string
  start: number
}

const months = ["january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december"]
const weekdays = ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"]
const numbers: Readonly<Record<string, number>> = Object.fromEntries(
  "one two three four five six seven eight nine ten eleven twelve".split(" ").map((name, index) => [name, index + 1]),
)
const monthPattern = `(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)`
const weekdayPattern = `(?:${weekdays.join("|")})`
const countPattern = `(?:\\d{1,3}|an?|${Object.keys(numbers).join("|")})`
const unitPattern = `(days?|weeks?|months?|years?)`

const englishRules: readonly DateRule[] = [
  { pattern: /\b(\d{4})-(\d{2})-(\d{2})\b/gu, span: ([, y, m, d]) => dayOf(Number(y), Number(m) - 1, Number(d)) },
  {
    pattern: new RegExp(`\\b(\\d{1,2})(?:st|nd|rd|th)?(?: of)? (${monthPattern})\\b(?:\\.?,? (\\d{4}))?`, "giu"),
    span: ([, d, m, y], day) => dayOf(yearFor(y, monthOf(m), day), monthOf(m), Number(d)),
  },
  {
    pattern: new RegExp(`\\b(${monthPattern})\\.? (\\d{1,2})(?:st|nd|rd|th)?\\b(?:,? (\\d{4}))?`, "giu"),
    span: ([, m, d, y], day) => dayOf(yearFor(y, monthOf(m), day), monthOf(m), Number(d)),
  },
  {
    pattern: new RegExp(`\\b(${monthPattern})(?: of)?,? (\\d{4})\\b`, "giu"),
    span: ([, m, y]) => monthSpan(Number(y), monthOf(m)),
  },
  {
    pattern: /\b(?:in|since|until|during) (\d{4})\b/giu,
    span: ([, y]) => yearSpan(Number(y)),
  },
  {
    pattern: new RegExp(`\\b(?:in|since|until|till|during) (${monthPattern}) (?:of )?(last|this|next) year\\b`, "giu"),
    span: ([, m, which], day) => monthSpan(new Date(period(day, which, "year").from).getUTCFullYear(), monthOf(m)),
  },
  // "May" alone may be no month: something has to make it one.
  {
    pattern: new RegExp(`\\b(in|since|until|till|during|last|this|next|early|late|mid)[ -](${monthPattern})\\b`, "giu"),
    span: ([, which = "", m], day, text) => monthNear(which.toLowerCase(), monthOf(m), day, text),
  },
  { pattern: /\bthe day before yesterday\b/giu, span: (_, day) => days(day, -2, 1) },
  { pattern: /\bthe day after tomorrow\b/giu, span: (_, day) => days(day, 2, 1) },
  { pattern: /\b(?:yesterday|last night)\b/giu, span: (_, day) => days(day, -1, 1) },
  { pattern: /\b(?:today|tonight|this morning|this afternoon|this evening)\b/giu, span: (_, day) => days(day, 0, 1) },
  { pattern: /\btomorrow\b/giu, span: (_, day) => days(day, 1, 1) },
  { pattern: new RegExp(`\\b(${countPattern}) ${unitPattern} ago\\b`, "giu"), span: ([, n, unit], day) => shifted(day, -count(n), unit) },
  { pattern: new RegExp(`\\bin (${countPattern}) ${unitPattern}\\b`, "giu"), span: ([, n, unit], day) => shifted(day, count(n), unit) },
  { pattern: /\b(last|this|next) (week|month|year)\b/giu, span: ([, which, unit], day) => period(day, which, unit) },
  {
    pattern: new RegExp(`\\b(last|this|next|on|until|from|by|since) (${weekdayPattern})\\b`, "giu"),
    span: ([, which, name], day) => weekday(day, which, name),
  },
]

const rules: readonly DateRule[] = [...englishRules, ...otherRules]

/** Every time that the text names, in its order; longer readings win over what is inside of them. */
export function namedTimes(text: string, saidAt: number): NamedTime[] {
  const day = Math.floor(saidAt / dayMs) * dayMs
  const found: NamedTime[] = []
  const taken: [start: number, end: number][] = []
  for (const { pattern, span } of rules) {
    for (const match of text.matchAll(pattern)) {
      const [start, end] = [match.index, match.index + match[0].length]
      if (taken.some(([otherStart, otherEnd]) => start < otherEnd && otherStart < end)) continue
      // What is no date takes its place too: the 31st of February is not all of February.
      taken.push([start, end])
      const times = span(match, day, text)
      if (times !== undefined) found.push({ text: match[0], start, ...times })
    }
  }
  return found.sort((a, b) => a.start - b.start)
}

/** `2024-05-03`, or the month or the year where that is what it names. */
export function timeLabel({ from, to }: Span): string {
  const date = new Date(from).toISOString()
  if (to - from > 31 * dayMs) return date.slice(0, 4)
  return to - from > 27 * dayMs ? date.slice(0, 7) : date.slice(0, 10)
}

function monthOf(name = ""): number {
  return months.findIndex((month) => month.startsWith(name.toLowerCase().slice(0, 3)))
}

function monthNear(which: string, month: number, day: number, text: string): Span | undefined {
  if (which === "this") return monthSpan(new Date(day).getUTCFullYear(), month)
  if (which === "last" || which === "since") return monthAlone(month, "past", day)
  if (which === "next" || which === "until" || which === "till") return monthAlone(month, "coming", day)
  return monthAlone(month, monthYearIn(text), day)
}

function count(text = ""): number {
  return /^an?$/iu.test(text) ? 1 : (numbers[text.toLowerCase()] ?? Number(text))
}

function weekday(day: number, which = "", name = ""): Span {
  const distance = (weekdays.indexOf(name.toLowerCase()) - new Date(day).getUTCDay() + 7) % 7
  const word = which.toLowerCase()
  if (word === "last" || word === "since") return days(day, distance === 0 ? -7 : distance - 7, 1)
  // "Next Friday", said on a Friday, is not today.
  return days(day, word === "next" && distance === 0 ? 7 : distance, 1)
}
