// Results of tools as a context holds them, each under the handle by which models name it: the id of its call.
import type { Label } from "../security/index.ts"
import { isToolCall, isToolOutput } from "./tool-items.ts"
import { wordsOf } from "./transcript.ts"
import type { LabelledItem } from "./types.ts"

export interface HeldResult {
  readonly handle: string
  readonly tool: string
  readonly text: string
  readonly label: Label
}

export function toolResults(items: readonly LabelledItem[]): HeldResult[] {
  const names = new Map(items.flatMap(({ item }) => (isToolCall(item) ? [[item["call_id"], item["name"]] as const] : [])))
  return items.flatMap(({ item, label }): HeldResult[] => {
    if (isToolOutput(item)) {
      const handle = item["call_id"] as string
      return [{ handle, tool: (names.get(handle) ?? "") as string, text: wordsOf(item["output"]), label }]
    }
    if (item.type !== "mcp_call") return []
    return [{ handle: item.id, tool: item["name"] as string, text: wordsOf(item["output"] ?? item["error"] ?? ""), label }]
  })
}
