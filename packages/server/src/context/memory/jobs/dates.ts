// Times that a text names, resolved against when it was said, never against today: "yesterday", "next Friday", "3 May 2024", "in two weeks".

export interface NamedTime {
  /** As the text says it. */
  text: string
  start: number
  /** Epoch milliseconds; the time it names begins and ends (exclusive) there. */
  from: number
  to: number
}

const dayMs = 86_400_000
const months = ["january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december"]
const weekdays = ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"]
const numbers: Readonly<Record<string, number>> = Object.fromEntries(
  "one two three four five six seven eight nine ten eleven twelve".split(" ").map((name, index) => [name, index + 1]),
)
const monthPattern = `(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)`
const weekdayPattern = `(?:${weekdays.join("|")})`
const countPattern = `(?:\\d{1,3}|an?|${Object.keys(numbers).join("|")})`
const unitPattern = `(days?|weeks?|months?|years?)`

type Span = Pick<NamedTime, "from" | "to">
interface Rule {
  pattern: RegExp
  /** `day` is the first moment of the day on which it was said. */
  span: (match: readonly string[], day: number) => Span | undefined
}

const rules: readonly Rule[] = [
  { pattern: /\b(\d{4})-(\d{2})-(\d{2})\b/gu, span: ([, y, m, d]) => dayOf(Number(y), Number(m) - 1, Number(d)) },
  {
    pattern: new RegExp(`\\b(\\d{1,2})(?:st|nd|rd|th)?(?: of)? (${monthPattern})\\b(?:\\.?,? (\\d{4}))?`, "giu"),
    span: ([, d, m, y], day) => dayOf(yearFor(y, m, day), monthOf(m), Number(d)),
  },
  {
    pattern: new RegExp(`\\b(${monthPattern})\\.? (\\d{1,2})(?:st|nd|rd|th)?\\b(?:,? (\\d{4}))?`, "giu"),
    span: ([, m, d, y], day) => dayOf(yearFor(y, m, day), monthOf(m), Number(d)),
  },
  {
    pattern: new RegExp(`\\b(${monthPattern})(?: of)?,? (\\d{4})\\b`, "giu"),
    span: ([, m, y]) => ({ from: Date.UTC(Number(y), monthOf(m), 1), to: Date.UTC(Number(y), monthOf(m) + 1, 1) }),
  },
  {
    pattern: /\b(?:in|since|until|during) (\d{4})\b/giu,
    span: ([, y]) => ({ from: Date.UTC(Number(y), 0, 1), to: Date.UTC(Number(y) + 1, 0, 1) }),
  },
  { pattern: /\bthe day before yesterday\b/giu, span: (_, day) => days(day, -2, 1) },
  { pattern: /\bthe day after tomorrow\b/giu, span: (_, day) => days(day, 2, 1) },
  { pattern: /\b(?:yesterday|last night)\b/giu, span: (_, day) => days(day, -1, 1) },
  { pattern: /\b(?:today|tonight|this morning|this afternoon|this evening)\b/giu, span: (_, day) => days(day, 0, 1) },
  { pattern: /\btomorrow\b/giu, span: (_, day) => days(day, 1, 1) },
  { pattern: /\b(?:gestern|ayer|hier)\b/giu, span: (_, day) => days(day, -1, 1) },
  { pattern: /\b(?:heute|hoy|aujourd['’]hui)\b/giu, span: (_, day) => days(day, 0, 1) },
  { pattern: /(?<![\p{L}]\s?)\b(?:demain)\b/giu, span: (_, day) => days(day, 1, 1) },
  { pattern: new RegExp(`\\b(${countPattern}) ${unitPattern} ago\\b`, "giu"), span: ([, n, unit], day) => shifted(day, -count(n), unit) },
  { pattern: new RegExp(`\\bin (${countPattern}) ${unitPattern}\\b`, "giu"), span: ([, n, unit], day) => shifted(day, count(n), unit) },
  { pattern: /\b(last|this|next) (week|month|year)\b/giu, span: ([, which, unit], day) => period(day, which, unit) },
  {
    pattern: new RegExp(`\\b(last|this|next|on|until|from|by|since) (${weekdayPattern})\\b`, "giu"),
    span: ([, which, name], day) => weekday(day, which, name),
  },
]

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
      const times = span(match, day)
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

function days(day: number, offset: number, length: number): Span {
  return { from: day + offset * dayMs, to: day + (offset + length) * dayMs }
}

function dayOf(year: number, month: number, dayOfMonth: number): Span | undefined {
  const from = Date.UTC(year, month, dayOfMonth)
  // The 31st of February is no date.
  return new Date(from).getUTCDate() === dayOfMonth && month >= 0 ? { from, to: from + dayMs } : undefined
}

function monthOf(name = ""): number {
  return months.findIndex((month) => month.startsWith(name.toLowerCase().slice(0, 3)))
}

/** Without a year the nearest one is meant: "3 May" said in April is this year's. */
function yearFor(year: string | undefined, month: string | undefined, day: number): number {
  if (year !== undefined) return Number(year)
  const now = new Date(day)
  const distance = monthOf(month) - now.getUTCMonth()
  return now.getUTCFullYear() + (distance > 6 ? -1 : distance < -6 ? 1 : 0)
}

function count(text = ""): number {
  return /^an?$/iu.test(text) ? 1 : (numbers[text.toLowerCase()] ?? Number(text))
}

function shifted(day: number, by: number, unit = ""): Span {
  if (unit.startsWith("day")) return days(day, by, 1)
  if (unit.startsWith("week")) return days(day, by * 7, 1)
  const date = new Date(day)
  const [year, month] = unit.startsWith("month")
    ? [date.getUTCFullYear(), date.getUTCMonth() + by]
    : [date.getUTCFullYear() + by, date.getUTCMonth()]
  const lastOfMonth = new Date(Date.UTC(year, month + 1, 0)).getUTCDate()
  const from = Date.UTC(year, month, Math.min(date.getUTCDate(), lastOfMonth))
  return { from, to: from + dayMs }
}

function period(day: number, which = "", unit = ""): Span {
  const offset = { last: -1, this: 0, next: 1 }[which.toLowerCase()] ?? 0
  const date = new Date(day)
  if (unit.toLowerCase() === "week") {
    const monday = day - ((date.getUTCDay() + 6) % 7) * dayMs
    return days(monday, offset * 7, 7)
  }
  const [year, month] = [date.getUTCFullYear(), date.getUTCMonth()]
  if (unit.toLowerCase() === "month") return { from: Date.UTC(year, month + offset, 1), to: Date.UTC(year, month + offset + 1, 1) }
  return { from: Date.UTC(year + offset, 0, 1), to: Date.UTC(year + offset + 1, 0, 1) }
}

function weekday(day: number, which = "", name = ""): Span {
  const distance = (weekdays.indexOf(name.toLowerCase()) - new Date(day).getUTCDay() + 7) % 7
  const word = which.toLowerCase()
  if (word === "last" || word === "since") return days(day, distance === 0 ? -7 : distance - 7, 1)
  // "Next Friday", said on a Friday, is not today.
  return days(day, word === "next" && distance === 0 ? 7 : distance, 1)
}
