// Who uses memory, as its scopes ask: the principal, the end user that it acts for, and whether it may look after scopes.
import { writersLabel, type MemoryCaller } from "../context/index.ts"
import type { Gate, Principal } from "../security/index.ts"

/** A grant `memory.manage:<scope>` of the configuration opens scopes that are granted to others. */
export function memoryCaller(gate: Gate, { projectId, id, user }: Principal): MemoryCaller {
  const label = writersLabel({ projectId, principal: id })
  const manages = (target: string): boolean =>
    gate.decide({ projectId, principal: id, action: "memory.manage", target, label, runId: null }).allowed
  return { projectId, principal: id, user, manages }
}
