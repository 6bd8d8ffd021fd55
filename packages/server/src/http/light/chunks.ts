// Chunks of HTTP/1.1 in one piece each: Node writes their size, their bytes and their end as four, which costs more than the copy.

/** Beyond, the copy costs more. */
const onePieceBytesMax = 16 * 1024
const carriageReturn = 13
const lineFeed = 10
/** What ends an answer that has no trailers. */
const lastChunk = "0\r\n\r\n"

/** The pieces in which a chunk is written; none for nothing, since an empty chunk is the end. */
export function chunkOf(data: Buffer | string): readonly Buffer[] {
  const sizeBytes = typeof data === "string" ? Buffer.byteLength(data) : data.length
  if (sizeBytes === 0) return []
  const digits = digitsOf(sizeBytes)
  if (sizeBytes > onePieceBytesMax) {
    const bytes = typeof data === "string" ? Buffer.from(data) : data
    return [Buffer.from(`${sizeBytes.toString(16)}\r\n`), bytes, Buffer.from("\r\n")]
  }
  const chunk = Buffer.allocUnsafe(digits + sizeBytes + 4)
  for (let at = digits - 1, rest = sizeBytes; at >= 0; at -= 1, rest >>>= 4) chunk[at] = hexDigit(rest & 15)
  endLine(chunk, digits)
  if (typeof data === "string") chunk.write(data, digits + 2)
  else chunk.set(data, digits + 2)
  endLine(chunk, digits + 2 + sizeBytes)
  return [chunk]
}

/** The last data of an answer and its end. */
export function lastChunks(data: string): string {
  return data === "" ? lastChunk : `${Buffer.byteLength(data).toString(16)}\r\n${data}\r\n${lastChunk}`
}

function digitsOf(sizeBytes: number): number {
  let digits = 1
  for (let rest = sizeBytes >>> 4; rest > 0; rest >>>= 4) digits += 1
  return digits
}

function hexDigit(value: number): number {
  return value < 10 ? 48 + value : 87 + value
}

function endLine(chunk: Buffer, at: number): void {
  chunk[at] = carriageReturn
  chunk[at + 1] = lineFeed
}
