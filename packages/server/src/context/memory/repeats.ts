// Answers that repeat what was recalled for them: they rank behind it, so that no statement is its own second witness.
import type { Candidate } from "./choose.ts"
import { phrasesOf, shareIn, wordsIn } from "./shown.ts"

/** Of the words of an entry that an answer has, from which on it repeats the entry. */
const repeatedShareMin = 0.7
/** Of the phrases of an answer that are in what it repeats, from which on it says next to nothing beside. */
const nothingNewShareMin = 0.7

/** In the given order, but each such answer behind the last of what it repeats, and no better than that. */
export function behindWhatTheyRepeat(candidates: readonly Candidate[]): Candidate[] {
  const repeats = repeatsOf(candidates)
  if (repeats.size === 0) return [...candidates]
  const scores = new Map<Candidate, number>()
  const ordered: Candidate[] = []
  const place = (candidate: Candidate): void => {
    const repeated = repeats.get(candidate)
    const score = Math.min(candidate.score, ...(repeated ?? []).map((each) => scores.get(each) ?? each.score))
    scores.set(candidate, score)
    ordered.push(repeated === undefined ? candidate : { ...candidate, score, repeats: repeated })
    // An answer may repeat another answer.
    for (const [answer, waits] of repeats) if (!scores.has(answer) && waits.every((each) => scores.has(each))) place(answer)
  }
  for (const candidate of candidates) if (!repeats.has(candidate)) place(candidate)
  return ordered
}

/** Of each such answer what it repeats, best first. */
function repeatsOf(candidates: readonly Candidate[]): Map<Candidate, Candidate[]> {
  const words = new Map<Candidate, ReadonlySet<string>>()
  const wordsOf = (candidate: Candidate): ReadonlySet<string> => {
    const known = words.get(candidate) ?? wordsIn(candidate.entry.text ?? "")
    words.set(candidate, known)
    return known
  }
  const repeats = new Map<Candidate, Candidate[]>()
  for (const answer of candidates) {
    const recalled = new Set(answer.row.episode?.recalledFrom)
    if (recalled.size === 0) continue
    const repeated = candidates.filter(
      (each) => recalled.has(each.entry.id) && isBefore(each, answer) && shareIn(wordsOf(each), wordsOf(answer)) >= repeatedShareMin,
    )
    if (repeated.length > 0) repeats.set(answer, repeated)
  }
  return repeats
}

/** So that no two repeat each other: ids begin with their time. */
function isBefore({ entry: { kind, id } }: Candidate, { entry: answer }: Candidate): boolean {
  return kind !== "episode" || id < answer.id
}

/** Whether what an answer says beside what it repeats is next to nothing. */
export function saysNothingBeside({ entry, repeats = [] }: Candidate): boolean {
  if (repeats.length === 0) return false
  const all = repeats.map((each) => each.entry.text ?? "")
  if (shareIn(phrasesOf(entry.text ?? ""), new Set(all.flatMap((text) => [...phrasesOf(text)]))) < nothingNewShareMin) return false
  // One "not" more turns a sentence around.
  const said = new Set(all.flatMap((text) => [...wordsIn(text)]))
  return ![...wordsIn(entry.text ?? "")].some((word) => denials.has(word) && !said.has(word))
}

/** In English, German, French and Spanish; "isn't" is two words here, of which the second is "t". */
const denials = new Set(
  `not never no none nobody nothing neither nor without cannot t nicht nie niemals kein keine keinen ohne weder ne pas jamais sans rien aucun aucune
   nunca sin nada ningún ninguna`.split(/\s+/u),
)
