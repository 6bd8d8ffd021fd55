// What an assistant's words were made with: the entries that stood before the model, whose trust they cannot exceed and with which they go.
import { joinLabels, type Label } from "../../security/index.ts"
import { episodes, scopes, type EpisodeParent, type Queryable } from "../../store/index.ts"
import { hasScopeRight, type MemoryCaller } from "../scopes/access.ts"
import { parseScope } from "../scopes/scope-name.ts"
import type { Row } from "./entries.ts"
import { labelOfNew } from "./labels.ts"
import { rowsOf } from "./lookup.ts"
import type { NewMemory } from "./types.ts"

export interface GroundOfAnswer {
  kind: EpisodeParent["parentKind"]
  id: string
  label: Label
}

const groundsMax = 200

/** Those that are there, and stay until the end of the transaction, and that the caller may read; none of what a person or a tool says. */
export async function madeWith(
  tx: Queryable,
  caller: MemoryCaller,
  scope: string,
  { role, recalledFrom = [], madeWith: { entryIds = [], itemIds = [] } = {} }: NewMemory,
): Promise<GroundOfAnswer[]> {
  if (role !== "assistant" || recalledFrom.length + entryIds.length + itemIds.length === 0) return []
  const { projectId } = caller
  const ofItems = itemIds.length === 0 ? [] : await episodes.episodeIdsOfItems(tx, projectId, scope, itemIds)
  const ids = [...new Set([...entryIds, ...ofItems, ...recalledFrom])].slice(0, groundsMax)
  // Whoever takes one of them away comes before this, or finds the answer by it.
  const found = await rowsOf(tx, projectId, ids)
  await scopes.holdScopes(tx, projectId, [...new Set(found.map((row) => (row.episode ?? row.version).scope))])
  const rows = await readable(tx, caller, await rowsOf(tx, projectId, ids))
  return rows.map((row) => {
    const { id, label } = row.episode ?? row.version
    return { kind: row.episode === undefined ? "version" : "episode", id, label: label as unknown as Label } // written by us from a Label
  })
}

async function readable(tx: Queryable, caller: MemoryCaller, rows: readonly Row[]): Promise<Row[]> {
  const paths = [...new Set(rows.map((row) => (row.episode ?? row.version).scope))]
  const stored = new Map((await scopes.scopesByPath(tx, caller.projectId, paths)).map((scope) => [scope.path, scope]))
  const allowed = new Set(paths.filter((path) => hasScopeRight(caller, parseScope(path), stored.get(path), "read")))
  return rows.filter((row) => allowed.has((row.episode ?? row.version).scope))
}

/** Nothing that was made with something is trusted more than that. */
export function withLabelOf(caller: MemoryCaller, memory: NewMemory, grounds: readonly GroundOfAnswer[]): NewMemory {
  if (grounds.length === 0) return memory
  return { ...memory, label: joinLabels([labelOfNew(caller, memory), ...grounds.map(({ label }) => label)]) }
}

const fileSource = /^file:(file_\w+)$/u

/** Ids of the stored files that stood behind it; a label with many sources names none any more. */
export function filesBehind({ madeWith: { fileIds = [] } = {} }: NewMemory, label: Label): string[] {
  const labelled = label.sources.flatMap((source) => fileSource.exec(source)?.[1] ?? [])
  return [...new Set([...labelled, ...fileIds])].slice(0, groundsMax)
}
