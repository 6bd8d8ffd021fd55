// A rough count of the tokens in a request's bytes, before anybody counts them: images and other data in base64 are not text.
import type { BodyBytes } from "./body-bytes.ts"

/** JSON of a request has about as many bytes around its texts as its tokens save. */
const bytesPerToken = 4
/** Smaller bodies hold no picture worth looking for. */
const lookedThroughBytesMin = 64 * 1024
const dataBytesMin = 8 * 1024
/** What providers charge for a large picture; sounds and documents vary around it. */
const tokensOfData = 1_600
const quote = 34
const space = 32

export function estimateInputTokens(body: BodyBytes): number {
  if (body.sizeBytes < lookedThroughBytesMin) return Math.ceil(body.sizeBytes / bytesPerToken)
  let dataBytes = 0
  let count = 0
  for (const [start, end] of longStrings(body)) {
    if (!isData(body, start)) continue
    dataBytes += end - start
    count += 1
  }
  return Math.ceil((body.sizeBytes - dataBytes) / bytesPerToken) + count * tokensOfData
}

/** Where more than `dataBytesMin` come without a quote: looked for from half as many bytes to the next, not from quote to quote. */
function* longStrings({ pieces }: BodyBytes): Generator<[start: number, end: number]> {
  let before = 0
  let lastQuote = -1
  for (const piece of pieces) {
    for (let probe = 0, found = 0; probe < piece.length; probe = Math.max(probe + dataBytesMin / 2, found + 1)) {
      found = piece.indexOf(quote, probe)
      if (found < 0) break
      const previous = found === 0 ? -1 : piece.lastIndexOf(quote, found - 1)
      if (previous >= 0) lastQuote = before + previous
      if (before + found - lastQuote > dataBytesMin) yield [lastQuote, before + found]
      lastQuote = before + found
    }
    const last = piece.lastIndexOf(quote)
    if (last >= 0) lastQuote = before + last
    before += piece.length
  }
}

/** Text has a space before long, base64 never. */
function isData(body: BodyBytes, from: number): boolean {
  return !body.slice(from, from + dataBytesMin / 2).some((part) => part.includes(space))
}
