// Ingestion: the durable run that turns one file of a vector store into segments of chunks, words and vectors.
//
//   parse → plan → for each segment that is new:  embed:n:0 … embed:n:m → segment:n  → commit → sweep
//
// `parse`, `plan` and `embed` only read. Each `segment` is written by a transaction of its own and found by nobody before `commit`, which shows
// all of them at once and ends the file. Segments that the file had already stay as they are; `sweep` removes those that it no longer has.
// A process that dies in between leaves nothing half done: finished steps are not repeated, and what a step needs of an earlier one is computed
// again from the file, which is deterministic. A file that cannot be read ends its own run and no other.
import { AppError, isJsonObject, type JsonValue } from "../core/index.ts"
import type { RunContext, RunDefinition } from "../runs/index.ts"
import { tellableMessage } from "../store/index.ts"
import type { DocumentFailure } from "./documents/types.ts"
import { ingestionName } from "./ingestions.ts"
import { IngestionWork, type IngestionDependencies, type IngestionTarget } from "./ingestion-work.ts"

/** Raise it whenever parsing or chunking changes its result: a run that began with the other code is then not continued with this one. */
const version = "3"
const embedTimeoutMs = 120_000

export function ingestionDefinition(dependencies: IngestionDependencies): RunDefinition {
  return {
    kind: "ingestion",
    name: ingestionName,
    version,
    style: "replay",
    execute: async (context, input) => {
      const work = new IngestionWork(dependencies, targetOf(context, input), context)
      try {
        return await ingest(context, work)
      } catch (error) {
        // A run that is stopped from outside is continued elsewhere, or its end is read from the run itself.
        if (context.signal.aborted) throw error
        const code = isFailureCode(error) ? error.code : "server_error"
        await work.fail({ code, message: tellableMessage(error) })
        throw error
      }
    },
  }
}

async function ingest(context: RunContext, work: IngestionWork): Promise<JsonValue> {
  const parsed = await context.step("parse", () => work.parse(), { effect: "read" })
  throwFailure(parsed)
  work.expect(parsed)
  const plan = await context.step("plan", () => work.plan(), { effect: "read", retries: 3 })
  for (const [index, { isKept, embedBatches }] of plan.segments.entries()) {
    if (isKept) continue
    const vectors: string[] = []
    for (let batch = 0; batch < embedBatches; batch++) {
      const embed = await context.step(`embed:${index}:${batch}`, (step) => work.embed(index, batch, step.signal), {
        effect: "read",
        retries: 3,
        timeoutMs: embedTimeoutMs,
      })
      vectors.push(embed)
    }
    const written = await context.step(`segment:${index}`, () => work.writeSegment(index, vectors), { effect: "idempotent", retries: 3 })
    if (written === "detached") return { outcome: "detached" }
  }
  const end = await context.step("commit", (step) => work.commit(step.tx ?? raise("commit needs its transaction"), plan), {
    effect: "transactional",
  })
  if (plan.old.length > 0) await context.step("sweep", () => work.sweep(plan.old), { effect: "idempotent", retries: 3 })
  return end
}

function targetOf(context: RunContext, input: JsonValue): IngestionTarget {
  if (isJsonObject(input)) {
    const { vectorStoreId, fileId } = input
    if (typeof vectorStoreId === "string" && typeof fileId === "string") {
      const { id: runId, projectId, principal } = context.run
      return { projectId, principal, vectorStoreId, fileId, runId }
    }
  }
  throw new AppError("invalid_request", "The input of an ingestion names `vectorStoreId` and `fileId`.")
}

function throwFailure(summary: JsonValue): void {
  if (!isJsonObject(summary) || summary["outcome"] !== "failed") return
  const code = summary["code"] === "unsupported_file" ? "unsupported_file" : "invalid_file"
  throw new AppError(code, typeof summary["message"] === "string" ? summary["message"] : "The file cannot be read.")
}

function isFailureCode(error: unknown): error is AppError & DocumentFailure {
  return error instanceof AppError && (error.code === "unsupported_file" || error.code === "invalid_file")
}

function raise(message: string): never {
  throw new Error(message)
}
