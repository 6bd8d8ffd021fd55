// The texts in the answers of completions: each choice has one, which is treated as the content of a chat's choice.
import { isJsonObject, sseData, type JsonObject, type JsonValue } from "../../core/index.ts"
import type { AnswerTexts, Frame, FrameFilter } from "../light/frame-filter.ts"
import { later, type MaybeLater } from "../light/text-channels.ts"
import { chatTexts } from "./chat-texts.ts"

export const completionsTexts: AnswerTexts = {
  map: (answer, visit) => {
    const chat = chatTexts.map(
      changed(answer, ({ text, ...rest }) => ({ ...rest, message: { content: text ?? "" } })),
      visit,
    )
    return changed(chat as JsonObject, ({ message, ...rest }) => ({
      ...rest,
      text: isJsonObject(message) ? (message["content"] ?? "") : "",
    })) // made of an object
  },
  openFilter: (open) => new CompletionFilter(chatTexts.openFilter(open)),
}

function changed(value: JsonObject, change: (choice: JsonObject) => JsonObject): JsonObject {
  const { choices } = value
  if (!Array.isArray(choices)) return value
  return { ...value, choices: (choices as readonly JsonValue[]).map((choice) => (isJsonObject(choice) ? change(choice) : choice)) }
}

class CompletionFilter implements FrameFilter {
  readonly #chat: FrameFilter

  constructor(chat: FrameFilter) {
    this.#chat = chat
  }

  get letOut(): boolean {
    return this.#chat.letOut
  }

  take(frame: Frame): MaybeLater<readonly Frame[]> {
    return later(this.#chat.take(asChat(frame)), (frames) => frames.map(asCompletion))
  }

  end(isCut?: boolean): MaybeLater<readonly Frame[]> {
    return later(this.#chat.end(isCut), (frames) => frames.map(asCompletion))
  }
}

function asChat(frame: Frame): Frame {
  return rewritten(frame, ({ text, ...rest }) => ({ ...rest, delta: typeof text === "string" && text !== "" ? { content: text } : {} }))
}

function asCompletion(frame: Frame): Frame {
  return rewritten(frame, ({ delta, ...rest }) => ({ ...rest, text: isJsonObject(delta) ? (delta["content"] ?? "") : "" }))
}

/** Frames without choices stay as they are. */
function rewritten(frame: Frame, change: (choice: JsonObject) => JsonObject): Frame {
  const text = frame.toString()
  if (!text.startsWith("data:")) return frame
  try {
    const value: unknown = JSON.parse(text.slice(5))
    return isJsonObject(value) && Array.isArray(value["choices"]) ? sseData(changed(value, change)) : frame
  } catch {
    return frame
  }
}
