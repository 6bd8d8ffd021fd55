// The words of token counting.
import type { Deployment, ModelCall } from "../types.ts"

export interface TokenCount {
  tokens: number
  /** Not, or not wholly, counted with the model's own tokenizer. */
  estimated: boolean
}

export interface TokenCounter extends AsyncDisposable {
  /** What the call would put before the model of that deployment. Takes a bounded time: what cannot be counted in it is estimated. */
  count(call: ModelCall, deployment: Deployment, signal: AbortSignal): Promise<TokenCount>
}

/** Vocabularies of OpenAI's models. */
export type Vocabulary = "o200k_base" | "cl100k_base"
