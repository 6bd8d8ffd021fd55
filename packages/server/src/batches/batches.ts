// The service of batches: makes them as durable runs, shows, lists and cancels them.
import type { Files } from "../context/index.ts"
import { AppError } from "../core/index.ts"
import type { Run, Runs } from "../runs/index.ts"
import { requireEndpoint, userLabel, type Principal } from "../security/index.ts"
import { batches as table, type StoredBatch } from "../store/index.ts"
import { batchDefinition, batchRunName, endings, formOf, type BatchRunDependencies } from "./batch-run.ts"
import { finish } from "./finish.ts"
import type { LineLoop } from "./line-loop.ts"
import { batchEndpoints, type Batches, type BatchListPage, type NewBatchRequest } from "./types.ts"

export interface BatchesDependencies extends Omit<BatchRunDependencies, "runs" | "loops"> {
  files: Files
  runs: Pick<Runs, "define" | "start" | "get" | "cancel">
  /** Work that goes on after the answer. */
  background: (name: string, work: () => Promise<unknown>) => void
}

/** Of OpenAI's batches. */
const completionWindow = "24h"
const windowMs = 24 * 60 * 60 * 1000
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

  constructor(dependencies: BatchesDependencies, loops: Set<LineLoop>) {
    this.#dependencies = dependencies
    this.#loops = loops
  }

  async create(principal: Principal, request: NewBatchRequest): Promise<StoredBatch> {
    const { files, store, clock, newId } = this.#dependencies
    const { projectId } = principal
    const endpoint = checkedEndpoint(request.endpoint)
    requireEndpoint(principal, "POST", endpoint)
    checkWindow(request.completionWindow)
    const file = await files.get(projectId, request.inputFileId).catch((error: unknown) => {
      if (error instanceof AppError && error.code === "not_found")
        throw new AppError("not_found", error.message, { param: "input_file_id", hint: "Upload it with the purpose batch." })
      throw error
    })
    if (file.purpose !== "batch")
      throw new AppError(
        "invalid_request",
        `the file ${file.id} has the purpose "${file.purpose}"; a batch reads files of the purpose batch`,
        {
          param: "input_file_id",
          hint: "Upload it again with purpose=batch.",
        },
      )
    const createdAt = clock.now()
    const batch = await table.insertBatch(store.project(projectId), {
      ...request,
      projectId,
      id: newId("batch"),
      dialect: "openai",
      principal: principal.id,
      endpoint,
      headers: {},
      createdAt,
      expiresAt: createdAt + windowMs,
    })
    await this.#start(batch, principal.user, file.filename)
    return batch
  }

  async get(projectId: string, dialect: StoredBatch["dialect"], id: string): Promise<StoredBatch> {
    const batch = await table.findBatch(this.#dependencies.store.project(projectId), projectId, id)
    if (batch?.dialect !== dialect)
      throw new AppError("not_found", `no batch "${id}" in this project`, { hint: "List the batches with GET /v1/batches." })
    if (batch.endedAt === null) this.#dependencies.background(`look after ${id}`, () => this.#lookAfter(batch))
    return batch
  }

  list(projectId: string, page: BatchListPage): Promise<StoredBatch[]> {
    return table.listBatches(this.#dependencies.store.project(projectId), projectId, page)
  }

  async cancel(projectId: string, dialect: StoredBatch["dialect"], id: string): Promise<StoredBatch> {
    const { store, clock } = this.#dependencies
    const batch = await this.get(projectId, dialect, id)
    return (await table.cancelBatch(store.project(projectId), projectId, id, clock.now())) ?? batch
  }

  /** Lets calls under way finish: what they need is closed after this. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const loop of this.#loops) loop.stop("stopped")
    while (this.#loops.size > 0) await new Promise((resolve) => setTimeout(resolve, 5))
  }

  async #start(batch: StoredBatch, user: string | null, filename: string): Promise<void> {
    await this.#dependencies.runs.start({
      id: runIdOf(batch.id),
      projectId: batch.projectId,
      principal: batch.principal,
      user,
      kind: "batch",
      name: batchRunName,
      title: `${batch.endpoint} of ${filename}`,
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
      if (clock.now() - batch.createdAt >= startGraceMs) await this.#start(batch, null, batch.inputFileId)
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

/** The run has the digits of its batch. */
function runIdOf(batchId: string): string {
  return `run_${batchId.slice(batchId.lastIndexOf("_") + 1)}`
}

function checkedEndpoint(endpoint: string): string {
  if ((batchEndpoints as readonly string[]).includes(endpoint)) return endpoint
  throw new AppError("unsupported_value", `batches of "${endpoint.slice(0, 100)}" are not supported`, {
    param: "endpoint",
    hint: `Use one of ${batchEndpoints.join(", ")}.`,
  })
}

function checkWindow(given: string): void {
  if (given === completionWindow) return
  throw new AppError("unsupported_value", `the completion window "${given.slice(0, 100)}" is not supported`, {
    param: "completion_window",
    hint: `It must be ${completionWindow}.`,
  })
}
