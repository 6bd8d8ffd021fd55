// Reasoning in answers of chat completions, which have no official place for it: OpenRouter's details, which clients give back in the next turn.
import type { JsonObject, JsonValue } from "../../core/index.ts"
import type { ModelEvent, ModelReasoning } from "../../inference/index.ts"

type ReasoningEvent = Extract<ModelEvent, { type: "reasoning-delta" | "reasoning-ended" }>

/** Numbers the pieces: those with one index belong together, and an end closes what was streamed before it. */
export class ReasoningPieces {
  #index = 0

  take(event: ReasoningEvent): JsonObject {
    if (event.type === "reasoning-delta") return { type: "reasoning.text", text: event.text, index: this.#index }
    return ended(event.reasoning, this.#index++)
  }
}

/** The same details whole. */
export function reasoningDetails(events: readonly ModelEvent[]): JsonValue[] {
  const details: JsonObject[] = []
  let text = ""
  let index = 0
  for (const event of events) {
    if (event.type === "reasoning-delta") text += event.text
    if (event.type !== "reasoning-ended") continue
    const detail = ended(event.reasoning, index)
    if (detail["type"] === "reasoning.text") details.push({ ...detail, text })
    else details.push(...(text === "" ? [] : [{ type: "reasoning.text", text, format: event.reasoning.dialect, index }]), detail)
    text = ""
    index += 1
  }
  return details
}

function ended({ signature, data, id, dialect }: Omit<ModelReasoning, "text">, index: number): JsonObject {
  const common = { format: dialect, index, ...(id === undefined ? {} : { id }) }
  if (data !== undefined) return { type: "reasoning.encrypted", data, ...common }
  return { type: "reasoning.text", text: "", signature: signature ?? null, ...common }
}
