// Labelled questions of vector stores: which chunks or files answer each, found in the index.
import { createHash } from "node:crypto"
import { AppError } from "../../core/index.ts"
import { chunks, segments, vectorStores, type Queryable } from "../../store/index.ts"
import { placeKey, placeOf } from "./bm25.ts"
import type { LabelledPair } from "./fit-space.ts"

export interface DocumentPair {
  vectorStore: string
  query: string
  /** Ids of chunks or of files. */
  relevant: readonly string[]
}

/** Of one store a fifth of the questions is left out in turn. */
const groups = 5

export async function labelledDocuments(db: Queryable, projectId: string, pairs: readonly DocumentPair[]): Promise<LabelledPair[]> {
  const labelled: LabelledPair[] = []
  for (const [vectorStore, of] of Map.groupBy(pairs, (pair) => pair.vectorStore)) {
    if ((await vectorStores.findVectorStore(db, projectId, vectorStore, null)) === undefined)
      throw new AppError("not_found", `No vector store '${vectorStore}' in this project.`, { param: "vector_store" })
    const ids = [...new Set(of.flatMap(({ relevant }) => relevant))]
    const places = await chunks.placesOfChunks(db, projectId, vectorStore, ids)
    const byPlace = new Map(places.map(({ id, documentId, part }) => [placeKey(documentId, part), id]))
    const live = await segments.segmentsOfFiles(db, projectId, vectorStore, ids)
    const byDocument = new Map(live.flatMap(({ documentId, fileId, isLive }) => (isLive ? [[documentId, fileId] as const] : [])))
    const known = new Set([...byPlace.values(), ...byDocument.values()])
    const unknown = ids.find((id) => !known.has(id))
    if (unknown !== undefined) {
      throw new AppError("invalid_request", `'${unknown}' is no chunk and no file that was read in vector store '${vectorStore}'.`, {
        hint: "Results of a search have `file_id` and `perdure.chunk_id`.",
      })
    }
    for (const { query, relevant } of of) {
      const wanted = new Set(relevant)
      const wantedOf = (id: string | undefined): string | undefined => (id !== undefined && wanted.has(id) ? id : undefined)
      const isRelevant = (key: string): string | undefined =>
        wantedOf(byPlace.get(key)) ?? wantedOf(byDocument.get(placeOf(key).documentId))
      labelled.push({ scopeId: vectorStore, group: `${vectorStore} ${groupOf(query)}`, query, relevant, isRelevant, isReranked: false })
    }
  }
  return labelled
}

/** The same for the same question. */
function groupOf(query: string): number {
  return (createHash("sha256").update(query).digest()[0] ?? 0) % groups
}
