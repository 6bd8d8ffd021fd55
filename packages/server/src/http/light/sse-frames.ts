// Event streams as bytes: where frames end, and any frame as one `data:` line with LF.

const lineFeed = 10
const carriageReturn = 13
const blankLine = Buffer.from("\n\n")

/** Index after the blank line that ends the frame beginning at `from`, or -1. Blank lines between frames belong to the next one. */
export function nextFrame(bytes: Buffer, from: number): number {
  let start = from
  while (bytes[start] === lineFeed) start += 1
  const end = bytes.indexOf(blankLine, start)
  return end < 0 ? -1 : end + 2
}

/** CRLF to LF; a CR at the very end stays, its LF may be in the next chunk. */
export function withoutCarriageReturns(bytes: Buffer): Buffer {
  const clean = Buffer.allocUnsafe(bytes.length)
  let sizeBytes = 0
  for (let at = 0; at < bytes.length; at += 1) {
    const byte = bytes[at] ?? 0
    if (byte !== carriageReturn || bytes[at + 1] !== lineFeed) clean[sizeBytes++] = byte
  }
  return clean.subarray(0, sizeBytes)
}

/** `frame` is absent for comments and frames without data. Several data lines become one: between JSON tokens a space says the same. */
export function normalised(raw: Buffer): { event: string | undefined; frame: Buffer | undefined } {
  let event: string | undefined
  const data: string[] = []
  for (const line of raw.toString().split("\n")) {
    if (line.startsWith("data:")) data.push(line.slice(line[5] === " " ? 6 : 5))
    else if (line.startsWith("event:")) event = line.slice(6).trim()
  }
  if (data.length === 0) return { event, frame: undefined }
  return { event, frame: Buffer.from(`data: ${data.join(" ")}\n\n`) }
}
