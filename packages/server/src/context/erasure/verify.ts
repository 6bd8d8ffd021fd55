// Proof of an erasure: all tables and, where they are within reach, the files of the database are searched for the texts once more.
import { eraseFromSealed, eraseFromTables, type TableDependencies, type TablePass } from "./tables.ts"
import { byteForms } from "./needles.ts"
import type { Verification } from "./types.ts"
import type { FindOptions, Scrubbed } from "../../store/index.ts"

/** Each is looked for in every file: of many, the longest. */
const textsInFilesMax = 32

export async function verify(
  dependencies: TableDependencies,
  searched: Omit<TablePass, "apply" | "isPlan">,
  { logCleared, server }: Scrubbed,
  options: FindOptions,
): Promise<Verification> {
  const pass = { ...searched, apply: false }
  const { search } = pass
  const { rows, files } = await eraseFromTables(dependencies, pass)
  const sealed = await eraseFromSealed(dependencies, pass)
  const texts = search.texts.toSorted((a, b) => b.length - a.length).slice(0, textsInFilesMax)
  const patterns = texts.flatMap(byteForms).map((form) => Buffer.from(form, "latin1"))
  const found = await dependencies.store.scrubber.findBytes(patterns, options)
  return {
    texts: search.texts.length,
    rows: { ...rows, ...sealed, ...(files.length > 0 ? { files: files.length } : {}) },
    files: found.files,
    filesContaining: found.containing,
    unread: found.unread ?? 0,
    logCleared,
    heldBy: server?.heldBy ?? [],
  }
}
