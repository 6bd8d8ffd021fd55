// The record of a compaction: a light run, however it ends, with what was used and none of its words.
import type { LightRunRecord } from "../accounting/index.ts"
import { saidBeside, type AppError, type Clock, type Said } from "../core/index.ts"
import type { Label, Principal } from "../security/index.ts"
import { callError } from "./response-error.ts"
import type { CostOf } from "./session.ts"
import type { Spent } from "./summarise.ts"

export interface RecordDependencies {
  readonly costOf: CostOf
  readonly clock: Clock
  readonly recordLightRun: (record: LightRunRecord) => void
}

export interface Recorded {
  readonly principal: Principal
  readonly model: string
  readonly user: string | null
  readonly runId: string
  readonly startedAt: number
  readonly label: Label | null
  readonly spent: Spent
  /** What the request that it is made for says of itself; undefined where it says nothing. */
  readonly said: Said | undefined
}

/** Runs the work and leaves its record. */
export async function recorded(dependencies: RecordDependencies, given: Recorded, work: () => Promise<string>): Promise<string> {
  const { recordLightRun } = dependencies
  try {
    const text = await work()
    recordLightRun(recordOf(dependencies, given, null))
    return text
  } catch (thrown) {
    recordLightRun(recordOf(dependencies, given, callError(thrown)))
    throw thrown
  }
}

function recordOf(
  { clock, costOf }: RecordDependencies,
  { principal, model, user, runId, startedAt, label, spent, said }: Recorded,
  error: AppError | null,
): LightRunRecord {
  const { deployment, usage } = spent
  const { estimated, ...tokens } = usage
  const cost = deployment ? costOf({ model, deployment, usage }) : { costMicroUsd: 0, costKnown: true }
  return {
    ...tokens,
    ...cost,
    id: runId,
    projectId: principal.projectId,
    principal: principal.id,
    user,
    ...saidBeside(principal.tags, said),
    kind: "chat",
    name: "compaction",
    model,
    deployment: deployment?.id ?? null,
    outcome: error === null ? "completed" : error.code === "client_closed_request" ? "cancelled" : "failed",
    status: error?.status ?? 200,
    error: error && { code: error.code, message: error.message },
    startedAt,
    durationMs: clock.now() - startedAt,
    firstTokenMs: null,
    streamed: false,
    requestBytes: 0,
    responseBytes: 0,
    label: label && { ...label },
    data: { estimated },
  }
}
