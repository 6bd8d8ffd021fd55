// From the store's rows to the words of runs.
import type { RunKind } from "@perdure/contract"
import { isJsonObject, type JsonValue } from "../core/index.ts"
import type { Label } from "../security/index.ts"
import type { runEvents, runs } from "../store/index.ts"
import type { Run, RunError, RunEvent, RunStatus, RunSummary, RunUsage } from "./types.ts"

export function toRun(row: runs.StoredRun): Run {
  return {
    id: row.id,
    projectId: row.projectId,
    principal: row.principal,
    user: row.user,
    kind: row.kind as RunKind, // written from a RunKind
    name: row.name,
    title: row.title,
    version: row.version,
    status: row.status as RunStatus, // checked by the table
    parentId: row.parentId,
    conversationId: row.conversationId,
    attempt: row.attempt,
    input: row.input,
    output: row.output,
    error: row.error as unknown as RunError | null, // written from a RunError
    label: row.label as unknown as Label, // written from a Label
    model: row.model,
    usage: usageOf(row),
    metadata: row.metadata,
    createdAt: row.createdAt,
    startedAt: row.startedAt,
    finishedAt: row.finishedAt,
    wakeAt: row.wakeAt,
    lastSeq: row.lastSeq,
    ...progressOf(row),
    ...saidIn(row),
  }
}

/** Beside what clients say of a response, whose values are plain, stands what was chosen for it. */
function saidIn({ kind, metadata, keyTags }: runs.StoredRun): Pick<Run, "tags" | "requestMetadata"> {
  const isClients = kind === "response" || kind === "workflow"
  const { tags: own, ...said } = isClients && isJsonObject(metadata) ? metadata : {}
  const listed = Array.isArray(own) ? (own as readonly JsonValue[]).filter((each) => typeof each === "string") : []
  const tags = [...new Set([...(keyTags ?? []), ...listed])]
  const plain = Object.entries(said).filter(([, value]) => kind === "workflow" || !isJsonObject(value))
  return {
    ...(tags.length > 0 ? { tags } : {}),
    ...(plain.length > 0 ? { requestMetadata: Object.fromEntries(plain) } : {}),
  }
}

export function toSummary(row: runs.StoredRun): RunSummary {
  const run = toRun(row)
  return {
    id: run.id,
    kind: run.kind,
    name: run.name,
    title: run.title,
    status: run.status,
    principal: run.principal,
    user: run.user,
    model: run.model,
    conversationId: run.conversationId,
    parentId: run.parentId,
    usage: run.usage,
    error: run.error,
    createdAt: run.createdAt,
    finishedAt: run.finishedAt,
    durationMs: run.finishedAt === null ? null : Math.max(0, run.finishedAt - run.createdAt),
    firstTokenMs: row.firstTokenMs,
    ...progressOf(row),
    ...(run.kind === "response" ? experimentIn(run.metadata) : {}),
  }
}

export function toEvent(row: runEvents.StoredEvent, runLabel: Label): RunEvent {
  const { runId, seq, attempt, type, data, at } = row
  return { runId, seq, attempt, type, data, at, label: row.label === null ? runLabel : (row.label as unknown as Label) } // written from a Label
}

function progressOf({ progress }: runs.StoredRun): Pick<Run, "progress"> {
  return progress === null ? {} : { progress }
}

/** The variant of an experiment, where what a run was chosen by names one. */
export function experimentIn(chosen: JsonValue): Pick<RunSummary, "experiment"> {
  const given = isJsonObject(chosen) ? chosen["experiment"] : undefined
  if (!isJsonObject(given)) return {} // what clients write into their metadata is text
  const { name, variant } = given
  return typeof name === "string" && typeof variant === "string" ? { experiment: { name, variant } } : {}
}

function usageOf(row: runs.StoredRun): RunUsage {
  const { inputTokens, outputTokens, cachedTokens, reasoningTokens, costMicroUsd, costKnown } = row
  return { inputTokens, outputTokens, cachedTokens, reasoningTokens, costMicroUsd, costKnown }
}
