// Turns items of the Responses face into the messages of a model call.
import { AppError, isJsonObject, type JsonObject, type JsonValue } from "../core/index.ts"
import { isTold, type ModelContent, type ModelMessage, type ModelReasoning, type ModelToolCall } from "../inference/index.ts"
import type { FlatTools } from "./flat-tools.ts"
import type { KeptReasoning, OpenReasoning } from "./kept-reasoning.ts"
import { searchCall, searchResult, toolItems } from "./searched-tools.ts"
import { isPassedItem, isToolCall, isToolOutput, modelCallOf } from "./tool-items.ts"
import type { NewItem, ResponseItem } from "./types.ts"

/** Instructions first, then every item in order; calls that belong to one turn share one assistant message, as providers ask. */
export function messagesOf(
  instructions: string | null,
  items: readonly ResponseItem[],
  openReasoning?: OpenReasoning,
  flat?: FlatTools,
): ModelMessage[] {
  const messages: ModelMessage[] = []
  if (instructions !== null && instructions !== "") messages.push({ role: "system", content: [{ type: "text", text: instructions }] })
  const thoughts = new Thoughts(messages)
  for (const [index, item] of items.entries()) {
    if (item.type === "reasoning") thoughts.take(openReasoning?.(item))
    else addItem(messages, item, { index, thoughts, flat })
  }
  thoughts.settle()
  return messages
}

/** Reasoning stands before what it led to; what follows an answer without leading to anything belongs to that answer. */
class Thoughts {
  readonly #messages: ModelMessage[]
  readonly #signatures = new Map<string, string>()
  #waiting: ModelReasoning[] = []

  constructor(messages: ModelMessage[]) {
    this.#messages = messages
  }

  take(kept: KeptReasoning | undefined): void {
    this.#waiting.push(...(kept?.reasoning ?? []))
    for (const [callId, signature] of Object.entries(kept?.calls ?? {})) this.#signatures.set(callId, signature)
  }

  signatureOf(callId: string): { signature?: string } {
    const signature = this.#signatures.get(callId)
    return signature === undefined ? {} : { signature }
  }

  /** Before an assistant message is added, or a call to the last one. */
  lead(): { reasoning?: readonly ModelReasoning[] } {
    const reasoning = this.#waiting
    this.#waiting = []
    return reasoning.length === 0 ? {} : { reasoning }
  }

  get waits(): boolean {
    return this.#waiting.length > 0
  }

  /** Before anything that is not the assistant's, and at the end. */
  settle(): void {
    const last = this.#messages.at(-1)
    const { reasoning } = this.lead()
    if (reasoning && last?.role === "assistant")
      this.#messages.splice(-1, 1, { ...last, reasoning: [...(last.reasoning ?? []), ...reasoning] })
  }
}

/** Whether an item can be put before any model; of others those are left out that tell nothing. */
export function isUnderstood(item: NewItem): boolean {
  return !isPassedItem(item) || isTold(item.type) || toolItems.has(item.type) || isAgentMessage(item)
}

/** What one agent of a client tells another. */
function isAgentMessage({ type }: NewItem): boolean {
  return type === "agent_message"
}

interface Place {
  readonly index: number
  readonly thoughts: Thoughts
  readonly flat: FlatTools | undefined
}

function addItem(messages: ModelMessage[], item: ResponseItem, place: Place): void {
  const { index, thoughts, flat } = place
  if (flat && toolItems.has(item.type)) return addToolItem(messages, item, { ...place, flat })
  if (flat && isAgentMessage(item)) {
    thoughts.settle()
    messages.push({ role: "user", content: contentOf(plainParts(item["content"]), `input[${index}].content`) })
  } else if (item.type === "message") {
    if (item["role"] !== "assistant") thoughts.settle()
    messages.push({ ...messageOf(item, index), ...thoughts.lead() })
  } else if (isPassedItem(item) || (!flat && isInNamespace(item))) {
    if (!isMade(item)) thoughts.settle()
    messages.push({ role: "assistant", content: [], toolCalls: [], ...thoughts.lead(), items: [item] })
  } else if (isToolCall(item)) {
    addToolCall(messages, modelCallOf(item, flat), thoughts)
  } else if (isToolOutput(item)) {
    thoughts.settle()
    messages.push({ role: "tool", callId: text(item["call_id"]), ...outputOf(item["output"], `input[${index}].output`) })
  } else if (item.type === "mcp_call") {
    addToolCall(messages, { callId: item.id, name: text(item["name"]), arguments: text(item["arguments"]) }, thoughts)
    messages.push({ role: "tool", callId: item.id, content: text(item["output"] ?? item["error"]) })
  }
}

function addToolItem(messages: ModelMessage[], item: ResponseItem, { thoughts, flat }: Place & { flat: FlatTools }): void {
  if (item.type === "tool_search_call") {
    const call = searchCall(item)
    if (call) addToolCall(messages, call, thoughts)
  } else if (item.type === "tool_search_output") {
    const result = searchResult(item, flat)
    if (!result) return
    thoughts.settle()
    messages.push(result)
  }
}

function addToolCall(messages: ModelMessage[], call: ModelToolCall, thoughts: Thoughts): void {
  if (thoughts.waits) messages.push({ role: "assistant", content: [], toolCalls: [], ...thoughts.lead() })
  addCall(messages, { ...call, ...thoughts.signatureOf(call.callId) })
}

/** A call whose name means something only beside its namespace. */
function isInNamespace(item: ResponseItem): boolean {
  return isToolCall(item) && typeof item["namespace"] === "string"
}

/** By the model's side, and not the answer to it. */
function isMade({ type }: ResponseItem): boolean {
  return !/_(?:output|response)$/.test(type)
}

export function addCall(messages: ModelMessage[], call: ModelToolCall): void {
  const last = messages.at(-1)
  // Grown in place, as only this module makes these messages: a copy for each call would be quadratic in what one request can hold.
  if (last?.role === "assistant") (last.toolCalls as ModelToolCall[]).push(call)
  else messages.push({ role: "assistant", content: [], toolCalls: [call] })
}

function messageOf(item: ResponseItem, index: number): ModelMessage {
  const content = contentOf(item["content"], `input[${index}].content`)
  if (item["role"] === "assistant") return { role: "assistant", content, toolCalls: [] }
  return { role: item["role"] === "user" ? "user" : "system", content }
}

/** What OpenAI's models seal between agents is what other models wrote as it is; what is sealed indeed can be read by nobody here. */
function plainParts(content: JsonValue | undefined): JsonValue {
  if (!Array.isArray(content)) return []
  return (content as readonly JsonValue[]).flatMap((part): JsonValue[] => {
    if (!isJsonObject(part) || part["type"] !== "encrypted_content") return [part]
    const words = text(part["encrypted_content"])
    return [{ type: "input_text", text: /^gAAAA[\w=-]+$/.test(words) ? "[sealed by another provider]" : words }]
  })
}

function contentOf(content: JsonValue | undefined, param: string): ModelContent[] {
  if (typeof content === "string") return [{ type: "text", text: content }]
  if (!Array.isArray(content)) return []
  return (content as readonly JsonValue[]).flatMap((part, index) => (isJsonObject(part) ? partOf(part, `${param}[${index}]`) : []))
}

function partOf(part: JsonObject, param: string): ModelContent[] {
  const type = text(part["type"])
  if (type === "refusal") return [{ type: "text", text: text(part["refusal"]) }]
  if (type === "input_image") return [imageOf(part, param)]
  if (type === "input_file") return [fileOf(part, param)]
  if (type === "input_audio") return [audioOf(part, param)]
  if (typeof part["text"] === "string") return [{ type: "text", text: part["text"] }]
  throw unsupported(
    `${param}.type`,
    `content of type "${type}" is not supported`,
    "Use input_text, input_image, input_file, input_audio, output_text or refusal.",
  )
}

/** Ids of stored files have given way to their bytes before. */
function imageOf({ image_url: url, detail }: JsonObject, param: string): ModelContent {
  if (typeof url === "string") return { type: "image", url, ...(typeof detail === "string" && detail !== "auto" ? { detail } : {}) }
  throw unsupported(
    `${param}.image_url`,
    "an image needs image_url or file_id",
    "Send a data: or https: URL, or the id of an uploaded file.",
  )
}

function fileOf({ file_data: data, file_url: address, filename }: JsonObject, param: string): ModelContent {
  const content = typeof data === "string" ? data : address
  if (typeof content === "string") return { type: "file", name: text(filename ?? "file"), data: content }
  throw unsupported(
    `${param}.file_data`,
    "a file needs file_data, file_url or file_id",
    "Send the bytes as a data: URL, an https: URL, or the id of an uploaded file. To search many files, use a vector store and the file_search tool.",
  )
}

function audioOf({ input_audio: audio }: JsonObject, param: string): ModelContent {
  const { data, format } = isJsonObject(audio) ? audio : {}
  if (typeof data === "string" && typeof format === "string") return { type: "audio", data, format }
  throw unsupported(`${param}.input_audio`, "audio needs data and format", 'Send { "data": "<base64>", "format": "wav" }.')
}

function unsupported(param: string, message: string, hint: string): AppError {
  return new AppError("unsupported_value", message, { param, hint })
}

/** A function may answer with pictures and files beside its text. */
function outputOf(output: JsonValue | undefined, param: string): { content: string; parts?: ModelContent[] } {
  if (typeof output === "string") return { content: output }
  if (!Array.isArray(output)) return { content: JSON.stringify(output ?? null) }
  const given = output as readonly JsonValue[]
  const content = given.flatMap((part) => (isMedia(part) ? [] : [plainText(part) ?? JSON.stringify(part)])).join("\n")
  if (!given.some(isMedia)) return { content }
  return { content, parts: given.flatMap((part, index) => (isJsonObject(part) ? partOf(part, `${param}[${index}]`) : [])) }
}

function plainText(part: JsonValue): string | undefined {
  return isJsonObject(part) && typeof part["text"] === "string" ? part["text"] : undefined
}

function isMedia(part: JsonValue): part is JsonObject {
  return isJsonObject(part) && ["input_image", "input_file", "input_audio"].includes(text(part["type"]))
}

function text(value: JsonValue | undefined): string {
  return typeof value === "string" ? value : value === undefined || value === null ? "" : JSON.stringify(value)
}

/** The last thing that the user said: what embedded responders search for. */
export function questionOf(items: readonly ResponseItem[]): string {
  const message = items.findLast((item) => item.type === "message" && item["role"] === "user")
  if (!message) return ""
  const { content } = message
  if (typeof content === "string") return content
  return Array.isArray(content) ? (content as readonly JsonValue[]).flatMap((part) => plainText(part) ?? []).join("\n") : ""
}

/** A call without an output, or an output without a call, is refused before any model sees it (and would be refused by most). */
export function assertPaired(items: readonly ResponseItem[]): void {
  const called = new Map<string, string>()
  const answered = new Set<string>()
  for (const item of items) {
    const callId = text(item["call_id"])
    const isSearch = toolItems.has(item.type) && callId !== ""
    if (isToolCall(item) || (isSearch && item.type === "tool_search_call")) called.set(callId, item.type)
    if (!isToolOutput(item) && !(isSearch && item.type === "tool_search_output")) continue
    if (!called.has(callId)) {
      throw new AppError("invalid_request", `No tool call found for ${item.type.replaceAll("_", " ")} with call_id "${callId}"`, {
        param: "input",
        hint: "Send the item of the call before its output, or name the response that made the call as previous_response_id.",
      })
    }
    answered.add(callId)
  }
  const open = [...called].find(([callId]) => !answered.has(callId))
  if (open !== undefined) {
    const [callId, type] = open
    throw new AppError("invalid_request", `No tool output found for ${type.replaceAll("_", " ")} "${callId}"`, {
      param: "input",
      hint: `Send { "type": "${type === "tool_search_call" ? "tool_search_output" : `${type}_output`}", "call_id": "${callId}", … }.`,
    })
  }
}
