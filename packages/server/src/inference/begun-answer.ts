// What of an answer the caller has already, and how another deployment may take it over when it breaks off.
import { charactersOf } from "./call-attempt.ts"
import type { Following } from "./pool/types.ts"
import type { Deployment, ModelCall, ModelEvent } from "./types.ts"

export class BegunAnswer {
  /** The text that stands, over all attempts since it last began anew. */
  text = ""
  /** Output of the attempt that is under way. */
  attemptCharacters = 0
  #begun = false
  #isFinal = false

  take(event: ModelEvent): void {
    this.#begun = true
    this.attemptCharacters += charactersOf(event)
    if (event.type === "text-delta") this.text += event.text
    this.#isFinal ||= isFinal(event)
  }

  get begun(): boolean {
    return this.#begun
  }

  /** What may follow it: a call that has begun may be acted on, and signed reasoning belongs to who signed it. */
  get following(): Following | "nothing" | undefined {
    if (!this.#begun) return undefined
    if (this.#isFinal) return "nothing"
    return this.text === "" ? "anew" : "either"
  }

  canGoOn({ continuesPrefix }: Deployment): boolean {
    return this.text !== "" && continuesPrefix === true
  }

  /** The next attempt begins. */
  broken(how: "continued" | "anew"): void {
    this.attemptCharacters = 0
    if (how === "anew") this.text = ""
  }
}

function isFinal(event: ModelEvent): boolean {
  if (event.type === "reasoning-ended") return event.reasoning.signature !== undefined || event.reasoning.data !== undefined
  if (event.type === "item-started") return true
  return event.type === "tool-call-started" || event.type === "refusal-delta" || event.type === "image" || event.type === "finished"
}

const charactersPerToken = 4

/** The same call with the beginning of its answer, to be gone on with. */
export function continuedCall(call: ModelCall, text: string): ModelCall {
  const { outputTokensMax: max } = call
  const left = { ...call, outputTokensMax: max === null ? null : Math.max(1, max - Math.ceil(text.length / charactersPerToken)) }
  const last = call.messages.at(-1)
  if (call.continuesPrefix !== true || last?.role !== "assistant") {
    const begun = { role: "assistant" as const, content: [{ type: "text" as const, text }], toolCalls: [] }
    return { ...left, messages: [...call.messages, begun], continuesPrefix: true }
  }
  const before = last.content.map((part) => (part.type === "text" ? part.text : "")).join("")
  const whole = { ...last, content: [{ type: "text" as const, text: before + text }] }
  return { ...left, messages: [...call.messages.slice(0, -1), whole] }
}
