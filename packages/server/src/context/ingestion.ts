// Ingestion: the durable run that turns one file of a vector store into chunks, words and vectors.
//
//   parse → chunk → embed:0 … embed:n → commit
//
// Everything up to `commit` only reads; `commit` writes chunks, postings, vectors and the file's status in the transaction of its journal entry.
// A process that dies in between leaves nothing half done: finished steps are not repeated, and what a step needs of an earlier one is computed
// again from the file, which is deterministic. A file that cannot be read ends its own run and no other.
import { createHash } from "node:crypto"
import { AppError, isJsonObject, type JsonValue, type Limits, type NewId } from "../core/index.ts"
import type { RunContext, RunDefinition } from "../runs/index.ts"
import {
  chunks,
  files,
  tellableMessage,
  vectorStores,
  type PartEmbedding,
  type Queryable,
  type Store,
  type StoredVectorStoreFile,
} from "../store/index.ts"
import type { Clock } from "../core/index.ts"
import { embeddingTexts } from "./documents/chunk.ts"
import type { Documents, DocumentOutcome } from "./documents/documents.ts"
import type { ChunkedDocument, DocumentFailure, ParsedDocument } from "./documents/types.ts"
import { partsOf } from "./files.ts"
import type { ScopeIndex } from "./retrieval/index-entry.ts"
import type { EmbedAs } from "./types.ts"
import { vectorOfText, vectorText } from "./vector-text.ts"

export const ingestionName = "file"
/** Raise it whenever parsing or chunking changes its result: a run that began with the other code is then not continued with this one. */
const version = "1"
const embedBatchTexts = 32
const embedTimeoutMs = 120_000
/** Tokens of the model's window that a piece may fill; the rest is for the error of the estimate. */
const windowTokens = 228

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

interface Target {
  projectId: string
  principal: string
  vectorStoreId: string
  fileId: string
  runId: string
}

type StepFailure = { outcome: "failed"; code: DocumentFailure["code"]; message: string }

export function ingestionDefinition(dependencies: IngestionDependencies): RunDefinition {
  return {
    kind: "ingestion",
    name: ingestionName,
    version,
    style: "replay",
    execute: async (context, input) => {
      const target = targetOf(context, input)
      try {
        return await ingest(dependencies, context, target)
      } catch (error) {
        // A run that is stopped from outside is continued elsewhere, or its end is read from the run itself.
        if (context.signal.aborted) throw error
        const code = isFailureCode(error) ? error.code : "server_error"
        await finish(dependencies.store, target, { code, message: tellableMessage(error) })
        throw error
      }
    },
  }
}

async function ingest(dependencies: IngestionDependencies, context: RunContext, target: Target): Promise<JsonValue> {
  const work = new Work(dependencies, target, context.signal)
  const parsed = await context.step("parse", () => work.parseSummary(), { effect: "read" })
  throwFailure(parsed)
  const chunked = await context.step("chunk", () => work.chunkSummary(), { effect: "read" })
  throwFailure(chunked)
  const vectors: string[] = []
  const batches = work.vectorsWanted ? Math.ceil(numberOf(chunked, "texts") / embedBatchTexts) : 0
  for (let batch = 0; batch < batches; batch++) {
    vectors.push(
      await context.step(`embed:${batch}`, (step) => work.embedBatch(batch, step.signal), {
        effect: "read",
        retries: 3,
        timeoutMs: embedTimeoutMs,
      }),
    )
  }
  await work.prepare()
  const digest = isJsonObject(chunked) ? chunked["digest"] : undefined
  return context.step("commit", async (step) => work.commit(step.tx ?? raise("commit needs its transaction"), vectors, digest), {
    effect: "transactional",
  })
}

/** The work of one run, with what it has computed so far; a later attempt computes what it needs again. */
class Work {
  readonly #dependencies: IngestionDependencies
  readonly #target: Target
  readonly #signal: AbortSignal
  #parsed: DocumentOutcome<ParsedDocument> | undefined
  #chunked: DocumentOutcome<ChunkedDocument> | undefined

  constructor(dependencies: IngestionDependencies, target: Target, signal: AbortSignal) {
    this.#dependencies = dependencies
    this.#target = target
    this.#signal = signal
  }

  get vectorsWanted(): boolean {
    return this.#dependencies.embedAs !== undefined && this.#dependencies.store.capabilities.vector
  }

  async parseSummary(): Promise<JsonValue> {
    const outcome = await this.#parse()
    if (outcome.outcome === "failed") return failureOf(outcome.failure)
    return {
      outcome: "done",
      mediaType: outcome.result.mediaType,
      characters: outcome.result.text.length,
      blocks: outcome.result.blocks.length,
    }
  }

  async chunkSummary(): Promise<JsonValue> {
    const outcome = await this.#chunk()
    if (outcome.outcome === "failed") return failureOf(outcome.failure)
    const { chunks } = outcome.result
    return {
      outcome: "done",
      chunks: chunks.length,
      texts: textsOf(outcome.result).length,
      terms: outcome.result.terms,
      digest: digestOf(outcome.result),
    }
  }

  /** The vectors of one batch as base64 of their floats, one after the other. */
  async embedBatch(batch: number, signal: AbortSignal): Promise<string> {
    const texts = textsOf(chunksOf(await this.#chunk())).slice(batch * embedBatchTexts, (batch + 1) * embedBatchTexts)
    const { embedAs } = this.#dependencies
    if (embedAs === undefined) throw new AppError("feature_unavailable", "No embedding model is configured.")
    const { projectId, principal } = this.#target
    const vectors = await embedAs({ projectId, principal, isPatient: true })(
      texts.map((text) => text.text),
      signal,
    )
    return vectors.map(vectorText).join(",")
  }

  /** Has the chunks at hand before the transaction: inside it nothing may wait for the worker or for another connection. */
  async prepare(): Promise<void> {
    await this.#chunk()
  }

  async commit(tx: Queryable, batches: readonly string[], digest: JsonValue | undefined): Promise<JsonValue> {
    const { projectId, vectorStoreId, fileId, runId } = this.#target
    const chunked = chunksOf(this.#chunked ?? { outcome: "failed", failure: gone(fileId) })
    if (digestOf(chunked) !== digest)
      throw new AppError("run_needs_migration", "The file gives other chunks than when this run began; add the file again.")
    const row = await vectorStores.lockVectorStoreFile(tx, projectId, vectorStoreId, fileId, runId)
    if (row?.status !== "in_progress") return { outcome: "detached" }
    const key = { projectId, scopeId: vectorStoreId, documentId: fileId }
    const { index } = this.#dependencies
    await removeChunks(tx, index, projectId, vectorStoreId, fileId)
    await chunks.insertChunks(tx, this.#target, this.#rows(chunked))
    await index.indexEntry(tx, { ...key, lane: "document", parts: chunked.words })
    if (this.vectorsWanted) await index.indexVectors(tx, { ...key, model: this.#dependencies.embedModel }, embeddingsOf(chunked, batches))
    const usageBytes = chunked.chunks.reduce((total, chunk) => total + Buffer.byteLength(chunk.text), 0)
    await vectorStores.finishVectorStoreFile(tx, this.#target, { status: "completed", usageBytes, errorCode: null, errorMessage: null })
    await vectorStores.touchVectorStores(tx, projectId, [vectorStoreId], this.#dependencies.clock.now())
    return { outcome: "completed", chunks: chunked.chunks.length, vectors: this.vectorsWanted }
  }

  #rows(chunked: ChunkedDocument): Parameters<typeof chunks.insertChunks>[2] {
    return chunked.chunks.map((chunk, position) => ({
      id: this.#dependencies.newId("chunk"),
      position,
      heading: [...chunk.heading],
      body: chunk.text,
      spanStart: chunk.span.start,
      spanEnd: chunk.span.end,
      tokens: chunk.tokens,
    }))
  }

  async #parse(): Promise<DocumentOutcome<ParsedDocument>> {
    if (this.#parsed !== undefined) return this.#parsed
    const { projectId, fileId } = this.#target
    const { store, documents, clock } = this.#dependencies
    const file = await files.findFile(store.project(projectId), projectId, clock.now(), fileId)
    if (file === undefined) return { outcome: "failed", failure: gone(fileId) }
    const load = async (): Promise<Uint8Array> => Buffer.concat(await Array.fromAsync(partsOf(store, file)), file.bytes)
    return (this.#parsed = await documents.parse(file.filename, load, this.#signal))
  }

  async #chunk(): Promise<DocumentOutcome<ChunkedDocument>> {
    if (this.#chunked !== undefined) return this.#chunked
    const parsed = await this.#parse()
    if (parsed.outcome === "failed") return parsed
    const row = await this.#row()
    if (row === undefined) return { outcome: "failed", failure: gone(this.#target.fileId) }
    const options = {
      tokensMax: row.chunkTokensMax,
      overlapTokens: row.chunkOverlapTokens,
      chunksMax: this.#dependencies.limits.fileChunksMax,
    }
    return (this.#chunked = await this.#dependencies.documents.chunk(parsed.result, options, this.#signal))
  }

  #row(): Promise<StoredVectorStoreFile | undefined> {
    const { projectId, vectorStoreId, fileId } = this.#target
    return vectorStores.findVectorStoreFile(this.#dependencies.store.project(projectId), projectId, vectorStoreId, fileId)
  }
}

/** Removes what is searchable of a file in a store: words, vectors and the chunks themselves. */
export async function removeChunks(
  tx: Queryable,
  index: ScopeIndex,
  projectId: string,
  vectorStoreId: string,
  fileId: string,
): Promise<void> {
  await chunks.deleteChunks(tx, projectId, vectorStoreId, fileId)
  await index.removeEntry(tx, { projectId, scopeId: vectorStoreId, documentId: fileId })
}

function chunksOf(outcome: DocumentOutcome<ChunkedDocument>): ChunkedDocument {
  if (outcome.outcome === "failed") throw new AppError(outcome.failure.code, outcome.failure.message)
  return outcome.result
}

function targetOf(context: RunContext, input: JsonValue): Target {
  if (isJsonObject(input)) {
    const { vectorStoreId, fileId } = input
    if (typeof vectorStoreId === "string" && typeof fileId === "string") {
      const { id: runId, projectId, principal } = context.run
      return { projectId, principal, vectorStoreId, fileId, runId }
    }
  }
  throw new AppError("invalid_request", "The input of an ingestion names `vectorStoreId` and `fileId`.")
}

async function finish(store: Store, target: Target, error: { code: string; message: string }): Promise<void> {
  const end = { status: "failed", usageBytes: 0, errorCode: error.code, errorMessage: error.message } as const
  await vectorStores.finishVectorStoreFile(store.project(target.projectId), target, end)
}

function textsOf(chunked: ChunkedDocument): { part: number; piece: number; text: string }[] {
  return chunked.chunks.flatMap((chunk, part) => embeddingTexts(chunk, windowTokens).map((text, piece) => ({ part, piece, text })))
}

function embeddingsOf(chunked: ChunkedDocument, batches: readonly string[]): PartEmbedding[] {
  const vectors = batches.flatMap((batch) => batch.split(",")).map(vectorOfText)
  return textsOf(chunked).flatMap(({ part, piece }, index) => {
    const vector = vectors[index]
    return vector === undefined ? [] : [{ part, piece, vector }]
  })
}

function digestOf(chunked: ChunkedDocument): string {
  const hash = createHash("sha256")
  for (const chunk of chunked.chunks) hash.update(`${chunk.span.start} ${chunk.span.end} ${chunk.text.length}\n`).update(chunk.text)
  return hash.digest("hex")
}

function failureOf(failure: DocumentFailure): StepFailure {
  return { outcome: "failed", ...failure }
}

function throwFailure(summary: JsonValue): void {
  if (!isJsonObject(summary) || summary["outcome"] !== "failed") return
  const code = summary["code"] === "unsupported_file" ? "unsupported_file" : "invalid_file"
  throw new AppError(code, typeof summary["message"] === "string" ? summary["message"] : "The file cannot be read.")
}

function isFailureCode(error: unknown): error is AppError & DocumentFailure {
  return error instanceof AppError && (error.code === "unsupported_file" || error.code === "invalid_file")
}

function gone(fileId: string): DocumentFailure {
  return { code: "invalid_file", message: `The file '${fileId}' was deleted before it was ingested.` }
}

function numberOf(value: JsonValue, key: string): number {
  const found = isJsonObject(value) ? value[key] : undefined
  return typeof found === "number" ? found : 0
}

function raise(message: string): never {
  throw new Error(message)
}
