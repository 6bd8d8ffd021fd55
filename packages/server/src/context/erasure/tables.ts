// Takes texts out of everything that is not memory: the run log, conversations, feedback, states, blocks, files, cached answers.
import { mentionsSealed } from "../../security/index.ts"
import { traces, type Store, type TextTable, type TracedRow } from "../../store/index.ts"
import { rowIdOf as blockRowId } from "../blocks/block-editor.ts"
import type { Files } from "../files.ts"
import { wholeProject } from "../owners.ts"
import type { TextVault } from "../sealed-text.ts"
import { rowIdOf as stateRowId } from "../state/states.ts"
import { eraseFromColumn, eraseFromPieces } from "./erase-text.ts"
import { byteForms, createNeedles, type Needles } from "./needles.ts"
import type { Search } from "./texts.ts"

export interface TableDependencies {
  store: Store
  files: Pick<Files, "delete">
  vault: TextVault
}

export interface TablePass {
  projectId: string
  search: Search
  apply: boolean
  /** Counts what an erasure would find, before anything is deleted. */
  isPlan?: boolean
  /** What a file says that is erased by its id, another file may say, too: that one is another source, and stays. */
  keepsFiles?: boolean
}

/** Rows in which a text stood, by table. */
export type RowCounts = Record<string, number>

const pageRows = 100
/** What an erasure itself keeps, which is encrypted, and what it says of its target. */
const ownTables = new Set(["erasures", "erasure_texts"])
/** Counted as entries already; by the time that tables are looked through the rows are gone. */
const entryTables = new Set(["episodes", "memory_versions", "sources"])
const fileTables = new Set(["files", "chunks"])

export async function eraseFromTables({ store, files }: TableDependencies, pass: TablePass): Promise<{ rows: RowCounts; files: string[] }> {
  const { projectId, search, apply, isPlan = false, keepsFiles = false } = pass
  const rows: RowCounts = {}
  const found = new Set<string>()
  const db = store.project(projectId)
  for (const table of await traces.textTables(db)) {
    if (ownTables.has(table.name) || (isPlan && entryTables.has(table.name)) || (keepsFiles && fileTables.has(table.name))) continue
    const count = await eachRow(
      store,
      projectId,
      table,
      async (row, cleaned) => {
        if (table.name === "chunks") found.add(await fileOf(db, projectId, row))
        else if (apply && cleaned.size > 0) await traces.updateRow(db, projectId, table, row.key, cleaned)
      },
      search,
    )
    if (count > 0 && table.name !== "chunks") rows[table.name] = count
  }
  if (!keepsFiles) for (const id of await filesContaining(store, projectId, search)) found.add(id)
  found.delete("")
  if (apply) for (const id of found) await files.delete(wholeProject(projectId), id)
  const streamed = await eraseStreamed(store, pass)
  if (streamed > 0) rows["run_events"] = (rows["run_events"] ?? 0) + streamed
  return { rows, files: [...found] }
}

async function eachRow(
  store: Store,
  projectId: string,
  table: TextTable,
  found: (row: TracedRow, cleaned: ReadonlyMap<string, string>) => Promise<void>,
  search: Search,
): Promise<number> {
  const own = new Set(table.columns.map(({ name }) => name))
  let count = 0
  for (let after: readonly string[] | undefined; ;) {
    const page = await traces.readRows(store.project(projectId), projectId, table, after, pageRows)
    for (const row of page) {
      const needles = needlesFor(search, row)
      const touched = [...row.values].filter(
        ([, text]) => needles.isIn(text) || ((text.includes("\\") || mentionsSealed(text)) && eraseFromColumn(text, needles) !== text),
      )
      if (touched.length === 0) continue
      count += 1
      const ours = touched.filter(([name]) => own.has(name))
      await found(row, new Map(ours.map(([name, text]) => [name, cleanedText(table, name, text, needles)])))
    }
    after = page.at(-1)?.key
    if (page.length < pageRows || after === undefined) return count
  }
}

function cleanedText(table: TextTable, name: string, text: string, needles: Needles): string {
  const type = table.columns.find((column) => column.name === name)?.type
  // An array in Postgres' own form: cleaned as plain text, its quotes stay where they are.
  return type === "text[]" ? text.replaceAll(/[^{}",]+/g, (item) => eraseFromColumn(item, needles)) : eraseFromColumn(text, needles)
}

function needlesFor(search: Search, { runId, conversationId }: TracedRow): Needles {
  const isLinked = (runId !== null && search.runIds.has(runId)) || (conversationId !== null && search.conversationIds.has(conversationId))
  return isLinked ? search.linked : search.everywhere
}

async function fileOf(db: ReturnType<Store["project"]>, projectId: string, { key }: TracedRow): Promise<string> {
  const [, vectorStoreId = "", documentId = ""] = key
  return (await traces.fileOfChunk(db, projectId, vectorStoreId, documentId)) ?? ""
}

/** Texts that were streamed lie in many events, none of which holds them whole. */
async function eraseStreamed(store: Store, { projectId, search, apply }: TablePass): Promise<number> {
  const db = store.project(projectId)
  let count = 0
  for (let after = ""; ;) {
    const last = await traces.lastRunOfPage(db, projectId, after, pageRows)
    if (last === undefined) return count
    for (const { runId, deltas, seqs } of await traces.streamedTexts(db, projectId, after, pageRows)) {
      const cleaned = eraseFromPieces(deltas, needlesFor(search, { key: [], values: new Map(), runId, conversationId: null }))
      for (const [index, delta] of cleaned.entries()) {
        if (delta === deltas[index]) continue
        count += 1
        if (apply) await traces.updateDelta(db, projectId, runId, seqs[index] ?? 0, delta)
      }
    }
    after = last
  }
}

/** Files whose bytes contain a text; a text may lie across two parts. */
async function filesContaining(store: Store, projectId: string, search: Search): Promise<string[]> {
  const forms = search.texts.flatMap(byteForms)
  const needles = createNeedles(forms, { exact: true })
  const overlap = Math.max(0, ...forms.map(({ length }) => length))
  const found = new Set<string>()
  if (forms.length === 0) return []
  let before = { id: "", tail: "" }
  for (let after = { id: "", part: -1 }; ;) {
    const [row] = await traces.fileParts(store.project(projectId), projectId, after, 1)
    if (row === undefined) return [...found]
    const text = (before.id === row.id ? before.tail : "") + Buffer.from(row.content).toString("latin1")
    if (!found.has(row.id) && needles.isIn(text)) found.add(row.id)
    before = { id: row.id, tail: text.slice(-overlap) }
    after = row
  }
}

/** Blocks and states, current and old: what stands in them is encrypted, or may be. */
export async function eraseFromSealed({ store, vault }: TableDependencies, { projectId, search, apply }: TablePass): Promise<RowCounts> {
  const rows: RowCounts = {}
  for (const table of ["blocks", "block_versions", "states", "state_versions"] as const) {
    const rowIdOf = table.startsWith("block") ? blockRowId : stateRowId
    let after: { scope: string; name: string; version: number } | undefined
    for (;;) {
      const page = await traces.sealedRows(store.project(projectId), projectId, table, after, pageRows)
      const sealed = page.map(({ keyId, body, scope, name, version }) => ({ keyId, body, rowId: rowIdOf(scope, name, version) }))
      const texts = await vault.open(store.project(projectId), projectId, sealed)
      for (const [index, row] of page.entries()) {
        const text = texts[index]
        const cleaned = text === undefined ? undefined : eraseFromColumn(text, search.everywhere)
        if (cleaned === undefined || cleaned === text) continue
        rows[table] = (rows[table] ?? 0) + 1
        if (!apply) continue
        await store.project(projectId).transaction(async (tx) => {
          const place = { projectId, scope: row.scope }
          const again = await vault.seal(tx, place, rowIdOf(row.scope, row.name, row.version), cleaned)
          await traces.updateSealed(tx, projectId, table, { ...row, ...again })
        })
      }
      after = page.at(-1)
      if (page.length < pageRows) break
    }
  }
  return rows
}
