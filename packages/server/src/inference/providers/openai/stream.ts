// Reads a stream of chat completion chunks into model events, whatever shape each provider gives its chunks.
import { isJsonObject, type JsonObject, type JsonValue } from "../../../core/index.ts"
import type { ModelEvent, ModelUsage } from "../../types.ts"
import { errorTold } from "../../told-error.ts"
import { errorInBody, streamEnded } from "../../upstream-error.ts"
import { FoundEvents } from "../found-events.ts"
import { JsonEvents } from "../json-events.ts"
import type { ProviderReader, ProviderReaderOptions } from "../port.ts"
import { withTierTold } from "../service-tier.ts"
import { estimatedUsage } from "../usage.ts"
import { finishReasonOf, isFailure, type FinishReason } from "./finish.ts"
import { ReasoningDetails } from "./reasoning.ts"
import { ToolCallIndex } from "./tool-calls.ts"
import { withToolsRun } from "./tools-run.ts"
import { usageOf } from "./usage.ts"

/**
 * `feed` bytes as they come, then `end`; both return the events that became known. A failure is thrown: an error inside the
 * stream, an event that is not JSON, an end without `[DONE]` or a finish reason.
 */
export class ChatStreamReader implements ProviderReader {
  readonly #options: ProviderReaderOptions
  readonly #stream: JsonEvents
  readonly #calls: ToolCallIndex
  readonly #details = new ReasoningDetails()
  readonly #events = new FoundEvents()
  #finishReason: FinishReason | undefined
  #done = false
  #usage: ModelUsage | undefined
  #model: string
  #serviceTier: string | undefined
  #tierTold: JsonValue | undefined
  #toolsRan = false
  #outputChars = 0
  #finished = false

  constructor(options: ProviderReaderOptions) {
    this.#options = options
    this.#calls = new ToolCallIndex(options.newId)
    this.#model = options.deployment.upstreamModel
    this.#stream = new JsonEvents({
      deployment: options.deployment,
      isOver: () => this.#done,
      onEvent: (data, name) => this.#event(data, name),
      onDone: () => (this.#done = true),
    })
  }

  /** `[DONE]` has come: nothing after it matters. */
  get done(): boolean {
    return this.#done
  }

  feed(bytes: Uint8Array): Iterable<ModelEvent> {
    return this.#events.in(() => this.#stream.feed(bytes))
  }

  /** A whole `chat.completion`, from a provider that did not stream. */
  feedWhole(completion: JsonObject): ModelEvent[] {
    const choices = listOf(completion["choices"]).map((choice) => (isJsonObject(choice) ? { ...choice, delta: choice["message"] } : choice))
    this.#chunk({ ...completion, choices })
    return this.#events.taken()
  }

  /** The transport has ended. */
  end(): Iterable<ModelEvent> {
    return this.#events.in(() => {
      this.#stream.end()
      if (!this.#done && this.#finishReason === undefined) throw streamEnded(this.#options.deployment)
      this.#finish()
    })
  }

  /** What was used so far, for calls that are cut. */
  get usage(): ModelUsage {
    const usage = this.#usage ?? estimatedUsage(this.#options.inputChars, this.#outputChars)
    withTierTold(usage, this.#tierTold)
    return this.#toolsRan ? withToolsRun(usage) : usage
  }

  #event(data: JsonObject, name: string | undefined): void {
    if (this.#done) return
    if (name === "error") throw errorInBody(this.#options.deployment, data["error"] ?? data)
    this.#chunk(data)
  }

  #chunk(chunk: JsonObject): void {
    const error = errorTold(chunk)
    if (error !== undefined) throw errorInBody(this.#options.deployment, error)
    if (typeof chunk["model"] === "string" && chunk["model"] !== "") this.#model = chunk["model"]
    if (chunk["service_tier"] !== undefined) this.#tierTold = chunk["service_tier"]
    if (typeof chunk["service_tier"] === "string") this.#serviceTier = chunk["service_tier"]
    const groq = isJsonObject(chunk["x_groq"]) ? chunk["x_groq"]["usage"] : undefined
    this.#usage = usageOf(chunk["usage"]) ?? usageOf(groq) ?? this.#usage
    for (const choice of listOf(chunk["choices"])) {
      if (!isJsonObject(choice) || (choice["index"] ?? 0) !== 0) continue
      if (isJsonObject(choice["delta"])) this.#delta(choice["delta"])
      if (typeof choice["finish_reason"] === "string") this.#ended(choice["finish_reason"], choice)
    }
  }

  #ended(reason: string, choice: JsonObject): void {
    // OpenRouter and DeepSeek tell a failure in the place of a reason.
    if (isFailure(reason)) throw errorInBody(this.#options.deployment, choice["error"] ?? { message: `the answer ended with "${reason}"` })
    this.#finishReason = finishReasonOf(reason)
  }

  #delta(delta: JsonObject): void {
    const details = this.#details.take(listOf(delta["reasoning_details"]))
    this.#toolsRan ||= listOf(delta["executed_tools"]).length > 0
    this.#text("reasoning-delta", textOf(delta["reasoning_content"]) || textOf(delta["reasoning"]) || details)
    this.#content(delta["content"])
    this.#text("refusal-delta", textOf(delta["refusal"]))
    for (const image of listOf(delta["images"])) this.#image(image)
    const legacy = isJsonObject(delta["function_call"]) ? [{ index: 0, function: delta["function_call"] }] : []
    for (const call of [...listOf(delta["tool_calls"]), ...legacy]) {
      if (!isJsonObject(call)) continue
      for (const event of this.#calls.accept(call)) {
        if (event.type === "tool-call-delta") this.#outputChars += event.arguments.length
        this.#events.push(event)
      }
    }
  }

  /** A text, or Mistral's list of chunks. */
  #content(content: JsonValue | undefined): void {
    if (typeof content === "string") return this.#text("text-delta", content)
    for (const chunk of listOf(content)) {
      if (!isJsonObject(chunk)) continue
      if (chunk["type"] === "thinking") {
        const { thinking } = chunk
        const texts =
          typeof thinking === "string" ? [thinking] : listOf(thinking).map((part) => (isJsonObject(part) ? textOf(part["text"]) : ""))
        this.#text("reasoning-delta", texts.join(""))
      } else if (chunk["type"] === "image_url") this.#image(chunk)
      else this.#text("text-delta", textOf(chunk["text"]))
    }
  }

  #image(image: JsonValue): void {
    const source = isJsonObject(image) && isJsonObject(image["image_url"]) ? textOf(image["image_url"]["url"]) : ""
    const match = /^data:([^;,]+);base64,(.*)$/s.exec(source)
    if (match?.[1] !== undefined && match[2] !== undefined) this.#events.push({ type: "image", mediaType: match[1], data: match[2] })
  }

  #text(type: "text-delta" | "reasoning-delta" | "refusal-delta", text: string): void {
    if (text === "") return
    this.#outputChars += text.length
    this.#events.push({ type, text })
  }

  #finish(): void {
    if (this.#finished) return
    this.#finished = true
    this.#events.push(...this.#details.ended(), ...this.#calls.completed())
    const reason = this.#finishReason ?? "stop"
    const called = this.#calls.count > 0 && reason === "stop"
    const served = this.#serviceTier === undefined ? {} : { serviceTier: this.#serviceTier }
    this.#events.push({
      type: "finished",
      reason: called ? "tool_calls" : reason,
      usage: this.usage,
      upstreamModel: this.#model,
      ...served,
    })
  }
}

function textOf(value: JsonValue | undefined): string {
  return typeof value === "string" ? value : ""
}

function listOf(value: JsonValue | undefined): readonly JsonValue[] {
  return Array.isArray(value) ? (value as readonly JsonValue[]) : []
}
