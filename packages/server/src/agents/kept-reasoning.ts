// Reasoning that has to come back to the model that made it: sealed into reasoning items, which clients keep and send back unread.
import { isJsonObject, type JsonObject } from "../core/index.ts"
import type { ModelReasoning } from "../inference/index.ts"
import type { ClientTextPurpose, Sealer } from "../security/index.ts"

export interface KeptReasoning {
  /** With its text, because a signature is that of the exact text, and clients shorten. */
  readonly reasoning: readonly ModelReasoning[]
  /** Signatures that belong to calls, by `call_id`. */
  readonly calls: Readonly<Record<string, string>>
}

export type OpenReasoning = (item: JsonObject) => KeptReasoning | undefined

const purpose: ClientTextPurpose = "reasoning"

export function sealReasoning(sealer: Sealer, projectId: string, kept: KeptReasoning): string {
  return sealer.seal(purpose, projectId, JSON.stringify(kept))
}

/** Undefined for what was not made here for this project: no other provider of this server could read it. */
export function reasoningOpener(sealer: Sealer, projectId: string): OpenReasoning {
  return (item) => {
    const sealed = item["encrypted_content"]
    const opened = typeof sealed === "string" ? sealer.open(purpose, projectId, sealed) : undefined
    const value: unknown = opened === undefined ? undefined : JSON.parse(opened) // sealed by `sealReasoning`
    return isJsonObject(value) ? (value as unknown as KeptReasoning) : undefined
  }
}
