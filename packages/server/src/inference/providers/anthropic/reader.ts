// Reads an answer of Anthropic's messages into model events: the events of a stream, or one message.
import { isJsonObject, type JsonObject, type JsonValue } from "../../../core/index.ts"
import type { Deployment, ModelEvent, ModelUsage } from "../../types.ts"
import { streamEnded } from "../../upstream-error.ts"
import { FoundEvents } from "../found-events.ts"
import { JsonEvents } from "../json-events.ts"
import type { ProviderReader, ProviderReaderOptions } from "../port.ts"
import { estimatedUsage } from "../usage.ts"
import { answerTool } from "./answer-format.ts"
import { anthropicErrorIn } from "./errors.ts"
import { finishOf } from "./finish.ts"
import { anthropicUsageOf } from "./usage.ts"

type OpenBlock =
  | { kind: "text" | "answer" | "other" }
  | { kind: "thinking"; signature: string }
  | { kind: "call"; index: number; input: JsonValue | undefined; hasDeltas: boolean }

export class MessagesReader implements ProviderReader {
  readonly #deployment: Deployment
  readonly #options: ProviderReaderOptions
  readonly #stream: JsonEvents
  /** By the index of the block: only one may be open, but nothing here needs that. */
  readonly #blocks = new Map<JsonValue | undefined, OpenBlock>()
  readonly #events = new FoundEvents()
  #callsCount = 0
  #outputChars = 0
  /** What `message_start` reported, overwritten by what came later: `message_delta` is cumulative. */
  #usage: JsonObject = {}
  #hasContainer = false
  #model: string
  #delta: JsonObject | undefined
  #done = false

  constructor(options: ProviderReaderOptions) {
    this.#options = options
    this.#deployment = options.deployment
    this.#model = options.deployment.upstreamModel
    this.#stream = new JsonEvents({ deployment: options.deployment, isOver: () => this.done, onEvent: (event) => this.#event(event) })
  }

  /** `message_stop` has come: nothing after it matters. */
  get done(): boolean {
    return this.#done
  }

  get usage(): ModelUsage {
    const reported = anthropicUsageOf(this.#usage, this.#hasContainer)
    const estimated = estimatedUsage(this.#options.inputChars, this.#outputChars)
    if (!reported) return estimated
    // The count in `message_start` is that of a beginning; the one in `message_delta` is final.
    return this.#delta ? reported : { ...reported, outputTokens: Math.max(reported.outputTokens, estimated.outputTokens), estimated: true }
  }

  feed(bytes: Uint8Array): Iterable<ModelEvent> {
    return this.#events.in(() => this.#stream.feed(bytes))
  }

  feedWhole(message: JsonObject): ModelEvent[] {
    if (message["type"] === "error") throw anthropicErrorIn(this.#deployment, message)
    this.#event({ type: "message_start", message })
    for (const [index, block] of listOf(message["content"]).entries()) {
      this.#event({ type: "content_block_start", index, content_block: block })
      this.#event({ type: "content_block_stop", index })
    }
    if (message["stop_reason"] === null || message["stop_reason"] === undefined) return this.#events.taken()
    this.#event({ type: "message_delta", delta: message, usage: message["usage"] })
    this.#event({ type: "message_stop" })
    return this.#events.taken()
  }

  end(): Iterable<ModelEvent> {
    return this.#events.in(() => {
      this.#stream.end()
      if (!this.#done) throw streamEnded(this.#deployment)
    })
  }

  #event(event: JsonObject): void {
    if (this.#done) return
    switch (event["type"]) {
      case "message_start":
        return this.#started(event["message"])
      case "content_block_start":
        return this.#opened(event["index"], event["content_block"])
      case "content_block_delta":
        return this.#grown(event["index"], event["delta"])
      case "content_block_stop":
        return this.#closed(event["index"])
      case "message_delta":
        this.#delta = isJsonObject(event["delta"]) ? event["delta"] : {}
        this.#hasContainer ||= isJsonObject(this.#delta["container"])
        return this.#report(event["usage"])
      case "message_stop":
        return this.#finish()
      case "error":
        throw anthropicErrorIn(this.#deployment, event)
      default: // `ping`, and what later versions add
    }
  }

  #started(message: JsonValue | undefined): void {
    if (!isJsonObject(message)) return
    if (typeof message["model"] === "string") this.#model = message["model"]
    this.#hasContainer ||= isJsonObject(message["container"])
    this.#report(message["usage"])
  }

  #report(usage: JsonValue | undefined): void {
    if (!isJsonObject(usage)) return
    const said = Object.entries(usage).filter(([, value]) => value !== null && value !== undefined)
    this.#usage = { ...this.#usage, ...Object.fromEntries(said) }
  }

  #opened(index: JsonValue | undefined, block: JsonValue | undefined): void {
    if (!isJsonObject(block)) return
    switch (block["type"]) {
      case "text":
        this.#blocks.set(index, { kind: "text" })
        return this.#text("text-delta", block["text"])
      case "thinking":
        this.#blocks.set(index, { kind: "thinking", signature: textOf(block["signature"]) })
        return this.#text("reasoning-delta", block["thinking"])
      case "redacted_thinking":
        return this.#push({ type: "reasoning-ended", reasoning: { data: textOf(block["data"]), dialect: "anthropic-messages" } })
      case "tool_use":
        return this.#openedCall(index, block)
      default: // tools that Anthropic runs itself are not asked for
        this.#blocks.set(index, { kind: "other" })
    }
  }

  #openedCall(index: JsonValue | undefined, { id, name, input }: JsonObject): void {
    if (name === answerTool) {
      this.#blocks.set(index, { kind: "answer" })
      if (hasMembers(input)) this.#text("text-delta", JSON.stringify(input))
      return
    }
    const call = { kind: "call" as const, index: this.#callsCount++, input, hasDeltas: false }
    this.#blocks.set(index, call)
    this.#push({
      type: "tool-call-started",
      index: call.index,
      callId: typeof id === "string" && id !== "" ? id : this.#options.newId("call"),
      name: textOf(name),
    })
  }

  #grown(index: JsonValue | undefined, delta: JsonValue | undefined): void {
    const block = this.#blocks.get(index)
    if (!isJsonObject(delta) || !block) return
    switch (delta["type"]) {
      case "text_delta":
        return this.#text("text-delta", delta["text"])
      case "thinking_delta":
        return this.#text("reasoning-delta", delta["thinking"])
      case "signature_delta":
        if (block.kind === "thinking") block.signature += textOf(delta["signature"])
        return
      case "input_json_delta":
        return this.#argument(block, textOf(delta["partial_json"]))
      default: // `citations_delta`: no citations are asked for
    }
  }

  #argument(block: OpenBlock, text: string): void {
    if (text === "") return
    if (block.kind === "answer") return this.#text("text-delta", text)
    if (block.kind !== "call") return
    block.hasDeltas = true
    this.#outputChars += text.length
    this.#push({ type: "tool-call-delta", index: block.index, arguments: text })
  }

  #closed(index: JsonValue | undefined): void {
    const block = this.#blocks.get(index)
    this.#blocks.delete(index)
    if (block?.kind === "thinking")
      this.#push({
        type: "reasoning-ended",
        reasoning: { ...(block.signature === "" ? {} : { signature: block.signature }), dialect: "anthropic-messages" },
      })
    if (block?.kind === "call" && !block.hasDeltas) this.#argument(block, JSON.stringify(block.input ?? {}))
  }

  #text(type: "text-delta" | "reasoning-delta", value: JsonValue | undefined): void {
    const text = textOf(value)
    if (text === "") return
    this.#outputChars += text.length
    this.#push({ type, text })
  }

  #finish(): void {
    this.#done = true
    const { explanation, ...finish } = finishOf(this.#delta ?? {}, this.#callsCount > 0)
    if (explanation !== "") this.#push({ type: "refusal-delta", text: explanation })
    this.#push({ type: "finished", ...finish, usage: this.usage, upstreamModel: this.#model })
  }

  #push(event: ModelEvent): void {
    this.#events.push(event)
  }
}

function textOf(value: JsonValue | undefined): string {
  return typeof value === "string" ? value : ""
}

function listOf(value: JsonValue | undefined): readonly JsonValue[] {
  return Array.isArray(value) ? (value as readonly JsonValue[]) : []
}

function hasMembers(value: JsonValue | undefined): boolean {
  return isJsonObject(value) && Object.keys(value).length > 0
}
