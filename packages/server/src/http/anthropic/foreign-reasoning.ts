// Reasoning of other providers inside Anthropic's blocks: clients give signatures and sealed data back unread, so the origin travels in them.
import { dialectNames, type Dialect, type ModelReasoning } from "../../inference/index.ts"

const mark = "perdure:"
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
