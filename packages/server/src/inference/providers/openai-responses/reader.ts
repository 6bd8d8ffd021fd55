// Reads a response into model events: its stream of events, or the whole object.
import { isJsonObject, type JsonObject, type JsonValue } from "../../../core/index.ts"
import { wrapping } from "../../custom-tools.ts"
import type { ModelEvent, ModelUsage } from "../../types.ts"
import { streamEnded } from "../../upstream-error.ts"
import { FoundEvents } from "../found-events.ts"
import { JsonEvents } from "../json-events.ts"
import type { ProviderReader, ProviderReaderOptions } from "../port.ts"
import { withTierTold } from "../service-tier.ts"
import { estimatedUsage } from "../usage.ts"
import { responsesErrorIn } from "./errors.ts"
import { hostedCalls } from "./hosted-calls.ts"
import { responsesUsageOf } from "./usage.ts"

/** What is known of an output item while it comes. */
interface Item {
  /** Of a call. */
  callIndex?: number
  /** Its text is wrapped, as functions have it. */
  isCustom?: boolean
  /** It is no message, thought or call: it is passed as it is. */
  isPassed?: boolean
  /** Text or arguments came in pieces, so the finished item brings nothing new. */
  hasDeltas: boolean
  hasAnnotations?: boolean
  /** Parts of the summary, which are paragraphs. */
  partsCount: number
}

export class ResponsesReader implements ProviderReader {
  readonly #options: ProviderReaderOptions
  readonly #stream: JsonEvents
  readonly #items = new Map<JsonValue | undefined, Item>()
  /** Those that are passed as they are, once they are done. */
  readonly #passed: JsonObject[] = []
  readonly #events = new FoundEvents()
  #callsCount = 0
  #outputChars = 0
  #usage: ModelUsage | undefined
  #model: string
  #done = false

  constructor(options: ProviderReaderOptions) {
    this.#options = options
    this.#model = options.deployment.upstreamModel
    this.#stream = new JsonEvents({ deployment: options.deployment, isOver: () => this.done, onEvent: (event) => this.#event(event) })
  }

  /** The response is completed or incomplete: nothing after it matters. */
  get done(): boolean {
    return this.#done
  }

  get usage(): ModelUsage {
    return this.#usage ?? estimatedUsage(this.#options.inputChars, this.#outputChars)
  }

  feed(bytes: Uint8Array): Iterable<ModelEvent> {
    return this.#events.in(() => this.#stream.feed(bytes))
  }

  feedWhole(response: JsonObject): ModelEvent[] {
    if (isJsonObject(response["error"])) throw responsesErrorIn(this.#options.deployment, response)
    for (const [index, item] of listOf(response["output"]).entries()) this.#itemDone(index, item)
    if (response["status"] === "completed" || response["status"] === "incomplete") this.#ended(response)
    return this.#events.taken()
  }

  end(): Iterable<ModelEvent> {
    return this.#events.in(() => {
      this.#stream.end()
      if (!this.#done) throw streamEnded(this.#options.deployment)
    })
  }

  #event(event: JsonObject): void {
    if (this.#done) return
    const index = event["output_index"]
    if (this.#items.get(index)?.isPassed && event["type"] !== "response.output_item.done") return this.#progress(index, event)
    switch (event["type"]) {
      case "response.output_item.added":
        return this.#itemAdded(index, event["item"])
      case "response.output_text.delta":
        return this.#text(index, "text-delta", event["delta"])
      case "response.refusal.delta":
        return this.#text(index, "refusal-delta", event["delta"])
      case "response.reasoning_summary_part.added":
        return this.#summaryPart(index)
      case "response.reasoning_summary_text.delta":
      case "response.reasoning_text.delta":
      case "response.reasoning.delta":
        return this.#text(index, "reasoning-delta", event["delta"])
      case "response.function_call_arguments.delta":
      case "response.custom_tool_call_input.delta":
        return this.#argument(index, event["delta"])
      case "response.output_text.annotation.added":
        return this.#annotation(index, event["annotation"])
      case "response.output_item.done":
        return this.#itemDone(index, event["item"])
      case "response.completed":
      case "response.incomplete":
        return this.#ended(isJsonObject(event["response"]) ? event["response"] : {})
      case "response.failed":
        throw responsesErrorIn(this.#options.deployment, isJsonObject(event["response"]) ? event["response"] : {})
      case "error":
        throw responsesErrorIn(this.#options.deployment, event)
      case undefined:
        // Servers that fail in the words of chat completions.
        if (isJsonObject(event["error"])) throw responsesErrorIn(this.#options.deployment, event)
        return
      default: // states of the response, ends of parts, and what belongs to no item
    }
  }

  #item(index: JsonValue | undefined): Item {
    const known = this.#items.get(index)
    if (known) return known
    const item: Item = { hasDeltas: false, partsCount: 0 }
    this.#items.set(index, item)
    return item
  }

  #itemAdded(index: JsonValue | undefined, item: JsonValue | undefined): void {
    if (!isJsonObject(item)) return
    if (isCall(item)) this.#callStarted(this.#item(index), item)
    else if (isPassed(item)) this.#passedStarted(index, item)
  }

  #passedStarted(index: JsonValue | undefined, item: JsonObject): void {
    const known = this.#item(index)
    if (known.isPassed) return
    known.isPassed = true
    this.#events.push({ type: "item-started", index: placeOf(index), item })
  }

  #progress(index: JsonValue | undefined, event: JsonObject): void {
    const { output_index: _index, item_id: _id, sequence_number: _number, obfuscation: _padding, ...told } = event
    this.#events.push({ type: "item-progress", index: placeOf(index), event: told })
  }

  #annotation(index: JsonValue | undefined, annotation: JsonValue | undefined): void {
    if (!isJsonObject(annotation)) return
    this.#item(index).hasAnnotations = true
    this.#events.push({ type: "annotation", annotation })
  }

  #callStarted(known: Item, { type, call_id: callId, id, name }: JsonObject): number {
    if (known.callIndex !== undefined) return known.callIndex
    known.callIndex = this.#callsCount++
    const named = [callId, id].find((value) => typeof value === "string" && value !== "")
    this.#events.push({
      type: "tool-call-started",
      index: known.callIndex,
      callId: typeof named === "string" ? named : this.#options.newId("call"),
      name: textOf(name),
    })
    known.isCustom = type === "custom_tool_call"
    if (known.isCustom) this.#events.push({ type: "tool-call-delta", index: known.callIndex, arguments: wrapping.begin })
    return known.callIndex
  }

  #summaryPart(index: JsonValue | undefined): void {
    const item = this.#item(index)
    if (item.partsCount > 0) this.#text(index, "reasoning-delta", "\n\n")
    item.partsCount += 1
  }

  #text(index: JsonValue | undefined, type: "text-delta" | "reasoning-delta" | "refusal-delta", value: JsonValue | undefined): void {
    const text = textOf(value)
    if (text === "") return
    this.#item(index).hasDeltas = true
    this.#outputChars += text.length
    this.#events.push({ type, text })
  }

  #argument(index: JsonValue | undefined, value: JsonValue | undefined): void {
    const item = this.#item(index)
    const text = textOf(value)
    if (item.callIndex === undefined || text === "") return
    item.hasDeltas = true
    this.#outputChars += text.length
    this.#events.push({ type: "tool-call-delta", index: item.callIndex, arguments: item.isCustom ? wrapping.piece(text) : text })
  }

  /** Whatever of the item did not come in pieces comes now. */
  #itemDone(index: JsonValue | undefined, item: JsonValue | undefined): void {
    if (!isJsonObject(item)) return
    const known = this.#item(index)
    if (item["type"] === "message") this.#messageDone(index, item, known)
    else if (isPassed(item)) {
      this.#passedStarted(index, item)
      this.#passed.push(item)
      this.#events.push({ type: "item-done", index: placeOf(index), item })
    } else if (item["type"] === "function_call") {
      this.#callStarted(known, item)
      if (!known.hasDeltas) this.#argument(index, textOf(item["arguments"]) || "{}")
    } else if (item["type"] === "custom_tool_call") {
      const callIndex = this.#callStarted(known, item)
      if (!known.hasDeltas) this.#argument(index, item["input"])
      this.#events.push({ type: "tool-call-delta", index: callIndex, arguments: wrapping.end })
    } else if (item["type"] === "reasoning") this.#reasoningDone(index, item, known)
  }

  #messageDone(index: JsonValue | undefined, item: JsonObject, known: Item): void {
    const parts = listOf(item["content"]).filter(isJsonObject)
    for (const part of known.hasDeltas ? [] : parts) {
      if (part["type"] === "refusal") this.#text(index, "refusal-delta", part["refusal"])
      else this.#text(index, "text-delta", part["text"])
    }
    if (known.hasAnnotations) return
    for (const part of parts) for (const annotation of listOf(part["annotations"])) this.#annotation(index, annotation)
  }

  #reasoningDone(index: JsonValue | undefined, item: JsonObject, known: Item): void {
    if (!known.hasDeltas) {
      const parts = [...listOf(item["summary"]), ...listOf(item["content"])].map((part) => (isJsonObject(part) ? textOf(part["text"]) : ""))
      this.#text(index, "reasoning-delta", parts.filter((text) => text !== "").join("\n\n"))
    }
    const { id, encrypted_content: sealed } = item
    if (typeof sealed !== "string") return
    const named = typeof id === "string" ? { id } : {}
    this.#events.push({ type: "reasoning-ended", reasoning: { data: sealed, ...named, dialect: "openai-responses" } })
  }

  #ended(response: JsonObject): void {
    this.#done = true
    if (typeof response["model"] === "string" && response["model"] !== "") this.#model = response["model"]
    const toolCalls = hostedCalls(response, this.#passed)
    this.#usage = { ...(responsesUsageOf(response["usage"]) ?? this.usage), ...(toolCalls ? { toolCalls } : {}) }
    withTierTold(this.#usage, response["service_tier"])
    const details = response["incomplete_details"]
    const why = isJsonObject(details) ? details["reason"] : undefined
    const incomplete = why === "content_filter" ? "content_filter" : "length"
    const complete = this.#callsCount > 0 ? "tool_calls" : "stop"
    const reason = response["status"] === "incomplete" ? incomplete : complete
    const { service_tier: tier } = response
    const served = typeof tier === "string" ? { serviceTier: tier } : {}
    this.#events.push({ type: "finished", reason, usage: this.usage, upstreamModel: this.#model, ...served })
  }
}

/** A call in a namespace is its client's to take apart. */
function isCall({ type, namespace }: JsonObject): boolean {
  return (type === "function_call" || type === "custom_tool_call") && typeof namespace !== "string"
}

function isPassed(item: JsonObject): boolean {
  return item["type"] !== "message" && item["type"] !== "reasoning" && !isCall(item)
}

function placeOf(index: JsonValue | undefined): number {
  return typeof index === "number" ? index : 0
}

function textOf(value: JsonValue | undefined): string {
  return typeof value === "string" ? value : ""
}

function listOf(value: JsonValue | undefined): readonly JsonValue[] {
  return Array.isArray(value) ? (value as readonly JsonValue[]) : []
}
