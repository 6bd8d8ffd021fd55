// Memory in Anthropic's messages: what a request says, in which blocks recalled texts stand, and what its answer said.
import { isWorthRemembering } from "../../agents/index.ts"
import { isJsonObject, type JsonObject, type JsonValue } from "../../core/index.ts"
import type { Frame } from "../light/frame-filter.ts"
import {
  contentTexts,
  frameData,
  GatheredText,
  objectsIn,
  type AnswerGatherer,
  type ContextTexts,
  type DialectMemory,
  type SaidAnswer,
  type SaidRequest,
  type SaidTurn,
} from "../memory/dialect-memory.ts"

export const messagesMemory: DialectMemory = {
  read,
  withContext,
  answer: ({ content, stop_reason: reason }) => ({ text: textOf(content), isWhole: ends(reason) }),
  openGatherer: () => new EventGatherer(),
}

/** Blocks of a user's message that are no attachment of theirs. */
const results: ReadonlySet<string> = new Set(["tool_result"])

function read(body: JsonObject): SaidRequest {
  const messages = objectsIn(body["messages"])
  const spokenAt = messages.findLastIndex(({ role }) => role === "assistant")
  const tools = toolNames(messages)
  return {
    question: textOf(messages.findLast(speaks)?.["content"]),
    turns: messages.slice(spokenAt + 1).flatMap((message, at, said) => turnsOf(message, tools, said.length - 1 - at)),
    shown: [...contentTexts(body["system"]).texts, ...messages.flatMap(({ content }) => shownIn(content))],
    opening: textOf(messages.find(speaks)?.["content"]),
    isMixed: messages.some(({ role, content }) => role !== "user" || contentTexts(content).attached),
  }
}

/**
 * As blocks of messages that are there: a message of its own would stand between a tool's call and its result, and not every server
 * takes two messages of one role. Results of tools go first in a message.
 */
function withContext(body: JsonObject, { instructions, standing, recalled }: ContextTexts): JsonObject {
  const messages = [...(Array.isArray(body["messages"]) ? (body["messages"] as readonly JsonValue[]) : [])]
  const last = messages.findLastIndex(speaks)
  if (last >= 0 && recalled !== "") messages[last] = withBlock(messages[last] ?? null, recalled)
  const first = messages.findIndex(speaks)
  if (first >= 0 && standing !== "") messages[first] = withBlock(messages[first] ?? null, standing)
  const system = instructions === "" ? {} : { system: [...blocksOf(body["system"]), textBlock(instructions)] }
  return { ...body, ...system, messages }
}

function withBlock(message: JsonValue, text: string): JsonValue {
  if (!isJsonObject(message)) return message
  const blocks = blocksOf(message["content"])
  const at = blocks.findLastIndex((block) => isJsonObject(block) && block["type"] === "tool_result") + 1
  return { ...message, content: [...blocks.slice(0, at), textBlock(text), ...blocks.slice(at)] }
}

function textBlock(text: string): JsonObject {
  return { type: "text", text }
}

function blocksOf(content: JsonValue | undefined): readonly JsonValue[] {
  if (typeof content === "string") return content === "" ? [] : [textBlock(content)]
  return Array.isArray(content) ? (content as readonly JsonValue[]) : []
}

/** A message in which the user says something, beside what tools told. */
function speaks(message: JsonValue): boolean {
  return isJsonObject(message) && message["role"] === "user" && contentTexts(message["content"]).texts.length > 0
}

function shownIn(content: JsonValue | undefined): string[] {
  const told = objectsIn(content).flatMap(({ type, content: inner }) => (type === "tool_result" ? contentTexts(inner).texts : []))
  return [...contentTexts(content).texts, ...told]
}

function toolNames(messages: readonly JsonObject[]): ReadonlyMap<unknown, string> {
  const blocks = messages.flatMap(({ content }) => objectsIn(content))
  return new Map(blocks.flatMap(({ type, id, name }) => (type === "tool_use" && typeof name === "string" ? [[id, name] as const] : [])))
}

function turnsOf({ role, content }: JsonObject, tools: ReadonlyMap<unknown, string>, behind: number): SaidTurn[] {
  if (role !== "user") return []
  const told = objectsIn(content).flatMap((block): SaidTurn[] => {
    if (block["type"] !== "tool_result") return []
    const tool = tools.get(block["tool_use_id"]) ?? "unknown"
    const text = textOf(block["content"])
    return isWorthRemembering(tool, text) ? [{ role: "tool", text, attached: true, tool, behind }] : []
  })
  const text = textOf(content)
  return text === "" ? told : [...told, { role: "user", text, attached: contentTexts(content, results).attached, behind }]
}

function textOf(content: JsonValue | undefined): string {
  return contentTexts(content).texts.join("\n").trim()
}

function ends(reason: JsonValue | undefined): boolean {
  return reason === "end_turn" || reason === "stop_sequence" || reason === "tool_use"
}

class EventGatherer implements AnswerGatherer {
  readonly #text = new GatheredText()
  #reason: JsonValue = null

  take(frame: Frame): void {
    const event = frameData(frame)
    const block = event?.["content_block"]
    const delta = event?.["delta"]
    if (event?.["type"] === "content_block_start" && isJsonObject(block) && block["type"] === "text") {
      if (this.#text.text !== "") this.#text.add("\n")
      this.#text.add(block["text"])
    }
    if (event?.["type"] === "content_block_delta" && isJsonObject(delta) && delta["type"] === "text_delta") this.#text.add(delta["text"])
    if (event?.["type"] === "message_delta" && isJsonObject(delta)) this.#reason = delta["stop_reason"] ?? this.#reason
  }

  end(): SaidAnswer {
    return { text: this.#text.text.trim(), isWhole: ends(this.#reason) }
  }
}
