// Times in German, French and Spanish that the parser passes over: names of months by themselves, last months and weeks, so many weeks ago.
import type { WallTime } from "./wall-time.ts"

/** Year, month from 1, day; days and months may lie beyond the ends of theirs. */
export type CalendarDay = readonly [year: number, month: number, day: number]

export interface CalendarReading {
  text: string
  index: number
  from: CalendarDay
  to: CalendarDay
}

interface Words {
  /** Each may be followed by more letters. */
  months: readonly string[]
  /** Between a month and its year. */
  of: string
  /** What may stand before a month that has no year. */
  leads: string
  /** The period before, this one, the next one: patterns with the unit in the group `unit`. */
  periods: readonly (readonly [pattern: string, offset: number])[]
  units: readonly (readonly [unit: Unit, pattern: string])[]
  /** So many units ago: `count` and `unit`. */
  ago: string | undefined
  numbers: readonly string[]
}

type Unit = "day" | "week" | "month" | "year"

const languages: readonly Words[] = [
  {
    months: ["januar", "februar", "märz", "april", "mai", "juni", "juli", "august", "september", "oktober", "november", "dezember"],
    of: "",
    leads: "im|in|seit|vor|nach|ab|bis|letzten|vorigen|diesen",
    periods: [
      ["(?:letzte[nrs]?|vorige[nrs]?|vergangene[nrs]?) (?<unit>monat|jahr)", -1],
      ["(?:diese[nrs]?) (?<unit>woche|monat|jahr)", 0],
    ],
    units: [
      ["day", "tag"],
      ["week", "woche"],
      ["month", "monat"],
      ["year", "jahr"],
    ],
    ago: undefined,
    numbers: [],
  },
  {
    months: ["janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre", "novembre", "décembre"],
    of: "",
    leads: "en|depuis|avant|après|jusqu['’]en|de",
    periods: [["l['’](?<unit>année|an) (?:dernière|dernier|passée|passé)", -1]],
    units: [
      ["day", "jour"],
      ["week", "semaine"],
      ["month", "mois"],
      ["year", "an"],
    ],
    ago: undefined,
    numbers: [],
  },
  {
    months: ["enero", "febrero", "marzo", "abril", "mayo", "junio", "julio", "agosto", "septiembre", "octubre", "noviembre", "diciembre"],
    of: "de(?:l)? ",
    leads: "en|desde|antes de|después de|hasta|de",
    periods: [
      ["(?:la |el )?(?<unit>semana|mes|año) pasad[oa]", -1],
      ["est[ea] (?<unit>semana|mes|año)", 0],
      ["(?:la |el )?(?<unit>semana|mes|año) que viene", 1],
    ],
    units: [
      ["day", "día"],
      ["week", "semana"],
      ["month", "mes"],
      ["year", "año"],
    ],
    ago: "hace (?<count>\\d{1,3}|un[oa]?|dos|tres|cuatro|cinco|seis|siete|ocho|nueve|diez) (?<unit>día|semana|mes|año)",
    numbers: ["un", "dos", "tres", "cuatro", "cinco", "seis", "siete", "ocho", "nueve", "diez"],
  },
]

/** A short question seldom tells its language, and these words are those of one. */
export function calendarReadings(text: string, now: WallTime): CalendarReading[] {
  return languages.flatMap((known) => [...monthsIn(text, known, now), ...periodsIn(text, known, now), ...agoIn(text, known, now)])
}

function monthsIn(text: string, { months, of, leads }: Words, now: WallTime): CalendarReading[] {
  const pattern = new RegExp(
    `(?<lead>(?<!\\p{L})(?:${leads})\\s+)?(?<!\\p{L})(?<month>${months.join("|")})(?!\\p{L})(?:\\s+${of}(?<year>\\d{4}))?`,
    "giu",
  )
  return [...text.matchAll(pattern)].flatMap(({ 0: said, index, groups = {} }) => {
    const month = months.indexOf((groups["month"] ?? "").toLowerCase()) + 1
    if (groups["year"] === undefined && groups["lead"] === undefined) return []
    // Of what is remembered the last one is meant, where no year is said.
    const year = groups["year"] === undefined ? now.year - (month > now.month ? 1 : 0) : Number(groups["year"])
    const lead = groups["lead"]?.length ?? 0
    return [{ text: said.slice(lead), index: index + lead, from: [year, month, 1], to: [year, month + 1, 1] }]
  })
}

function periodsIn(text: string, known: Words, now: WallTime): CalendarReading[] {
  return known.periods.flatMap(([pattern, offset]) =>
    [...text.matchAll(new RegExp(`(?<!\\p{L})${pattern}(?!\\p{L})`, "giu"))].map(({ 0: said, index, groups = {} }) => ({
      text: said,
      index,
      ...periodOf(unitOf(groups["unit"], known), offset, now),
    })),
  )
}

function agoIn(text: string, known: Words, now: WallTime): CalendarReading[] {
  if (known.ago === undefined) return []
  return [...text.matchAll(new RegExp(`(?<!\\p{L})${known.ago}\\p{L}*`, "giu"))].map(({ 0: said, index, groups = {} }) => {
    const count = groups["count"]?.toLowerCase() ?? ""
    const number = Number(count) || known.numbers.findIndex((name) => count.startsWith(name)) + 1
    return { text: said, index, ...periodOf(unitOf(groups["unit"], known), -number, now) }
  })
}

function unitOf(said = "", { units }: Words): Unit {
  return units.find(([, pattern]) => said.toLowerCase().startsWith(pattern))?.[0] ?? "day"
}

function periodOf(unit: Unit, offset: number, { year, month, day }: WallTime): Pick<CalendarReading, "from" | "to"> {
  if (unit === "year") return { from: [year + offset, 1, 1], to: [year + offset + 1, 1, 1] }
  if (unit === "month") return { from: [year, month + offset, 1], to: [year, month + offset + 1, 1] }
  if (unit === "day") return { from: [year, month, day + offset], to: [year, month, day + offset + 1] }
  const monday = day - ((new Date(Date.UTC(year, month - 1, day)).getUTCDay() + 6) % 7)
  return { from: [year, month, monday + offset * 7], to: [year, month, monday + offset * 7 + 7] }
}
