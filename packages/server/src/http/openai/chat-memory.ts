// Memory in chat completions: what a request says, where recalled texts stand in its messages, and what its answer said.
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

export const chatMemory: DialectMemory = {
  read,
  withContext,
  answer: (body) => {
    const [choice, another] = objectsIn(body["choices"])
    const message = isJsonObject(choice?.["message"]) ? choice["message"] : {}
    return { text: textOf(message["content"]), isWhole: another === undefined && ends(choice?.["finish_reason"]) && !message["refusal"] }
  },
  openGatherer: () => new ChunkGatherer(),
}

function read(body: JsonObject): SaidRequest {
  const messages = objectsIn(body["messages"])
  const spokenAt = messages.findLastIndex(({ role }) => role === "assistant")
  const tools = toolNames(messages)
  return {
    question: textOf(messages.findLast(isUser)?.["content"]),
    turns: messages.slice(spokenAt + 1).flatMap((message, at, said) => turnOf(message, tools, said.length - 1 - at)),
    shown: messages.flatMap(({ content }) => contentTexts(content).texts),
    opening: textOf(messages.find(isUser)?.["content"]),
    isMixed: messages.some((message) => !isInstruction(message) && (!isUser(message) || contentTexts(message["content"]).attached)),
  }
}

function withContext(body: JsonObject, { instructions, standing, recalled }: ContextTexts): JsonObject {
  const messages = Array.isArray(body["messages"]) ? (body["messages"] as readonly JsonValue[]) : []
  const first = messages.findIndex((message) => !isInstruction(message))
  const head = first < 0 ? messages.length : first
  const last = messages.findLastIndex(isUser)
  const turn = last < head ? messages.length : last
  return {
    ...body,
    messages: [
      ...messages.slice(0, head),
      ...said("system", instructions),
      ...said("user", standing),
      ...messages.slice(head, turn),
      ...said("user", recalled),
      ...messages.slice(turn),
    ],
  }
}

function said(role: "system" | "user", content: string): JsonObject[] {
  return content === "" ? [] : [{ role, content }]
}

function isUser(message: JsonValue): boolean {
  return isJsonObject(message) && message["role"] === "user"
}

function isInstruction(message: JsonValue): boolean {
  return isJsonObject(message) && (message["role"] === "system" || message["role"] === "developer")
}

function toolNames(messages: readonly JsonObject[]): ReadonlyMap<unknown, string> {
  const calls = messages.flatMap((message) => objectsIn(message["tool_calls"]))
  return new Map(
    calls.flatMap(({ id, function: called }) => {
      const name = isJsonObject(called) ? called["name"] : undefined
      return typeof name === "string" ? [[id, name] as const] : []
    }),
  )
}

function turnOf(message: JsonObject, tools: ReadonlyMap<unknown, string>, behind: number): SaidTurn[] {
  const text = textOf(message["content"])
  if (message["role"] === "tool" || message["role"] === "function") {
    const tool = tools.get(message["tool_call_id"]) ?? (typeof message["name"] === "string" ? message["name"] : "unknown")
    return isWorthRemembering(tool, text) ? [{ role: "tool", text, attached: true, tool, behind }] : []
  }
  if (message["role"] !== "user" || text === "") return []
  return [{ role: "user", text, attached: contentTexts(message["content"]).attached, behind }]
}

function textOf(content: JsonValue | undefined): string {
  return contentTexts(content).texts.join("\n").trim()
}

function ends(reason: JsonValue | undefined): boolean {
  return reason === "stop" || reason === "tool_calls" || reason === "function_call"
}

class ChunkGatherer implements AnswerGatherer {
  readonly #text = new GatheredText()
  #reason: JsonValue = null
  #isOne = true
  #refused = false

  take(frame: Frame): void {
    for (const { index, delta, finish_reason: reason } of objectsIn(frameData(frame)?.["choices"])) {
      if (typeof index === "number" && index > 0) this.#isOne = false
      else if (isJsonObject(delta)) {
        this.#text.add(delta["content"])
        this.#refused ||= typeof delta["refusal"] === "string" && delta["refusal"] !== ""
      }
      if (typeof reason === "string") this.#reason = reason
    }
  }

  end(): SaidAnswer {
    return { text: this.#text.text.trim(), isWhole: this.#isOne && !this.#refused && ends(this.#reason) }
  }
}
