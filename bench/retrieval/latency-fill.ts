// Synthetic scopes for the latency bench: words by Zipf's law, clustered vectors of 384 dimensions, written by the server's own code or copied in SQL.
import { compactScope } from "../../packages/server/src/context/retrieval/compaction.ts"
import { createScopeIndex } from "../../packages/server/src/context/retrieval/index-entry.ts"
import type { TermKeyOf } from "../../packages/server/src/context/retrieval/term-hash.ts"
import type { Queryable, Store } from "../../packages/server/src/store/index.ts"

export const projectId = "proj_bench"
export const model = "bench"
export const dimensions = 384
/** One key for all scopes, so that a copied scope can be searched. */
export const termKeyOf: TermKeyOf = () => new Uint8Array(32)

const centres = Array.from({ length: 256 }, () => direction())
const partsPerTransaction = 250
const partsPerCompaction = 5_000

/** Writes entries of `partsPerEntry` parts each; returns their vectors by place. */
export async function fill(store: Store, scopeId: string, size: number, partsPerEntry: number): Promise<Float32Array[]> {
  const all: Float32Array[] = []
  for (let from = 0; from < size; from += partsPerTransaction) {
    const upTo = Math.min(from + partsPerTransaction, size)
    await store.project(projectId).transaction(async (tx) => {
      for (let place = from; place < upTo; place += partsPerEntry) {
        all.push(...(await writeEntry(store, tx, scopeId, place, Math.min(partsPerEntry, upTo - place))))
      }
    })
    if (upTo % partsPerCompaction === 0) await compactScope(store, { projectId, scopeId })
  }
  await compactScope(store, { projectId, scopeId })
  return all
}

async function writeEntry(store: Store, tx: Queryable, scopeId: string, place: number, parts: number): Promise<Float32Array[]> {
  const index = createScopeIndex({ store, termKeyOf })
  const vectors = Array.from({ length: parts }, () => near())
  const key = { projectId, scopeId, documentId: `d${place}` }
  await index.indexEntry(tx, { ...key, lane: "user", parts: vectors.map(() => partOf()) })
  const embeddings = vectors.map((vector, part) => ({ part, piece: 0, vector }))
  await index.indexVectors(tx, { ...key, model }, embeddings)
  return vectors
}

const scopedTables = [
  "word_scopes",
  "word_lanes",
  "index_entries",
  "word_deltas",
  "word_segments",
  "word_places",
  "vector_scopes",
  "embeddings",
]

/** The same entries in other scopes. */
export async function copyScope(store: Store, scopeId: string, copies: readonly string[]): Promise<void> {
  for (const table of scopedTables) {
    const columns = await store.system.query<{ name: string }>(
      `select attname as name from pg_attribute where attrelid = $1::regclass and attnum > 0 and not attisdropped and attname <> 'scope_id'`,
      [table],
    )
    const names = columns.map(({ name }) => name).join(", ")
    await store.system.query(
      `insert into ${table} (scope_id, ${names}) select u.id, ${names} from unnest($2::text[]) as u (id), ${table} where scope_id = $1`,
      [scopeId, copies],
    )
  }
}

export function partOf(): { terms: Map<string, number>; length: number } {
  const terms = new Map<string, number>()
  for (const word of wordsOf(16)) terms.set(word, (terms.get(word) ?? 0) + 1)
  return { terms, length: 16 }
}

export function wordsOf(count: number): string[] {
  return Array.from({ length: count }, () => `w${Math.floor(Math.exp(Math.random() * Math.log(20_000)))}`)
}

/** A vector in one of the clusters. */
export function near(): Float32Array {
  const centre = centres[Math.floor(Math.random() * centres.length)] ?? direction()
  const noise = direction()
  return unit(centre.map((value, index) => value + 0.9 * (noise[index] ?? 0)))
}

function direction(): Float32Array {
  return unit(Float32Array.from({ length: dimensions }, () => Math.random() - 0.5))
}

function unit(vector: Float32Array): Float32Array {
  let squares = 0
  for (const value of vector) squares += value * value
  const length = Math.sqrt(squares)
  return vector.map((value) => value / length)
}
