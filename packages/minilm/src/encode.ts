// From a text to token ids, and from the model's output to unit-length vectors: pure functions.
import type { Tokenizer } from "@huggingface/tokenizers"
import type { TokenVectors } from "./late-interaction.ts"

export const dimensions = 384
/** What the model was trained for, `[CLS]` and `[SEP]` included; longer texts are cut. */
export const tokensMax = 256
export const contentTokensMax = tokensMax - 2

/** A text, and what stood before it: the model reads both, so that "yes, in May" means something; the vectors are of the text alone. */
export interface Passage {
  text: string
  previous?: string | undefined
}

export interface PassageVectors {
  /** The vector of the whole text; its length is 1. */
  text: Float32Array
  /** The tokens of the text, for `maxSim`. */
  tokens: TokenVectors
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

/** What of the text before is read: its end. */
const previousTokensMax = 80

/** The ids that the model reads for a passage, and which of them are the text's own. */
export function passageIds(tokenizer: Tokenizer, { text, previous = "" }: Passage): { ids: number[]; start: number; end: number } {
  const ids = tokenIds(tokenizer, text)
  const room = Math.min(previousTokensMax, tokensMax - ids.length)
  const before = room > 0 && previous !== "" ? tokenizer.encode(lastChars(previous), { add_special_tokens: false }).ids.slice(-room) : []
  const [first = 0, ...rest] = ids
  return { ids: [first, ...before, ...rest], start: 1 + before.length, end: before.length + ids.length - 1 }
}

/** Enough for `previousTokensMax` tokens, so that a page before a short answer is not tokenised whole. */
function lastChars(text: string): string {
  return text.length <= firstPrefixChars ? text : text.slice(-firstPrefixChars).replace(/^\S+/u, "")
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

export function normalised(vector: Float32Array): Float32Array {
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
