// The lines of a file that comes in parts: one after the other, with no more of it in memory than a part and a line.

export interface FileLine {
  /** From 1. */
  number: number
  /** Without its line break; empty where it is too long. */
  bytes: Buffer
  isTooLong: boolean
}

const newline = 10
const carriageReturn = 13
const byteOrderMark = Buffer.from([0xef, 0xbb, 0xbf])

/** Lines of white space are left out, but counted. */
export async function* readLines(parts: AsyncIterable<Uint8Array>, lineBytesMax: number): AsyncGenerator<FileLine> {
  let number = 1
  let held: Buffer[] = []
  let heldBytes = 0
  const hold = (bytes: Buffer): void => {
    heldBytes += bytes.length
    // What is beyond the limit is only counted.
    if (heldBytes <= lineBytesMax + 1) held.push(bytes)
  }
  const take = (): FileLine | undefined => {
    const line = lineOf(number, held, heldBytes, lineBytesMax)
    number += 1
    held = []
    heldBytes = 0
    return line
  }
  for await (const part of parts) {
    const bytes = Buffer.from(part.buffer, part.byteOffset, part.byteLength)
    let from = 0
    for (let at = bytes.indexOf(newline); at !== -1; at = bytes.indexOf(newline, from)) {
      hold(bytes.subarray(from, at))
      from = at + 1
      const line = take()
      if (line) yield line
    }
    if (from < bytes.length) hold(bytes.subarray(from))
  }
  const last = take()
  if (last) yield last
}

function lineOf(number: number, held: readonly Buffer[], heldBytes: number, lineBytesMax: number): FileLine | undefined {
  if (heldBytes > lineBytesMax + 1) return { number, bytes: Buffer.alloc(0), isTooLong: true }
  let bytes = held.length === 1 && held[0] ? held[0] : Buffer.concat(held)
  if (number === 1 && bytes.subarray(0, 3).equals(byteOrderMark)) bytes = bytes.subarray(3)
  if (bytes.at(-1) === carriageReturn) bytes = bytes.subarray(0, -1)
  if (bytes.length > lineBytesMax) return { number, bytes: Buffer.alloc(0), isTooLong: true }
  return isBlank(bytes) ? undefined : { number, bytes, isTooLong: false }
}

function isBlank(bytes: Buffer): boolean {
  return bytes.every((byte) => byte === 32 || byte === 9 || byte === carriageReturn)
}
