// Records of light runs that call no model (a memory, file, conversation or key change, a retrieval): one row each, whether they succeed or fail, with what the gate said.
import type { LightRunRecord } from "../accounting/index.ts"
import { AppError, messageOf, type Clock, type JsonObject, type JsonValue } from "../core/index.ts"
import type { Gate, GateRequest, Label, Principal } from "../security/index.ts"

export interface LightCall {
  id: string
  kind: "memory" | "retrieval" | "file" | "conversation" | "key" | "prompt" | "experiment"
  /** What is done: `memory.remember`, `vector_store.search`. */
  name: string
  principal: Principal
}

export interface LightOutcome<T> {
  value: T
  label: Label | null
  data: JsonObject
}

/** Does the work and hands over its record; a failure is recorded and thrown on. `data` is filled by the work even when it then fails. */
export async function recordLightRun<T>(
  { clock, record }: { clock: Clock; record: (record: LightRunRecord) => void },
  call: LightCall,
  work: (data: Record<string, JsonValue>) => Promise<LightOutcome<T>>,
): Promise<T> {
  const startedAt = clock.now()
  const started = clock.monotonic()
  const data: Record<string, JsonValue> = {}
  const done = (end: Pick<LightRunRecord, "outcome" | "status" | "error" | "label">): void =>
    record({ ...blank(call), ...end, startedAt, durationMs: Math.round(clock.monotonic() - started), data })
  try {
    const outcome = await work(data)
    Object.assign(data, outcome.data)
    done({ outcome: "completed", status: 200, error: null, label: outcome.label as unknown as JsonValue }) // a Label is plain JSON
    return outcome.value
  } catch (error) {
    const code = error instanceof AppError ? error.code : "server_error"
    const message = error instanceof AppError ? messageOf(error) : "the server failed"
    done({ outcome: "failed", status: error instanceof AppError ? error.status : 500, error: { code, message }, label: null })
    throw error
  }
}

/** Asks the gate and keeps its answer in the record, also when it refuses. */
export function requireGranted(gate: Gate, data: Record<string, JsonValue>, request: GateRequest): void {
  const { allowed, rule, reason } = gate.decide(request)
  data["gate"] = { allowed, rule, reason, action: request.action, target: request.target }
  if (!allowed) gate.require(request)
}

function blank({
  id,
  kind,
  name,
  principal,
}: LightCall): Omit<LightRunRecord, "outcome" | "status" | "error" | "label" | "data" | "startedAt" | "durationMs"> {
  return {
    id,
    projectId: principal.projectId,
    principal: principal.id,
    user: null,
    kind,
    name,
    model: null,
    deployment: null,
    firstTokenMs: null,
    streamed: false,
    inputTokens: 0,
    outputTokens: 0,
    cachedTokens: 0,
    reasoningTokens: 0,
    costMicroUsd: 0,
    costKnown: true,
    requestBytes: 0,
    responseBytes: 0,
  }
}
