// Reads a stream of chat completion chunks into model events, whatever shape each provider gives its chunks.
import { createParser, type EventSourceParser } from "eventsource-parser"
import { isJsonObject, type JsonObject, type JsonValue } from "../../../core/index.ts"
import type { Deployment, ModelEvent, ModelUsage } from "../../types.ts"
import { errorInBody, streamEnded, unreadable } from "../../upstream-error.ts"
import type { ProviderReader, ProviderReaderOptions } from "../port.ts"
import { ToolCallIndex } from "./tool-calls.ts"
import { usageOf } from "./usage.ts"

type FinishReason = Extract<ModelEvent, { type: "finished" }>["reason"]

const charsPerToken = 4
/** Largest single event; a provider that never ends one is cut off. */
const eventCharsMax = 16 * 1024 * 1024

/**
 * `feed` bytes as they come, then `end`; both return the events that became known. A failure is thrown: an error inside the
 * stream, an event that is not JSON, an end without `[DONE]` or a finish reason.
 */
export class ChatStreamReader implements ProviderReader {
  readonly #deployment: Deployment
  readonly #inputTokensEstimated: number
  readonly #parser: EventSourceParser
  readonly #decoder = new TextDecoder()
  readonly #calls: ToolCallIndex
  #events: ModelEvent[] = []
  #finishReason: FinishReason | undefined
  #done = false
  #usage: ModelUsage | undefined
  #model: string
  #outputChars = 0
  #finished = false

  constructor({ deployment, newId, inputChars }: ProviderReaderOptions) {
    this.#deployment = deployment
    this.#inputTokensEstimated = Math.ceil(inputChars / charsPerToken)
    this.#calls = new ToolCallIndex(newId)
    this.#model = deployment.upstreamModel
    this.#parser = createParser({
      maxBufferSize: eventCharsMax,
      onEvent: ({ event, data }) => this.#frame(event, data),
      onError: (error) => {
        if (error.type === "max-buffer-size-exceeded") throw unreadable(deployment, `one event of more than ${eventCharsMax} characters`)
      },
    })
  }

  /** `[DONE]` has come: nothing after it matters. */
  get done(): boolean {
    return this.#done
  }

  feed(bytes: Uint8Array): ModelEvent[] {
    this.#parser.feed(this.#decoder.decode(bytes, { stream: true }))
    return this.#taken()
  }

  /** A whole `chat.completion`, from a provider that did not stream. */
  feedWhole(completion: JsonObject): ModelEvent[] {
    const choices = listOf(completion["choices"]).map((choice) => (isJsonObject(choice) ? { ...choice, delta: choice["message"] } : choice))
    this.#chunk({ ...completion, choices })
    return this.#taken()
  }

  /** The transport has ended. */
  end(): ModelEvent[] {
    this.#parser.feed("\n\n") // an event whose blank line is missing still counts
    if (!this.#done && this.#finishReason === undefined) throw streamEnded(this.#deployment)
    this.#finish()
    return this.#taken()
  }

  /** What was used so far, for calls that are cut. */
  get usage(): ModelUsage {
    return (
      this.#usage ?? {
        inputTokens: this.#inputTokensEstimated,
        outputTokens: Math.ceil(this.#outputChars / charsPerToken),
        cachedTokens: 0,
        reasoningTokens: 0,
        estimated: true,
      }
    )
  }

  #taken(): ModelEvent[] {
    const events = this.#events
    this.#events = []
    return events
  }

  #frame(event: string | undefined, data: string): void {
    if (this.#done) return
    if (data.trim() === "[DONE]") {
      this.#done = true
      return
    }
    let chunk: unknown
    try {
      chunk = JSON.parse(data)
    } catch {
      throw unreadable(this.#deployment, "an event that is not JSON")
    }
    if (!isJsonObject(chunk)) throw unreadable(this.#deployment, "an event that is not an object")
    if (event === "error") throw errorInBody(this.#deployment, chunk["error"] ?? chunk)
    this.#chunk(chunk)
  }

  #chunk(chunk: JsonObject): void {
    if (chunk["error"] !== undefined && chunk["error"] !== null) throw errorInBody(this.#deployment, chunk["error"])
    if (typeof chunk["model"] === "string" && chunk["model"] !== "") this.#model = chunk["model"]
    this.#usage = usageOf(chunk["usage"]) ?? this.#usage
    for (const choice of listOf(chunk["choices"])) {
      if (!isJsonObject(choice) || (choice["index"] ?? 0) !== 0) continue
      if (isJsonObject(choice["delta"])) this.#delta(choice["delta"])
      if (typeof choice["finish_reason"] === "string") this.#finishReason = finishReasonOf(choice["finish_reason"])
    }
  }

  #delta(delta: JsonObject): void {
    this.#text("reasoning-delta", delta["reasoning_content"] ?? delta["reasoning"])
    this.#text("text-delta", delta["content"])
    this.#text("refusal-delta", delta["refusal"])
    for (const call of listOf(delta["tool_calls"])) {
      if (!isJsonObject(call)) continue
      for (const event of this.#calls.accept(call)) {
        if (event.type === "tool-call-delta") this.#outputChars += event.arguments.length
        this.#events.push(event)
      }
    }
  }

  #text(type: "text-delta" | "reasoning-delta" | "refusal-delta", text: JsonValue | undefined): void {
    if (typeof text !== "string" || text === "") return
    this.#outputChars += text.length
    this.#events.push({ type, text })
  }

  #finish(): void {
    if (this.#finished) return
    this.#finished = true
    this.#events.push(...this.#calls.completed())
    const reason = this.#finishReason ?? "stop"
    const called = this.#calls.count > 0 && reason === "stop"
    this.#events.push({ type: "finished", reason: called ? "tool_calls" : reason, usage: this.usage, upstreamModel: this.#model })
  }
}

function finishReasonOf(reason: string): FinishReason {
  if (reason === "length" || reason === "max_tokens") return "length"
  if (reason === "tool_calls" || reason === "function_call") return "tool_calls"
  return reason === "content_filter" ? "content_filter" : "stop"
}

function listOf(value: JsonValue | undefined): readonly JsonValue[] {
  return Array.isArray(value) ? (value as readonly JsonValue[]) : []
}
