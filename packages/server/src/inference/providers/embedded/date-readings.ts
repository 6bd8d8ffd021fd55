// Finds dates and times of day in English text and gives them in ISO form; "tomorrow" needs to know what time it is.
import type { Found } from "./found.ts"

const dayMs = 24 * 60 * 60 * 1000
const months = ["january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december"]
const weekdays = ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"]
const monthPattern = months.map((month) => (month.length > 4 ? `${month.slice(0, 3)}(?:${month.slice(3)})?` : month)).join("|")

/** Days as `2026-11-25`, in the order of the text. A day and month without a year is the next one to come. */
export function datesIn(text: string, now: number): Found[] {
  const found: Found[] = []
  const add = (pattern: RegExp, read: (match: RegExpExecArray) => string | undefined): void => {
    for (const match of text.matchAll(pattern)) {
      const value = read(match)
      const end = match.index + match[0].length
      if (value !== undefined && !found.some((each) => match.index < each.end && each.start < end))
        found.push({ value, start: match.index, end })
    }
  }
  add(/\b(\d{4})-(\d{2})-(\d{2})\b/g, ([, year, month, day]) => isoDate(Number(year), Number(month), Number(day)))
  add(new RegExp(`\\b(${monthPattern})\\.? (\\d{1,2})(?:st|nd|rd|th)?(?:,? (\\d{4}))?\\b`, "gi"), ([, month, day, year]) =>
    named(month, day, year, now),
  )
  add(new RegExp(`\\b(\\d{1,2})(?:st|nd|rd|th|\\.)?(?: of)? (${monthPattern})\\.?(?:,? (\\d{4}))?\\b`, "gi"), ([, day, month, year]) =>
    named(month, day, year, now),
  )
  add(/\b(?:(the )?day after tomorrow|today|tonight|tomorrow|yesterday)\b/gi, ([word]) => {
    const days = /after/i.test(word) ? 2 : /tomorrow/i.test(word) ? 1 : /yesterday/i.test(word) ? -1 : 0
    return dayOf(now + days * dayMs)
  })
  add(/\bin (\d{1,3}|a|one|two|three|four|five|six|seven) (day|week)s?\b/gi, ([, count, unit]) => {
    const number = /^\d/.test(count ?? "")
      ? Number(count)
      : Math.max(1, ["a", "one", "two", "three", "four", "five", "six", "seven"].indexOf((count ?? "").toLowerCase()))
    return dayOf(now + number * (unit?.toLowerCase() === "week" ? 7 : 1) * dayMs)
  })
  add(new RegExp(`\\b(?:(next|this) )?(${weekdays.join("|")})\\b`, "gi"), ([, , weekday]) => {
    const ahead = (weekdays.indexOf((weekday ?? "").toLowerCase()) - new Date(now).getUTCDay() + 7) % 7
    return dayOf(now + (ahead === 0 ? 7 : ahead) * dayMs)
  })
  return found.sort((a, b) => a.start - b.start)
}

/** Times of day as `17:30`. */
export function timesIn(text: string): Found[] {
  return [
    ...text.matchAll(
      /\b(?:(\d{1,2}):(\d{2})(?::\d{2})?\s?(am|pm|a\.m\.|p\.m\.)?|(\d{1,2})\s?(am|pm|a\.m\.|p\.m\.)|(noon|midnight))(?![\w:])/gi,
    ),
  ].flatMap((match) => {
    const [whole, hour, minute, half, plainHour, plainHalf, word] = match
    const span = { start: match.index, end: match.index + whole.length }
    if (word !== undefined) return [{ value: word.toLowerCase() === "noon" ? "12:00" : "00:00", ...span }]
    const raw = Number(hour ?? plainHour)
    const letter = (half ?? plainHalf)?.[0]?.toLowerCase()
    const hours = letter === "p" ? (raw % 12) + 12 : letter === "a" ? raw % 12 : raw
    return hours > 23 || Number(minute ?? 0) > 59 ? [] : [{ value: `${two(hours)}:${two(Number(minute ?? 0))}`, ...span }]
  })
}

function named(month: string | undefined, day: string | undefined, year: string | undefined, now: number): string | undefined {
  const index = months.findIndex((each) => each.startsWith((month ?? "").toLowerCase().slice(0, 3)))
  if (year !== undefined) return isoDate(Number(year), index + 1, Number(day))
  const thisYear = new Date(now).getUTCFullYear()
  const date = isoDate(thisYear, index + 1, Number(day))
  return date !== undefined && date < dayOf(now) ? isoDate(thisYear + 1, index + 1, Number(day)) : date
}

function isoDate(year: number, month: number, day: number): string | undefined {
  const time = Date.UTC(year, month - 1, day)
  return Number.isFinite(time) && new Date(time).getUTCDate() === day && month >= 1 && month <= 12 ? dayOf(time) : undefined
}

function dayOf(time: number): string {
  return new Date(time).toISOString().slice(0, 10)
}

function two(number: number): string {
  return String(number).padStart(2, "0")
}
