// How alike recalled candidates are, by their vectors.
import { embeddings, type Queryable } from "../../store/index.ts"
import { cosine } from "../retrieval/diversity.ts"
import { comparedMax, type Candidate } from "./choose.ts"
import { historyScopeId, memoryScopeId } from "./index-scopes.ts"

/** Of the best candidates; the others are like nothing. */
export async function likenessOf(
  tx: Queryable,
  key: { projectId: string; model: string },
  candidates: readonly Candidate[],
): Promise<(a: Candidate, b: Candidate) => number | undefined> {
  const documents = candidates.slice(0, comparedMax * 2).flatMap(({ entry: { id, versionId, scope } }) => {
    const documentId = versionId ?? id
    return [memoryScopeId(scope), historyScopeId(scope)].map((scopeId) => ({ scopeId, documentId }))
  })
  const vectors = new Map((await embeddings.firstVectors(tx, key, documents)).map(({ documentId, vector }) => [documentId, vector]))
  const vectorOf = ({ entry }: Candidate): Float32Array | undefined => vectors.get(entry.versionId ?? entry.id)
  return (a, b) => {
    const [one, other] = [vectorOf(a), vectorOf(b)]
    return one === undefined || other === undefined ? undefined : cosine(one, other)
  }
}
