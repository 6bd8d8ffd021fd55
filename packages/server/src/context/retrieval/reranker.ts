// The port of reranking: how well each of a few candidates answers a question, by reading both; and what reads the bundled model's token vectors.
import type { PassageModel, TokenVectors } from "../types.ts"

export interface RerankQuestion {
  text: string
  /** By the bundled model; undefined where it is not the one. */
  tokens: TokenVectors | undefined
}

export interface RerankCandidate {
  key: string
  text: string
  /** As they are kept of it. */
  tokens: Int8Array | undefined
}

export interface Reranker {
  /**
   * Scores by key, higher is better, comparable within one call; candidates that it cannot read have none.
   * Throws when it fails or the signal ends it; then the order stays what it was.
   */
  scores(question: RerankQuestion, candidates: readonly RerankCandidate[], signal: AbortSignal): Promise<ReadonlyMap<string, number>>
}

/** In this process, from what is kept of the candidates: the mean of how well each word of the question is met. */
export function createTokenReranker(similarity: PassageModel["similarity"]): Reranker {
  return {
    scores({ tokens: asked }, candidates, signal) {
      signal.throwIfAborted()
      const scored = candidates.flatMap(({ key, tokens }): [string, number][] =>
        asked === undefined || tokens === undefined || tokens.length === 0 ? [] : [[key, similarity(asked, tokens)]],
      )
      return Promise.resolve(new Map(scored))
    },
  }
}

/** Positions in the list of documents, and how well each fits. */
export type RankTexts = (
  query: string,
  documents: readonly string[],
  signal: AbortSignal,
) => Promise<readonly { index: number; score: number }[]>

/** Longer texts are read to here: what providers read is limited too, and every token costs. */
const documentCharactersMax = 8_000

/** By a model behind HTTP, which is sent the texts. */
export function createTextReranker(rank: RankTexts): Reranker {
  return {
    async scores({ text }, candidates, signal) {
      signal.throwIfAborted()
      const read = candidates.filter((each) => each.text.trim() !== "")
      if (read.length === 0) return new Map()
      const ranked = await rank(
        text,
        read.map((each) => each.text.slice(0, documentCharactersMax).toWellFormed()),
        signal,
      )
      return new Map(
        ranked.flatMap(({ index, score }): [string, number][] => (read[index] === undefined ? [] : [[read[index].key, score]])),
      )
    },
  }
}
