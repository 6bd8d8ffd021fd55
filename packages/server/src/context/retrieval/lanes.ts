// Lanes: the kinds of text that are indexed and searched apart, each with statistics of its own, and how each is searched by words.
import type { Bm25Parameters } from "./bm25.ts"

export const lanes = ["user", "assistant", "tool", "fact", "summary", "document"] as const
export type Lane = (typeof lanes)[number]

/** Numbers of lanes in one scope are from 1 to below it. */
export const lanesEnd = lanes.length + 1

/** Short statements: repetition says little and lengths vary little. */
const statements: Bm25Parameters = { k1: 0.9, b: 0.4 }
const prose: Bm25Parameters = { k1: 1.2, b: 0.75 }

export const laneParameters: Readonly<Record<Lane, Bm25Parameters>> = {
  user: statements,
  assistant: statements,
  tool: prose,
  fact: statements,
  summary: prose,
  document: prose,
}

/** Those lanes with their parameters, as a search takes them. */
export function parametersOf(chosen: readonly Lane[]): ReadonlyMap<Lane, Bm25Parameters> {
  return new Map(chosen.map((lane) => [lane, laneParameters[lane]]))
}
