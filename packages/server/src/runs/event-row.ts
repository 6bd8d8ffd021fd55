// An event with its row as the flush wants it: JSON text, made once, before the event is queued.
import type { JsonValue } from "../core/index.ts"
import type { Label } from "../security/index.ts"
import type { EventRow } from "./operation.ts"
import { blobHash, encodeJson, inlineBytesMax } from "./payload.ts"
import type { Run, RunEvent, RunStatus, RunUsage } from "./types.ts"

/** The label is left out where it is the run's own. */
export function eventRow(
  run: Pick<Run, "id" | "label">,
  attempt: number,
  seq: number,
  type: string,
  data: JsonValue,
  label: Label,
  at: number,
  bytesMax: number,
): EventRow {
  const json = encodeJson(data, `the data of event ${type}`, bytesMax)
  const event: RunEvent = { runId: run.id, seq, attempt, type, data, label, at }
  const head = `{"r":${JSON.stringify(run.id)},"s":${seq},"t":${JSON.stringify(type)},"a":${at}`
  const labelPart = label === run.label ? "" : `,"l":${encodeJson(label as unknown as JsonValue, "the label", bytesMax)}` // labels are plain JSON
  if (json.length <= inlineBytesMax) return { event, json: `${head}${labelPart},"d":${json}}` }
  const blob = { hash: blobHash(json), text: json }
  return { event, json: `${head}${labelPart},"b":"${blob.hash}"}`, blob }
}

/** How a run leaves its executor, as the flush wants it. */
export function endRow(
  runId: string,
  status: RunStatus,
  usage: RunUsage,
  model: string | null,
  firstTokenMs: number | null,
  end: { [key: string]: JsonValue },
): string {
  const { inputTokens, outputTokens, cachedTokens, reasoningTokens, costMicroUsd, costKnown } = usage
  const u = [inputTokens, outputTokens, cachedTokens, reasoningTokens, costMicroUsd]
  return JSON.stringify({ r: runId, st: status, model, u, cost_known: costKnown, first_token_ms: firstTokenMs, ...end })
}
