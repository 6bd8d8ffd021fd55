// Cuts the chunks of a file into segments at places that their contents decide, so that a change in a file changes only the segments around it.
import { createHash } from "node:crypto"
import { indexText } from "./documents/chunk.ts"
import type { DocumentChunk } from "./documents/types.ts"

export interface Segment {
  chunks: readonly DocumentChunk[]
  /** Of each chunk's heading and text. */
  hashes: readonly string[]
  /** Place of the first chunk in the file. */
  firstPosition: number
  spanBase: number
  pageBase: number
  digest: string
  usageBytes: number
}

/** A segment is one document of the indexes and one transaction: small enough for others not to notice, large enough for few rows. */
const partsMin = 64
const partsMax = 512
/** One chunk in so many ends a segment. */
const boundaryEvery = 64

export function segmentsOf(chunks: readonly DocumentChunk[]): Segment[] {
  const segments: Segment[] = []
  const hashes = chunks.map(contentHash)
  for (let from = 0; from < chunks.length;) {
    let to = from + 1
    while (to < chunks.length && to - from < partsMax && !(to - from >= partsMin && isBoundary(hashes[to - 1] ?? ""))) to++
    segments.push(segmentOf(chunks.slice(from, to), hashes.slice(from, to), from))
    from = to
  }
  return segments
}

/** Everything that a file gives; a run that is continued must find the same. */
export function digestOf(segments: readonly Segment[]): string {
  const hash = createHash("sha256")
  for (const segment of segments) hash.update(segment.digest)
  return hash.digest("hex")
}

function contentHash(chunk: DocumentChunk): string {
  return createHash("sha256").update(indexText(chunk)).digest("hex").slice(0, 32)
}

function isBoundary(hash: string): boolean {
  return Number.parseInt(hash.slice(0, 8), 16) % boundaryEvery === 0
}

function segmentOf(chunks: readonly DocumentChunk[], hashes: readonly string[], firstPosition: number): Segment {
  const spanBase = chunks[0]?.span.start ?? 0
  const pageBase = chunks[0]?.pages?.[0] ?? 0
  const hash = createHash("sha256")
  let usageBytes = 0
  for (const [index, { span, pages, text }] of chunks.entries()) {
    const place = [span.start - spanBase, span.end - spanBase, ...(pages ?? []).map((page) => page - pageBase)]
    hash.update(`${hashes[index]} ${place.join(" ")}\n`)
    usageBytes += Buffer.byteLength(text)
  }
  return { chunks, hashes, firstPosition, spanBase, pageBase, digest: hash.digest("hex").slice(0, 32), usageBytes }
}
