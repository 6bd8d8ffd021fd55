// Times as German, French and Spanish name them: "im Mai", "seit 2019", "le 3 mai", "depuis mars", "el mes pasado", "hace dos años".
import {
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

/** What a language has for the parts of a date. Each is the inside of a pattern. */
interface Words {
  months: readonly string[]
  /** Between the day and its month, and between the month and its year. */
  day: string
  ofMonth: string
  ofYear: string
  /** Before a month or a year that something began, happened or ends in; what makes the month the last or the next one. */
  at: string
  sinceMonth: RegExp
  untilMonth: RegExp
  /** Before a year alone. */
  beforeYear: string
  units: Readonly<Record<"day" | "week" | "month" | "year", string>>
  /** A count of units that have passed. */
  ago: (count: string, unit: string) => string
  counts: Readonly<Record<string, number>>
  /** A unit with what makes it the last, this or the next one. */
  periods: readonly { pattern: string; which: "last" | "this" | "next"; unit: "week" | "month" | "year" }[]
}

const german: Words = {
  months: ["januar|jänner", "februar", "märz", "april", "mai", "juni", "juli", "august", "september", "oktober", "november", "dezember"],
  day: String.raw`(?:(?:am|vom|zum|seit dem|bis zum|ab dem) )?(\d{1,2})\.`,
  ofMonth: " ?",
  ofYear: " ",
  at: "(im|seit|bis|ab|anfang|mitte|ende|letzte[nm]|vergangene[nm]|diese[nm]|nächste[nm]|kommende[nm])",
  sinceMonth: /^(?:seit|letzte[nm]|vergangene[nm])$/u,
  untilMonth: /^(?:bis|ab|nächste[nm]|kommende[nm])$/u,
  beforeYear: "(?:im jahr|im jahre|seit|bis|anfang|mitte|ende)",
  units: { day: "tag(?:en)?", week: "wochen?", month: "monat(?:en)?", year: "jahr(?:en)?" },
  ago: (count, unit) => `vor ${count} ${unit}`,
  counts: { ein: 1, eine: 1, einem: 1, einer: 1, zwei: 2, drei: 3, vier: 4, fünf: 5, sechs: 6, sieben: 7, acht: 8, neun: 9, zehn: 10 },
  periods: [
    { pattern: "(?:letzte|vorige|vergangene)[nmrs]? woche", which: "last", unit: "week" },
    { pattern: "(?:letzte|vorige|vergangene)[nmrs]? monat", which: "last", unit: "month" },
    { pattern: "(?:letzte|vorige|vergangene)[nmrs]? jahr", which: "last", unit: "year" },
    { pattern: "(?:nächste|kommende)[nmrs]? woche", which: "next", unit: "week" },
    { pattern: "(?:nächste|kommende)[nmrs]? monat", which: "next", unit: "month" },
    { pattern: "(?:nächste|kommende)[nmrs]? jahr", which: "next", unit: "year" },
    { pattern: "diese[nmrs]? woche", which: "this", unit: "week" },
    { pattern: "diese[nmrs]? monat", which: "this", unit: "month" },
    { pattern: "diese[nmrs]? jahr", which: "this", unit: "year" },
  ],
}

const french: Words = {
  months: [
    "janvier",
    "février|fevrier",
    "mars",
    "avril",
    "mai",
    "juin",
    "juillet",
    "août|aout",
    "septembre",
    "octobre",
    "novembre",
    "décembre|decembre",
  ],
  day: String.raw`(?:(?:depuis |jusqu['’]au )?le )?(\d{1,2}|1er)`,
  ofMonth: " ",
  ofYear: " ",
  at: String.raw`(en|depuis|jusqu['’]en|début|mi|fin|au mois de|au début de|à la fin de)`,
  sinceMonth: /^depuis$/u,
  untilMonth: /^jusqu/u,
  beforeYear: String.raw`(?:en|depuis|jusqu['’]en|début|fin)`,
  units: { day: "jours?", week: "semaines?", month: "mois", year: "ans?" },
  ago: (count, unit) => `il y a ${count} ${unit}`,
  counts: { un: 1, une: 1, deux: 2, trois: 3, quatre: 4, cinq: 5, six: 6, sept: 7, huit: 8, neuf: 9, dix: 10 },
  periods: [
    { pattern: "la semaine (?:dernière|passée)", which: "last", unit: "week" },
    { pattern: "le mois (?:dernier|passé)", which: "last", unit: "month" },
    { pattern: String.raw`l['’](?:an|année) (?:derni(?:er|ère)|passée?)`, which: "last", unit: "year" },
    { pattern: "la semaine prochaine", which: "next", unit: "week" },
    { pattern: "le mois prochain", which: "next", unit: "month" },
    { pattern: String.raw`l['’](?:an prochain|année prochaine)`, which: "next", unit: "year" },
    { pattern: "cette semaine", which: "this", unit: "week" },
    { pattern: "ce mois(?:-ci)?", which: "this", unit: "month" },
    { pattern: "cette année", which: "this", unit: "year" },
  ],
}

const spanish: Words = {
  months: [
    "enero",
    "febrero",
    "marzo",
    "abril",
    "mayo",
    "junio",
    "julio",
    "agosto",
    "sep?tiembre|setiembre",
    "octubre",
    "noviembre",
    "diciembre",
  ],
  day: String.raw`(?:(?:desde |hasta )?el )?(\d{1,2})`,
  ofMonth: " de ",
  ofYear: " del? ",
  at: "(en|desde|hasta|a principios de|a mediados de|a finales de)",
  sinceMonth: /^desde$/u,
  untilMonth: /^hasta$/u,
  beforeYear: "(?:en|desde|hasta|a principios de|a mediados de|a finales de)",
  units: { day: "días?", week: "semanas?", month: "mes(?:es)?", year: "años?" },
  ago: (count, unit) => `hace ${count} ${unit}`,
  counts: { un: 1, una: 1, dos: 2, tres: 3, cuatro: 4, cinco: 5, seis: 6, siete: 7, ocho: 8, nueve: 9, diez: 10 },
  periods: [
    { pattern: "la semana pasada", which: "last", unit: "week" },
    { pattern: "el mes pasado", which: "last", unit: "month" },
    { pattern: "el año pasado", which: "last", unit: "year" },
    { pattern: "la (?:próxima semana|semana que viene)", which: "next", unit: "week" },
    { pattern: "el (?:próximo mes|mes que viene)", which: "next", unit: "month" },
    { pattern: "el (?:próximo año|año que viene)", which: "next", unit: "year" },
    { pattern: "esta semana", which: "this", unit: "week" },
    { pattern: "este mes", which: "this", unit: "month" },
    { pattern: "este año", which: "this", unit: "year" },
  ],
}

export const otherRules: readonly DateRule[] = [
  ...[german, french, spanish].flatMap(rulesOf),
  rule("vorgestern|avant-hier|anteayer", (_, day) => days(day, -2, 1)),
  rule(String.raw`übermorgen|après-demain|pasado mañana`, (_, day) => days(day, 2, 1)),
  rule("gestern|ayer|hier", (_, day) => days(day, -1, 1)),
  rule(String.raw`heute|hoy|aujourd['’]hui`, (_, day) => days(day, 0, 1)),
  rule(String.raw`demain`, (_, day) => days(day, 1, 1)),
]

function rulesOf(words: Words): DateRule[] {
  const { months, day: dayPattern, ofMonth, ofYear, at, beforeYear, units, ago, counts, periods } = words
  const month = `(${months.join("|")})`
  const monthOf = (name = ""): number => months.findIndex((each) => new RegExp(`^(?:${each})$`, "iu").test(name))
  const count = `(\\d{1,3}|${Object.keys(counts).join("|")})`
  const counted = (text = ""): number => counts[text.toLowerCase()] ?? Number(text)
  return [
    rule(`${dayPattern}${ofMonth}${month}(?:${ofYear}(\\d{4}))?`, ([, d = "", m, y], day) =>
      dayOf(yearFor(y, monthOf(m), day), monthOf(m), Number.parseInt(d, 10)),
    ),
    rule(`${at}[ -]${month}${ofYear}(\\d{4})`, ([, , m, y]) => monthSpan(Number(y), monthOf(m))),
    rule(`${at}[ -]${month}`, ([, which = "", m], day, text) => monthNear(words, which.toLowerCase(), monthOf(m), day, text)),
    rule(`${beforeYear} (\\d{4})`, ([, y]) => yearSpan(Number(y))),
    ...periods.map(({ pattern, which, unit }) => rule(pattern, (_, day) => period(day, which, unit))),
    ...Object.entries(units).map(([unit, pattern]) => rule(ago(count, pattern), ([, n], day) => shifted(day, -counted(n), unit))),
  ]
}

function monthNear(words: Words, which: string, month: number, day: number, text: string): Span | undefined {
  if (words.sinceMonth.test(which)) return monthAlone(month, "past", day)
  if (words.untilMonth.test(which)) return monthAlone(month, "coming", day)
  return monthAlone(month, monthYearIn(text), day)
}

/** Letters beyond ASCII are letters, too, where a word begins or ends. */
function rule(pattern: string, span: DateRule["span"]): DateRule {
  return { pattern: new RegExp(`(?<![\\p{L}\\p{N}])(?:${pattern})(?![\\p{L}\\p{N}])`, "giu"), span }
}
