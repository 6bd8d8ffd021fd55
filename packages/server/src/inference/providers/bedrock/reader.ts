// Reads Converse's answers, streamed as binary events or whole, into model events.
import { isJsonObject, type JsonObject, type JsonValue } from "../../../core/index.ts"
import type { Deployment, ModelEvent, ModelUsage } from "../../types.ts"
import { streamEnded, unreadable } from "../../upstream-error.ts"
import { FoundEvents } from "../found-events.ts"
import type { ProviderReader, ProviderReaderOptions } from "../port.ts"
import { withTierTold } from "../service-tier.ts"
import { estimatedUsage } from "../usage.ts"
import { BlockReader } from "./blocks.ts"
import { BedrockEvents, type BedrockEvent } from "./events.ts"
import { finishOf, isUnusable, type Finish } from "./finish.ts"
import { converseUsage } from "./usage.ts"

export class ConverseReader implements ProviderReader {
  readonly #deployment: Deployment
  readonly #inputChars: number
  readonly #stream: BedrockEvents
  readonly #events = new FoundEvents()
  readonly #blocks = new BlockReader(this.#events)
  #finish: Finish | undefined
  #usage: ModelUsage | undefined
  #ended = false

  constructor({ deployment, inputChars }: ProviderReaderOptions) {
    this.#deployment = deployment
    this.#inputChars = inputChars
    this.#stream = new BedrockEvents(deployment)
  }

  /** The usage comes after the stop. */
  get done(): boolean {
    return this.#finish !== undefined && this.#usage !== undefined
  }

  feed(bytes: Uint8Array): Iterable<ModelEvent> {
    return this.#events.in(() => {
      for (const event of this.#stream.feed(bytes)) {
        this.#event(event)
        if (this.done) return
      }
    })
  }

  feedWhole(answer: JsonObject): ModelEvent[] {
    const output = isJsonObject(answer["output"]) ? answer["output"] : {}
    const message = isJsonObject(output["message"]) ? output["message"] : {}
    const content = Array.isArray(message["content"]) ? (message["content"] as readonly JsonValue[]) : []
    for (const [index, block] of content.entries()) if (isJsonObject(block)) this.#blocks.whole(index, block)
    this.#stop(answer)
    this.#report(answer)
    return this.#events.taken()
  }

  end(): Iterable<ModelEvent> {
    return this.#events.in(() => {
      if (!this.#finish) throw streamEnded(this.#deployment)
      if (!this.#ended) this.#end(this.#finish)
    })
  }

  get usage(): ModelUsage {
    const usage = this.#usage ?? estimatedUsage(this.#inputChars, this.#blocks.outputChars)
    return this.#blocks.images > 0 ? { ...usage, imageCount: this.#blocks.images } : usage
  }

  #event({ type, data }: BedrockEvent): void {
    if (type === "messageStop") this.#stop(data)
    else if (type === "metadata") this.#report(data)
    else this.#blocks.event(type, data)
  }

  #report({ usage, serviceTier: tier }: JsonObject): void {
    this.#usage = withTierTold(converseUsage(usage) ?? this.#usage, isJsonObject(tier) ? tier["type"] : undefined)
  }

  #stop(event: JsonObject): void {
    const reason = event["stopReason"]
    if (typeof reason !== "string") return
    if (isUnusable(reason)) throw unreadable(this.#deployment, `an answer that cannot be used (${reason})`)
    this.#finish = finishOf(reason, event["additionalModelResponseFields"])
  }

  #end({ reason, detail, stopSequence }: Finish): void {
    this.#ended = true
    this.#blocks.end()
    const called = this.#blocks.calls > 0 && reason === "stop"
    const answered = this.#blocks.calls === 0 && reason === "tool_calls"
    this.#events.push({
      type: "finished",
      reason: called ? "tool_calls" : answered ? "stop" : reason,
      usage: this.usage,
      upstreamModel: this.#deployment.upstreamModel,
      ...(detail === undefined || answered ? {} : { detail }),
      ...(stopSequence === undefined ? {} : { stopSequence }),
    })
  }
}
