// Whether bytes that came in pieces are UTF-8, without joining the pieces.
import { isUtf8 } from "node:buffer"

export function arePiecesUtf8(pieces: readonly Buffer[]): boolean {
  /** A character that began in an earlier piece. */
  let begun = Buffer.alloc(0)
  for (const piece of pieces) {
    const missing = begun.length === 0 ? 0 : characterBytes(begun[0] ?? 0) - begun.length
    if (missing > 0) begun = Buffer.concat([begun, piece.subarray(0, missing)])
    if (missing > piece.length) continue
    if (!isUtf8(begun)) return false
    const rest = piece.subarray(missing)
    const whole = rest.length - unfinishedBytes(rest)
    if (!isUtf8(rest.subarray(0, whole))) return false
    begun = Buffer.from(rest.subarray(whole))
  }
  return begun.length === 0
}

/** How many bytes a character has that begins with this one. */
function characterBytes(first: number): number {
  return first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2
}

/** Bytes at the end that begin a character and do not finish it. */
function unfinishedBytes(bytes: Buffer): number {
  for (let count = 1; count <= Math.min(3, bytes.length); count += 1) {
    const byte = bytes[bytes.length - count] ?? 0
    if (byte >= 0xc0) return characterBytes(byte) > count ? count : 0
    if (byte < 0x80) return 0
  }
  return 0
}
