// What follows a write, off its path: one durable run per scope at a time gives new entries their vectors.
import { AppError, isJsonObject, messageOf, type Clock, type JsonValue } from "../../core/index.ts"
import type { RunContext, RunDefinition, Runs } from "../../runs/index.ts"
import type { Store } from "../../store/index.ts"
import type { ScopeIndex } from "../retrieval/index-entry.ts"
import type { Reader } from "../retrieval/reader.ts"
import type { Caller } from "../types.ts"
import type { DataKeys } from "./data-keys.ts"
import { rowsByIds, type Row } from "./entries.ts"
import { historyScopeId, memoryScopeId } from "./index-scopes.ts"
import { writersLabel } from "./labels.ts"
import { readMessages, writeMessageVector, type MessageVector } from "./message-vectors.ts"
import { indexScopeOf, markUpkept, rowsToUpkeep } from "./upkeep-batch.ts"

export const upkeepName = "memory/upkeep"
const embedTimeoutMs = 60_000
const embedRetries = 5
/** Entries that are embedded in one step. */
const batchEntries = 64

/** Told of each write after its commit; what is to do is in the database, so a call that gets lost delays it only. */
export type AfterRemember = (caller: Caller, scope: string) => void

export interface UpkeepDependencies {
  store: Store
  index: ScopeIndex
  keys: DataKeys
  reader: Reader
  embedModel: string
  clock: Clock
}

export function upkeepDefinition(dependencies: UpkeepDependencies): RunDefinition {
  return {
    kind: "memory",
    name: upkeepName,
    version: "1",
    style: "replay",
    execute: async (context, input) => {
      const scope = scopeOf(input)
      for (let batch = 0; ; batch++) {
        const done = await upkeepBatch(dependencies, context, scope, batch)
        if (done === 0) return { batches: batch }
      }
    },
  }
}

/** How many entries it took care of. */
async function upkeepBatch(dependencies: UpkeepDependencies, context: RunContext, scope: string, batch: number): Promise<number> {
  const { store, index, clock } = dependencies
  const { projectId } = context.run
  const embedded = await context.step(
    `embed:${batch}`,
    async ({ signal }) => {
      const waiting = await rowsToUpkeep(store.project(projectId), projectId, scope, batchEntries)
      // Each on the bill of whoever wrote it.
      const principal = waiting[0] === undefined ? context.run.principal : principalOf(waiting[0])
      const rows = waiting.filter((row) => principalOf(row) === principal)
      const told = rows.filter((row) => indexScopeOf(row) !== null)
      const vectors = await readMessages(dependencies, { projectId, principal }, told, signal)
      return { ids: rows.map(idOf), vectors: vectors as unknown as JsonValue[] } // plain JSON
    },
    { effect: "read", retries: embedRetries, timeoutMs: embedTimeoutMs },
  )
  if (embedded.ids.length === 0) return 0
  await context.step(
    `commit:${batch}`,
    async ({ tx }) => {
      if (tx === undefined) return null
      // As they are now: some may have ended meanwhile.
      const rows = await rowsByIds(tx, projectId, embedded.ids)
      const vectors = new Map((embedded.vectors as unknown as MessageVector[]).map((vector) => [vector.id, vector]))
      for (const scopeId of [historyScopeId(scope), memoryScopeId(scope)]) {
        for (const [documentId, row] of rows) {
          const key = { projectId, scopeId, documentId }
          const vector = vectors.get(documentId)
          if (indexScopeOf(row) === null) await index.removeEntry(tx, key)
          else if (vector !== undefined && indexScopeOf(row) === scopeId) await writeMessageVector(tx, dependencies, key, vector)
        }
      }
      await markUpkept(tx, projectId, [...rows.values()], clock.now())
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

/** Starts at most one run for a scope at a time; what is written while it runs is looked at once more after it. */
export function createUpkeep(
  runs: Pick<Runs, "start" | "ended">,
  onError: (name: string, message: string) => void,
): { afterRemember: AfterRemember } & AsyncDisposable {
  const stopping = new AbortController()
  const again = new Map<string, boolean>()
  const working = new Set<Promise<void>>()

  const work = async (key: string, caller: Caller, scope: string): Promise<void> => {
    const { projectId, principal } = caller
    try {
      do {
        again.set(key, false)
        const label = writersLabel(caller)
        const run = await runs.start({ projectId, principal, kind: "memory", name: upkeepName, title: scope, input: { scope }, label })
        await runs.ended(projectId, run.id, stopping.signal)
      } while (again.get(key) === true && !stopping.signal.aborted)
    } catch (error) {
      // The entries are committed and found by words; the next write to the scope tries again.
      if (!stopping.signal.aborted) onError(`the upkeep of memory in ${scope}`, messageOf(error))
    } finally {
      again.delete(key)
    }
  }
  return {
    afterRemember: (caller, scope) => {
      const key = `${caller.projectId} ${scope}`
      const isAtWork = again.has(key)
      again.set(key, isAtWork)
      if (isAtWork) return
      const task = work(key, caller, scope).finally(() => working.delete(task))
      working.add(task)
    },
    [Symbol.asyncDispose]: async () => {
      stopping.abort()
      await Promise.all(working)
    },
  }
}

function scopeOf(input: JsonValue): string {
  const scope = isJsonObject(input) ? input["scope"] : undefined
  if (typeof scope === "string") return scope
  throw new AppError("invalid_request", "The input of this run names `scope`.")
}
