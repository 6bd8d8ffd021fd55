// What becomes of a call that a model makes, and the item by which its client sees it.
import type { JsonObject } from "../core/index.ts"
import type { WireCall } from "./flat-tools.ts"

/** Shown to the client, run here, or refused with a reason for the model. */
export type CallRoute = { kind: "client"; custom?: boolean; wire?: WireCall } | { kind: "server" } | { kind: "refused"; reason: string }

/** The item of a call, in its client's words. */
export function beginningOf(
  { custom, wire }: Extract<CallRoute, { kind: "client" }>,
  callId: string,
  name: string,
): JsonObject & { type: string } {
  const call = { status: "in_progress", call_id: callId }
  if (wire?.kind === "search") return { type: "tool_search_call", ...call, execution: "client", arguments: {} }
  const named = wire ? { name: wire.name, namespace: wire.namespace } : { name }
  return custom ? { type: "custom_tool_call", ...call, input: "", ...named } : { type: "function_call", ...call, arguments: "", ...named }
}
