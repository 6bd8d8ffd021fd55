// The durable run of a batch: checks its file, carries out its lines, writes its results.
//
//   validate → lines:1 … lines:n (one for each process that had it) → results:n → the end that the batch came to
//
// Which lines have an outcome is in `batch_lines`, written once for each line as it comes; the run's log tells the progress. So a process
// that takes the run over reads the numbers of finished lines, and neither their answers nor fifty thousand events.
import { wholeProject, type Files } from "../context/index.ts"
import { AppError, isJsonObject, messageOf, type JsonValue } from "../core/index.ts"
import type { RunContext, RunDefinition, RunEnding, Runs, StepContext } from "../runs/index.ts"
import { batches, tellableMessage, type BatchEnd, type BatchProgress, type StoredBatch } from "../store/index.ts"
import { finish, type Ending, type FinishDependencies } from "./finish.ts"
import { anthropicForm, openAiForm, type LineForm, type LineLeft } from "./line-forms.ts"
import { LineLoop, type LineLoopOptions, type LoopEnd } from "./line-loop.ts"
import { ProgressEvents } from "./progress-events.ts"
import { validate, type Validation } from "./validate.ts"

export const batchRunName = "batch"
const version = "1"

export interface BatchRunDependencies extends LineLoopOptions, FinishDependencies {
  limits: LineLoopOptions["limits"] & FinishDependencies["limits"] & Parameters<typeof validate>[2]
  files: Files
  runs: Pick<Runs, "cancel">
  /** Loops of this process, so that they can be stopped before what they need is closed. */
  loops: Set<LineLoop>
}

export function batchDefinition(dependencies: BatchRunDependencies): RunDefinition {
  return {
    kind: "batch",
    name: batchRunName,
    version,
    style: "data",
    execute: (context, input) => new BatchRun(dependencies, context, batchIdOf(input)).execute(),
  }
}

export function formOf(dialect: StoredBatch["dialect"]): LineForm {
  return dialect === "openai" ? openAiForm : anthropicForm
}

class BatchRun {
  readonly #dependencies: BatchRunDependencies
  readonly #context: RunContext
  readonly #batchId: string

  constructor(dependencies: BatchRunDependencies, context: RunContext, batchId: string) {
    this.#dependencies = dependencies
    this.#context = context
    this.#batchId = batchId
  }

  async execute(): Promise<JsonValue> {
    const batch = await this.#read()
    if (batch.endedAt !== null) return this.#close(batch)
    const begun = batch.inProgressAt === null ? await this.#validate(batch) : batch
    if (begun.endedAt !== null) return this.#close(begun)
    const ending = await this.#carryOut(begun).then(
      (end) => (end === "stopped" ? never() : endings[end]),
      (error: unknown) => this.#failure(error),
    )
    // A run that was cancelled takes no more steps, but it may still finish.
    if (this.#context.signal.aborted) await this.#finish(ending)
    else await this.#step("results", () => this.#finish(ending))
    return this.#close(await this.#read())
  }

  async #validate(batch: StoredBatch): Promise<StoredBatch> {
    const { files, limits, store, clock } = this.#dependencies
    const { projectId, endpoint, inputFileId } = batch
    const check = async (): Promise<Validation> => {
      try {
        return await validate((await files.content(wholeProject(projectId), inputFileId)).parts, endpoint, limits)
      } catch (error) {
        if (!(error instanceof AppError) || error.code !== "not_found") throw error
        return {
          lines: 0,
          model: null,
          errors: [{ code: "invalid_input_file", message: error.message, param: "input_file_id", line: null }],
        }
      }
    }
    const { lines, model, errors } = await this.#context.step("validate", check, { effect: "read", retries: 3 })
    if (errors.length > 0) await finish(this.#dependencies, formOf(batch.dialect), batch, { status: "failed", errors })
    else await batches.beginBatch(store.project(projectId), projectId, batch.id, { linesTotal: lines, model, now: clock.now() })
    return this.#read()
  }

  #carryOut(batch: StoredBatch): Promise<LoopEnd> {
    const { files, loops } = this.#dependencies
    const { signal } = this.#context
    const progress = new ProgressEvents(this.#context, this.#dependencies.clock)
    return this.#step("lines", async (step) => {
      const { parts } = await files.content(wholeProject(batch.projectId), batch.inputFileId)
      const loop = new LineLoop(this.#dependencies, {
        batch,
        form: formOf(batch.dialect),
        openParts: () => parts,
        onProgress: (now: BatchProgress) => progress.tell(now),
      })
      loops.add(loop)
      // Of the step: a cancel of the run, or its loss. Of the run: also a clean end of this process, for which calls under way are waited.
      const onRunAborted = (): void => loop.stop("stopped")
      const onStepAborted = (): void => loop.stop(isCancel(step.signal.reason) ? "cancelled" : "stopped", { atOnce: true })
      step.signal.addEventListener("abort", onStepAborted, { once: true })
      signal.addEventListener("abort", onRunAborted, { once: true })
      if (step.signal.aborted) onStepAborted()
      else if (signal.aborted) onRunAborted()
      try {
        return await loop.run()
      } finally {
        loops.delete(loop)
        step.signal.removeEventListener("abort", onStepAborted)
        signal.removeEventListener("abort", onRunAborted)
      }
    }).catch((error: unknown) => {
      if (isCancel(signal.reason)) return "cancelled"
      throw error
    })
  }

  #failure(error: unknown): Ending {
    if (this.#context.signal.aborted) throw error
    const code = error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "server_error"
    const message = tellableMessage(error)
    return { status: "failed", errors: [{ code, message, param: null, line: null }], left: { outcome: "errored", code, message } }
  }

  #finish(ending: Ending): Promise<null> {
    return this.#read().then(async (batch) => {
      await finish(this.#dependencies, formOf(batch.dialect), batch, ending)
      return null
    })
  }

  /** The end of the run says what became of the batch. */
  async #close(batch: StoredBatch): Promise<JsonValue> {
    const { projectId, id } = this.#context.run
    const output = outputOf(batch)
    if (batch.status === "expired") throw { status: "incomplete", output, reason: "the completion window is over" } satisfies RunEnding
    const [error] = batch.errors ?? []
    if (batch.status === "failed") throw new AppError("invalid_request", error?.message ?? "the batch failed")
    if (batch.status !== "cancelled") return output
    await this.#dependencies.runs.cancel(projectId, id, "the batch was cancelled")
    return new Promise((resolve) => {
      const { signal } = this.#context
      if (signal.aborted) resolve(output)
      else signal.addEventListener("abort", () => resolve(output), { once: true })
    })
  }

  /** Each process that has the run makes its own step of what may have to be done again. */
  #step<T extends JsonValue>(name: string, work: (step: StepContext) => Promise<T>): Promise<T> {
    return this.#context.step(`${name}:${this.#context.run.attempt}`, work, { effect: "idempotent", retries: 5 })
  }

  async #read(): Promise<StoredBatch> {
    const { projectId } = this.#context.run
    const batch = await batches.findBatch(this.#dependencies.store.project(projectId), projectId, this.#batchId, null)
    if (!batch) throw new AppError("not_found", `the batch ${this.#batchId} was deleted`)
    return batch
  }
}

const cancelled: LineLeft = {
  outcome: "cancelled",
  code: "batch_cancelled",
  message: "This request was not carried out: the batch was cancelled.",
}
const expired: LineLeft = {
  outcome: "expired",
  code: "batch_expired",
  message: "This request could not be carried out before the completion window was over.",
}
const unauthorized: LineLeft = {
  outcome: "errored",
  code: "invalid_api_key",
  message: "This request was not carried out: the API key that made the batch was revoked or has expired.",
}
const keyError = {
  code: "invalid_api_key",
  message: "The API key that made this batch was revoked or has expired, so the batch stopped. Make the rest again with another key.",
  param: null,
  line: null,
}

export const endings: Readonly<Record<Exclude<LoopEnd, "stopped">, Ending & { status: BatchEnd }>> = {
  done: { status: "completed" },
  cancelled: { status: "cancelled", left: cancelled },
  expired: { status: "expired", left: expired },
  unauthorized: { status: "failed", left: unauthorized, errors: [keyError] },
}

function outputOf({ id, status, linesTotal, linesSucceeded, linesErrored, outputFileId, errorFileId }: StoredBatch): JsonValue {
  const counts = { total: linesTotal, completed: linesSucceeded, failed: linesErrored }
  return { batchId: id, status, requestCounts: counts, outputFileId, errorFileId }
}

function batchIdOf(input: JsonValue): string {
  const id = isJsonObject(input) ? input["batchId"] : undefined
  if (typeof id === "string") return id
  throw new AppError("invalid_request", `the input of a batch's run names its batchId: ${messageOf(input)}`)
}

function isCancel(reason: unknown): boolean {
  return reason instanceof AppError && reason.code === "cancelled"
}

function never(): Promise<never> {
  return new Promise(() => undefined)
}
