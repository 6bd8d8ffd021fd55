// What is said and done while processes die, and what has to be believed in the end.
import type { ScopedDeed } from "./protocol.ts"

const cities = ["Paris", "Berlin", "Rome", "Oslo", "Lima", "Cairo", "Quito", "Hanoi", "Dakar", "Sofia"]
const drinks = ["tea", "coffee", "cocoa", "juice", "water", "cider", "broth", "lassi", "horchata", "ayran"]
const begin = Date.UTC(2024, 0, 1)
const longAgo = Date.UTC(2000, 0, 1)
const hourMs = 3_600_000
/** Keeps what was said from `begin` on, and nothing from long ago. */
const keptDays = 3_650
/** Lives that work on the same scope, one after the other: each goes on with what the one before it left. */
const livesPerScope = 4
/** More than recent documents may be before they are compacted. */
const notes = 140

/** One life's part of the story. */
export interface Chapter {
  scope: string
  deeds: ScopedDeed[]
  /** Messages that stay, by scope. */
  messages: number
  /** Words that are to be found. */
  words: string[]
}

export function chapterOf(life: number, place: string): Chapter {
  if (place === "compact") return notesOf(life)
  const scope = `user:chaos-${Math.floor(life / livesPerScope)}`
  // What is repeated after a death is said late, and was true when it was.
  const said = { type: "say", session: `session-${life}`, occurredAt: begin + life * hourMs } as const
  const deeds: ScopedDeed["deed"][] = [
    { ...said, text: `I live in ${cityOf(life)}, since life ${life}.` },
    { ...said, text: `I love ${drinkOf(life)}.` },
    { ...said, text: `${friendOf(life)}'s birthday is ${(life % 28) + 1} May.` },
    { ...said, text: `Well, that was life ${life}. It is a very long and rather tiresome story. It is about processes.` },
  ]
  if (place === "expire") {
    deeds.push({ type: "keep", days: keptDays })
    deeds.push({ ...said, text: `My old dog is called Rex${life}.`, session: `old-${life}`, occurredAt: longAgo })
  }
  if (place === "revoke") {
    const page = `https://pages.test/${life}`
    deeds.push({ ...said, text: `The hobby of ${friendOf(life)} is chess.`, page }, { type: "revoke", page })
  }
  if (place.startsWith("erase:")) {
    const subject = `person-${life}`
    deeds.push({ ...said, text: `The hobby of ${friendOf(life)} is ${canaryOf(life)}.`, subject }, { type: "erase", subject })
  }
  return { scope, deeds: deeds.map((deed, index) => ({ id: `${life}/${index}`, scope, deed })), messages: 4, words: [] }
}

function notesOf(life: number): Chapter {
  const scope = `user:notes-${life}`
  const words = Array.from({ length: notes }, (_, index) => `word${life}x${index}`)
  const deeds = words.map((word, index): ScopedDeed => ({
    id: `${life}/${index}`,
    scope,
    deed: { type: "say", text: `Note ${word} says nothing.`, session: "notes", occurredAt: begin + index * 1_000 },
  }))
  return { scope, deeds, messages: notes, words: words.filter((_, index) => index % 10 === 0) }
}

/** What facts say, by scope, when everything that these lives said is known; pages that were revoked, persons and what is too old are not. */
export function believedAfter(lives: readonly { number: number; place: string }[]): Record<string, string[]> {
  const texts: Record<string, string[]> = {}
  const home: Record<string, string> = {}
  for (const { number: life, place } of lives) {
    const { scope } = chapterOf(life, place)
    texts[scope] ??= []
    if (place === "compact") continue
    texts[scope].push(`The user likes ${drinkOf(life)}.`, `${friendOf(life)} has the birthday ${(life % 28) + 1} May.`)
    home[scope] = `The user lives in ${cityOf(life)}.`
  }
  for (const [scope, text] of Object.entries(home)) texts[scope]?.push(text)
  for (const list of Object.values(texts)) list.sort()
  return texts
}

export function canaryOf(life: number): string {
  return `kanarie${friendOf(life)}x9f3e7b`
}

function cityOf(life: number): string {
  return cities[life % cities.length] ?? ""
}

function drinkOf(life: number): string {
  return `${drinks[life % drinks.length] ?? ""} number ${life}`
}

function friendOf(life: number): string {
  return `Friend${[...String(life)].map((digit) => "abcdefghij"[Number(digit)]).join("")}`
}
