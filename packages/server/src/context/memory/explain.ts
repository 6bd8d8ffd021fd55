// Why an entry is there: the evidence that it rests on with its quotes, the sources of that, and who or what derived it.
import {
  corrections,
  derivations,
  episodeParents,
  memoryVersions,
  sources,
  type Queryable,
  type StoredDerivation,
} from "../../store/index.ts"
import type { DataKeys } from "./data-keys.ts"
import { readRows, rowsByIds, type Row } from "./entries.ts"
import { readSources, type Source } from "./sources.ts"
import type { Entry } from "./types.ts"

export interface Ground {
  kind: StoredDerivation["parentKind"]
  id: string
  /** The words that it rests on; null where it follows from the whole, or the text is gone. */
  quote: string | null
  entry: Entry | null
  source: Source | null
  grounds: Ground[]
}

export interface Explanation {
  entry: Entry
  source: Source | null
  /** What a model and which prompt made of it, where one did. */
  model: string | null
  promptHash: string | null
  grounds: Ground[]
  /** Of evidence: what it was said instead of, and what was said instead of it. */
  corrects: string | null
  correctedBy: string | null
}

const depthMax = 8
const groundsMax = 200

export async function explain(keys: DataKeys, db: Queryable, projectId: string, row: Row): Promise<Explanation> {
  const [entry] = await readRows(keys, db, projectId, [row])
  if (entry === undefined) throw new Error("a row gives an entry")
  const walk: Walk = { keys, db, projectId, left: groundsMax }
  return {
    entry,
    source: await sourceOf(walk, entry.sourceId),
    model: row.version?.model ?? null,
    promptHash: row.version?.promptHash ?? null,
    grounds: await groundsOf(walk, row, depthMax),
    ...(row.episode === undefined ? { corrects: null, correctedBy: null } : await corrections.correctionsOf(db, projectId, row.episode.id)),
  }
}

interface Walk {
  keys: DataKeys
  db: Queryable
  projectId: string
  left: number
}

async function groundsOf(walk: Walk, child: Row, depth: number): Promise<Ground[]> {
  // What persons and tools say rests on nothing but its source.
  if (depth === 0 || (child.episode !== undefined && child.episode.lane !== "assistant")) return []
  const { keys, db, projectId } = walk
  const parents = (await parentsOf(walk, child)).slice(0, walk.left)
  walk.left -= parents.length
  const rows = await rowsByIds(
    db,
    projectId,
    parents.map(({ parent }) => parent),
  )
  const grounds: Ground[] = []
  for (const { parent, parentKind, quoteStart, quoteEnd } of parents) {
    const row = rows.get(parent)
    const [entry = null] = row === undefined ? [] : await readRows(keys, db, projectId, [row])
    const quote = quoteStart === null || quoteEnd === null ? null : (entry?.text?.slice(quoteStart, quoteEnd) ?? null)
    const below = row === undefined ? [] : await groundsOf(walk, row, depth - 1)
    grounds.push({ kind: parentKind, id: parent, quote, entry, source: await sourceOf(walk, entry?.sourceId ?? null), grounds: below })
  }
  return grounds
}

async function parentsOf({ db, projectId }: Walk, { episode, version }: Row): Promise<StoredDerivation[]> {
  if (episode === undefined) return derivations.parentsOf(db, projectId, [version.id])
  const parents = await episodeParents.parentsOfAnswers(db, projectId, [episode.id])
  return parents.map((parent) => ({ ...parent, quoteStart: null, quoteEnd: null }))
}

async function sourceOf({ keys, db, projectId }: Walk, id: string | null): Promise<Source | null> {
  if (id === null) return null
  return (await readSources(keys, db, projectId, await sources.sourcesByIds(db, projectId, [id])))[0] ?? null
}

/** Every version of a memory, newest first. */
export async function readVersions(keys: DataKeys, db: Queryable, projectId: string, memoryId: string, limit: number): Promise<Entry[]> {
  const versions = await memoryVersions.versionsOfMemory(db, projectId, memoryId, limit)
  return readRows(
    keys,
    db,
    projectId,
    versions.map((version) => ({ version })),
  )
}
