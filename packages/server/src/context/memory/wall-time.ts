// Moments and what clocks on a wall show at them, by time zone.
import { AppError } from "../../core/index.ts"

export interface WallTime {
  year: number
  /** 1 to 12. */
  month: number
  day: number
  hour: number
  minute: number
}

const formatters = new Map<string, Intl.DateTimeFormat>()
const formattersMax = 200

/** Throws for a zone that nobody knows. */
export function wallTimeAt(at: number, timeZone: string): WallTime {
  const parts = new Map(
    formatterOf(timeZone)
      .formatToParts(at)
      .map(({ type, value }) => [type, Number(value)]),
  )
  const of = (type: Intl.DateTimeFormatPartTypes): number => parts.get(type) ?? 0
  return { year: of("year"), month: of("month"), day: of("day"), hour: of("hour"), minute: of("minute") }
}

/** The first moment of a day; days and months beyond their ends count on, as `Date.UTC` counts. */
export function startOfDay(year: number, month: number, day: number, timeZone: string): number {
  const wanted = Date.UTC(year, month - 1, day)
  const first = wanted - offsetAt(wanted, timeZone)
  // Beside a change of the clocks the offset there is another one.
  return wanted - offsetAt(first, timeZone)
}

function offsetAt(at: number, timeZone: string): number {
  const minute = Math.floor(at / 60_000) * 60_000
  const wall = wallTimeAt(minute, timeZone)
  return Date.UTC(wall.year, wall.month - 1, wall.day, wall.hour, wall.minute) - minute
}

function formatterOf(timeZone: string): Intl.DateTimeFormat {
  const known = formatters.get(timeZone)
  if (known !== undefined) return known
  try {
    const made = new Intl.DateTimeFormat("en-US", {
      timeZone,
      calendar: "gregory",
      hourCycle: "h23",
      year: "numeric",
      month: "numeric",
      day: "numeric",
      hour: "numeric",
      minute: "numeric",
    })
    if (formatters.size >= formattersMax) formatters.clear()
    formatters.set(timeZone, made)
    return made
  } catch {
    throw new AppError("invalid_request", `'${timeZone}' is no time zone.`, {
      param: "timeZone",
      hint: "Use a name of the IANA database such as Europe/Berlin, or UTC.",
    })
  }
}
