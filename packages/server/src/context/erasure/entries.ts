// Takes the entries of a target out of memory: page by page, each in one transaction with its words, vectors, derived versions and a change.
import { changes, erasureTargets, type ErasedEntry, type Queryable } from "../../store/index.ts"
import type { DataKeys } from "../memory/data-keys.ts"
import { historyScopeId, memoryScopeId } from "../memory/index-scopes.ts"
import { lockScopesOf } from "../memory/lock-reach.ts"
import type { ScopeIndex } from "../retrieval/index-entry.ts"
import { createNeedles, textForms } from "./needles.ts"
import { keepTexts, textsOf, type CollectedTexts } from "./texts.ts"
import type { EntryCounts, ErasureTarget } from "./types.ts"

export interface EntryDependencies {
  keys: DataKeys
  index: ScopeIndex
}

export interface EntryPage {
  projectId: string
  principal: string
  erasureId: string
  target: ErasureTarget
  apply: boolean
  after: string
}

export interface PageOutcome {
  /** Null when there are no more. */
  next: string | null
  collected: CollectedTexts
  counts: EntryCounts
  keyIds: string[]
}

const pageRows = 100

export async function eraseEntryPage(dependencies: EntryDependencies, tx: Queryable, page: EntryPage): Promise<PageOutcome> {
  const { projectId } = page
  let found = page.apply ? noEntries : await entriesOfPage(dependencies, tx, page)
  if (page.apply) {
    // What is derived of them meanwhile would be left behind.
    await lockScopesOf(tx, projectId, async () => {
      found = await entriesOfPage(dependencies, tx, page)
      return found.entries.map(({ scope }) => scope)
    })
  }
  const { read, entries } = found
  const collected = await collect(dependencies, tx, page, entries)
  const sources = page.apply && entries.length > 0 ? await remove(dependencies, tx, page, entries, collected) : 0
  return {
    next: read.length < pageRows ? null : (read.at(-1)?.id ?? null),
    collected,
    counts: {
      episodes: entries.filter(({ kind }) => kind === "episode").length,
      versions: entries.filter(({ kind }) => kind === "version").length,
      sources,
    },
    keyIds: [...new Set(entries.map(({ keyId }) => keyId))],
  }
}

interface FoundEntries {
  /** A page of the target. */
  read: readonly ErasedEntry[]
  /** Those of it that are erased, with all that came of them. */
  entries: readonly ErasedEntry[]
}
const noEntries: FoundEntries = { read: [], entries: [] }

async function entriesOfPage(dependencies: EntryDependencies, tx: Queryable, page: EntryPage): Promise<FoundEntries> {
  const { projectId, target, after } = page
  const read = await erasureTargets.entriesOf(tx, projectId, named(target), after, pageRows)
  const chosen = await chosenOf(dependencies, tx, page, read)
  const derived = await erasureTargets.derivedFrom(
    tx,
    projectId,
    chosen.map(({ id }) => id),
  )
  return { read, entries: [...new Map([...chosen, ...derived].map((entry) => [entry.id, entry])).values()] }
}

/** Addresses and titles of sources: what is left of them once their evidence is gone. */
export async function eraseSourcePage(dependencies: EntryDependencies, tx: Queryable, page: EntryPage): Promise<PageOutcome> {
  const { projectId, target, after } = page
  const read = await erasureTargets.sourcesOf(tx, projectId, named(target), after, pageRows)
  const texts = await textsOf(dependencies, tx, projectId, read)
  const needles = createNeedles(target.kind === "query" ? textForms(target.name) : [])
  const chosen = read.filter(({ id }) => target.kind !== "query" || (texts.get(id) ?? []).some((text) => needles.isIn(text)))
  const collected = {
    texts: target.kind === "query" ? [] : chosen.flatMap(({ id }) => texts.get(id) ?? []),
    runIds: [],
    conversationIds: [],
  }
  if (page.apply) {
    if (collected.texts.length > 0) await keepTexts(dependencies, tx, { ...page, id: `source ${after}` }, collected)
    for (const { id } of chosen) await erasureTargets.clearSource(tx, projectId, id)
  }
  return {
    next: read.length < pageRows ? null : (read.at(-1)?.id ?? null),
    collected,
    counts: { episodes: 0, versions: 0, sources: chosen.length },
    keyIds: chosen.map(({ keyId }) => keyId),
  }
}

function named({ kind, name, withinScope }: ErasureTarget): { kind: ErasureTarget["kind"]; name: string } {
  return { kind, name: kind === "query" ? (withinScope ?? "") : name }
}

async function chosenOf(
  dependencies: EntryDependencies,
  tx: Queryable,
  { projectId, target }: EntryPage,
  read: readonly ErasedEntry[],
): Promise<readonly ErasedEntry[]> {
  if (target.kind !== "query") return read
  const needles = createNeedles(textForms(target.name))
  const texts = await textsOf(dependencies, tx, projectId, read)
  return read.filter(({ id }) => (texts.get(id) ?? []).some((text) => needles.isIn(text)))
}

async function collect(
  dependencies: EntryDependencies,
  tx: Queryable,
  { projectId, target }: EntryPage,
  entries: readonly ErasedEntry[],
): Promise<CollectedTexts> {
  if (entries.length === 0) return { texts: [], runIds: [], conversationIds: [] }
  const ids = entries.map(({ id }) => id)
  const texts = target.kind === "query" ? [] : [...(await textsOf(dependencies, tx, projectId, entries)).values()].flat()
  const recalled = await erasureTargets.runsThatRecalled(tx, projectId, ids)
  const given = (values: readonly (string | null)[]): string[] => [...new Set(values.filter((value) => value !== null))]
  return {
    texts: given(texts),
    runIds: given([...entries.map(({ runId }) => runId), ...recalled]),
    conversationIds: given(entries.map(({ conversationId }) => conversationId)),
  }
}

async function remove(
  dependencies: EntryDependencies,
  tx: Queryable,
  { projectId, principal, erasureId }: EntryPage,
  entries: readonly ErasedEntry[],
  collected: CollectedTexts,
): Promise<number> {
  await keepTexts(dependencies, tx, { projectId, erasureId, id: `entries ${entries[0]?.id ?? ""}` }, collected)
  const { sources } = await erasureTargets.deleteEntries(
    tx,
    projectId,
    entries.map(({ id }) => id),
  )
  const places = entries.flatMap(({ id, scope }) => [memoryScopeId(scope), historyScopeId(scope)].map((scopeId) => ({ scopeId, id })))
  places.sort((a, b) => (a.scopeId < b.scopeId ? -1 : 1))
  for (const { scopeId, id } of places) await dependencies.index.removeEntry(tx, { projectId, scopeId, documentId: id })
  for (const { id, scope } of [...entries].sort((a, b) => (a.scope < b.scope ? -1 : 1))) {
    await changes.recordChange(tx, { projectId, scope, entry: id, kind: "memory", op: "erase", principal })
  }
  return sources
}
