// The texts in the answers of messages: of a JSON answer, and of the events of a stream. Signed reasoning stays as it is.
import { isJsonObject, sseEvent, type JsonObject, type JsonValue } from "../../core/index.ts"
import type { AnswerTexts, Frame, FrameFilter, OpenText } from "../light/frame-filter.ts"
import { mapLeaves } from "../light/request-texts.ts"
import { inOrder, later, TextChannels, type MaybeLater } from "../light/text-channels.ts"

type Visit = (text: string, about: { json: boolean }) => string

export const messagesTexts: AnswerTexts = {
  map: (answer, visit) => {
    const content = answer["content"]
    if (!Array.isArray(content)) return answer
    return { ...answer, content: (content as readonly JsonValue[]).map((block) => (isJsonObject(block) ? mapBlock(block, visit) : block)) }
  },
  openFilter: (open) => new MessageFilter(open),
}

function mapBlock(block: JsonObject, visit: Visit): JsonObject {
  if (block["type"] === "text" && typeof block["text"] === "string") return { ...block, text: visit(block["text"], { json: false }) }
  if (block["type"] === "tool_use") return { ...block, input: mapLeaves(block["input"] ?? {}, (text) => visit(text, { json: false })) }
  return block
}

/** The member of a delta that is text, by the type of the delta. */
const deltaKeys: Readonly<Record<string, { key: string; json: boolean }>> = {
  text_delta: { key: "text", json: false },
  input_json_delta: { key: "partial_json", json: true },
}

const opening = new Set(["message_start", "content_block_start", "ping"])

class MessageFilter implements FrameFilter {
  readonly #channels: TextChannels
  letOut = false
  /** The type of the deltas of each block. */
  readonly #types = new Map<string, string>()

  constructor(open: OpenText) {
    this.#channels = new TextChannels(open)
  }

  take(frame: Frame): MaybeLater<readonly Frame[]> {
    const event = parsed(frame)
    const type = event?.["type"]
    return later(this.#filtered(frame, event), (frames) => {
      this.letOut ||= frames.length > 0 && !(typeof type === "string" && opening.has(type))
      return frames
    })
  }

  #filtered(frame: Frame, event: JsonObject | undefined): MaybeLater<readonly Frame[]> {
    const index = event?.["index"]
    const name = typeof index === "number" ? String(index) : ""
    if (event?.["type"] === "content_block_start") return this.#start(frame, event, name)
    if (event?.["type"] === "content_block_delta") return this.#delta(frame, event, name)
    if (event?.["type"] === "content_block_stop") return later(this.#flush(name), (held) => [...held, frame])
    return [frame]
  }

  /** Every block of a complete answer was stopped. */
  end(isCut?: boolean): MaybeLater<readonly Frame[]> {
    return later(
      inOrder(this.#channels.names(""), (name) => this.#flush(name, isCut)),
      (all) => all.flat(),
    )
  }

  /** A block may begin with some of its text. */
  #start(frame: Frame, event: JsonObject, name: string): MaybeLater<readonly Frame[]> {
    const block = event["content_block"]
    if (!isJsonObject(block) || block["type"] !== "text" || typeof block["text"] !== "string" || block["text"] === "") return [frame]
    this.#types.set(name, "text_delta")
    return later(this.#channels.push(name, block["text"], false), (text) => [
      sseEvent("content_block_start", { ...event, content_block: { ...block, text } }),
    ])
  }

  #delta(frame: Frame, event: JsonObject, name: string): MaybeLater<readonly Frame[]> {
    const delta = event["delta"]
    const type = isJsonObject(delta) && typeof delta["type"] === "string" ? delta["type"] : ""
    const known = Object.hasOwn(deltaKeys, type) ? deltaKeys[type] : undefined
    const text = isJsonObject(delta) && known ? delta[known.key] : undefined
    if (!known || typeof text !== "string" || text === "") return [frame]
    this.#types.set(name, type)
    return later(this.#channels.push(name, text, known.json), (out) => {
      if (out === text) return [frame]
      return out === "" ? [] : [deltaFrame(event, type, out)]
    })
  }

  #flush(name: string, isCut?: boolean): MaybeLater<readonly Frame[]> {
    const type = this.#types.get(name) ?? "text_delta"
    return later(this.#channels.end(name, isCut), (text) => (text === "" ? [] : [deltaFrame({ index: Number(name) }, type, text)]))
  }
}

function deltaFrame({ index }: JsonObject, type: string, text: string): string {
  return sseEvent("content_block_delta", { type: "content_block_delta", index, delta: { type, [deltaKeys[type]?.key ?? "text"]: text } })
}

function parsed(frame: Frame): JsonObject | undefined {
  const text = frame.toString()
  const data = text.startsWith("data:") ? 0 : text.indexOf("\ndata:") + 1
  try {
    const value: unknown = JSON.parse(text.slice(data + 5))
    return isJsonObject(value) ? value : undefined
  } catch {
    return undefined
  }
}
