// What context asks of the rest of the server: functions that the composition hands in.
import type { Said } from "../core/index.ts"

/** One unit-length vector per text, in order; of documents unless told otherwise. */
export type Embed = (texts: readonly string[], signal: AbortSignal, purpose?: "document" | "query") => Promise<Float32Array[]>

/** For whom; `isPatient`: nobody waits for it, so that it may wait for a rate. */
export type EmbedAs = (caller: Caller & { readonly isPatient: boolean }) => Embed

/** A text, and what stood before it: read together, told apart. */
export interface Passage {
  text: string
  previous?: string | undefined
}

/** A small vector for each token of a text, and how much each says. */
export interface TokenVectors {
  vectors: Int8Array
  weights: Float32Array
}

/** A model of this process that reads a text inside its conversation and gives vectors of its tokens too. */
export interface PassageModel {
  /** `isUrgent`: somebody waits for it. */
  embed(
    passages: readonly Passage[],
    signal: AbortSignal,
    options?: { isUrgent?: boolean },
  ): Promise<{ text: Float32Array; tokens: TokenVectors }[]>
  /** How well the tokens of a query are met by those of a text; 1 for equal texts. */
  readonly similarity: (query: TokenVectors, text: Int8Array) => number
}

/** Who asks: taken from authentication, never from a request's body. */
export interface Caller {
  projectId: string
  principal: string
  /** What the request says of itself that the work is for. */
  said?: Said | undefined
}
