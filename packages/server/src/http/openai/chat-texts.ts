// The texts in the answers of chat completions: of a JSON answer, and of the chunks of a stream.
import { isJsonObject, sseData, type JsonObject, type JsonValue } from "../../core/index.ts"
import type { AnswerTexts, Frame, FrameFilter, OpenText } from "../light/frame-filter.ts"
import { inOrder, later, TextChannels, type MaybeLater } from "../light/text-channels.ts"

type Visit = (text: string, about: { json: boolean }) => string

/** Members of a message or a delta that are text. */
const textKeys = ["content", "refusal", "reasoning_content", "reasoning"] as const

export const chatTexts: AnswerTexts = {
  map: (answer, visit) => ({ ...answer, choices: mapList(answer["choices"], (choice) => mapChoice(choice, visit)) }),
  openFilter: (open) => new ChatFilter(open),
}

function mapList(value: JsonValue | undefined, map: (item: JsonObject) => JsonValue): JsonValue {
  return Array.isArray(value) ? (value as readonly JsonValue[]).map((item) => (isJsonObject(item) ? map(item) : item)) : (value ?? null)
}

/** Token by token the probabilities would tell what the guards took out. */
function mapChoice(choice: JsonObject, visit: Visit): JsonObject {
  const message = choice["message"]
  if (!isJsonObject(message)) return choice
  return { ...choice, ...("logprobs" in choice ? { logprobs: null } : {}), message: mapMessage(message, visit) }
}

function mapMessage(message: JsonObject, visit: Visit): JsonObject {
  const mapped: Record<string, JsonValue | undefined> = { ...message }
  for (const key of textKeys) {
    const value = message[key]
    if (typeof value === "string") mapped[key] = visit(value, { json: false })
    else if (Array.isArray(value)) mapped[key] = mapList(value, (part) => mapPart(part, visit))
  }
  if (message["tool_calls"]) mapped["tool_calls"] = mapList(message["tool_calls"], (call) => mapCall(call, visit))
  return mapped
}

function mapPart(part: JsonObject, visit: Visit): JsonObject {
  return typeof part["text"] === "string" ? { ...part, text: visit(part["text"], { json: false }) } : part
}

function mapCall(call: JsonObject, visit: Visit): JsonObject {
  const called = call["function"]
  if (!isJsonObject(called) || typeof called["arguments"] !== "string") return call
  return { ...call, function: { ...called, arguments: visit(called["arguments"], { json: true }) } }
}

class ChatFilter implements FrameFilter {
  readonly #channels: TextChannels
  letOut = false
  /** The last chunk: what was held back goes out in a copy of it. */
  #last: JsonObject = {}

  constructor(open: OpenText) {
    this.#channels = new TextChannels(open)
  }

  take(frame: Frame): MaybeLater<readonly Frame[]> {
    const chunk = parsed(frame)
    if (!chunk || !Array.isArray(chunk["choices"])) return [frame]
    this.#last = chunk
    const choices = (chunk["choices"] as readonly JsonValue[]).filter(isJsonObject)
    return later(
      inOrder(choices, (choice) => this.#choice(choice)),
      (results) => {
        const before = results.flatMap(({ before }) => before)
        const kept = results.flatMap(({ choice }) => (choice ? [choice] : []))
        // A chunk with usage and without choices, or one whose texts are all held back.
        if (kept.length === 0 && choices.length > 0)
          return isJsonObject(chunk["usage"]) ? [...before, sseData({ ...chunk, choices: [] })] : before
        return [...before, sseData({ ...chunk, choices: kept })]
      },
    )
  }

  end(isCut?: boolean): MaybeLater<readonly Frame[]> {
    return later(this.#flush("", isCut), (frames) => frames)
  }

  #choice(choice: JsonObject): MaybeLater<{ before: string[]; choice: JsonObject | undefined }> {
    const index = typeof choice["index"] === "number" ? choice["index"] : 0
    const delta = isJsonObject(choice["delta"]) ? choice["delta"] : {}
    return later(this.#delta(`${index}/`, delta), (kept) => {
      const finished = typeof choice["finish_reason"] === "string"
      this.letOut ||= finished || Object.entries(kept).some(([key, value]) => key !== "role" && value !== null && value !== "")
      const isEmpty = !finished && Object.keys(kept).length === 0 && Object.keys(delta).length > 0
      const { logprobs: _, ...rest } = choice
      const next = isEmpty ? undefined : { ...rest, delta: kept, ...("logprobs" in choice ? { logprobs: null } : {}) }
      return later(finished ? this.#flush(`${index}/`) : [], (before) => {
        return finished
          ? { before: [...withoutFinish(rest, kept, this.#last), ...before], choice: { ...rest, delta: {} } }
          : { before, choice: next }
      })
    })
  }

  /** The delta with what may go out of it; members whose text is held back are left out. */
  #delta(prefix: string, delta: JsonObject): MaybeLater<JsonObject> {
    return later(
      inOrder(Object.entries(delta), ([key, value]): MaybeLater<readonly [string, JsonValue | undefined]> => {
        if (key === "tool_calls") return later(this.#calls(prefix, value ?? null), (calls) => [key, calls] as const)
        if (typeof value !== "string" || value === "" || !textKeys.some((each) => each === key)) return [key, value]
        return later(this.#channels.push(`${prefix}${key}`, value, false), (text) => [key, text === "" ? undefined : text] as const)
      }),
      (entries) => Object.fromEntries(entries.filter(([, value]) => value !== undefined)),
    )
  }

  #calls(prefix: string, calls: JsonValue): MaybeLater<JsonValue | undefined> {
    if (!Array.isArray(calls)) return calls
    return later(
      inOrder(calls as readonly JsonValue[], (call): MaybeLater<JsonValue | undefined> =>
        isJsonObject(call) ? this.#call(prefix, call) : call,
      ),
      (kept) => {
        const some = kept.filter((call) => call !== undefined)
        return some.length === 0 ? undefined : some
      },
    )
  }

  #call(prefix: string, call: JsonObject): MaybeLater<JsonValue | undefined> {
    const called = call["function"]
    if (!isJsonObject(called) || typeof called["arguments"] !== "string" || called["arguments"] === "") return call
    const { arguments: args, ...rest } = called
    return later(this.#channels.push(`${prefix}call/${JSON.stringify(call["index"] ?? 0)}`, args, true), (text) => {
      if (text === "" && Object.keys(rest).length === 0 && call["id"] === undefined) return undefined
      return { ...call, function: { ...rest, arguments: text } }
    })
  }

  /** What the channels of a choice still held, each in a chunk of its own. */
  #flush(prefix: string, isCut?: boolean): MaybeLater<string[]> {
    const held = inOrder(this.#channels.names(prefix), (name) => later(this.#channels.end(name, isCut), (text) => ({ name, text })))
    return later(held, (all) =>
      all.flatMap(({ name, text }) =>
        text === "" ? [] : [sseData({ ...this.#last, ...noUsage(this.#last), choices: [heldChoice(name, text)] })],
      ),
    )
  }
}

/** The texts of a finishing chunk go before what the channels held back after them. */
function withoutFinish(choice: JsonObject, delta: JsonObject, chunk: JsonObject): string[] {
  if (Object.keys(delta).length === 0) return []
  return [sseData({ ...chunk, ...noUsage(chunk), choices: [{ ...choice, delta, finish_reason: null }] })]
}

function noUsage(chunk: JsonObject): JsonObject {
  return "usage" in chunk ? { usage: null } : {}
}

function heldChoice(name: string, text: string): JsonObject {
  const [index = "0", kind = "", call] = name.split("/")
  const delta =
    call === undefined ? { [kind]: text } : { tool_calls: [{ index: JSON.parse(call) as JsonValue, function: { arguments: text } }] }
  return { index: Number(index), delta, finish_reason: null }
}

function parsed(frame: Frame): JsonObject | undefined {
  const text = frame.toString()
  if (!text.startsWith("data:")) return undefined
  try {
    const value: unknown = JSON.parse(text.slice(5))
    return isJsonObject(value) ? value : undefined
  } catch {
    return undefined
  }
}
