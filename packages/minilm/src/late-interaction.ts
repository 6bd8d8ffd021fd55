// Late interaction: a small vector for each token of a text, and how well the tokens of a query are met by those of a text.
import { dimensions, normalised } from "./encode.ts"

/** Numbers of a token's vector: `dimensions` projected onto the directions in which token vectors differ most. */
export const tokenDimensions = 96

export interface TokenVectors {
  /** `tokenDimensions` numbers per token, one token after the other, each scaled to use all of a byte; only directions count. */
  vectors: Int8Array
  /** How much each token says. */
  weights: Float32Array
}

/** `projection`: `dimensions` rows of `tokenDimensions`. */
export function tokenVectors(hidden: Float32Array, ids: readonly number[], projection: Float32Array): TokenVectors {
  const vectors = new Int8Array(ids.length * tokenDimensions)
  for (const index of ids.keys()) {
    const token = normalised(hidden.subarray(index * dimensions, (index + 1) * dimensions))
    vectors.set(asBytes(projected(token, projection)), index * tokenDimensions)
  }
  return { vectors, weights: Float32Array.from(ids, tokenWeight) }
}

/** Ids of the vocabulary go by frequency in English, from `the`; marks and single characters stand before it. */
const firstWordId = 1_000

/** Rare words say more: the logarithm of the rank, which needs no statistics of anybody's texts. */
function tokenWeight(id: number): number {
  return Math.max(0, Math.log(id / firstWordId))
}

function projected(token: Float32Array, projection: Float32Array): Float32Array {
  const result = new Float32Array(tokenDimensions)
  for (let row = 0; row < dimensions; row++) {
    const value = token[row]!
    for (let column = 0; column < tokenDimensions; column++) result[column]! += value * projection[row * tokenDimensions + column]!
  }
  return result
}

function asBytes(vector: Float32Array): Int8Array {
  const largest = vector.reduce((most, value) => Math.max(most, Math.abs(value)), 0) || 1
  return Int8Array.from(vector, (value) => Math.round((value / largest) * 127))
}

/** For each token of the query the best cosine among the tokens of the text; their mean by weight. 1 for equal texts. */
export function maxSim(query: TokenVectors, text: Int8Array): number {
  const norms = normsOf(text)
  const queryNorms = normsOf(query.vectors)
  let total = 0
  let weights = 0
  for (const [index, weight] of query.weights.entries()) {
    if (weight === 0 || queryNorms[index] === 0) continue
    total += (weight * bestDot(query.vectors, index * tokenDimensions, text, norms)) / queryNorms[index]!
    weights += weight
  }
  return weights === 0 || norms.length === 0 ? 0 : total / weights
}

/** The greatest inner product with a token of the text, that token taken at length 1. */
function bestDot(query: Int8Array, start: number, text: Int8Array, norms: Float32Array): number {
  let best = -Infinity
  for (let token = 0; token < norms.length; token++) {
    const at = token * tokenDimensions
    let dot = 0
    for (let i = 0; i < tokenDimensions; i++) dot += query[start + i]! * text[at + i]!
    const cosine = norms[token] === 0 ? 0 : dot / norms[token]!
    if (cosine > best) best = cosine
  }
  return best
}

function normsOf(vectors: Int8Array): Float32Array {
  const norms = new Float32Array(vectors.length / tokenDimensions)
  for (let token = 0; token < norms.length; token++) {
    let squares = 0
    for (let i = 0; i < tokenDimensions; i++) squares += vectors[token * tokenDimensions + i]! ** 2
    norms[token] = Math.sqrt(squares)
  }
  return norms
}
