// The service of batches: makes them as durable runs, shows, lists and cancels them.
import { newOwner, reachOf, userOfOwner, type ActingCaller, type Files } from "../context/index.ts"
import { AppError, type Limits } from "../core/index.ts"
import type { Run, Runs } from "../runs/index.ts"
import { requireEndpoint, userLabel, type Principal } from "../security/index.ts"
import { batches as table, batchLines, type NewBatch, type Store, type StoredBatch } from "../store/index.ts"
import { batchDefinition, batchRunName, endings, formOf, type BatchRunDependencies } from "./batch-run.ts"
import { checkRequest } from "./check-request.ts"
import { finish } from "./finish.ts"
import { startBatchSweep } from "./sweep.ts"
import type { LineLoop } from "./line-loop.ts"
import type { BatchCaller, Batches, BatchListPage, MessageRequest, NewBatchRequest } from "./types.ts"

export interface BatchesDependencies extends Omit<BatchRunDependencies, "runs" | "loops"> {
  files: Files
  limits: BatchRunDependencies["limits"] & Pick<Limits, "batchLifeMs" | "expirySweepMs">
  runs: Pick<Runs, "define" | "start" | "get" | "cancel" | "ended" | "delete">
  /** Work that goes on after the answer. */
  background: (name: string, work: () => Promise<unknown>) => void
  onError: (what: string, error: unknown) => void
}

const messagesEndpoint = "/v1/messages"
const pageBytes = 1024 * 1024
const completionWindow = "24h"
/** A batch without a run after that: the process died between the two. */
const startGraceMs = 5_000

export function createBatches(dependencies: BatchesDependencies): Batches {
  const loops = new Set<LineLoop>()
  dependencies.runs.define(batchDefinition({ ...dependencies, loops }))
  return new BatchService(dependencies, loops)
}

class BatchService implements Batches {
  readonly #dependencies: BatchesDependencies
  readonly #loops: Set<LineLoop>
  readonly #settling = new Set<string>()
  readonly #sweep: AsyncDisposable

  constructor(dependencies: BatchesDependencies, loops: Set<LineLoop>) {
    this.#dependencies = dependencies
    this.#loops = loops
    this.#sweep = startBatchSweep(dependencies)
  }

  async create(principal: Principal, request: NewBatchRequest): Promise<StoredBatch> {
    const { files, newId } = this.#dependencies
    const file = await checkRequest(files, principal, request)
    const { owner: asked, ...wanted } = request
    const owner = await newOwner(this.#dependencies.store.project(principal.projectId), actingCaller(principal), asked)
    return this.#make({ ...wanted, owner, id: newId("batch"), dialect: "openai", headers: {}, linesTotal: 0 }, principal, file.filename)
  }

  async createMessages(
    principal: Principal,
    requests: readonly MessageRequest[],
    headers: Readonly<Record<string, string>>,
  ): Promise<StoredBatch> {
    const { files, newId, limits } = this.#dependencies
    const { projectId, id: principalId } = principal
    requireEndpoint(principal, "POST", messagesEndpoint)
    const owner = await newOwner(this.#dependencies.store.project(projectId), actingCaller(principal), undefined)
    const [id, inputFileId] = [newId("msgbatch"), newId("file")]
    const filename = `${id}.jsonl`
    const input = files.begin({ projectId, principal: principalId }, { id: inputFileId, filename, owner, purpose: "batch" })
    await writeRequests(input, requests, limits.requestBodyBytesMax)
    const batch = { inputFileId, owner, completionWindow, metadata: null, outputExpiresAfterS: null, endpoint: messagesEndpoint }
    return this.#make(
      { ...batch, id, dialect: "anthropic", headers, linesTotal: requests.length },
      principal,
      `${requests.length} requests`,
    )
  }

  async get(caller: BatchCaller, dialect: StoredBatch["dialect"], id: string): Promise<StoredBatch> {
    const { projectId } = caller
    const db = this.#dependencies.store.project(projectId)
    const batch = await table.findBatch(db, projectId, id, (await reachOf(db, actingCaller(caller))).write)
    if (batch?.dialect !== dialect)
      throw new AppError("not_found", `no batch "${id}" in this project`, { hint: "List the batches with GET /v1/batches." })
    if (batch.endedAt === null) this.#dependencies.background(`look after ${id}`, () => this.#lookAfter(batch))
    return batch
  }

  async list(caller: BatchCaller, page: BatchListPage): Promise<StoredBatch[]> {
    const db = this.#dependencies.store.project(caller.projectId)
    const { write: owners } = await reachOf(db, actingCaller(caller))
    return table.listBatches(db, caller.projectId, { ...page, owners })
  }

  async cancel(caller: BatchCaller, dialect: StoredBatch["dialect"], id: string): Promise<StoredBatch> {
    const { store, clock } = this.#dependencies
    const { projectId } = caller
    const batch = await this.get(caller, dialect, id)
    return (await table.cancelBatch(store.project(projectId), projectId, id, clock.now())) ?? batch
  }

  async results(caller: BatchCaller, id: string): Promise<AsyncIterable<Uint8Array>> {
    const { store, clock, limits } = this.#dependencies
    const batch = await this.get(caller, "anthropic", id)
    requireEnded(batch, "has no results before it has ended")
    // They go a page at a time, and none is told from then on.
    if (clock.now() - (batch.endedAt ?? 0) >= limits.batchResultsKeptMs) throw archived(batch)
    return resultPages(store, caller.projectId, id)
  }

  async delete(caller: BatchCaller, id: string): Promise<void> {
    const { store, runs } = this.#dependencies
    const { projectId } = caller
    requireEnded(await this.get(caller, "anthropic", id), "can be deleted once it has ended")
    const runId = runIdOf(id)
    const run = await runs.get(projectId, runId)
    // Its last event may still be on its way.
    if (run && run.finishedAt === null) await runs.ended(projectId, runId, AbortSignal.timeout(startGraceMs)).catch(() => undefined)
    await runs.delete(projectId, runId)
    await table.deleteBatch(store.project(projectId), projectId, id)
  }

  /** Lets calls under way finish: what they need is closed after this. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const loop of this.#loops) loop.stop("stopped")
    await this.#sweep[Symbol.asyncDispose]()
    while (this.#loops.size > 0) await new Promise((resolve) => setTimeout(resolve, 5))
  }

  async #make(
    given: Omit<NewBatch, "projectId" | "principal" | "createdAt" | "expiresAt">,
    principal: Principal,
    what: string,
  ): Promise<StoredBatch> {
    const { store, clock, limits } = this.#dependencies
    const { projectId } = principal
    const createdAt = clock.now()
    const fields = { projectId, principal: principal.id, createdAt, expiresAt: createdAt + limits.batchLifeMs }
    const batch = await table.insertBatch(store.project(projectId), { ...given, ...fields })
    await this.#start(batch, principal.user ?? userOfOwner(batch.owner), what)
    return batch
  }

  async #start(batch: StoredBatch, user: string | null, what: string): Promise<void> {
    await this.#dependencies.runs.start({
      id: runIdOf(batch.id),
      projectId: batch.projectId,
      principal: batch.principal,
      user,
      kind: "batch",
      name: batchRunName,
      title: `${batch.endpoint} of ${what}`,
      input: { batchId: batch.id, endpoint: batch.endpoint, inputFileId: batch.inputFileId },
      label: userLabel(batch.principal),
      metadata: { batchId: batch.id },
    })
  }

  /** A batch whose run never began, or ended without it: a process died in between, or somebody cancelled or deleted the run. */
  async #lookAfter(batch: StoredBatch): Promise<void> {
    const { runs, clock, limits } = this.#dependencies
    const run = await runs.get(batch.projectId, runIdOf(batch.id))
    if (!run) {
      if (clock.now() - batch.createdAt >= startGraceMs) await this.#start(batch, userOfOwner(batch.owner), batch.inputFileId)
    } else if (run.finishedAt !== null && clock.now() - run.finishedAt >= limits.drainMs) await this.#settle(batch, run)
  }

  async #settle(batch: StoredBatch, run: Run): Promise<void> {
    if (this.#settling.has(batch.id)) return
    this.#settling.add(batch.id)
    try {
      const message = run.error?.message ?? "the run of this batch ended before it"
      const failed = {
        status: "failed" as const,
        errors: [{ code: run.error?.code ?? "server_error", message, param: null, line: null }],
        left: { outcome: "errored" as const, code: "server_error", message },
      }
      await finish(this.#dependencies, formOf(batch.dialect), batch, run.status === "cancelled" ? endings.cancelled : failed)
    } finally {
      this.#settling.delete(batch.id)
    }
  }
}

/** One by one, since the lines of all of them together are as large again as the request; nothing stays of a file with one that is too large. */
async function writeRequests(input: FileWriter, requests: readonly MessageRequest[], bytesMax: number): Promise<void> {
  for (const [at, request] of requests.entries()) {
    const line = messageLine(request)
    if (line.length > bytesMax) {
      await input.discard()
      throw new AppError("request_too_large", `a request of the batch is larger than requestBodyBytesMax, ${bytesMax} bytes`, {
        param: `requests[${at}]`,
      })
    }
    await input.write(line)
  }
  await input.complete()
}

type FileWriter = ReturnType<Files["begin"]>

/** Of an input file. */
function messageLine({ customId, params }: MessageRequest): Buffer {
  return Buffer.from(`${JSON.stringify({ custom_id: customId, method: "POST", url: messagesEndpoint, body: params })}\n`)
}

async function* resultPages(store: Store, projectId: string, id: string): AsyncGenerator<Uint8Array> {
  for (let after = 0; ;) {
    const page = await batchLines.nextLines(store.project(projectId), projectId, id, { after, bytesMax: pageBytes })
    const last = page.at(-1)
    if (!last) return
    after = last.line
    yield Buffer.from(page.map(({ content }) => `${content}\n`).join(""))
  }
}

function requireEnded({ id, endedAt }: StoredBatch, complaint: string): void {
  if (endedAt === null) throw new AppError("conflict", `the batch ${id} ${complaint}`, { hint: "Wait for its end, or cancel it." })
}

/** What the batch was, and how it ended, is still told. */
function archived({ id }: StoredBatch): AppError {
  return new AppError("not_found", `the results of the batch ${id} were kept for their time, which is over`, {
    hint: "Fetch results sooner, or raise limits.batchResultsKeptMs in perdure.yaml.",
  })
}

/** A batch and its results are nothing that a project shares: it is seen by whoever may change it. */
function actingCaller({ projectId, id, user }: BatchCaller): ActingCaller {
  return { projectId, principal: id, user }
}

/** The run has the digits of its batch. */
function runIdOf(batchId: string): string {
  return `run_${batchId.slice(batchId.lastIndexOf("_") + 1)}`
}
