// What is searchable of a segment: its chunks, words and vectors, written and removed together.
import type { NewId } from "../core/index.ts"
import { chunks, segments, type NewChunk, type PartEmbedding, type Queryable, type Store } from "../store/index.ts"
import type { IndexPart, ScopeIndex } from "./retrieval/index-entry.ts"
import type { Segment } from "./segments.ts"

export interface SegmentTarget {
  projectId: string
  vectorStoreId: string
  fileId: string
  runId: string
  documentId: string
}

export interface SegmentContents {
  segment: Segment
  terms: readonly IndexPart[]
  /** With the model that they are of; null when there are none. */
  vectors: { model: string; embeddings: readonly PartEmbedding[] } | null
  /** Ids of chunks that the file had before, by the hash of their contents. */
  knownIds: ReadonlyMap<string, string>
}

/** Writes a segment that no search finds yet; nothing happens when it is there already. */
export async function writeSegment(
  tx: Queryable,
  { index, newId }: { index: ScopeIndex; newId: NewId },
  target: SegmentTarget,
  contents: SegmentContents,
): Promise<void> {
  const { projectId, vectorStoreId, fileId, runId, documentId } = target
  const { segment, terms, vectors, knownIds } = contents
  const { firstPosition, digest, usageBytes, spanBase, pageBase } = segment
  const parts = segment.chunks.length
  const row = { documentId, fileId, runId, firstPosition, parts, digest, usageBytes, spanBase, pageBase, model: vectors?.model ?? null }
  if (!(await segments.insertSegment(tx, target, row))) return
  await chunks.insertChunks(tx, target, chunkRows(segment, newId, knownIds))
  const key = { projectId, scopeId: vectorStoreId, documentId }
  await index.indexEntry(tx, { ...key, lane: "document", session: target.fileId, parts: terms })
  if (vectors !== null) await index.indexVectors(tx, { ...key, model: vectors.model }, vectors.embeddings)
}

/** Removes a segment and everything that stands of it in the indexes. */
export async function removeSegment(tx: Queryable, index: ScopeIndex, target: Omit<SegmentTarget, "fileId" | "runId">): Promise<void> {
  const { projectId, vectorStoreId, documentId } = target
  await segments.deleteSegment(tx, projectId, vectorStoreId, documentId)
  await index.removeEntry(tx, { projectId, scopeId: vectorStoreId, documentId })
}

/** Removes what is searchable of a file in a store. */
export async function removeSegmentsOfFile(
  tx: Queryable,
  index: ScopeIndex,
  projectId: string,
  vectorStoreId: string,
  fileId: string,
): Promise<void> {
  for (const { documentId } of await segments.segmentsOfFiles(tx, projectId, vectorStoreId, [fileId]))
    await removeSegment(tx, index, { projectId, vectorStoreId, documentId })
}

/** Removes what a run wrote of a file and never showed. */
export async function discardHidden(store: Store, index: ScopeIndex, file: Omit<SegmentTarget, "documentId">): Promise<void> {
  const { projectId, vectorStoreId, fileId, runId } = file
  const all = await segments.segmentsOfFiles(store.project(projectId), projectId, vectorStoreId, [fileId])
  for (const { documentId, isLive, runId: writer } of all) {
    if (isLive || writer !== runId) continue
    await store.project(projectId).transaction((tx) => removeSegment(tx, index, { projectId, vectorStoreId, documentId }))
  }
}

function chunkRows(segment: Segment, newId: NewId, knownIds: ReadonlyMap<string, string>): NewChunk[] {
  const used = new Set<string>()
  return segment.chunks.map((chunk, part) => {
    const contentHash = segment.hashes[part] ?? ""
    const known = knownIds.get(contentHash)
    const id = known === undefined || used.has(known) ? newId("chunk") : known
    used.add(id)
    const [first, last] = chunk.pages ?? [null, null]
    return {
      id,
      part,
      heading: [...chunk.heading],
      body: chunk.text,
      spanStart: chunk.span.start - segment.spanBase,
      spanEnd: chunk.span.end - segment.spanBase,
      pageFirst: first === null ? null : first - segment.pageBase,
      pageLast: last === null ? null : last - segment.pageBase,
      tokens: chunk.tokens,
      contentHash,
    }
  })
}
