// Asks the gate before a file or a vector store changes.
import type { Context } from "hono"
import { userLabel, type Gate } from "../../security/index.ts"
import type { HttpEnv } from "../env.ts"

/** Throws `policy_denied` unless a grant lets the caller write; `target` is the id of what changes, or `new`. */
export type RequireWrite = (context: Pick<Context<HttpEnv>, "get">, target: string) => void

/** The target of what has no id yet. */
export const newTarget = "new"

export function requireWrite(gate: Gate): RequireWrite {
  return (context, target) => {
    const { projectId, id: principal } = context.get("principal")
    gate.require({ projectId, principal, action: "file.write", target, label: userLabel(principal), runId: null })
  }
}
