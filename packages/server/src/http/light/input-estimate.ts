// A rough count of the tokens in a request's bytes, before anybody counts them: images and other data in base64 are not text.

/** JSON of a request has about as many bytes around its texts as its tokens save. */
const bytesPerToken = 4
/** Smaller bodies hold no picture worth looking for. */
const lookedThroughBytesMin = 64 * 1024
const dataBytesMin = 8 * 1024
/** What providers charge for a large picture; sounds and documents vary around it. */
const tokensOfData = 1_600
const quote = 34
const space = 32

export function estimateInputTokens(body: Buffer): number {
  if (body.length < lookedThroughBytesMin) return Math.ceil(body.length / bytesPerToken)
  let dataBytes = 0
  let count = 0
  for (let start = body.indexOf(quote); start >= 0;) {
    const end = body.indexOf(quote, start + 1)
    if (end < 0) break
    if (end - start > dataBytesMin && isData(body, start + 1)) {
      dataBytes += end - start
      count += 1
    }
    start = end
  }
  return Math.ceil((body.length - dataBytes) / bytesPerToken) + count * tokensOfData
}

/** Text has a space before long, base64 never. */
function isData(body: Buffer, from: number): boolean {
  const at = body.indexOf(space, from)
  return at < 0 || at > from + dataBytesMin / 2
}
