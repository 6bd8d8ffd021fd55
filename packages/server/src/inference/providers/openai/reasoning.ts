// Reasoning in chat completions, which have no official place for it: how it goes back to a provider, and how OpenRouter's details are kept.
import { isJsonObject, type JsonObject, type JsonValue } from "../../../core/index.ts"
import { dialectNames, type Dialect, type ModelEvent } from "../../types.ts"
import type { ModelMessage, ModelReasoning } from "../../message-types.ts"
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

const ours: ReadonlySet<JsonValue | undefined> = new Set(dialectNames)

/** What a client gives back, in pieces or whole: ours say in their format where they came from, others are OpenRouter's and stay as they are. */
export function reasoningOfDetails(pieces: readonly JsonValue[]): ModelReasoning[] {
  const all = pieces.filter(isJsonObject)
  const formats = new Map(all.filter(({ format }) => ours.has(format)).map(({ index, format }) => [index, format as Dialect])) // one of them
  const own = [...formats].map(([index, dialect]) =>
    joined(
      all.filter((piece) => piece["index"] === index),
      dialect,
    ),
  )
  const foreign = new ReasoningDetails()
  const text = foreign.take(all.filter(({ index }) => !formats.has(index)))
  const kept = foreign.whole().map((data) => ({ text: "", data, dialect: "openai-chat" as const }))
  const plain = kept.length === 0 && text !== "" ? [{ text, dialect: "openai-chat" as const }] : []
  return [...own, ...kept, ...plain]
}

function joined(pieces: readonly JsonObject[], dialect: Dialect): ModelReasoning {
  const last = (name: string): string => textIn(pieces.findLast((piece) => textIn(piece[name]) !== "")?.[name])
  const [signature, data, id] = [last("signature"), last("data"), last("id")]
  return {
    text: pieces.map((piece) => textIn(piece["text"])).join(""),
    dialect,
    ...(signature === "" ? {} : { signature }),
    ...(data === "" ? {} : { data }),
    ...(id === "" ? {} : { id }),
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
  whole(): string[] {
    const bound = [...this.#details.values()].filter(({ signature, data, id }) =>
      [signature, data, id].some((value) => typeof value === "string"),
    )
    this.#details.clear()
    return bound.map((detail) => JSON.stringify(detail))
  }

  ended(): ModelEvent[] {
    return this.whole().map((data) => ({ type: "reasoning-ended", reasoning: { data, dialect: "openai-chat" } }))
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
