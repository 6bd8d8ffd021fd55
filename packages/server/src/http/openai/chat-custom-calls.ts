// Calls of custom tools in answers of chat completions: their text comes out of the arguments that a function would have had.
import { CustomInput, unwrappedInput, type ModelEvent } from "../../inference/index.ts"

export const inputIn = unwrappedInput

export class CustomCalls {
  readonly #inputs = new Map<number, CustomInput>()

  /** The deltas of a custom tool's event, none where nothing is known yet; undefined for any other event. */
  take(event: ModelEvent): object[] | undefined {
    if (event.type === "tool-call-started" && event.custom) {
      const { index, callId: id, name } = event
      this.#inputs.set(index, new CustomInput())
      return [{ tool_calls: [{ index, id, type: "custom", custom: { name, input: "" } }] }]
    }
    const input = event.type === "tool-call-delta" ? this.#inputs.get(event.index) : undefined
    if (!input || event.type !== "tool-call-delta") return undefined
    return deltas(event.index, input.take(event.arguments))
  }

  /** What is known only at the end. */
  rest(): object[] {
    return [...this.#inputs].flatMap(([index, input]) => deltas(index, input.end()))
  }
}

function deltas(index: number, input: string): object[] {
  return input === "" ? [] : [{ tool_calls: [{ index, custom: { input } }] }]
}
