// Light runs as runs: their records read from the store, and turned into the shapes that durable runs are shown in.
import { lightRunKinds } from "@perdure/contract"
import { isJsonObject, type JsonObject, type JsonValue } from "../../core/index.ts"
import { experimentIn, type Run, type RunEvent, type RunFilter, type RunSummary } from "../../runs/index.ts"
import { unknownLabel, type Label } from "../../security/index.ts"
import { lightRuns, type Store, type StoredLightRun } from "../../store/index.ts"

export interface LightRuns {
  /** Newest first, at most `limit`. */
  list(projectId: string, filter: RunFilter & { limit: number }): Promise<RunSummary[]>
  get(projectId: string, runId: string): Promise<LightRun | undefined>
}

/** A light run and its events: its record, and before it what memory did, where it had some. */
export interface LightRun {
  run: Run
  events: readonly RunEvent[]
}

export function createLightRuns(store: Pick<Store, "project">): LightRuns {
  return {
    async list(projectId, filter) {
      if (!mayBeLight(filter)) return []
      const { kind, status, search, before, prompt, experiment, user, tag, said, limit } = filter
      const wanted = {
        ...(kind && { kind }),
        ...(status && { outcome: status }),
        ...(search && { search }),
        ...(before && { before }),
        ...(prompt && { prompt }),
        ...(experiment && { experiment }),
        ...(user !== undefined && { user }),
        ...(tag !== undefined && { tag }),
        ...(said && { said }),
        limit,
      }
      const rows = await lightRuns.lightRuns(store.project(projectId), projectId, wanted)
      return rows.map(summaryOfRow)
    },
    async get(projectId, runId) {
      const row = await lightRuns.lightRun(store.project(projectId), projectId, runId)
      return row && { run: runOf(row), events: eventsOf(row) }
    },
  }
}

const outcomes: readonly string[] = ["completed", "failed", "cancelled"]

export function isLightKind(kind: string): boolean {
  return (lightRunKinds as readonly string[]).includes(kind)
}

/** Whether a light run can fit: they have neither parents nor conversations, and are written when they have ended. */
function mayBeLight({ kind, status, conversationId, parentId }: RunFilter): boolean {
  if (conversationId !== undefined || parentId !== undefined) return false
  return (kind === undefined || isLightKind(kind)) && (status === undefined || outcomes.includes(status))
}

function summaryOfRow(row: StoredLightRun): RunSummary {
  const { id, kind, name, status, principal, user, model, usage, error, createdAt, finishedAt } = runOf(row)
  const { durationMs, firstTokenMs } = row
  const none = { title: null, conversationId: null, parentId: null }
  const shown = { id, kind, name, status, principal, user, model, usage, error, createdAt, finishedAt, durationMs, firstTokenMs, ...none }
  return { ...shown, ...experimentIn(row.data) }
}

function runOf(row: StoredLightRun): Run {
  const { id, projectId, principal, user, name, model, startedAt, deployment, status: httpStatus, streamed, firstTokenMs, priceList } = row
  return {
    id,
    projectId,
    principal,
    user,
    kind: row.kind as Run["kind"], // written from a LightRunRecord
    name,
    title: null,
    version: "1",
    status: row.outcome as Run["status"], // likewise
    parentId: null,
    conversationId: null,
    attempt: 1,
    input: partOf(row.data, "request"),
    output: partOf(row.data, "response"),
    error: row.errorCode === null ? null : { code: row.errorCode, message: row.errorMessage ?? "" },
    label: labelOf(row),
    model,
    usage: usageOf(row),
    metadata: { deployment, httpStatus, streamed, firstTokenMs, priceList, ...chosenOf(row.data) },
    createdAt: startedAt,
    startedAt,
    finishedAt: startedAt + row.durationMs,
    wakeAt: null,
    lastSeq: eventsOf(row).length,
    ...(Array.isArray(row.tags) ? { tags: row.tags as readonly string[] } : {}), // written from a LightRunRecord
    ...(isJsonObject(row.metadata) ? { requestMetadata: row.metadata } : {}),
  }
}

function eventsOf(row: StoredLightRun): RunEvent[] {
  const { id, projectId: _projectId, label: _label, outcome, status: httpStatus, data, ...rest } = row
  const { context, remembered, ...others } = isJsonObject(data) ? data : {}
  const plain = context === undefined ? data : Object.keys(others).length === 0 ? null : others
  const told = [
    ["context.assembled", context],
    ["memory.remembered", remembered],
    ["run.ended", { status: outcome, httpStatus, ...rest, data: plain }],
  ] as const
  return told
    .filter(([, value]) => value !== undefined)
    .map(([type, value], index) => {
      return { runId: id, seq: index + 1, attempt: 1, type, data: value ?? null, label: labelOf(row), at: row.startedAt + row.durationMs }
    })
}

/** The routing rule that chose its model, the version of a prompt and the variant of an experiment that it used. */
function chosenOf(data: JsonValue): JsonObject {
  const { rule, prompt } = isJsonObject(data) ? data : {}
  return { ...(rule === undefined ? {} : { rule }), ...(prompt === undefined ? {} : { prompt }), ...(experimentIn(data) as JsonObject) } // plain JSON
}

function usageOf(row: StoredLightRun): Run["usage"] {
  const { inputTokens, outputTokens, cachedTokens, reasoningTokens, costMicroUsd, costKnown } = row
  return { inputTokens, outputTokens, cachedTokens, reasoningTokens, costMicroUsd, costKnown }
}

function labelOf(row: StoredLightRun): Label {
  // Written by the gateway from a Label; a record without one is treated as the most restricted.
  return isJsonObject(row.label) ? (row.label as unknown as Label) : unknownLabel(row.principal)
}

function partOf(data: JsonValue, name: string): JsonValue {
  return isJsonObject(data) ? (data[name] ?? null) : null
}
