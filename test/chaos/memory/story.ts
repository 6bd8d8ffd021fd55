// What is said while processes die, and what has to be believed in the end.
import type { Said } from "./protocol.ts"

const cities = ["Paris", "Berlin", "Rome", "Oslo", "Lima", "Cairo", "Quito", "Hanoi", "Dakar", "Sofia"]
const begin = Date.UTC(2024, 0, 1)
const hourMs = 3_600_000
const drinks = ["tea", "coffee", "cocoa", "juice", "water", "cider", "broth", "lassi", "horchata", "ayran"]

/** One life's messages: a new home, a liking, a birthday of somebody, and something that says nothing. */
export function messagesOf(life: number): Said[] {
  // What is repeated after a death is said late, and was true when it was.
  const said = { session: `session-${Math.floor(life / 3)}`, occurredAt: begin + life * hourMs }
  const [city, drink] = [cities[life % cities.length] ?? "", drinks[life % drinks.length] ?? ""]
  return [
    { text: `I live in ${city}, since life ${life}.`, ...said },
    { text: `I love ${drink} number ${life}.`, ...said },
    { text: `${friendOf(life)}'s birthday is ${(life % 28) + 1} May.`, ...said },
    { text: `Well, that was life ${life} of this very long and rather tiresome story about processes.`, ...said },
  ]
}

/** Facts that are believed when everything that lives 0 to `lives` - 1 said is known. */
export function believedAfter(lives: number): string[] {
  const last = lives - 1
  const each = Array.from({ length: lives }, (_, life) => [
    `The user likes ${drinks[life % drinks.length]} number ${life}.`,
    `${friendOf(life)} has the birthday ${(life % 28) + 1} May.`,
  ]).flat()
  return [`The user lives in ${cities[last % cities.length]}.`, ...each].sort()
}

function friendOf(life: number): string {
  return `Friend${[...String(life)].map((digit) => "abcdefghij"[Number(digit)]).join("")}`
}
