// Tokens of texts, images and files from their sizes alone, where the model's own tokenizer is not at hand.

/** Scripts of the Latin alphabet's family have several characters to a token, others about one. */
export function estimateTextTokens(text: string, charactersPerToken: number): number {
  let latin = 0
  let other = 0
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index)
    if (code < 0x80) latin += 1
    else if (code < 0x800) other += 0.5
    else other += 1
  }
  return Math.ceil(latin / charactersPerToken + other)
}

interface Size {
  width: number
  height: number
}

/** Taken for an image that only an address is known of. */
const unknownSize: Size = { width: 1024, height: 1024 }
const claudePixelsPerToken = 750
const claudeImageTokensMax = 1_600

/** Anthropic's published rule: the area, shrunk to fit 1568 pixels a side. */
export function claudeImageTokens(url: string): number {
  const { width, height } = sizeOfImage(url) ?? unknownSize
  return Math.min(claudeImageTokensMax, Math.ceil((width * height) / claudePixelsPerToken))
}

const tileBaseTokens = 85
const tileTokens = 170
const tilePixels = 512

/** OpenAI's published rule of tiles: fit into 2048 × 2048, shortest side at most 768, then 512-pixel tiles. */
export function tiledImageTokens(url: string): number {
  const { width, height } = sizeOfImage(url) ?? unknownSize
  const fit = Math.min(1, 2048 / Math.max(width, height))
  const shrink = Math.min(1, 768 / (Math.min(width, height) * fit)) * fit
  const tiles = Math.ceil((width * shrink) / tilePixels) * Math.ceil((height * shrink) / tilePixels)
  return tileBaseTokens + tileTokens * tiles
}

/** A page of a PDF takes about 50 KB and 2,000 tokens. */
const documentBytesPerToken = 25
const textBytesPerToken = 4

/** A file as base64, or as a data URL. */
export function fileTokens(data: string): number {
  const comma = data.startsWith("data:") ? data.indexOf(",") : -1
  const bytes = ((data.length - comma - 1) * 3) / 4
  const isText = data.startsWith("data:text/") || data.startsWith("data:application/json")
  return Math.ceil(bytes / (isText ? textBytesPerToken : documentBytesPerToken))
}

/** The head of an image is in its first bytes; JPEG's may come behind a thumbnail. */
const imageHeadBytes = 64 * 1024

/** From the head of a PNG, JPEG or GIF in a data URL. */
export function sizeOfImage(url: string): Size | undefined {
  const start = /^data:image\/\w+;base64,/.exec(url.slice(0, 64))?.[0].length
  if (start === undefined) return undefined
  const bytes = Buffer.from(url.slice(start, start + Math.ceil((imageHeadBytes * 4) / 3)), "base64")
  if (bytes.length >= 24 && bytes.toString("latin1", 1, 4) === "PNG")
    return { width: bytes.readUInt32BE(16), height: bytes.readUInt32BE(20) }
  if (bytes.length >= 10 && bytes.toString("latin1", 0, 3) === "GIF") return { width: bytes.readUInt16LE(6), height: bytes.readUInt16LE(8) }
  return bytes[0] === 0xff && bytes[1] === 0xd8 ? sizeOfJpeg(bytes) : undefined
}

/** Walks the segments to the frame header (SOF0 to SOF15, without the tables between them). */
function sizeOfJpeg(bytes: Buffer): Size | undefined {
  for (let at = 2; at + 9 < bytes.length && bytes[at] === 0xff; at += 2 + bytes.readUInt16BE(at + 2)) {
    const marker = bytes[at + 1] ?? 0
    const isFrame = marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker)
    if (isFrame) return { height: bytes.readUInt16BE(at + 5), width: bytes.readUInt16BE(at + 7) }
  }
  return undefined
}
