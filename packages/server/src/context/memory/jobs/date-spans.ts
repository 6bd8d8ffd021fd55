// Spans of time from the parts of a date, on the day on which it was said; the same for every language.

export interface Span {
  /** Epoch milliseconds; `to` is exclusive. */
  from: number
  to: number
}

export interface DateRule {
  pattern: RegExp
  /** `day` is the first moment of the day on which it was said; `text` is all that was said. */
  span: (match: readonly string[], day: number, text: string) => Span | undefined
}

export const dayMs = 86_400_000

export function days(day: number, offset: number, length: number): Span {
  return { from: day + offset * dayMs, to: day + (offset + length) * dayMs }
}

export function dayOf(year: number, month: number, dayOfMonth: number): Span | undefined {
  const from = Date.UTC(year, month, dayOfMonth)
  // The 31st of February is no date.
  return new Date(from).getUTCDate() === dayOfMonth && month >= 0 ? { from, to: from + dayMs } : undefined
}

export function shifted(day: number, by: number, unit = ""): Span {
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

export function period(day: number, which = "", unit = ""): Span {
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

/** Without a year the nearest one is meant: "3 May" said in April is this year's. */
export function yearFor(year: string | undefined, month: number, day: number): number {
  if (year !== undefined) return Number(year)
  const now = new Date(day)
  const distance = month - now.getUTCMonth()
  return now.getUTCFullYear() + (distance > 6 ? -1 : distance < -6 ? 1 : 0)
}

export function monthSpan(year: number, month: number): Span | undefined {
  return month < 0 ? undefined : { from: Date.UTC(year, month, 1), to: Date.UTC(year, month + 1, 1) }
}

export function yearSpan(year: number): Span {
  return { from: Date.UTC(year, 0, 1), to: Date.UTC(year + 1, 0, 1) }
}

/** Of which year a month without one is: the last that has begun, or the next that has not ended. */
export type MonthYear = "past" | "coming"

export function monthAlone(month: number, which: MonthYear, day: number): Span | undefined {
  const now = new Date(day)
  const [year, current] = [now.getUTCFullYear(), now.getUTCMonth()]
  const offset = which === "past" ? (month > current ? -1 : 0) : month < current ? 1 : 0
  return monthSpan(year + offset, month)
}

/** What is to come: "I will move in May" means another May than "I moved in May". */
const ahead =
  /\b(?:will|['’]ll|going to|plan(?:s|ning)? to|about to|(?:am|['’]m|are|['’]re|is) (?:moving|starting|leaving|relocating)|next|werden?|wird|ziehe|vais|allons|va|voy|vamos)\b/iu

export function monthYearIn(text: string): MonthYear {
  return ahead.test(text) ? "coming" : "past"
}
