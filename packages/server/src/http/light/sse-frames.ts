// Event streams as bytes: where frames end, what waits for its end, and any frame as one `data:` line with LF.
import { unreadable, type Deployment } from "../../inference/index.ts"

const frameBytesMax = 8 * 1024 * 1024
const lineFeed = 10
const carriageReturn = 13
const blankLine = Buffer.from("\n\n")

/** The frame that has not ended. A long one comes in many pieces, which are joined only where a line ends in what follows. */
export class OpenFrame {
  readonly #deployment: Deployment
  #pieces: Buffer[] = []
  #sizeBytes = 0

  constructor(deployment: Deployment) {
    this.#deployment = deployment
  }

  get isEmpty(): boolean {
    return this.#sizeBytes === 0
  }

  /** What waits, with what comes; undefined while no line has ended and both wait. */
  with(chunk: Buffer): Buffer | undefined {
    if (this.isEmpty) return chunk
    if (!chunk.includes(lineFeed)) {
      this.keep(chunk)
      return undefined
    }
    const bytes = Buffer.concat([...this.#pieces, chunk])
    this.#pieces = []
    this.#sizeBytes = 0
    return bytes
  }

  keep(rest: Buffer): void {
    this.#pieces.push(rest)
    this.#sizeBytes += rest.length
    if (this.#sizeBytes > frameBytesMax) throw unreadable(this.#deployment, `one event of more than ${frameBytesMax} bytes`)
  }
}

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
