// The content blocks of one message while it is made: numbered in sequence, one open at a time, whatever order the events come in.
import type { JsonObject, JsonValue } from "../../core/index.ts"
import type { ModelEvent } from "../../inference/index.ts"
import { callSeal, outward } from "./foreign-reasoning.ts"

type Taken = Exclude<ModelEvent, { type: "finished" }>
type CallStarted = Extract<ModelEvent, { type: "tool-call-started" }>

export type StreamEvent = JsonObject & { type: string }

interface Block {
  kind: "compaction" | "text" | "thinking" | "redacted_thinking" | "tool_use"
  start: JsonObject
  /** Text, thinking, or the JSON text of a tool's input. */
  text: string
  signature: string
}

/** `take` and `end` give the stream's events; `whole` what all of them add up to. */
export class MessageBlocks {
  readonly #blocks: Block[] = []
  #isOpen = false
  /** The call whose arguments are streamed; others wait for its end, since only one block may be open. */
  #streamedCall: number | undefined
  readonly #waiting = new Map<number, { started: CallStarted; text: string }>()
  refused = false

  /** What came before was compacted to that; null where it could not be. */
  compacted(content: string | null): StreamEvent[] {
    const opened = this.#open("compaction", { type: "compaction", content: null, encrypted_content: null })
    const delta = this.#event("content_block_delta", { delta: { type: "compaction_delta", content, encrypted_content: null } })
    this.#blocks[0] = { kind: "compaction", start: { type: "compaction", content, encrypted_content: null }, text: "", signature: "" }
    return [...opened, delta, ...this.#close()]
  }

  take(event: Taken): StreamEvent[] {
    switch (event.type) {
      case "text-delta":
        return this.#delta("text", event.text)
      case "refusal-delta":
        this.refused = true
        return this.#delta("text", event.text)
      case "reasoning-delta":
        return this.#delta("thinking", event.text)
      case "reasoning-ended":
        return this.#reasoningEnded(event.reasoning)
      case "tool-call-started":
        return this.#callStarted(event)
      case "tool-call-delta":
        return this.#callDelta(event.index, event.arguments)
      // There is no block for what a model draws, and it was paid: it stands in the text, as Markdown has it.
      case "image":
        return this.#delta("text", `${this.#isText() ? "\n\n" : ""}![](data:${event.mediaType};base64,${event.data})\n\n`)
      // Nor is there one for citations of files: listed in docs/reference/translation.md.
      default:
        return []
    }
  }

  end(): StreamEvent[] {
    const events = this.#close()
    for (const { started, text } of this.#waiting.values()) {
      events.push(...this.#openCall(started), ...this.#append(text), ...this.#close())
    }
    this.#waiting.clear()
    return events
  }

  whole(): JsonValue[] {
    return this.#blocks.map(({ kind, start, text, signature }) => {
      if (kind === "text") return { ...start, text }
      if (kind === "thinking") return { ...start, thinking: text, signature }
      return kind === "tool_use" ? { ...start, input: inputOf(text) } : start
    })
  }

  #delta(kind: "text" | "thinking", text: string): StreamEvent[] {
    const isGoingOn = this.#isOpen && this.#blocks.at(-1)?.kind === kind
    const opened = isGoingOn
      ? []
      : this.#open(kind, kind === "text" ? { type: "text", text: "" } : { type: "thinking", thinking: "", signature: "" })
    return [...opened, ...this.#append(text)]
  }

  #isText(): boolean {
    return this.#isOpen && this.#blocks.at(-1)?.kind === "text"
  }

  #append(text: string): StreamEvent[] {
    const block = this.#blocks.at(-1)
    if (!block || text === "") return []
    block.text += text
    const delta =
      block.kind === "text"
        ? { type: "text_delta", text }
        : block.kind === "thinking"
          ? { type: "thinking_delta", thinking: text }
          : { type: "input_json_delta", partial_json: text }
    return [this.#event("content_block_delta", { delta })]
  }

  #reasoningEnded({ dialect, signature, data }: Extract<ModelEvent, { type: "reasoning-ended" }>["reasoning"]): StreamEvent[] {
    const events: StreamEvent[] = []
    if (this.#isOpen && this.#blocks.at(-1)?.kind === "thinking") events.push(...this.#close(outward(dialect, signature ?? "")))
    if (data !== undefined) events.push(...this.#sealed(outward(dialect, data)))
    return events
  }

  #sealed(data: string): StreamEvent[] {
    return [...this.#open("redacted_thinking", { type: "redacted_thinking", data }), ...this.#close()]
  }

  #callStarted(event: CallStarted): StreamEvent[] {
    if (this.#isOpen && this.#streamedCall !== undefined) {
      this.#waiting.set(event.index, { started: event, text: "" })
      return []
    }
    return this.#openCall(event)
  }

  #openCall(event: CallStarted): StreamEvent[] {
    const seal = event.signature === undefined ? [] : this.#sealed(callSeal(event.callId, event.signature))
    const opened = this.#open("tool_use", { type: "tool_use", id: event.callId, name: event.name, input: {} })
    this.#streamedCall = event.index
    return [...seal, ...opened]
  }

  #callDelta(index: number, text: string): StreamEvent[] {
    const waiting = this.#waiting.get(index)
    if (!waiting) return this.#append(text)
    waiting.text += text
    return []
  }

  /** Calls that wait come before whatever else follows. */
  #open(kind: Block["kind"], start: JsonObject): StreamEvent[] {
    const before = kind === "text" || kind === "thinking" ? this.end() : this.#close()
    this.#blocks.push({ kind, start, text: "", signature: "" })
    this.#isOpen = true
    return [...before, this.#event("content_block_start", { content_block: start })]
  }

  /** Thinking without a signature gets a mark instead, so that it is not sent to Anthropic as Anthropic's. */
  #close(signature = outward("openai-chat", "")): StreamEvent[] {
    const block = this.#blocks.at(-1)
    if (!this.#isOpen || !block) return []
    const signed: StreamEvent[] = []
    if (block.kind === "thinking") {
      block.signature = signature
      signed.push(this.#event("content_block_delta", { delta: { type: "signature_delta", signature } }))
    }
    const stopped = this.#event("content_block_stop", {})
    this.#isOpen = false
    this.#streamedCall = undefined
    return [...signed, stopped]
  }

  #event(type: string, fields: JsonObject): StreamEvent {
    return { type, index: this.#blocks.length - 1, ...fields }
  }
}

/** A model that wrote no JSON gets its text shown rather than lost. */
function inputOf(text: string): JsonValue {
  if (text.trim() === "") return {}
  try {
    return JSON.parse(text) as JsonValue
  } catch {
    return { invalid_json: text }
  }
}
