// Random choices that a printed seed repeats: each is a function of the seed and of what it decides, whatever happens in between.
import { createHash } from "node:crypto"

/** From 0 to below 1. */
export type Chance = (what: string) => number

export function chanceOf(seed: number): Chance {
  return (what) => createHash("sha256").update(`${seed} ${what}`).digest().readUInt32BE(0) / 2 ** 32
}

/** A whole number from `min` to `max`. */
export function between(chance: Chance, what: string, min: number, max: number): number {
  return min + Math.floor(chance(what) * (max - min + 1))
}
