// From what a search found to candidates: their rows, what they say, and what time makes of their score.
import type { Queryable } from "../../store/index.ts"
import { placeOf } from "../retrieval/bm25.ts"
import { calibrated, type Fused } from "../retrieval/fuse.ts"
import type { Candidate } from "./choose.ts"
import type { DataKeys } from "./data-keys.ts"
import { sealedEntries, type Row } from "./entries.ts"
import { decayFactor } from "./jobs/decay.ts"
import type { RowCache } from "./row-cache.ts"
import { nearness, preferred, type TimeSpan } from "./time-signal.ts"

export interface CandidateContext {
  projectId: string
  /** Null where the question is about the past: then nothing decays. */
  now: number | null
  /** What the question names of time. */
  times: readonly TimeSpan[]
}

/** Candidates of all scopes, best first. */
export async function candidatesOf(
  { keys, rowCache }: { keys: DataKeys; rowCache: RowCache },
  db: Queryable,
  ranked: readonly Fused[],
  { projectId, now, times }: CandidateContext,
): Promise<Candidate[]> {
  const ids = ranked.map(({ key }) => placeOf(key).documentId)
  const rows = await rowCache.rowsByIds(db, projectId, ids)
  const known = ranked.flatMap((fused, index) => {
    const row = rows.get(ids[index] ?? "")
    return row === undefined ? [] : [{ fused, row }]
  })
  const entries = await sealedEntries(
    keys,
    db,
    projectId,
    known.map(({ row }) => row),
  )
  const candidates = known.flatMap(({ fused, row }, index): (Candidate & Pick<Fused, "curve">)[] => {
    const entry = entries[index]
    if (entry === undefined) return []
    const near = times.length === 0 ? 0 : nearness(entry, times)
    const score = fused.score * remaining(row, now)
    const { curve, why } = fused
    if (near === 0) return [{ entry, row, score, curve, why }]
    return [{ entry, row, score: preferred(score, near), curve, why: { ...why, time: near } }]
  })
  candidates.sort((a, b) => b.score - a.score) // stable: within one scope the order stays
  return calibrated(candidates).map(({ entry, row, score, why }) => ({ entry, row, score, why }))
}

/** Time lowers what is derived, unless somebody pinned it. */
function remaining({ version }: Row, now: number | null): number {
  if (version === undefined || now === null || version.pinnedAt !== null) return 1
  return decayFactor({ salience: version.salience, at: version.recordedAt }, now)
}
