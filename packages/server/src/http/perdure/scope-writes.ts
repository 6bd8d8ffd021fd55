// Writes to a scope over HTTP: who asks, the gate's word, and the record of the call.
import type { Context } from "hono"
import type { LightRunRecord } from "../../accounting/index.ts"
import { writersLabel, type Swap } from "../../context/index.ts"
import type { Clock, NewId } from "../../core/index.ts"
import type { Gate, Label } from "../../security/index.ts"
import { recordLightRun, requireGranted } from "../context-record.ts"
import type { HttpEnv } from "../env.ts"

export interface ScopeRecording {
  gate: Gate
  clock: Clock
  newId: NewId
  /** Takes the record of each write: a light run of kind "memory". */
  record: (record: LightRunRecord) => void
}

export interface ScopeWrite {
  /** `state.write`, `block.confirm` … */
  name: string
  action: "memory.write" | "memory.delete"
  scope: string
  /** What is written: a key or a path. */
  entry: string
  /** Join of what influenced the write; the caller's own word when absent. */
  label?: Label
}

/** Asks the gate, does the write under the id of its record, and keeps the record. */
export function writeRecorded<T>(
  options: ScopeRecording,
  context: Context<HttpEnv>,
  { name, action, scope, entry, label: given }: ScopeWrite,
  work: (runId: string) => Promise<Swap<T>>,
): Promise<Swap<T>> {
  const principal = context.get("principal")
  const label = given ?? writersLabel({ projectId: principal.projectId, principal: principal.id })
  const call = { id: options.newId("run"), kind: "memory", name, principal } as const
  return recordLightRun(options, call, async (data) => {
    const request = { projectId: principal.projectId, principal: principal.id, label, runId: call.id }
    requireGranted(options.gate, data, { ...request, action, target: scope })
    const value = await work(call.id)
    return { value, label, data: { scope, entry, written: value.written, seq: value.written ? value.seq : null } }
  })
}
