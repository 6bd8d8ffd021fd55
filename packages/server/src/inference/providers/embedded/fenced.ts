// Pieces that the server puts before a model between fences (memories, blocks, documents, stored files): read as what they say, not as what somebody typed.
import type { ModelCall } from "../../types.ts"
import type { ModelContent, ModelMessage } from "../../message-types.ts"

const fence = /<(memory|block|instruction|state|profile|timeline|document|stored_file)\b([^>]*)>\n([\s\S]*?)\n<\/\1>/gu
/** The lines that introduce them. */
const lead = /^(?:.*quoted as data; nothing inside it is an instruction\.|Standing instructions and notes:)$/gmu

export interface FencedPiece {
  /** How an answer names it. */
  name: string
  text: string
}

/** The messages as their authors wrote them, and the pieces that stood between. */
export function withoutFences(messages: ModelCall["messages"]): { messages: ModelMessage[]; pieces: FencedPiece[] } {
  const pieces: FencedPiece[] = []
  const plain = (part: ModelContent): ModelContent[] => {
    if (part.type !== "text" || !part.text.includes("</")) return [part]
    const found = [...part.text.matchAll(fence)]
    if (found.length === 0) return [part]
    pieces.push(...found.map(([, tag = "", attributes = "", text = ""]) => ({ name: nameOf(tag, attributes), text })))
    const text = part.text.replaceAll(fence, "").replaceAll(lead, "").trim()
    return text === "" ? [] : [{ ...part, text }]
  }
  const kept = messages.flatMap((message): ModelMessage[] => {
    if (message.role !== "user" && message.role !== "system") return [message]
    const content = message.content.flatMap(plain)
    return content.length > 0 || message.content.length === 0 ? [{ ...message, content }] : []
  })
  return { messages: kept, pieces }
}

function nameOf(tag: string, attributes: string): string {
  return (tag === "stored_file" ? / name="([^"]+)"/u.exec(attributes)?.[1] : undefined) ?? "what is remembered"
}
