// Texts ordered by a provider's reranker: within a time limit, on the bill of whoever asks, and with the reason where it failed.
import { AppError } from "../../core/index.ts"
import type { Caller } from "../types.ts"
import { createTextReranker, type RankTexts } from "./reranker.ts"

export interface ProviderReranking {
  /** Asked where nobody names one; null: none is. */
  model: string | null
  timeoutMs: number
  /** How many of the best are sent. */
  candidatesMax: number
  /** On the bill of the caller, within their limits and regions. */
  rankAs: (caller: Caller, model: string) => RankTexts
  /** The models that can do it. */
  models: () => readonly string[]
}

/** The model that was asked, and why the order is not by it where it failed. */
export interface Reranked {
  model: string
  failed: string | null
}

export interface ProviderScores {
  /** By place in the list of texts; of those that it scored. */
  scores: ReadonlyMap<number, number>
  reranked: Reranked
}

export async function providerScores(
  { rankAs, timeoutMs }: Pick<ProviderReranking, "rankAs" | "timeoutMs">,
  caller: Caller,
  { model, query }: { model: string; query: string },
  texts: readonly string[],
  signal: AbortSignal,
): Promise<ProviderScores> {
  const deadline = AbortSignal.timeout(timeoutMs)
  try {
    const read = texts.map((text, index) => ({ key: String(index), text, tokens: undefined }))
    const question = { text: query, tokens: undefined }
    const scores = await createTextReranker(rankAs(caller, model)).scores(question, read, AbortSignal.any([signal, deadline]))
    return { scores: new Map([...scores].map(([key, score]) => [Number(key), score])), reranked: { model, failed: null } }
  } catch (error) {
    signal.throwIfAborted()
    const failed = deadline.aborted ? `took longer than ${timeoutMs} ms` : error instanceof AppError ? error.code : "failed"
    return { scores: new Map(), reranked: { model, failed } }
  }
}
