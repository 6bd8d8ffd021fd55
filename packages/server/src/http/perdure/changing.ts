// One change of a prompt or an experiment: the gate is asked, it is done, and a record says what, refused ones included.
import type { Context } from "hono"
import type { LightRunRecord } from "../../accounting/index.ts"
import type { Clock, JsonObject, NewId } from "../../core/index.ts"
import { userLabel, type Gate, type GateRequest } from "../../security/index.ts"
import { recordLightRun, requireGranted, type LightCall } from "../context-record.ts"
import type { HttpEnv } from "../env.ts"

export interface ChangingOptions {
  gate: Gate
  clock: Clock
  newId: NewId
  /** Takes the record of each change. */
  record: (record: LightRunRecord) => void
}

export interface Change extends Pick<GateRequest, "action">, Pick<LightCall, "kind" | "name"> {
  target: string
}

export function changing(
  { gate, clock, newId, record }: ChangingOptions,
  context: Context<HttpEnv>,
  { kind, name, action, target }: Change,
  work: () => Promise<{ answer: Response; data: JsonObject }>,
): Promise<Response> {
  const principal = context.get("principal")
  const call = { id: newId("run"), kind, name, principal }
  return recordLightRun({ clock, record }, call, async (data) => {
    const label = userLabel(principal.id)
    const { projectId, id } = principal
    requireGranted(gate, data, { projectId, principal: id, action, target, label, runId: call.id })
    const done = await work()
    return { value: done.answer, label, data: done.data }
  })
}
