// A request body as it came, in one piece or several: read without joining them, and sent on with a few bytes changed.
import { isUtf8 } from "node:buffer"
import type { Span } from "./body-scan.ts"
import { arePiecesUtf8 } from "./utf8-pieces.ts"

export interface Edit extends Span {
  text: string
}

/** What is sent upstream; pieces go out one after the other. */
export type SentBody = Buffer | string | readonly Buffer[]

/**
 * Larger bodies stay in pieces: what buffers take brings V8's next collection of the whole heap nearer, which costs about as much as
 * copying the bytes thirty times. For smaller ones the second system call costs more.
 */
const joinedBytesMax = 32 * 1024

export class BodyBytes {
  readonly pieces: readonly Buffer[]
  readonly sizeBytes: number
  #whole: Buffer | undefined

  constructor(pieces: readonly Buffer[]) {
    this.pieces = pieces
    this.sizeBytes = sizeOf(pieces)
  }

  /** In one piece. */
  whole(): Buffer {
    this.#whole ??= joined(this.pieces)
    return this.#whole
  }

  text({ start, end }: Span): string {
    const [first] = this.pieces
    if (first && end <= first.length) return first.toString("utf8", start, end)
    return joined(this.slice(start, end)).toString()
  }

  isUtf8(): boolean {
    const [first] = this.pieces
    return first && this.pieces.length === 1 ? isUtf8(first) : arePiecesUtf8(this.pieces)
  }

  /** Whether these bytes are somewhere in it, be it from one piece into the next. */
  includes(wanted: Buffer): boolean {
    const overlap = wanted.length - 1
    let end: Buffer = nothing
    for (const piece of this.pieces) {
      if (piece.includes(wanted)) return true
      const seam = end.length === 0 ? piece : Buffer.concat([end, piece.subarray(0, overlap)])
      if (end.length > 0 && seam.includes(wanted)) return true
      end = piece.length < overlap ? seam.subarray(-overlap) : piece.subarray(-overlap)
    }
    return false
  }

  /** With the edits made, which do not overlap. */
  edited(edits: readonly Edit[]): Buffer | readonly Buffer[] {
    const parts: Buffer[] = []
    let from = 0
    for (const { start, end, text } of edits.toSorted((a, b) => a.start - b.start || a.end - b.end)) {
      parts.push(...this.slice(from, start))
      if (text !== "") parts.push(Buffer.from(text))
      from = end
    }
    parts.push(...this.slice(from, this.sizeBytes))
    return parts.length === 1 || this.sizeBytes <= joinedBytesMax ? joined(parts) : withJoinedHead(parts)
  }

  /** The bytes from `start` to `end`, where they are. */
  slice(start: number, end: number): Buffer[] {
    const parts: Buffer[] = []
    let before = 0
    for (const piece of this.pieces) {
      const from = Math.max(0, start - before)
      const to = Math.min(piece.length, end - before)
      if (from < to) parts.push(from === 0 && to === piece.length ? piece : piece.subarray(from, to))
      before += piece.length
    }
    return parts
  }
}

const nothing = Buffer.alloc(0)

/** Small parts at the beginning become one: each would be a system call of its own. */
function withJoinedHead(parts: readonly Buffer[]): readonly Buffer[] {
  let small = 0
  while (small < parts.length && (parts[small]?.length ?? 0) < smallPartBytes) small += 1
  return small < 2 ? parts : [Buffer.concat(parts.slice(0, small)), ...parts.slice(small)]
}

const smallPartBytes = 4 * 1024

export function joined(parts: readonly Buffer[]): Buffer {
  const [first] = parts
  return first && parts.length === 1 ? first : Buffer.concat(parts)
}

export function sizeOf(parts: readonly Buffer[]): number {
  return parts.reduce((total, { length }) => total + length, 0)
}
