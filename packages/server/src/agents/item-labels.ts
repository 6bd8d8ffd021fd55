// The label that each item carries into the context of a turn.
import { joinLabels, userLabel, type Label } from "../security/index.ts"
import { attachedFileIds } from "./attachments.ts"
import { isToolOutput } from "./tool-items.ts"
import type { ResponseItem } from "./types.ts"

/**
 * What a client sends: its user's words and its instructions are trusted as the principal is; what it hands over as the
 * words of a model or of a tool can have been written by anybody.
 */
export function clientItemLabel(item: ResponseItem, principal: string): Label {
  const own = userLabel(principal)
  if (item.type === "message" && item["role"] !== "assistant") return joinLabels([own, ...attachments(item, principal)])
  const source = isToolOutput(item) ? `tool:client:${(item["name"] ?? item["call_id"] ?? "unknown") as string}` : `client:${principal}`
  return { ...own, integrity: 0, sources: [source, ...attachedFileIds(item).map((id) => `file:${id}`)] }
}

/** An attached image or file is not written by the one who attaches it; one that is stored here keeps its name as a source. */
function attachments(item: ResponseItem, principal: string): Label[] {
  const content = item["content"]
  const parts = Array.isArray(content) ? (content as readonly { type?: string }[]) : []
  const attached = parts.some((part) => part.type === "input_image" || part.type === "input_file" || part.type === "input_audio")
  if (!attached) return []
  const files = attachedFileIds(item).map((id) => `file:${id}`)
  return [{ integrity: 0, sources: [`attachment:${item.id}`, ...files], readers: [principal], secrets: [] }]
}
