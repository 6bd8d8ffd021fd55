// Summaries that compaction makes: sealed with their label for clients to keep, and opened again as what a model reads in their place.
import { isJsonObject, type JsonObject } from "../core/index.ts"
import type { Label, Sealer } from "../security/index.ts"
import type { LabelledItem, ResponseItem } from "./types.ts"

export interface Summary {
  readonly text: string
  /** Join of everything that it was made from. */
  readonly label: Label
}

const purpose = "compaction"

export function sealSummary(sealer: Sealer, projectId: string, { text, label }: Summary): string {
  return sealer.seal(purpose, projectId, JSON.stringify({ text, label }))
}

/** Undefined for what was not made here for this project. */
export function openSummary(sealer: Sealer, projectId: string, item: JsonObject): Summary | undefined {
  const sealed = item["encrypted_content"]
  const opened = typeof sealed === "string" ? sealer.open(purpose, projectId, sealed) : undefined
  if (opened === undefined) return undefined
  const value: unknown = JSON.parse(opened) // sealed by `sealSummary`
  return isJsonObject(value) ? (value as unknown as Summary) : undefined
}

const preface = "Summary of the conversation until here, which was compacted:"

/** What a model reads: said by the user's side, because it is data and no instruction of the operator. */
export function summaryMessage(item: ResponseItem, { text, label }: Summary): LabelledItem {
  const content = [{ type: "input_text", text: `${preface}\n\n${text}` }]
  return { item: { type: "message", id: item.id, role: "user", status: "completed", content, compacted: true }, label }
}
