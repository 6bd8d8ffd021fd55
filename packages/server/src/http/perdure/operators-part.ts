// What of a run's events is for those who run the server alone: the addresses of providers. Keys read everything else.
import { isJsonObject, type JsonObject, type JsonValue } from "../../core/index.ts"
import type { RunEvent } from "../../runs/index.ts"
import type { Principal } from "../../security/index.ts"

export function shownTo({ kind }: Pick<Principal, "kind">): (event: RunEvent) => RunEvent {
  return kind === "session" ? (event) => event : withoutAddresses
}

/** It stands in an error of a durable run, and in the record of a light one. */
function withoutAddresses(event: RunEvent): RunEvent {
  const { data } = event
  if (!isJsonObject(data)) return event
  const { data: record } = data
  const inner = isJsonObject(record) && "reachFault" in record ? { data: withoutFault(record) } : {}
  return "reachFault" in data || "data" in inner ? { ...event, data: { ...(withoutFault(data) as object), ...inner } } : event
}

function withoutFault(object: JsonObject): JsonValue {
  return Object.fromEntries(Object.entries(object).filter(([name]) => name !== "reachFault"))
}
