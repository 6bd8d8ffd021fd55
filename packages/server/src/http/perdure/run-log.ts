// One way to read runs of both sorts: durable ones from the kernel, light ones from their record, which is their log of one event.
import type { LightRunRecord } from "../../accounting/index.ts"
import { isJsonObject, type JsonValue } from "../../core/index.ts"
import type { Run, RunEvent, Runs, RunSummary } from "../../runs/index.ts"
import { unknownLabel, type Label } from "../../security/index.ts"

/** The record of a finished light run of that project. */
export type FindLightRun = (projectId: string, runId: string) => Promise<LightRunRecord | undefined>

export interface RunLog {
  get(projectId: string, runId: string): Promise<Run | undefined>
  events(projectId: string, run: Run, after: number, limit: number): Promise<RunEvent[]>
  tail(projectId: string, run: Run, after: number, signal: AbortSignal): AsyncIterable<RunEvent>
}

export function createRunLog(runs: Pick<Runs, "get" | "events" | "tail">, findLightRun?: FindLightRun): RunLog {
  const light = async (projectId: string, runId: string): Promise<LightRunRecord | undefined> => findLightRun?.(projectId, runId)
  return {
    async get(projectId, runId) {
      const run = await runs.get(projectId, runId)
      if (run) return run
      const record = await light(projectId, runId)
      return record && runOfRecord(record)
    },
    async events(projectId, run, after, limit) {
      const record = isLight(run) ? await light(projectId, run.id) : undefined
      if (record) return after < 1 ? [eventOfRecord(record)] : []
      return runs.events(projectId, run.id, after, limit)
    },
    async *tail(projectId, run, after, signal) {
      const record = isLight(run) ? await light(projectId, run.id) : undefined
      if (!record) yield* runs.tail(projectId, run.id, after, signal)
      else if (after < 1) yield eventOfRecord(record)
    },
  }
}

const lightKinds: readonly string[] = ["chat", "embedding", "memory", "retrieval"] satisfies LightRunRecord["kind"][]
export const endedStatuses: readonly string[] = ["completed", "failed", "cancelled", "incomplete"] satisfies Run["status"][]

/** What a list shows of a run that was read whole. */
export function summaryOf(run: Run): RunSummary {
  const { id, kind, name, status, principal, user, model, conversationId, parentId, usage, error, createdAt, finishedAt } = run
  const durationMs = finishedAt === null ? null : Math.max(0, finishedAt - (run.startedAt ?? createdAt))
  const summary = { id, kind, name, status, principal, user, model, conversationId, parentId, usage, error, createdAt, finishedAt }
  return { ...summary, durationMs, firstTokenMs: null }
}

function isLight(run: Run): boolean {
  return lightKinds.includes(run.kind)
}

function runOfRecord(record: LightRunRecord): Run {
  const { id, projectId, principal, user, kind, name, model, error } = record
  const finishedAt = Math.round(record.startedAt + record.durationMs)
  return {
    id,
    projectId,
    principal,
    user,
    kind,
    name,
    model,
    error,
    version: "1",
    status: record.outcome,
    parentId: null,
    conversationId: null,
    attempt: 1,
    input: partOf(record.data, "request"),
    output: partOf(record.data, "response"),
    label: labelOf(record),
    usage: usageOf(record),
    metadata: { deployment: record.deployment, httpStatus: record.status, streamed: record.streamed, firstTokenMs: record.firstTokenMs },
    createdAt: record.startedAt,
    startedAt: record.startedAt,
    finishedAt,
    wakeAt: null,
    lastSeq: 1,
  }
}

function eventOfRecord(record: LightRunRecord): RunEvent {
  const { id, projectId: _projectId, label: _label, ...data } = record
  const at = Math.round(record.startedAt + record.durationMs)
  return { runId: id, seq: 1, attempt: 1, type: "run.ended", data: { ...data }, label: labelOf(record), at }
}

function usageOf(record: LightRunRecord): Run["usage"] {
  const { inputTokens, outputTokens, cachedTokens, reasoningTokens, costMicroUsd, costKnown } = record
  return { inputTokens, outputTokens, cachedTokens, reasoningTokens, costMicroUsd, costKnown }
}

function labelOf(record: LightRunRecord): Label {
  // Written by the gateway from a Label; a record without one is treated as the most restricted.
  return isJsonObject(record.label) ? (record.label as unknown as Label) : unknownLabel(record.principal)
}

function partOf(data: JsonValue, name: string): JsonValue {
  return isJsonObject(data) ? (data[name] ?? null) : null
}
