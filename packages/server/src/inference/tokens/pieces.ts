// Cuts a text into pieces that a byte-pair encoder takes in a bounded time: its cost grows with the square of the longest word.

/** Longest run of one kind of character that is encoded as one; a cut costs a token more at most. */
const runCharactersMax = 128
/** Texts between two turns of the encoder. */
const pieceCharactersMax = 16 * 1024

/** What the encoders' patterns can take as one word: letters, blanks, signs, and the ends of lines and paths that follow signs. */
const longRun = /[\p{L}\p{M}]{129,}|\s{129,}|[\r\n/]{129,}|[^\s\p{L}\p{N}]{129,}/gu

/** Pieces whose tokens add up to those of the text, or to a few more where a run was cut. */
export function* piecesOf(text: string): Generator<string> {
  let from = 0
  for (const match of text.matchAll(longRun)) {
    yield* slices(text.slice(from, match.index), pieceCharactersMax)
    yield* slices(match[0], runCharactersMax)
    from = match.index + match[0].length
  }
  yield* slices(text.slice(from), pieceCharactersMax)
}

/** Prefers to cut before a blank, where a word begins, and never cuts a character of two halves. */
function* slices(text: string, charactersMax: number): Generator<string> {
  let from = 0
  while (text.length - from > charactersMax) {
    const blank = text.lastIndexOf(" ", from + charactersMax)
    const wanted = blank > from ? blank : from + charactersMax
    const end = isLowHalf(text.charCodeAt(wanted)) ? wanted - 1 : wanted
    yield text.slice(from, end)
    from = end
  }
  if (from < text.length) yield text.slice(from)
}

function isLowHalf(code: number): boolean {
  return code >= 0xdc00 && code <= 0xdfff
}
