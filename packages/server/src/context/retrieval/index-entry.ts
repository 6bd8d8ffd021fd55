// The index of scopes: puts documents in and takes them out, in the caller's transaction. What is found in it, scope-search.ts says.
import {
  embeddings,
  tokenVectors,
  wordIndex,
  type DocumentKey,
  type NewIndexEntry,
  type PartEmbedding,
  type PartTokens,
  type Queryable,
  type ScopeKey,
  type Store,
} from "../../store/index.ts"
import { deltasMax } from "./compaction.ts"
import type { Compactor } from "./compactor.ts"
import type { Lane } from "./lanes.ts"
import { nameHash, termBytes, type TermKeyOf } from "./term-hash.ts"

/** A part of a document that is found by itself: a memory has one, a file one for each chunk. */
export interface IndexPart {
  /** Weight of each term; a fraction where a term only counts in part, as those of the message before. */
  terms: ReadonlyMap<string, number>
  /** What the part's length is taken to be beside others, usually the sum of its own terms. */
  length: number
}

export interface IndexEntry extends DocumentKey {
  lane: Lane
  parts: readonly IndexPart[]
  session?: string | undefined
  speaker?: string | undefined
}

/** Call these last in a transaction, in the order of scope ids when there are several: the scope's row stays locked until the commit. */
export interface ScopeIndex {
  /** Indexes a document that is not indexed yet. It is found by words as soon as the transaction is committed. */
  indexEntry(tx: Queryable, entry: IndexEntry): Promise<void>
  /** The same for who writes it in a statement with something else, and then tells of it. */
  packed(db: Queryable, entry: IndexEntry): Promise<NewIndexEntry>
  written(entry: NewIndexEntry, place: number): void
  /** Adds vectors of a document that is indexed, or replaces them. Does nothing without pgvector. */
  indexVectors(tx: Queryable, key: DocumentKey & { model: string }, vectors: readonly PartEmbedding[]): Promise<void>
  /** Adds vectors of the tokens of a document that is indexed, or replaces them. */
  indexTokens(tx: Queryable, key: DocumentKey & { model: string }, tokens: readonly PartTokens[]): Promise<void>
  /** Takes a document out: words and vectors. Does nothing when it is not there. */
  removeEntry(tx: Queryable, key: DocumentKey): Promise<void>
  /** Takes everything out of a scope. */
  removeScope(tx: Queryable, key: ScopeKey): Promise<void>
}

export interface ScopeIndexDependencies {
  store: Pick<Store, "capabilities">
  /** Told when a scope has grown; without it nothing is compacted. */
  compactor?: Pick<Compactor, "wish">
  termKeyOf: TermKeyOf
}

export function createScopeIndex({ store, compactor, termKeyOf }: ScopeIndexDependencies): ScopeIndex {
  const packed: ScopeIndex["packed"] = async (db, { parts, session, speaker, ...entry }) => {
    const key = await termKeyOf(db, entry.projectId, entry.scopeId)
    const hashOf = (name: string | undefined): number => (name === undefined ? 0 : nameHash(key, name))
    return { ...entry, parts: parts.length, session: hashOf(session), speaker: hashOf(speaker), ...packParts(key, parts) }
  }
  const written: ScopeIndex["written"] = (entry, place) => {
    if (Math.floor(place / deltasMax) !== Math.floor((place + entry.parts) / deltasMax)) compactor?.wish(entry)
  }
  return {
    async indexEntry(tx, entry) {
      const document = await packed(tx, entry)
      const { place } = await wordIndex.insertEntry(tx, document)
      written(document, place)
    },
    packed,
    written,
    async indexVectors(tx, key, vectors) {
      if (store.capabilities.vector) await embeddings.insertEmbeddings(tx, key, vectors)
    },
    async indexTokens(tx, key, tokens) {
      await tokenVectors.insertTokens(tx, key, tokens)
    },
    async removeEntry(tx, key) {
      await wordIndex.deleteEntry(tx, key)
      await tokenVectors.deleteTokens(tx, key)
      if (store.capabilities.vector) await embeddings.deleteEmbeddings(tx, key)
    },
    async removeScope(tx, key) {
      await wordIndex.deleteScope(tx, key)
      await tokenVectors.deleteScopeTokens(tx, key)
      if (store.capabilities.vector) await embeddings.deleteScopeEmbeddings(tx, key)
    },
  }
}

const postingBytes = 16

/** Lengths and postings as they lie in a delta. */
export function packParts(key: Uint8Array, parts: readonly IndexPart[]): { length: number; lengths: Uint8Array; postings: Uint8Array } {
  const lengths = Buffer.alloc(parts.length * 4)
  const postings = Buffer.alloc(parts.reduce((count, part) => count + part.terms.size, 0) * postingBytes)
  const hashes = new Map<string, Buffer>()
  let length = 0
  let at = 0
  for (const [index, part] of parts.entries()) {
    const own = exactLength(part.length)
    length += own
    lengths.writeFloatBE(own, index * 4)
    for (const [term, weight] of part.terms) {
      const hash = hashes.get(term) ?? termBytes(key, term)
      hashes.set(term, hash)
      hash.copy(postings, at)
      postings.writeInt32BE(index, at + 8)
      postings.writeFloatBE(weight, at + 12)
      at += postingBytes
    }
  }
  return { length, lengths, postings }
}

/** Lengths are kept in steps that add up without rounding, so that a scope's total is exact after any writes and removals. */
function exactLength(length: number): number {
  return Math.round(length * 64) / 64
}
