// What processes tell each other over NOTIFY: `<origin> <verb> <list>`. Hints only: everything works by the slow polls without them.
//   e  run,project/run,…   events of these runs were committed; those with their project changed their summary; `*` is all
//   q                      something is queued
//   c  run,…               look at these runs: a cancel or a signal
import type { Lease, Operation } from "./operation.ts"

export const channel = "perdure_runs"
/** Postgres refuses payloads of 8,000 bytes. */
const payloadBytesMax = 7_800

export function encodePayload(origin: string, batch: readonly { lease: Lease; operation: Operation }[]): string {
  const items = new Map<string, string>()
  for (const { lease, operation } of batch) {
    if (operation.lifecycle) items.set(lease.runId, `${lease.projectId}/${lease.runId}`)
    else if (!items.has(lease.runId)) items.set(lease.runId, lease.runId)
  }
  const text = `${origin} e ${[...items.values()].join(",")}`
  return text.length <= payloadBytesMax ? text : `${origin} e *`
}

export type Message =
  | { verb: "events"; origin: string; all: boolean; runs: { runId: string; projectId: string | undefined }[] }
  | { verb: "queued" }
  | { verb: "look"; runIds: string[] }

export function decodePayload(payload: string): Message | undefined {
  const [origin = "", verb, list = ""] = payload.split(" ")
  if (verb === "q") return { verb: "queued" }
  if (verb === "c") return { verb: "look", runIds: list.split(",") }
  if (verb !== "e") return undefined
  if (list === "*") return { verb: "events", origin, all: true, runs: [] }
  const runs = list.split(",").map((item) => {
    const slash = item.indexOf("/")
    return slash < 0 ? { runId: item, projectId: undefined } : { runId: item.slice(slash + 1), projectId: item.slice(0, slash) }
  })
  return { verb: "events", origin, all: false, runs }
}
