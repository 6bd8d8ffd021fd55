// The index behind what was written: new entries get their vectors, ended ones leave, a batch in two steps of a durable run.
import type { Clock, JsonValue } from "../../core/index.ts"
import type { RunContext } from "../../runs/index.ts"
import { scopes, type Store } from "../../store/index.ts"
import type { ScopeIndex } from "../retrieval/index-entry.ts"
import type { Reader } from "../retrieval/reader.ts"
import type { DataKeys } from "./data-keys.ts"
import type { Row } from "./entries.ts"
import { historyScopeId, memoryScopeId } from "./index-scopes.ts"
import { openVectors, readMessages, sealVectors, writeMessageVector, type SealedVector } from "./message-vectors.ts"
import { indexScopeOf, lockedRows, markUpkept, rowsToUpkeep } from "./upkeep-batch.ts"

const embedTimeoutMs = 60_000
const embedRetries = 5
/** Entries that are embedded in one step. */
const batchEntries = 64

export interface BatchDependencies {
  store: Store
  index: ScopeIndex
  keys: DataKeys
  reader: Reader
  embedModel: string
  clock: Clock
}

/** How many entries it took care of. */
export async function upkeepBatch(dependencies: BatchDependencies, context: RunContext, scope: string, batch: number): Promise<number> {
  const { store, index, clock, keys } = dependencies
  const { projectId } = context.run
  const step = { projectId, place: `${context.run.id} embed:${batch}` }
  const embedded = await context.step(
    `embed:${batch}`,
    async ({ signal }) => {
      const waiting = await rowsToUpkeep(store.project(projectId), projectId, scope, batchEntries)
      // Each on the bill of whoever wrote it.
      const principal = waiting[0] === undefined ? context.run.principal : principalOf(waiting[0])
      const rows = waiting.filter((row) => principalOf(row) === principal)
      const told = rows.filter((row) => indexScopeOf(row) !== null)
      const vectors = await readMessages(dependencies, { projectId, principal }, told, signal)
      const sealed = await sealVectors(keys, store.project(projectId), step, told, vectors)
      return { ids: rows.map(idOf), read: told.map(idOf), vectors: sealed as unknown as JsonValue[] } // plain JSON
    },
    { effect: "read", retries: embedRetries, timeoutMs: embedTimeoutMs },
  )
  if (embedded.ids.length === 0) return 0
  await context.step(
    `index:${batch}`,
    async ({ tx }) => {
      if (tx === undefined) return null
      await scopes.lockScopes(tx, projectId, [scope])
      const rows = await lockedRows(tx, projectId, embedded.ids)
      const vectors = await openVectors(keys, tx, step, [...rows.values()], embedded.vectors as unknown as SealedVector[])
      for (const scopeId of [historyScopeId(scope), memoryScopeId(scope)]) {
        for (const [documentId, row] of rows) {
          const key = { projectId, scopeId, documentId }
          const vector = vectors.get(documentId)
          if (indexScopeOf(row) === null) await index.removeEntry(tx, key)
          else if (vector !== undefined && indexScopeOf(row) === scopeId) await writeMessageVector(tx, dependencies, key, vector)
        }
      }
      // One that was told again only after the texts were read has no vector yet: it is for the next batch.
      const read = new Set(embedded.read)
      const seen = [...rows].filter(([id, row]) => read.has(id) || indexScopeOf(row) === null).map(([, row]) => row)
      await markUpkept(tx, projectId, seen, clock.now())
      return null
    },
    { effect: "transactional" },
  )
  return embedded.ids.length
}

function principalOf(row: Row): string {
  return (row.episode ?? row.version).principal
}

function idOf(row: Row): string {
  return (row.episode ?? row.version).id
}
