// The end of a batch: what was not carried out gets its outcome, results become files, and the batch its last status.
import { wholeProject, type Files } from "../context/index.ts"
import { AppError, type Clock, type Limits, type NewId } from "../core/index.ts"
import { batches, batchLines, type BatchEnd, type BatchError, type NewBatchLine, type Store, type StoredBatch } from "../store/index.ts"
import type { LineForm, LineLeft } from "./line-forms.ts"
import { readLines } from "./read-lines.ts"
import { readRequestLine } from "./request-line.ts"

export interface FinishDependencies {
  store: Store
  files: Files
  clock: Clock
  newId: NewId
  limits: Pick<Limits, "requestBodyBytesMax" | "batchResultsKeptMs">
}

export interface Ending {
  status: BatchEnd
  errors?: readonly BatchError[]
  /** For lines without an outcome. */
  left?: LineLeft
}

const groupLines = 500
const pageBytes = 1024 * 1024
const lineBreak = Buffer.from("\n")

/** May be called again after it was cut off, by anyone: it ends with the batch as it ended. */
export async function finish(dependencies: FinishDependencies, form: LineForm, batch: StoredBatch, ending: Ending): Promise<void> {
  const { store, files, clock, newId } = dependencies
  const { projectId, id } = batch
  const db = store.project(projectId)
  if (ending.left && batch.linesTotal > 0) await fillLeft(dependencies, form, batch, ending.left)
  const now = clock.now()
  const ids = { outputFileId: newId("file"), errorFileId: newId("file") }
  const finalizing = await batches.finalizeBatch(db, projectId, id, { ...ids, now })
  if (!finalizing) return
  const written = batch.dialect === "openai" ? await writeFiles(dependencies, finalizing) : { outputFileId: null, errorFileId: null }
  await db.transaction(async (tx) => {
    const { status, errors = null } = ending
    await batches.endBatch(tx, projectId, id, { status, errors, ...written, now: clock.now() })
    if (batch.dialect === "openai") await batchLines.deleteLines(tx, projectId, id)
  })
  // Nobody uploaded it.
  if (batch.dialect === "anthropic") await files.delete(wholeProject(projectId), batch.inputFileId).catch(ignoreMissing)
}

async function fillLeft({ store, files, limits }: FinishDependencies, form: LineForm, batch: StoredBatch, why: LineLeft): Promise<void> {
  const { projectId, id, endpoint, inputFileId } = batch
  const db = store.project(projectId)
  const done = new Set(await batchLines.linesWithOutcome(db, projectId, id))
  let group: NewBatchLine[] = []
  const write = async (): Promise<void> => {
    if (group.length > 0) await batchLines.insertLines(db, projectId, id, group)
    group = []
  }
  const content = await files.content(wholeProject(projectId), inputFileId).catch(() => undefined)
  // Without its file nothing is known of them but that they were there.
  if (!content) return
  for await (const each of readLines(content.parts, limits.requestBodyBytesMax)) {
    if (done.has(each.number)) continue
    const read = readRequestLine(each, endpoint, limits.requestBodyBytesMax)
    if (read.ok) group.push(form.left(read.line.number, read.line.customId, why))
    if (group.length >= groupLines) await write()
  }
  await write()
}

/** In the order of the input; a file without lines is not made. */
async function writeFiles(
  { store, files, limits }: FinishDependencies,
  batch: StoredBatch,
): Promise<{ outputFileId: string | null; errorFileId: string | null }> {
  const { projectId, id, principal, owner, outputExpiresAfterS: asked } = batch
  const expiresAfterSeconds = asked ?? Math.ceil(limits.batchResultsKeptMs / 1000)
  const begin = (fileId: string, kind: string): ReturnType<Files["begin"]> =>
    files.begin(
      { projectId, principal },
      { id: fileId, filename: `${id}_${kind}.jsonl`, purpose: "batch_output", owner, expiresAfterSeconds },
    )
  const outputFileId = named(batch.outputFileId)
  const errorFileId = named(batch.errorFileId)
  const output = begin(outputFileId, "output")
  const errors = begin(errorFileId, "error")
  for (let after = 0; ;) {
    const page = await batchLines.nextLines(store.project(projectId), projectId, id, { after, bytesMax: pageBytes })
    const last = page.at(-1)
    if (!last) break
    after = last.line
    for (const { outcome, content } of page) {
      const writer = outcome === "succeeded" ? output : errors
      await writer.write(Buffer.from(content))
      await writer.write(lineBreak)
    }
  }
  if (output.bytes > 0) await output.complete()
  if (errors.bytes > 0) await errors.complete()
  return { outputFileId: output.bytes > 0 ? outputFileId : null, errorFileId: errors.bytes > 0 ? errorFileId : null }
}

function ignoreMissing(error: unknown): void {
  if (!(error instanceof AppError) || error.code !== "not_found") throw error
}

function named(fileId: string | null): string {
  if (fileId === null) throw new Error("a batch that is finalizing has names for its files")
  return fileId
}
