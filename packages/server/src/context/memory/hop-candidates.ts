// The second hop of a recall: facts about people and things that the best candidates speak of, though they share no word with the question.
import { memoryVersions, type Queryable } from "../../store/index.ts"
import { isTellable, type Candidate, type Wanted } from "./choose.ts"
import type { DataKeys } from "./data-keys.ts"
import { readRows } from "./entries.ts"
import { entityHop } from "./jobs/hop.ts"

/** What hops start from, how many facts they may lead to, and what a fact is worth of what led to it. */
const startsMax = 3
const targetsMax = 10
const worth = 0.5

/** The same candidates and those facts, best first; two statements more at most. */
export async function withHop(
  keys: DataKeys,
  tx: Queryable,
  projectId: string,
  candidates: readonly Candidate[],
  wanted: Wanted,
): Promise<Candidate[]> {
  const starts = candidates.filter((each) => isTellable(each, wanted)).slice(0, startsMax)
  const from = starts.map(({ entry }) => entry.id)
  const lowest = starts.at(-1)?.score
  if (lowest === undefined) return [...candidates]
  const targets = await entityHop(tx, projectId, { entryIds: from }, targetsMax)
  const shared = new Map(
    targets.flatMap(({ memoryId, shared: count }): [string, number][] => (memoryId === null ? [] : [[memoryId, count]])),
  )
  const known = new Set(candidates.map(({ entry }) => entry.id))
  const unknown = [...shared.keys()].filter((id) => !known.has(id))
  const versions = unknown.length === 0 ? [] : await memoryVersions.headsOf(tx, projectId, unknown)
  const rows = versions.map((version) => ({ version }))
  const entries = await readRows(keys, tx, projectId, rows)
  const found = rows.flatMap((row, index): Candidate[] => {
    const entry = entries[index]
    return entry === undefined ? [] : [{ entry, row, score: 0, why: { words: null, vectors: null } }]
  })
  const all = [...candidates, ...found].map((each): Candidate => {
    const count = shared.get(each.entry.id)
    const score = lowest * worth
    return count === undefined || each.score >= score ? each : { ...each, score, why: { ...each.why, hop: { shared: count, from } } }
  })
  return all.sort((a, b) => b.score - a.score) // stable
}
