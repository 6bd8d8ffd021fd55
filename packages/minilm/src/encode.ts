// From a text to token ids, and from the model's output to unit-length vectors: pure functions.
import type { Tokenizer } from "@huggingface/tokenizers"

export const dimensions = 384
/** What the model was trained for, `[CLS]` and `[SEP]` included; longer texts are cut. */
export const tokensMax = 256
export const contentTokensMax = tokensMax - 2

/** Vectors of one text; all have length 1. */
export interface TextVectors {
  /** The vector of the whole text. */
  text: Float32Array
  /** One vector of `dimensions` per token, one after the other. */
  tokens: Float32Array
}

const firstPrefixChars = 4_096

/** At most `tokensMax` ids that end in `[SEP]`. Of a long text only the beginning is tokenised: the rest would be thrown away. */
export function tokenIds(tokenizer: Tokenizer, text: string): number[] {
  for (let chars = firstPrefixChars; ; chars *= 2) {
    const prefix = prefixAtSpace(text, chars)
    const ids = tokenizer.encode(prefix).ids
    const last = ids.at(-1)
    if (ids.length > tokensMax && last !== undefined) return [...ids.slice(0, tokensMax - 1), last]
    if (prefix.length === text.length) return ids
  }
}

/** Tokens without `[CLS]` and `[SEP]`. */
export function countTokens(tokenizer: Tokenizer, text: string): number {
  return text === "" ? 0 : tokenizer.encode(text, { add_special_tokens: false }).ids.length
}

/** Mean of the token vectors, then length 1. The mean's divisor cancels in the second step. */
export function pooled(hidden: Float32Array): Float32Array {
  const sum = new Float32Array(dimensions)
  for (let at = 0; at < hidden.length; at += dimensions) {
    for (let i = 0; i < dimensions; i++) sum[i]! += hidden[at + i]!
  }
  return normalised(sum)
}

/** Each token's vector with length 1. */
export function tokenVectors(hidden: Float32Array): Float32Array {
  const vectors = new Float32Array(hidden.length)
  for (let at = 0; at < hidden.length; at += dimensions) vectors.set(normalised(hidden.subarray(at, at + dimensions)), at)
  return vectors
}

/** Late interaction: for each token of the query the best cosine among the tokens of the text, averaged; 1 for equal texts. */
export function maxSim(query: Float32Array, text: Float32Array): number {
  let total = 0
  for (let q = 0; q < query.length; q += dimensions) {
    let best = -1
    for (let t = 0; t < text.length; t += dimensions) {
      let dot = 0
      for (let i = 0; i < dimensions; i++) dot += query[q + i]! * text[t + i]!
      if (dot > best) best = dot
    }
    total += best
  }
  return query.length === 0 ? 0 : total / (query.length / dimensions)
}

function normalised(vector: Float32Array): Float32Array {
  let squares = 0
  for (const value of vector) squares += value * value
  const norm = Math.sqrt(squares) || 1
  return vector.map((value) => value / norm)
}

/** Tokens never cross white space, so a prefix that ends before one has the tokens of the whole text. */
function prefixAtSpace(text: string, chars: number): string {
  if (text.length <= chars) return text
  for (let end = chars; end > chars / 2; end--) {
    if (/\s/u.test(text[end] ?? "")) return text.slice(0, end)
  }
  return chars * 2 >= text.length ? text : prefixAtSpace(text, chars * 2)
}
