// How much each signal counts in the order, by kind of text; for vectors of MiniLM, for other models, and where there are no vectors.
import type { Curve } from "./calibration.ts"
import type { Lane } from "./lanes.ts"

/** Each signal is scaled to 0–1 by its best candidate. */
export interface FusionWeights {
  words: number
  vectors: number
  /** How well the whole session fits. */
  session: number
  /** The text is by the one person whom the query names. */
  speaker: number
  /** Late interaction, among the candidates that are read. */
  tokens: number
  /** The text ends by asking something: it seldom is what answers. */
  asks: number
}

export type LaneKind = "message" | "statement"

/** Messages of a conversation, and texts that stand for themselves. */
export function kindOf(lane: Lane): LaneKind {
  return lane === "user" || lane === "assistant" ? "message" : "statement"
}

export interface Fusion {
  weights: Readonly<Record<LaneKind, FusionWeights>>
  /** How similarities are made comparable: by value, or by rank where nothing is known of the model's values. */
  scale: "value" | "rank"
  /** From scores to likelihoods; scores of a kind that has none stay as they are. */
  curves?: Readonly<Partial<Record<LaneKind, Curve>>> | undefined
}

/** Fitted on public conversations and abstracts, each left out in turn; figures in bench/retrieval/README.md. */
const miniLmFusion: Fusion = {
  weights: {
    message: { words: 0.3, vectors: 0.5, session: 0.2, speaker: 0.35, tokens: 0.5, asks: -0.1 },
    statement: { words: 0.4, vectors: 0.6, session: 0.25, speaker: 0.2, tokens: 0.2, asks: 0 },
  },
  scale: "value",
  // Fitted on the synthetic set; on public conversations the error is 0.006 by it and 0.24 without.
  curves: { message: { slope: 11.076, offset: -6.941 } },
}

/** For a model that nobody fitted yet: equal arms, by reciprocal rank. */
const coldFusion: Fusion = {
  weights: {
    message: { words: 0.4, vectors: 0.4, session: 0.2, speaker: 0.35, tokens: 0.5, asks: -0.1 },
    statement: { words: 0.5, vectors: 0.5, session: 0.25, speaker: 0.2, tokens: 0.2, asks: 0 },
  },
  scale: "rank",
}

/** The model that ships with Perdure; its weights are known, those of others are fitted by their users. */
const miniLmModel = "perdure/minilm"

export function fusionOf(model: string): Fusion {
  return isMiniLm(model) ? miniLmFusion : coldFusion
}

/** Of whatever weights: those of another hash are the same model, quantised anew. */
function isMiniLm(space: string): boolean {
  return space === miniLmModel || space.startsWith(`${miniLmModel}@`)
}

/** The same with words and vectors weighed as somebody asks. */
export function fusionWith(model: string, { words, vectors }: { words: number; vectors: number }): Fusion {
  const fusion = fusionOf(model)
  const both = words + vectors
  const own = { words: words / both, vectors: vectors / both }
  return { ...fusion, weights: { message: { ...fusion.weights.message, ...own }, statement: { ...fusion.weights.statement, ...own } } }
}

/** For questions in a script that the embedding model has hardly seen: words lead, and vectors only choose among equals. */
export function wordsFirst(fusion: Fusion): Fusion {
  const lowered = (weights: FusionWeights): FusionWeights => ({
    ...weights,
    words: weights.words + weights.vectors * 0.8,
    vectors: weights.vectors * 0.2,
    tokens: weights.tokens * 0.2,
  })
  return { ...fusion, weights: { message: lowered(fusion.weights.message), statement: lowered(fusion.weights.statement) } }
}

/** Where only words are searched. */
export const wordsFusion: Fusion = {
  weights: {
    message: { words: 0.55, vectors: 0, session: 0.25, speaker: 0.4, tokens: 0, asks: -0.08 },
    statement: { words: 0.7, vectors: 0, session: 0.3, speaker: 0.3, tokens: 0, asks: 0 },
  },
  scale: "value",
  curves: { message: { slope: 6.887, offset: -3.468 } },
}
