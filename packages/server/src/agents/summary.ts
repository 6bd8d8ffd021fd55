// Summaries that compaction makes: sealed with their label for clients to keep, and opened again as what a model reads in their place.
import { isJsonObject, type JsonObject } from "../core/index.ts"
import type { ClientTextPurpose, Label, Sealer } from "../security/index.ts"
import type { CarriedItem, LabelledItem, ResponseItem } from "./types.ts"

export interface Summary {
  readonly text: string
  /** Join of everything that it was made from. */
  readonly label: Label
  /** Of a compaction in the course of a response: what stays word for word before and behind the summary. Everything before its item is in it. */
  readonly window?: { readonly kept: readonly CarriedItem[]; readonly tail: readonly CarriedItem[] }
}

const purpose: ClientTextPurpose = "compaction"

export function sealSummary(sealer: Sealer, projectId: string, summary: Summary): string {
  return sealer.seal(purpose, projectId, JSON.stringify(summary))
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
export function summaryMessage(item: ResponseItem, { text, label }: Pick<Summary, "text" | "label">): LabelledItem {
  const content = [{ type: "input_text", text: `${preface}\n\n${text}` }]
  return { item: { type: "message", id: item.id, role: "user", status: "completed", content, compacted: true }, label }
}

/** What stands before a model where an item of compaction stands: its summary, and for all that came before it what it kept of that. */
export function expandSummaries(sealer: Sealer, projectId: string, items: readonly LabelledItem[]): LabelledItem[] {
  let expanded: LabelledItem[] = []
  for (const each of items) {
    const summary = each.item.type === "compaction" ? openSummary(sealer, projectId, each.item) : undefined
    if (!summary) expanded.push(each)
    else if (summary.window) expanded = windowOf(each.item, summary)
    else expanded.push(summaryMessage(each.item, summary))
  }
  return expanded
}

/** What an item of compaction stands for; nothing before it is needed any more. */
export function windowOf(item: ResponseItem, { text, label, window }: Summary): LabelledItem[] {
  const { kept = [], tail = [] } = window ?? {}
  return [...kept, summaryMessage(item, { text, label }), ...tail] as LabelledItem[] // sealed with their labels
}

/** From the last compaction in the course of a response on, which stands for all before it; undefined where there is none. */
export function sinceCompaction(sealer: Sealer, projectId: string, items: readonly LabelledItem[]): readonly LabelledItem[] | undefined {
  const last = items.findLastIndex(({ item }) => item.type === "compaction" && openSummary(sealer, projectId, item)?.window !== undefined)
  return last < 0 ? undefined : items.slice(last)
}
