// Collects what a transaction changes in the index of memory, so that it can be done last and in one order.
import type { DocumentKey, Queryable, StoredEpisode, StoredVersion } from "../../store/index.ts"
import { countTerms } from "../retrieval/analyze.ts"
import type { IndexEntry, ScopeIndex } from "../retrieval/index-entry.ts"
import { laneOfKind } from "./entries.ts"
import { historyScopeId, memoryScopeId } from "./index-scopes.ts"

type Indexed = Pick<StoredVersion, "id" | "scope" | "kind" | "expiredAt">

interface Change {
  projectId: string
  scopeId: string
  documentId: string
  /** Null: it goes out. */
  entry: IndexedText | null
}

/** How something is found by words, wherever it stands. */
export type IndexedText = Omit<IndexEntry, keyof DocumentKey>

export class IndexChanges {
  readonly #index: ScopeIndex
  readonly #changes: Change[] = []

  constructor(index: ScopeIndex) {
    this.#index = index
  }

  /** A version goes where recalls look, or, when it is no longer believed, where questions about the past do. */
  add(projectId: string, version: Indexed, text: string): void {
    const scopeId = version.expiredAt === null ? memoryScopeId(version.scope) : historyScopeId(version.scope)
    const { frequencies: terms, length } = countTerms(text)
    this.#changes.push({
      projectId,
      scopeId,
      documentId: version.id,
      entry: { lane: laneOfKind(version.kind), parts: [{ terms, length }] },
    })
  }

  /** A version that was believed until now goes from the one to the other; without its text, only out. */
  end(projectId: string, version: Indexed, text: string | null): void {
    this.#changes.push({ projectId, scopeId: memoryScopeId(version.scope), documentId: version.id, entry: null })
    if (text !== null) this.add(projectId, { ...version, expiredAt: 0 }, text)
  }

  /** A message that was retracted is found by questions about the past alone; without its text, by none. */
  retract(projectId: string, { id: documentId, scope }: Pick<StoredEpisode, "id" | "scope">, entry: IndexedText | null): void {
    this.remove(projectId, scope, documentId)
    if (entry !== null) this.#changes.push({ projectId, scopeId: historyScopeId(scope), documentId, entry })
  }

  /** Out of both. */
  remove(projectId: string, scope: string, documentId: string): void {
    for (const scopeId of [historyScopeId(scope), memoryScopeId(scope)]) this.#changes.push({ projectId, scopeId, documentId, entry: null })
  }

  /** Call it last in the transaction. */
  async apply(tx: Queryable): Promise<void> {
    // The order of scope ids; within one, what goes out before what comes in.
    const ordered = this.#last().toSorted((a, b) =>
      a.scopeId < b.scopeId ? -1 : a.scopeId > b.scopeId ? 1 : Number(a.entry !== null) - Number(b.entry !== null),
    )
    for (const { projectId, scopeId, documentId, entry } of ordered) {
      if (entry === null) await this.#index.removeEntry(tx, { projectId, scopeId, documentId })
      else await this.#index.indexEntry(tx, { projectId, scopeId, documentId, ...entry })
    }
    this.#changes.length = 0
  }

  /** Of a document that came in and went out again in one transaction only the last counts. */
  #last(): Change[] {
    const last = new Map<string, Change[]>()
    for (const change of this.#changes) {
      const key = `${change.scopeId} ${change.documentId}`
      const before = last.get(key)?.filter(({ entry }) => entry === null) ?? []
      last.set(key, change.entry === null ? [change] : [...before, change])
    }
    return [...last.values()].flat()
  }
}
