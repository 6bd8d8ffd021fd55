// The parents of what is derived: they have to be there, in the same scope, be worth extracting from, and say what is quoted of them.
import { joinLabels, type Label } from "../../security/index.ts"
import type { Queryable, StoredDerivation } from "../../store/index.ts"
import type { DataKeys } from "./data-keys.ts"
import { readRows, rowsByIds, type Row } from "./entries.ts"

export interface Parent {
  kind: StoredDerivation["parentKind"]
  id: string
  /** The words that it rests on, verbatim, or where they stand in the parent's text (UTF-16 units). Needed of episodes. */
  quote?: string | { start: number; end: number } | undefined
  /** Of a chunk: that of its file. */
  label?: Label | undefined
}

export interface Evidence {
  /** Nothing is trusted more than the least of what it rests on. */
  label: Label
  parents: Omit<StoredDerivation, "child">[]
  /** When the earliest of the parents was said or recorded. */
  since: number
}

/** What the parents give, or why nothing may rest on them. */
export async function evidenceOf(
  keys: DataKeys,
  tx: Queryable,
  place: { projectId: string; scope: string },
  parents: readonly Parent[],
): Promise<Evidence | { refused: string }> {
  if (parents.length === 0) return { refused: "it has no parent" }
  const entries = parents.filter(({ kind }) => kind !== "chunk")
  const rows = await rowsByIds(
    tx,
    place.projectId,
    entries.map(({ id }) => id),
  )
  const found = [...rows.values()]
  const read = await readRows(keys, tx, place.projectId, found)
  const texts = new Map(read.map(({ versionId, id, text }) => [versionId ?? id, text]))
  const checked: Omit<StoredDerivation, "child">[] = []
  for (const parent of parents) {
    const row = rows.get(parent.id)
    const refused =
      parent.kind === "chunk" ? (parent.label ? undefined : "a chunk needs its file's label") : refusalOf(row, parent, place.scope)
    if (refused !== undefined) return { refused: `${refused}: ${parent.id}` }
    const span = spanOf(parent, texts.get(parent.id) ?? null)
    if (span === undefined) return { refused: `the quote is not in the text: ${parent.id}` }
    checked.push({ parentKind: parent.kind, parent: parent.id, quoteStart: span?.start ?? null, quoteEnd: span?.end ?? null })
  }
  const labels = [...read.map(({ label }) => label), ...parents.flatMap(({ kind, label }) => (kind === "chunk" && label ? [label] : []))]
  return {
    label: joinLabels(labels),
    parents: checked,
    since: Math.min(...read.map(({ occurredAt, createdAt }) => occurredAt ?? createdAt)),
  }
}

function refusalOf(row: Row | undefined, parent: Parent, scope: string): string | undefined {
  if (row === undefined || (row.episode === undefined) !== (parent.kind === "version")) return `there is no such ${parent.kind}`
  const { scope: own, expiredAt } = row.episode ?? row.version
  if (own !== scope) return "it belongs to another scope"
  if (row.episode === undefined)
    return expiredAt === null || row.version.endedBy === "supersede" || row.version.endedBy === "refine"
      ? undefined
      : "it is not believed any more"
  if (expiredAt !== null || row.episode.revokedAt !== null) return "it was taken back"
  if (row.episode.recalledFrom.length > 0) return "it repeats what was recalled"
  return parent.quote === undefined ? "nothing is quoted of it" : undefined
}

/** Undefined where the quote is not there; null where none is asked for. */
function spanOf({ quote }: Parent, text: string | null): { start: number; end: number } | null | undefined {
  if (quote === undefined) return null
  if (text === null) return undefined
  if (typeof quote !== "string") return quote.start >= 0 && quote.start < quote.end && quote.end <= text.length ? quote : undefined
  const start = quote.trim() === "" ? -1 : text.indexOf(quote)
  return start < 0 ? undefined : { start, end: start + quote.length }
}
