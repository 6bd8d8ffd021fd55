// A change of a file, a vector store or a conversation: asked of the gate, done, recorded as a light run with the gate's answer.
import type { Context } from "hono"
import type { LightRunRecord } from "../../accounting/index.ts"
import type { ActingCaller } from "../../context/index.ts"
import type { Clock, NewId } from "../../core/index.ts"
import { userLabel, type Gate } from "../../security/index.ts"
import { recordLightRun, requireGranted } from "../context-record.ts"
import type { HttpEnv } from "../env.ts"

export interface FileWriteOptions {
  gate: Gate
  clock: Clock
  newId: NewId
  /** Takes the record of each change, refused ones included. */
  record: (record: LightRunRecord) => void
}

/** Throws `policy_denied` unless a grant lets the caller write; `target` is the id of what changes, or `new`. */
export type Write = <T>(context: Pick<Context<HttpEnv>, "get">, change: FileChange, work: () => Promise<T>) => Promise<T>

export interface FileChange {
  /** What is done: `file.upload`, `vector_store.delete`. */
  name: string
  target: string
}

/** Whoever asks for what has an owner. */
export function callerOf(context: Pick<Context<HttpEnv>, "get">): ActingCaller {
  const { projectId, id, user } = context.get("principal")
  return { projectId, principal: id, user }
}

/** The target of what has no id yet. */
export const newTarget = "new"

interface Changes {
  /** Of the light runs. */
  kind: "file" | "conversation"
  action: "file.write" | "conversation.write"
}

const ofFiles: Changes = { kind: "file", action: "file.write" }
export const ofConversations: Changes = { kind: "conversation", action: "conversation.write" }

export function createWrite({ gate, clock, newId, record }: FileWriteOptions, { kind, action }: Changes = ofFiles): Write {
  return (context, { name, target }, work) => {
    const principal = context.get("principal")
    const { projectId, id } = principal
    const call = { id: newId("run"), kind, name, principal } as const
    return recordLightRun({ clock, record }, call, async (data) => {
      const label = userLabel(id)
      requireGranted(gate, data, { projectId, principal: id, action, target, label, runId: call.id })
      return { value: await work(), label, data: {} }
    })
  }
}
