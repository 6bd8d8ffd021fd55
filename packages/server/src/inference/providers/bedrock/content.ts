// The messages of a call as Converse's: blocks of two sides in turn, cache points at their places, media as bytes.
import { isJsonObject, type JsonObject, type JsonValue } from "../../../core/index.ts"
import type { Deployment, ModelCall } from "../../types.ts"
import type { ModelContent, ModelMessage, ModelReasoning, ModelToolCall } from "../../message-types.ts"
import { cannotSend, mediaOf, type MediaContent } from "../media.ts"
import { withPassages } from "../passages.ts"

export interface ConverseMessages {
  system: readonly JsonObject[]
  messages: readonly JsonValue[]
}

type Turn = { role: "user" | "assistant"; content: JsonObject[] }
type AssistantMessage = Extract<ModelMessage, { role: "assistant" }>
type ToolMessage = Extract<ModelMessage, { role: "tool" }>

/** Without tools Converse refuses the calls of earlier turns; they are told in words then. */
export function converseMessages(call: ModelCall, deployment: Deployment, withTools: boolean): ConverseMessages {
  const system: JsonObject[] = []
  const turns: Turn[] = []
  for (const message of withPassages(call.messages, call.passages)) {
    if (message.role === "system") {
      system.push(...message.content.flatMap((part) => (part.type === "text" ? contentBlocks(part, deployment) : [])))
      continue
    }
    const turn = turnOf(message, deployment, withTools)
    const last = turns.at(-1)
    if (turn.content.length === 0) continue
    if (last?.role === turn.role) last.content.push(...turn.content)
    else turns.push(turn)
  }
  return { system, messages: turns.map(withoutTrailingSpace).map(withTextBesideDocuments) }
}

function turnOf(message: ModelMessage, deployment: Deployment, withTools: boolean): Turn {
  if (message.role === "tool") return { role: "user", content: withTools ? resultBlocks(message, deployment) : toldResult(message) }
  if (message.role === "assistant") return { role: "assistant", content: answerBlocks(message, deployment, withTools) }
  return { role: "user", content: message.content.flatMap((part) => contentBlocks(part, deployment)) }
}

function answerBlocks(message: AssistantMessage, deployment: Deployment, withTools: boolean): JsonObject[] {
  const reasoning = (message.reasoning ?? []).filter(({ dialect }) => dialect === "bedrock-converse").flatMap(reasoningBlock)
  const content = message.content.flatMap((part) => contentBlocks(part, deployment))
  return [...reasoning, ...content, ...message.toolCalls.flatMap(withTools ? callBlocks : toldCall)]
}

/** Only what carries a proof: plain thoughts are refused where they are not expected. */
function reasoningBlock({ text, signature, data }: ModelReasoning): JsonObject[] {
  if (data !== undefined) return [{ reasoningContent: { redactedContent: data } }]
  return signature === undefined ? [] : [{ reasoningContent: { reasoningText: { text, signature } } }]
}

function callBlocks({ callId, name, arguments: text, cacheControl }: ModelToolCall): JsonObject[] {
  return [{ toolUse: { toolUseId: toolUseId(callId), name, input: inputOf(text) } }, ...cachePoint(cacheControl)]
}

function resultBlocks({ callId, content, parts, isError, cacheControl }: ToolMessage, deployment: Deployment): JsonObject[] {
  const media = (parts ?? []).flatMap((part) => (part.type === "text" ? [] : [mediaBlock(part, deployment)]))
  const text = content === "" && media.length > 0 ? [] : [{ text: content === "" ? "(empty)" : content }]
  const status = isError ? { status: "error" } : {}
  return [{ toolResult: { toolUseId: toolUseId(callId), content: [...text, ...media], ...status } }, ...cachePoint(cacheControl)]
}

function toldCall({ callId, name, arguments: text }: ModelToolCall): JsonObject[] {
  return [{ text: `[called ${name} as ${callId} with ${text === "" ? "{}" : text}]` }]
}

function toldResult({ callId, content, isError }: ToolMessage): JsonObject[] {
  return [{ text: `[${isError ? "error" : "result"} of ${callId}: ${content}]` }]
}

/** Letters, digits, `_` and `-`, 64 at most. */
export function toolUseId(callId: string): string {
  return callId.replaceAll(/[^A-Za-z0-9_-]/g, "_").slice(0, 64)
}

function inputOf(text: string): JsonValue {
  try {
    const value: unknown = JSON.parse(text === "" ? "{}" : text)
    return isJsonObject(value) ? value : { arguments: value as JsonValue } // JSON.parse gives JSON
  } catch {
    return { arguments: text }
  }
}

function contentBlocks(part: ModelContent, deployment: Deployment): JsonObject[] {
  if (part.type !== "text") return [mediaBlock(part, deployment), ...cachePoint(part.cacheControl)]
  return part.text.trim() === "" ? cachePoint(part.cacheControl) : [{ text: part.text }, ...cachePoint(part.cacheControl)]
}

/** Anthropic's mark stands on the block, Bedrock's point after it. */
export function cachePoint(cacheControl: JsonValue | undefined): JsonObject[] {
  if (!isJsonObject(cacheControl)) return []
  return [{ cachePoint: { type: "default", ...(cacheControl["ttl"] === "1h" ? { ttl: "1h" } : {}) } }]
}

const imageFormats: ReadonlySet<string> = new Set(["png", "jpeg", "gif", "webp"])

const documentFormats: Readonly<Record<string, string>> = {
  "application/pdf": "pdf",
  "text/csv": "csv",
  "application/msword": "doc",
  "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "docx",
  "application/vnd.ms-excel": "xls",
  "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx",
  "text/html": "html",
  "text/plain": "txt",
  "text/markdown": "md",
}

function mediaBlock(part: MediaContent, deployment: Deployment): JsonObject {
  const media = mediaOf(part)
  const source = sourceOf(media, deployment)
  const [kind = "", subtype = ""] = (media.mediaType ?? "").split("/")
  if (kind === "image" && imageFormats.has(subtype)) return { image: { format: subtype, source } }
  const document = documentFormats[media.mediaType ?? ""]
  if (document !== undefined) return { document: { format: document, name: documentName(part), source } }
  if (part.type === "audio") return { audio: { format: part.format, source } }
  throw cannotSend(
    deployment,
    `a part of the type "${media.mediaType ?? "unknown"}"`,
    "Bedrock takes PNG, JPEG, GIF and WebP pictures, and PDF, Word, Excel, CSV, HTML, Markdown and plain text files.",
  )
}

function sourceOf(media: ReturnType<typeof mediaOf>, deployment: Deployment): JsonObject {
  if ("base64" in media) return { bytes: media.base64 }
  if (media.address.startsWith("s3://")) return { s3Location: { uri: media.address } }
  throw cannotSend(deployment, "a part that is only an address", "Bedrock fetches nothing from the web: send the content as a data URL.")
}

/** Letters, digits, single spaces, hyphens, parentheses and brackets. */
function documentName(part: MediaContent): string {
  const name = part.type === "file" ? part.name.replace(/\.[a-z0-9]{1,5}$/i, "") : ""
  const clean = name
    .replaceAll(/[^A-Za-z0-9\s\-()[\]]/g, " ")
    .replaceAll(/\s+/g, " ")
    .trim()
  return clean === "" ? "document" : clean.slice(0, 200)
}

/** Claude refuses a last answer to be continued that ends with white space. */
function withoutTrailingSpace(turn: Turn, position: number, turns: readonly Turn[]): Turn {
  const last = turn.content.at(-1)
  if (turn.role !== "assistant" || position < turns.length - 1 || typeof last?.["text"] !== "string") return turn
  return { ...turn, content: [...turn.content.slice(0, -1), { text: last["text"].trimEnd() }] }
}

/** A document wants a text beside it, and a name that no other in the turn has. */
function withTextBesideDocuments(turn: Turn): Turn {
  if (!turn.content.some((block) => block["document"] !== undefined)) return turn
  const names = new Map<string, number>()
  const content = turn.content.map((block): JsonObject => {
    const document = block["document"]
    if (!isJsonObject(document) || typeof document["name"] !== "string") return block
    const count = (names.get(document["name"]) ?? 0) + 1
    names.set(document["name"], count)
    return count === 1 ? block : { document: { ...document, name: `${document["name"]} (${count})` } }
  })
  return turn.content.some((block) => block["text"] !== undefined)
    ? { ...turn, content }
    : { ...turn, content: [{ text: "Attached:" }, ...content] }
}
