// Ids of tool calls for providers that insist on nine letters and digits (Mistral).
import { createHash } from "node:crypto"

/** The same for the same id, so that a call and its result meet. */
export function shortToolId(callId: string): string {
  if (/^[A-Za-z0-9]{9}$/.test(callId)) return callId
  return createHash("sha256")
    .update(callId)
    .digest("base64")
    .replaceAll(/[^A-Za-z0-9]/g, "")
    .slice(0, 9)
}
