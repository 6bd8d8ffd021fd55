// Reasoning in chat completions, which have no official place for it: how it goes back to a provider, and how OpenRouter's details are kept.
import { isJsonObject, type JsonObject, type JsonValue } from "../../../core/index.ts"
import type { ModelEvent, ModelMessage, ModelReasoning } from "../../types.ts"
import type { ChatHabits } from "../presets.ts"

type AssistantMessage = Extract<ModelMessage, { role: "assistant" }>

/** Members of an assistant message; nothing where there is no reasoning that came from chat completions. */
export function reasoningFields({ reasoning = [] }: AssistantMessage, content: JsonValue, where: ChatHabits["reasoning"]): JsonObject {
  const own = reasoning.filter(({ dialect }) => dialect === "openai-chat")
  const text = own.map((each) => each.text).join("")
  switch (where) {
    case "reasoning_content":
      return text === "" ? {} : { reasoning_content: text }
    case "reasoning":
      return text === "" ? {} : { reasoning: text }
    case "thinking-chunks":
      return text === "" ? {} : { content: thinkingChunks(text, content) }
    case "reasoning_details":
      return detailFields(own, text)
    default:
      return {}
  }
}

function thinkingChunks(text: string, content: JsonValue): JsonValue {
  const rest = typeof content === "string" && content !== "" ? [{ type: "text", text: content }] : []
  return [{ type: "thinking", thinking: [{ type: "text", text }] }, ...rest]
}

function detailFields(reasoning: readonly ModelReasoning[], text: string): JsonObject {
  const details = reasoning.flatMap(({ data }) => (data === undefined ? [] : detailIn(data)))
  if (details.length > 0) return { reasoning_details: details }
  return text === "" ? {} : { reasoning: text }
}

function detailIn(data: string): JsonObject[] {
  try {
    const detail: unknown = JSON.parse(data)
    return isJsonObject(detail) ? [detail] : []
  } catch {
    return []
  }
}

/** Puts `reasoning_details` together from their pieces, to be given back as they are: signatures and seals are in them. */
export class ReasoningDetails {
  readonly #details = new Map<string, Record<string, JsonValue | undefined>>()

  /** The text that these pieces add. */
  take(pieces: readonly JsonValue[]): string {
    let text = ""
    for (const piece of pieces) {
      if (!isJsonObject(piece)) continue
      const said = textIn(piece["text"]) + textIn(piece["summary"])
      text += said
      const key = `${textIn(piece["type"])} ${JSON.stringify(piece["index"] ?? 0)}`
      const known = this.#details.get(key)
      if (known) merge(known, piece)
      else this.#details.set(key, { ...piece })
    }
    return text
  }

  /** What must come back, each as its JSON. Text alone that nobody signed needs not. */
  ended(): ModelEvent[] {
    const bound = [...this.#details.values()].filter(({ signature, data, id }) =>
      [signature, data, id].some((value) => typeof value === "string"),
    )
    this.#details.clear()
    if (bound.length === 0) return []
    return bound.map((detail) => ({ type: "reasoning-ended", reasoning: { data: JSON.stringify(detail), dialect: "openai-chat" } }))
  }
}

/** Texts grow, anything else is overwritten by what says something. */
function merge(known: Record<string, JsonValue | undefined>, piece: JsonObject): void {
  for (const [key, value] of Object.entries(piece)) {
    const grows = key === "text" || key === "summary" || key === "data"
    if (grows && typeof value === "string") known[key] = textIn(known[key]) + value
    else if (value !== null && value !== undefined) known[key] = value
  }
}

function textIn(value: JsonValue | undefined): string {
  return typeof value === "string" ? value : ""
}
