// The same sentence once: a message that a returned fact quotes in full makes room for the next entry.
import { derivations, type Queryable } from "../../store/index.ts"
import { choose, type Candidate, type Choice, type Wanted } from "./choose.ts"
import type { LeftOut } from "./types.ts"

/** Facts that come into the room that was made may quote others in full; more rounds than this are not worth their time. */
const roundsMax = 3

export async function chooseUnquoted(tx: Queryable, projectId: string, candidates: readonly Candidate[], wanted: Wanted): Promise<Choice> {
  const quoted = new Set<string>()
  let choice = choose(candidates, wanted)
  for (let round = 0; round < roundsMax; round++) {
    const found = await quotedBy(tx, projectId, choice)
    if (found.length === 0) break
    for (const id of found) quoted.add(id)
    choice = choose(
      candidates.filter(({ entry }) => !quoted.has(entry.id)),
      wanted,
    )
  }
  if (quoted.size === 0) return choice
  const why = candidates.flatMap(({ entry: { id, versionId }, score, why: found }): LeftOut[] =>
    quoted.has(id) ? [{ id, versionId, score, why: found, reason: "quoted_by_fact" }] : [],
  )
  return { ...choice, leftOut: [...choice.leftOut, ...why].sort((a, b) => b.score - a.score) }
}

/** Messages of the choice that a fact of the choice quotes in full, unless they are trusted more than it. */
async function quotedBy(tx: Queryable, projectId: string, { entries }: Choice): Promise<string[]> {
  const said = new Map(entries.filter(({ kind }) => kind === "episode").map((entry) => [entry.id, entry]))
  const facts = new Map(entries.flatMap((entry) => (entry.lane === "fact" && entry.versionId !== null ? [[entry.versionId, entry]] : [])))
  if (said.size === 0 || facts.size === 0) return []
  const rests = await derivations.parentsOf(tx, projectId, [...facts.keys()])
  return rests.flatMap(({ child, parent, quoteStart, quoteEnd }) => {
    const [fact, message] = [facts.get(child), said.get(parent)]
    if (fact === undefined || message === undefined || quoteStart === null || quoteEnd === null) return []
    const isTrusted = fact.label.integrity >= message.label.integrity
    return isTrusted && isAllOf(message.text ?? "", quoteStart, quoteEnd) ? [parent] : []
  })
}

/** Blanks and the marks around a sentence say nothing. */
function isAllOf(text: string, start: number, end: number): boolean {
  return !/[\p{L}\p{N}]/u.test(text.slice(0, start) + text.slice(end))
}
