// The work of one ingestion run: what each of its steps does, with what it has computed so far; a later attempt computes that again.
import { AppError, isJsonObject, type Clock, type JsonValue, type Limits, type NewId } from "../core/index.ts"
import type { RunContext } from "../runs/index.ts"
import {
  chunks,
  embeddings,
  files,
  segments,
  vectorStoreFiles,
  vectorStores,
  type PartEmbedding,
  type Queryable,
  type Store,
  type StoredSegment,
  type StoredVectorStoreFile,
} from "../store/index.ts"
import { embeddingTexts, indexText } from "./documents/chunk.ts"
import type { DocumentOutcome, Documents } from "./documents/documents.ts"
import type { DocumentFailure, ReadDocument } from "./documents/types.ts"
import { partsOf } from "./files.ts"
import { ProgressNotes } from "./ingestion-progress.ts"
import type { ScopeIndex } from "./retrieval/index-entry.ts"
import { discardHidden, removeSegment, writeSegment } from "./segment-index.ts"
import { digestOf, segmentsOf, type Segment } from "./segments.ts"
import type { EmbedAs } from "./types.ts"
import { vectorOfText, vectorText } from "./vector-text.ts"

export interface IngestionDependencies {
  store: Store
  documents: Documents
  embedAs: EmbedAs | undefined
  embedModel: string
  index: ScopeIndex
  clock: Clock
  newId: NewId
  limits: Pick<Limits, "fileChunksMax">
}

export interface IngestionTarget {
  projectId: string
  principal: string
  vectorStoreId: string
  fileId: string
  runId: string
}

/** What the run will do with each segment: keep the one that the file has already, or embed it in so many batches and write it. */
export type PlannedSegment = {
  documentId: string
  isKept: boolean
  embedBatches: number
  firstPosition: number
  spanBase: number
  pageBase: number
}
export type IngestionPlan = {
  segments: PlannedSegment[]
  chunks: number
  usageBytes: number
  /** What is swept in the end. */
  old: string[]
}

const embedBatchTexts = 32
/** Tokens of the model's window that a piece may fill; the rest is for the error of the estimate. */
const windowTokens = 228

export class IngestionWork {
  readonly #dependencies: IngestionDependencies
  readonly #target: IngestionTarget
  readonly #signal: AbortSignal
  readonly #progress: ProgressNotes
  #digest: JsonValue | undefined
  #read: { document: ReadDocument; segments: readonly Segment[] } | undefined

  constructor(dependencies: IngestionDependencies, target: IngestionTarget, context: Pick<RunContext, "signal" | "emit">) {
    this.#dependencies = dependencies
    this.#target = target
    this.#signal = context.signal
    this.#progress = new ProgressNotes(dependencies, target, context)
  }

  async parse(): Promise<JsonValue> {
    await this.#progress.note("reading", 0, 0)
    const outcome = await this.#document()
    if (outcome.outcome === "failed") return { outcome: "failed", ...outcome.failure }
    const { mediaType, characters, chunks: all } = outcome.result
    const parts = this.#segments()
    return { outcome: "done", mediaType, characters, chunks: all.length, segments: parts.length, digest: digestOf(parts) }
  }

  /** What the step `parse` told: what is read again later must be the same. */
  expect(parsed: JsonValue): void {
    this.#digest = isJsonObject(parsed) ? parsed["digest"] : undefined
  }

  async plan(): Promise<IngestionPlan> {
    await this.#load()
    const row = await this.#row()
    const had = row === undefined ? [] : await this.#had(row)
    const free = Map.groupBy(
      had.filter((segment) => segment.model === this.#model),
      (segment) => segment.digest,
    )
    const all = this.#segments()
    const planned = all.map((segment, index): PlannedSegment => {
      const kept = free.get(segment.digest)?.shift()?.documentId
      const { firstPosition, spanBase, pageBase } = segment
      const embedBatches = this.#model === null ? 0 : Math.ceil(textsOf(segment).length / embedBatchTexts)
      return { documentId: kept ?? this.#documentId(index), isKept: kept !== undefined, embedBatches, firstPosition, spanBase, pageBase }
    })
    const taken = new Set(planned.map(({ documentId }) => documentId))
    const old = had.map((segment) => segment.documentId).filter((id) => !taken.has(id))
    return { segments: planned, chunks: this.#total(), usageBytes: all.reduce((total, segment) => total + segment.usageBytes, 0), old }
  }

  /** The vectors of one batch as base64 of their floats, one after the other. What the project has embedded before is not embedded again. */
  async embed(index: number, batch: number, signal: AbortSignal): Promise<string> {
    const segment = await this.#segment(index)
    const texts = textsOf(segment).slice(batch * embedBatchTexts, (batch + 1) * embedBatchTexts)
    const { store, embedAs, embedModel } = this.#dependencies
    const { projectId, principal } = this.#target
    if (embedAs === undefined) throw new AppError("feature_unavailable", "No embedding model is configured.")
    const hashes = [...new Set(texts.map(({ part }) => segment.hashes[part] ?? ""))]
    const known = await embeddings.vectorsByContent(store.project(projectId), projectId, embedModel, hashes)
    const byPiece = new Map(known.map(({ contentHash, piece, vector }) => [`${contentHash} ${piece}`, vector]))
    const place = ({ part, piece }: TextPiece): string => `${segment.hashes[part]} ${piece}`
    const missing = texts.filter((text) => !byPiece.has(place(text)))
    const made = missing.length === 0 ? [] : await this.#embedTexts(missing, embedAs({ projectId, principal, isPatient: true }), signal)
    for (const [at, text] of missing.entries()) byPiece.set(place(text), made[at] ?? new Float32Array())
    await this.#progress.note("indexing", segment.firstPosition + (texts[0]?.part ?? 0), this.#total())
    return texts.map((text) => vectorText(byPiece.get(place(text)) ?? new Float32Array())).join(",")
  }

  async writeSegment(index: number, batches: readonly string[]): Promise<"written" | "detached"> {
    const { store, documents, embedModel } = this.#dependencies
    const { projectId, vectorStoreId, fileId, runId } = this.#target
    const segment = await this.#segment(index)
    const terms = await documents.terms(projectId, segment.chunks.map(indexText), this.#signal)
    const vectors = this.#model === null ? null : { model: embedModel, embeddings: embeddingsOf(segment, batches) }
    const outcome = await store.project(projectId).transaction(async (tx) => {
      const row = await this.#lock(tx)
      if (row === undefined) return "detached"
      const known = await chunks.chunkIdsByContent(tx, projectId, vectorStoreId, filesOf(row), segment.hashes)
      const knownIds = new Map(known.map(({ contentHash, id }) => [contentHash, id]))
      const target = { projectId, vectorStoreId, fileId, runId, documentId: this.#documentId(index) }
      await writeSegment(tx, this.#dependencies, target, { segment, terms, vectors, knownIds })
      return "written"
    })
    await this.#progress.note("indexing", segment.firstPosition + segment.chunks.length, this.#total())
    return outcome
  }

  /** Shows what was written, all at once, and ends the file. */
  async commit(tx: Queryable, plan: IngestionPlan): Promise<JsonValue> {
    const { projectId, vectorStoreId } = this.#target
    const row = await this.#lock(tx)
    if (row === undefined) return { outcome: "detached" }
    await segments.showSegments(tx, this.#target, row.replaces, plan.segments)
    if (row.replaces !== null) await vectorStoreFiles.deleteVectorStoreFile(tx, projectId, vectorStoreId, row.replaces)
    const { usageBytes } = plan
    await vectorStoreFiles.finishVectorStoreFile(tx, this.#target, { status: "completed", usageBytes, errorCode: null, errorMessage: null })
    await vectorStores.touchVectorStores(tx, projectId, [vectorStoreId], this.#dependencies.clock.now())
    const kept = plan.segments.filter(({ isKept }) => isKept).length
    return { outcome: "completed", chunks: plan.chunks, segments: plan.segments.length, kept, vectors: this.#model !== null }
  }

  /** Removes segments that are no longer found. */
  async sweep(documentIds: readonly string[]): Promise<null> {
    const { store, index } = this.#dependencies
    const { projectId, vectorStoreId } = this.#target
    for (const documentId of documentIds)
      await store.project(projectId).transaction((tx) => removeSegment(tx, index, { projectId, vectorStoreId, documentId }))
    return null
  }

  /** Ends the file with its reason; what it had before stays, what this run wrote goes. */
  async fail({ code, message }: { code: string; message: string }): Promise<void> {
    const { store, index } = this.#dependencies
    const { projectId } = this.#target
    const end = { status: "failed", errorCode: code, errorMessage: message } as const
    await vectorStoreFiles.finishVectorStoreFile(store.project(projectId), this.#target, end)
    await discardHidden(store, index, this.#target)
  }

  /** The model whose vectors are written; null when there are none. */
  get #model(): string | null {
    const { embedAs, store, embedModel } = this.#dependencies
    return embedAs !== undefined && store.capabilities.vector ? embedModel : null
  }

  async #embedTexts(texts: readonly TextPiece[], embed: ReturnType<EmbedAs>, signal: AbortSignal): Promise<Float32Array[]> {
    return embed(
      texts.map(({ text }) => text),
      signal,
    )
  }

  async #document(): Promise<DocumentOutcome<ReadDocument>> {
    if (this.#read !== undefined) return { outcome: "done", result: this.#read.document }
    const { projectId, fileId } = this.#target
    const { store, documents, clock, limits } = this.#dependencies
    const file = await files.findFile(store.project(projectId), projectId, clock.now(), fileId, null)
    const row = await this.#row()
    if (file === undefined || row === undefined) return { outcome: "failed", failure: gone(fileId) }
    const load = async (): Promise<Uint8Array> => Buffer.concat(await Array.fromAsync(partsOf(store, file)), file.bytes)
    const { chunkTokensMax: tokensMax, chunkOverlapTokens: overlapTokens } = row
    const options = { tokensMax, overlapTokens, chunksMax: limits.fileChunksMax }
    const outcome = await documents.read(projectId, { filename: file.filename, load }, options, this.#signal)
    if (outcome.outcome === "failed") return outcome
    const parts = segmentsOf(outcome.result.chunks)
    if (this.#digest !== undefined && digestOf(parts) !== this.#digest)
      throw new AppError("run_needs_migration", "The file gives other chunks than when this run began; add the file again.")
    this.#read = { document: outcome.result, segments: parts }
    return outcome
  }

  /** Has the chunks at hand. */
  async #load(): Promise<void> {
    const outcome = await this.#document()
    if (outcome.outcome === "failed") throw new AppError(outcome.failure.code, outcome.failure.message)
  }

  #segments(): readonly Segment[] {
    if (this.#read === undefined) throw new Error("the file is read before its segments are asked for")
    return this.#read.segments
  }

  async #segment(index: number): Promise<Segment> {
    await this.#load()
    const segment = this.#segments()[index]
    if (segment === undefined) throw new Error(`the file has no segment ${index}`)
    return segment
  }

  #total(): number {
    return this.#segments().reduce((total, segment) => total + segment.chunks.length, 0)
  }

  #row(): Promise<StoredVectorStoreFile | undefined> {
    const { projectId, vectorStoreId, fileId } = this.#target
    return vectorStoreFiles.findVectorStoreFile(this.#dependencies.store.project(projectId), projectId, vectorStoreId, fileId)
  }

  /** The row of the file while this run is the one that ingests it, locked. */
  async #lock(tx: Queryable): Promise<StoredVectorStoreFile | undefined> {
    const { projectId, vectorStoreId, fileId, runId } = this.#target
    const row = await vectorStoreFiles.lockVectorStoreFile(tx, projectId, vectorStoreId, fileId, runId)
    return row?.status === "in_progress" ? row : undefined
  }

  /** Segments of earlier runs. */
  async #had(row: StoredVectorStoreFile): Promise<StoredSegment[]> {
    const { projectId, vectorStoreId, runId } = this.#target
    const db = this.#dependencies.store.project(projectId)
    const all = await segments.segmentsOfFiles(db, projectId, vectorStoreId, filesOf(row))
    return all.filter((segment) => segment.runId !== runId)
  }

  /** The same at each attempt, so that a segment is written once. */
  #documentId(index: number): string {
    return `${this.#target.runId.replace(/^run_/, "seg_")}.${index}`
  }
}

interface TextPiece {
  part: number
  piece: number
  text: string
}

function textsOf(segment: Segment): TextPiece[] {
  return segment.chunks.flatMap((chunk, part) => embeddingTexts(chunk, windowTokens).map((text, piece) => ({ part, piece, text })))
}

function embeddingsOf(segment: Segment, batches: readonly string[]): PartEmbedding[] {
  const vectors = batches.flatMap((batch) => batch.split(",")).map(vectorOfText)
  return textsOf(segment).flatMap(({ part, piece }, index) => {
    const vector = vectors[index]
    return vector === undefined ? [] : [{ part, piece, vector }]
  })
}

function filesOf({ fileId, replaces }: StoredVectorStoreFile): string[] {
  return replaces === null ? [fileId] : [fileId, replaces]
}

function gone(fileId: string): DocumentFailure {
  return { code: "invalid_file", message: `The file '${fileId}' was deleted before it was ingested.` }
}
