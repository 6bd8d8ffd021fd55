// The settings of a tried search in the address of its page, and the request that they make.
import type { VectorStoreSearchQuery } from "@perdure/client"
import { readFilter } from "./attribute-filter.ts"

export const trySettings = ["filter", "threshold", "weights", "ranker", "diversity"] as const
export type TrySettings = Record<(typeof trySettings)[number], string>

export function trySettingsIn(params: URLSearchParams): TrySettings {
  const of = (name: string): string => params.get(name) ?? ""
  return { filter: of("filter"), threshold: of("threshold"), weights: of("weights"), ranker: of("ranker"), diversity: of("diversity") }
}

/**
 * The threshold is not in it: what lies below is shown as left out. A filter with a problem is none, and `problem` says so.
 * `whole` is the same search without the filter, for what that leaves out; null where there is none.
 */
export function tryRequests(
  query: string,
  results: number,
  settings: TrySettings,
): { request: VectorStoreSearchQuery; whole: VectorStoreSearchQuery | null; problem: string | null } {
  const { filter, problem } = readFilter(settings.filter)
  const words = Number(settings.weights)
  const options = {
    ...(settings.ranker === "" ? {} : { ranker: settings.ranker }),
    ...(settings.diversity === "" ? {} : { diversity: Number(settings.diversity) }),
    ...(settings.weights === "" ? {} : { hybrid_search: { text_weight: words, embedding_weight: Math.round((1 - words) * 100) / 100 } }),
  }
  const whole = { query, max_num_results: results, ...(Object.keys(options).length === 0 ? {} : { ranking_options: options }) }
  return filter === undefined ? { request: whole, whole: null, problem } : { request: { ...whole, filters: filter }, whole, problem: null }
}

interface Scored {
  score: number
  perdure: { chunk_id: string }
}

export interface LeftOut<Hit> {
  hit: Hit
  reason: "filter" | "threshold"
}

/** What is told, and of what was found otherwise why it is not. */
export function divided<Hit extends Scored>(
  found: readonly Hit[],
  whole: readonly Hit[],
  threshold: string,
): { told: Hit[]; leftOut: LeftOut<Hit>[] } {
  const least = Number(threshold)
  const told = found.filter(({ score }) => score >= least)
  const known = new Set(found.map(({ perdure }) => perdure.chunk_id))
  // One that passes the filter would stand among what was found, if it is not worse than the last of it.
  const last = found.at(-1)?.score ?? 0
  const filtered = whole.filter(({ score, perdure }) => !known.has(perdure.chunk_id) && score > last)
  return {
    told,
    leftOut: [
      ...found.filter(({ score }) => score < least).map((hit) => ({ hit, reason: "threshold" as const })),
      ...filtered.map((hit) => ({ hit, reason: "filter" as const })),
    ].sort((a, b) => b.hit.score - a.hit.score),
  }
}
