// Content blocks of a messages request as messages of a model call: tool results apart and first, thinking before what it led to.
import { AppError, type JsonValue } from "../../core/index.ts"
import type { ModelContent, ModelMessage, ModelReasoning, ModelToolCall } from "../../inference/index.ts"
import { inward, reasoningOf, sealedCall } from "./foreign-reasoning.ts"
import type { MessagesBlock, MessagesRequest } from "./messages-schema.ts"

type Message = MessagesRequest["messages"][number]
type ContentBlock = Extract<MessagesBlock, { type: "text" | "image" | "document" }>

export function messagesOf({ role, content }: Message): ModelMessage[] {
  const blocks: readonly MessagesBlock[] = typeof content === "string" ? [{ type: "text", text: content }] : content
  return role === "assistant" ? [assistantMessage(blocks)] : [...toolMessages(blocks), ...otherMessage(role, blocks)]
}

export function contentOf(block: ContentBlock): ModelContent {
  const cached = cacheControl(block.cache_control)
  if (block.type === "text") return { type: "text", text: block.text, ...cached }
  const { source } = block
  if (source.type === "file") throw foreignFile(source.file_id)
  if (block.type === "image") return { type: "image", url: urlOf(source), ...cached }
  const name = block.title ?? "document"
  if (source.type === "text") return { type: "text", text: `${name}\n${source.data}`, ...cached }
  const mediaType = source.type === "base64" ? { mediaType: source.media_type } : {}
  return { type: "file", name, data: urlOf(source), ...mediaType, ...cached }
}

export function cacheControl(value: JsonValue | undefined): { cacheControl?: JsonValue } {
  return value === undefined || value === null ? {} : { cacheControl: value }
}

function foreignFile(id: string): AppError {
  return new AppError("unsupported_value", `the file "${id.slice(0, 100)}" is not stored here, and no provider but its own knows its id`, {
    param: "messages",
    hint: "Send its bytes, or upload it with POST /v1/files and name that id.",
  })
}

type Source = Exclude<Extract<ContentBlock, { source: unknown }>["source"], { type: "file" }>

function urlOf(source: Source): string {
  if (source.type === "url") return source.url
  return source.type === "base64" ? `data:${source.media_type};base64,${source.data}` : ""
}

function isContent(block: MessagesBlock): block is ContentBlock {
  return block.type === "text" || block.type === "image" || block.type === "document"
}

function otherMessage(role: "user" | "system", blocks: readonly MessagesBlock[]): ModelMessage[] {
  const content = blocks.filter(isContent).map(contentOf)
  return content.length === 0 ? [] : [{ role, content }]
}

function toolMessages(blocks: readonly MessagesBlock[]): ModelMessage[] {
  return blocks.flatMap((block): ModelMessage[] => {
    if (block.type !== "tool_result") return []
    const parts = typeof block.content === "string" ? [] : (block.content ?? []).map(contentOf)
    const text = typeof block.content === "string" ? block.content : parts.map((part) => (part.type === "text" ? part.text : "")).join("\n")
    const hasOthers = parts.some(({ type }) => type !== "text")
    return [
      {
        role: "tool",
        callId: block.tool_use_id,
        content: text,
        ...(hasOthers ? { parts } : {}),
        ...(block.is_error === true ? { isError: true } : {}),
        ...cacheControl(block.cache_control),
      },
    ]
  })
}

function assistantMessage(blocks: readonly MessagesBlock[]): ModelMessage {
  const seals = new Map<string, string>()
  const reasoning: ModelReasoning[] = []
  const toolCalls: ModelToolCall[] = []
  for (const block of blocks) {
    if (block.type === "thinking") reasoning.push(reasoningOf(block.thinking, block.signature))
    else if (block.type === "redacted_thinking") {
      const sealed = sealedCall(block.data)
      if (sealed) seals.set(sealed.callId, sealed.signature)
      else {
        const { dialect, text } = inward(block.data)
        reasoning.push({ text: "", data: text, dialect })
      }
    } else if (block.type === "tool_use") {
      const signature = seals.get(block.id)
      toolCalls.push({
        callId: block.id,
        name: block.name,
        arguments: JSON.stringify(block.input),
        ...(signature === undefined ? {} : { signature }),
        ...cacheControl(block.cache_control),
      })
    }
  }
  const content = blocks.filter(isContent).map(contentOf)
  return { role: "assistant", content, toolCalls, ...(reasoning.length > 0 ? { reasoning } : {}) }
}
