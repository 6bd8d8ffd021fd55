// Comparing searches: the settings of each as they stand in the address, and what another one moved, brought or lost against the first.
import type { MemorySearch, MemorySearchRequest } from "@perdure/client"

export type MemoryHit = MemorySearch["memories"][number]

/** What a search is asked with beside the question; an empty text is the server's default. */
export interface Settings {
  lanes: string
  weights: string
  rerank: string
  diversity: string
  level: string
  time: string
  hop: string
  directives: string
  asOf: string
}

export const settingNames = [
  "lanes",
  "weights",
  "rerank",
  "diversity",
  "level",
  "time",
  "hop",
  "directives",
  "asOf",
] as const satisfies (keyof Settings)[]

/** Those of `a`, `b`, `c` in the address: `a.rerank=off`. */
export function settingsIn(params: URLSearchParams, column: string): Settings {
  return Object.fromEntries(settingNames.map((name) => [name, params.get(`${column}.${name}`) ?? ""])) as unknown as Settings // all names
}

const lanesOf: Readonly<Record<string, MemorySearchRequest["lanes"]>> = {
  said: ["user", "assistant"],
  users: ["user"],
  derived: ["fact", "summary"],
  facts: ["fact"],
  tools: ["tool"],
}

/** As many as a model is usually given: what is further down makes no difference to it. */
const limit = 10

export function requestOf(scope: string, query: string, settings: Settings): MemorySearchRequest {
  const { lanes, weights, rerank, diversity, level, time, hop, directives, asOf } = settings
  const known = lanesOf[lanes]
  const words = Number(weights)
  const at = Date.parse(asOf)
  return {
    scope,
    query,
    limit,
    ...(known === undefined ? {} : { lanes: known }),
    ...(weights === "" ? {} : { weights: { words, vectors: Math.round((1 - words) * 100) / 100 } }),
    ...(rerank === "" ? {} : { rerank: false }),
    ...(diversity === "" ? {} : { diversity: Number(diversity) }),
    ...(level === "" ? {} : { levelMin: Number(level) }),
    ...(time === "filter" || time === "ignore" ? { time } : {}),
    ...(hop === "" ? {} : { hop: true }),
    ...(directives === "include" ? { directives } : {}),
    ...(Number.isNaN(at) ? {} : { asOf: at }),
  }
}

export interface Placed {
  hit: MemoryHit
  rank: number
  /** Places further up than in the first search, less than 0 further down; null where the first did not find it. */
  moved: number | null
}

export interface Compared {
  placed: Placed[]
  /** What the first search told and this one does not; why, where it was found at all. */
  gone: { hit: MemoryHit; rank: number; reason: MemorySearch["leftOut"][number]["reason"] | null }[]
  counts: { moved: number; appeared: number; disappeared: number }
}

export function compared(first: MemorySearch, other: MemorySearch): Compared {
  const ranks = new Map(first.memories.map((hit, index) => [keyOf(hit), index + 1]))
  const placed = other.memories.map((hit, index): Placed => {
    const before = ranks.get(keyOf(hit))
    return { hit, rank: index + 1, moved: before === undefined ? null : before - (index + 1) }
  })
  const told = new Set(other.memories.map(keyOf))
  const reasons = new Map(other.leftOut.map((entry) => [keyOf(entry), entry.reason]))
  const gone = first.memories.flatMap((hit, index) =>
    told.has(keyOf(hit)) ? [] : [{ hit, rank: index + 1, reason: reasons.get(keyOf(hit)) ?? null }],
  )
  const moved = placed.filter((each) => each.moved !== null && each.moved !== 0).length
  const appeared = placed.filter((each) => each.moved === null).length
  return { placed, gone, counts: { moved, appeared, disappeared: gone.length } }
}

/** `2 moved, 1 appeared` */
export function differenceText({ moved, appeared, disappeared }: Compared["counts"]): string {
  const parts = [
    [moved, "moved"],
    [appeared, "appeared"],
    [disappeared, "disappeared"],
  ] as const
  const told = parts.flatMap(([count, word]) => (count === 0 ? [] : [`${count} ${word}`]))
  return told.length === 0 ? "the same as A" : told.join(", ")
}

function keyOf({ id, versionId }: { id: string; versionId: string | null }): string {
  return versionId ?? id
}
