// The end of a response that its client did not want stored: its run goes, a record of who, when and how much stays.
import type { LightRunRecord } from "../accounting/index.ts"
import type { Run, Runs } from "../runs/index.ts"
import { requestOf } from "./chain.ts"

export interface ForgetDependencies {
  readonly runs: Runs
  /** Takes the record of a response that is not stored, once its run is gone; without it such runs stay, hidden. */
  readonly recordLightRun?: (record: LightRunRecord) => void
}

/** Only a run that has ended can be deleted, and cancelling does not wait for its executor; what does not stop says so when it is deleted. */
export async function stop(runs: Runs, run: Run, reason: string): Promise<void> {
  await runs.cancel(run.projectId, run.id, reason)
  await runs.ended(run.projectId, run.id, AbortSignal.timeout(forgetMs)).catch(() => undefined)
}

/** Whoever forgets a response has read its end, or has cancelled it: the run ends soon. */
const forgetMs = 20_000

export async function forget({ runs, recordLightRun }: ForgetDependencies, run: Run): Promise<void> {
  if (!recordLightRun || requestOf(run).store) return
  const ended = await runs.ended(run.projectId, run.id, AbortSignal.timeout(forgetMs))
  recordLightRun(recordOf(ended))
  await runs.delete(run.projectId, run.id)
}

/** What stays of a response that its client did not want stored: who, when, how much; none of its words. */
function recordOf(run: Run): LightRunRecord {
  const { id, projectId, principal, user, model, error, usage, createdAt, finishedAt } = run
  const outcome = run.status === "cancelled" ? "cancelled" : run.status === "failed" ? "failed" : "completed"
  return {
    ...usage,
    id,
    projectId,
    principal,
    user,
    kind: "chat",
    name: "response",
    model,
    deployment: null,
    outcome,
    status: outcome === "completed" ? 200 : outcome === "cancelled" ? 499 : 500,
    error: outcome === "completed" ? null : error,
    startedAt: createdAt,
    durationMs: (finishedAt ?? createdAt) - createdAt,
    firstTokenMs: null,
    streamed: false,
    requestBytes: 0,
    responseBytes: 0,
    label: { ...run.label },
    ...(run.tags ? { tags: run.tags } : {}),
    ...(run.requestMetadata ? { metadata: run.requestMetadata } : {}),
    data: { stored: false },
  }
}
