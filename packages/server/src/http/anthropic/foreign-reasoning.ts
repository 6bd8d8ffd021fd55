// Reasoning of other providers inside Anthropic's blocks: clients give signatures and sealed data back unread, so the origin travels in them.
import { isJsonObject, type JsonObject, type JsonValue } from "../../core/index.ts"
import { dialectNames, type Dialect, type ModelReasoning } from "../../inference/index.ts"

export const mark = "perdure:"
const dialects: ReadonlySet<string> = new Set(dialectNames.filter((name) => name !== "anthropic-messages"))

/** A signature or sealed data as an Anthropic client gets it; Anthropic's own stays as it is. */
export function outward(dialect: Dialect, text: string): string {
  return dialect === "anthropic-messages" ? text : `${mark}${dialect}:${text}`
}

/** Whose it is, and the text as its provider made it. */
export function inward(text: string): { dialect: Dialect; text: string } {
  if (!text.startsWith(mark)) return { dialect: "anthropic-messages", text }
  const end = text.indexOf(":", mark.length)
  const dialect = text.slice(mark.length, end)
  return dialects.has(dialect) ? { dialect: dialect as Dialect, text: text.slice(end + 1) } : { dialect: "openai-chat", text: "" }
}

/** A signature that belongs to a tool call travels in a sealed block before the call. */
export function callSeal(callId: string, signature: string): string {
  return `${mark}call:${callId}:${signature}`
}

export function sealedCall(data: string): { callId: string; signature: string } | undefined {
  const match = /^perdure:call:([^:]*):(.*)$/s.exec(data)
  return match?.[1] === undefined ? undefined : { callId: match[1], signature: match[2] ?? "" }
}

/** A thinking block of a request. */
export function reasoningOf(thinking: string, signature: string): ModelReasoning {
  const { dialect, text } = inward(signature)
  return { text: thinking, dialect, ...(text === "" ? {} : { signature: text }) }
}

/** A request as Claude may read it: thoughts of others have gone, and those of a Claude behind Converse have the signature that it gave. */
export function withoutForeignThoughts(body: JsonObject): JsonObject {
  const { messages } = body
  if (!Array.isArray(messages)) return body
  return { ...body, messages: (messages as readonly JsonValue[]).flatMap(ofClaude) }
}

/** None where nothing is left of it. */
function ofClaude(message: JsonValue): JsonValue[] {
  if (!isJsonObject(message) || !Array.isArray(message["content"])) return [message]
  const blocks = message["content"] as readonly JsonValue[]
  const content = blocks.flatMap((block): JsonValue[] => (isJsonObject(block) ? thoughtOfClaude(block) : [block]))
  return content.length === 0 && blocks.length > 0 ? [] : [{ ...message, content }]
}

function thoughtOfClaude(block: JsonObject): JsonObject[] {
  const place = block["type"] === "thinking" ? "signature" : block["type"] === "redacted_thinking" ? "data" : undefined
  const sealed = place === undefined ? undefined : block[place]
  if (place === undefined || typeof sealed !== "string" || !sealed.startsWith(mark)) return [block]
  const { dialect, text } = inward(sealed)
  return dialect === "bedrock-converse" && text !== "" ? [{ ...block, [place]: text }] : []
}
