// A stored file as the target of an erasure: what it says is collected to be looked for, then it goes with all that is searchable of it.
import { isJsonObject, type JsonValue } from "../../core/index.ts"
import { fileTraces, type Queryable } from "../../store/index.ts"
import { removeFile } from "../files.ts"
import { isFileSource } from "../memory/file-sources.ts"
import type { EntryDependencies, EntryPage, PageOutcome } from "./entries.ts"
import { keepTexts, type CollectedTexts } from "./texts.ts"
import type { ErasureTarget } from "./types.ts"

const pageRows = 100

export function isOfFile({ kind, name }: ErasureTarget): boolean {
  return kind === "source" && isFileSource(name)
}

/** A page of its chunks; with the last one what responses said that had it, and the file goes. */
export async function eraseFilePage(dependencies: EntryDependencies, tx: Queryable, page: EntryPage): Promise<PageOutcome> {
  const { projectId, target, after, apply } = page
  const outcome = (next: string | null, collected: CollectedTexts, files: number): PageOutcome => ({
    next,
    collected,
    counts: { episodes: 0, versions: 0, sources: 0, files },
    keyIds: [],
  })
  if (!isOfFile(target)) return outcome(null, { texts: [], runIds: [], conversationIds: [] }, 0)
  const place = after === "" ? undefined : (JSON.parse(after) as fileTraces.ChunkPlace) // written below
  const read = await fileTraces.chunksOfFile(tx, projectId, target.name, place, pageRows)
  const last = read.length < pageRows ? undefined : read.at(-1)
  const texts = read.map(({ body }) => body)
  const rest = last === undefined ? await tracesOf(tx, projectId, target.name) : { texts: [], runIds: [] }
  const collected = { texts: [...texts, ...rest.texts], runIds: rest.runIds, conversationIds: [] }
  if (apply && collected.texts.length > 0) await keepTexts(dependencies, tx, { ...page, id: `file ${after}` }, collected)
  if (last !== undefined) {
    const { vectorStoreId, documentId, part } = last
    return outcome(JSON.stringify({ vectorStoreId, documentId, part }), collected, 0)
  }
  const isThere = apply
    ? await removeFile(tx, dependencies.index, projectId, target.name)
    : (await fileTraces.nameOfFile(tx, projectId, target.name)) !== undefined
  return outcome(null, collected, isThere ? 1 : 0)
}

/** Nobody can tell what a model took from a file, so what it said with it before it is looked for as a whole. */
async function tracesOf(tx: Queryable, projectId: string, fileId: string): Promise<Pick<CollectedTexts, "texts" | "runIds">> {
  const runs = await fileTraces.runsWithFile(tx, projectId, fileId)
  const name = await fileTraces.nameOfFile(tx, projectId, fileId)
  return {
    texts: [...(name === undefined ? [] : [name]), ...runs.flatMap(({ output }) => saidIn(output))],
    runIds: [...new Set(runs.map(({ id }) => id))],
  }
}

function saidIn(value: JsonValue): string[] {
  if (Array.isArray(value)) return value.flatMap(saidIn)
  if (!isJsonObject(value)) return []
  if (value["type"] === "output_text" && typeof value["text"] === "string") return [value["text"]]
  return Object.values(value).flatMap((item) => (item === undefined ? [] : saidIn(item)))
}
