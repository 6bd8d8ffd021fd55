// Reads Cohere's answers (chat, version 2), streamed or whole, into model events.
import { isJsonObject, type JsonObject, type JsonValue } from "../../../core/index.ts"
import type { Deployment, ModelEvent, ModelUsage } from "../../types.ts"
import { errorInBody, streamEnded, UpstreamError } from "../../upstream-error.ts"
import { FoundEvents } from "../found-events.ts"
import { JsonEvents } from "../json-events.ts"
import type { ProviderReader, ProviderReaderOptions } from "../port.ts"
import { estimatedUsage } from "../usage.ts"
import { cohereUsage } from "./usage.ts"

type Finished = Extract<ModelEvent, { type: "finished" }>

export class CohereReader implements ProviderReader {
  readonly #deployment: Deployment
  readonly #newId: ProviderReaderOptions["newId"]
  readonly #inputChars: number
  readonly #stream: JsonEvents
  /** The provider's index of a call, with ours. */
  readonly #calls = new Map<number, { index: number; hasArguments: boolean }>()
  readonly #events = new FoundEvents()
  #finish: Pick<Finished, "reason" | "detail"> | undefined
  #usage: ModelUsage | undefined
  #outputChars = 0
  #isThinking = false
  #ended = false

  constructor({ deployment, newId, inputChars }: ProviderReaderOptions) {
    this.#deployment = deployment
    this.#newId = newId
    this.#inputChars = inputChars
    this.#stream = new JsonEvents({ deployment, isOver: () => this.done, onEvent: (data) => this.#event(data) })
  }

  /** `message-end` has come. */
  get done(): boolean {
    return this.#finish !== undefined
  }

  feed(bytes: Uint8Array): Iterable<ModelEvent> {
    return this.#events.in(() => this.#stream.feed(bytes))
  }

  feedWhole(answer: JsonObject): ModelEvent[] {
    const message = objectOf(answer["message"])
    for (const part of listOf(message["content"])) if (isJsonObject(part)) this.#content(part)
    this.#text("text-delta", message["tool_plan"])
    for (const [index, call] of listOf(message["tool_calls"]).entries()) {
      if (!isJsonObject(call)) continue
      this.#startCall(index, call)
      this.#endCall(index)
    }
    this.#end(answer)
    return this.#events.taken()
  }

  end(): Iterable<ModelEvent> {
    return this.#events.in(() => {
      this.#stream.end()
      if (!this.#finish) throw streamEnded(this.#deployment)
      if (!this.#ended) this.#finished(this.#finish)
    })
  }

  get usage(): ModelUsage {
    return this.#usage ?? estimatedUsage(this.#inputChars, this.#outputChars)
  }

  #event(event: JsonObject): void {
    if (this.#finish) return
    const delta = objectOf(event["delta"])
    const message = objectOf(delta["message"])
    const index = typeof event["index"] === "number" ? event["index"] : 0
    switch (event["type"]) {
      case "content-start":
      case "content-delta":
        return this.#content(objectOf(message["content"]))
      case "tool-plan-delta":
        return this.#text("text-delta", message["tool_plan"])
      case "tool-call-start":
        return this.#startCall(index, objectOf(message["tool_calls"]))
      case "tool-call-delta":
        return this.#arguments(index, objectOf(objectOf(message["tool_calls"])["function"])["arguments"])
      case "tool-call-end":
        return this.#endCall(index)
      case "message-end":
        return this.#end(delta)
      case undefined:
        // Errors in the middle are a bare message.
        if (event["message"] !== undefined || event["error"] !== undefined) throw errorInBody(this.#deployment, event["error"] ?? event)
    }
  }

  #content({ text, thinking }: JsonObject): void {
    if (typeof thinking === "string" && thinking !== "") {
      this.#isThinking = true
      this.#text("reasoning-delta", thinking)
    }
    this.#text("text-delta", text)
  }

  #startCall(position: number, call: JsonObject): void {
    this.#endThinking()
    const index = this.#calls.size
    this.#calls.set(position, { index, hasArguments: false })
    const fn = objectOf(call["function"])
    const callId = typeof call["id"] === "string" && call["id"] !== "" ? call["id"] : this.#newId("call")
    this.#events.push({ type: "tool-call-started", index, callId, name: typeof fn["name"] === "string" ? fn["name"] : "" })
    this.#arguments(position, fn["arguments"])
  }

  /** A tool without parameters may be called with `null`. */
  #arguments(position: number, text: JsonValue | undefined): void {
    const call = this.#calls.get(position)
    if (!call || typeof text !== "string" || text === "" || (text === "null" && !call.hasArguments)) return
    call.hasArguments = true
    this.#outputChars += text.length
    this.#events.push({ type: "tool-call-delta", index: call.index, arguments: text })
  }

  #endCall(position: number): void {
    const call = this.#calls.get(position)
    if (call && !call.hasArguments) this.#arguments(position, "{}")
  }

  #end(answer: JsonObject): void {
    this.#usage = cohereUsage(answer["usage"]) ?? this.#usage
    const reason = answer["finish_reason"]
    if (typeof reason !== "string") return
    if (reason === "ERROR" || reason === "TIMEOUT") throw failed(this.#deployment, answer["error"], reason)
    this.#finish = finishOf(reason)
  }

  #text(type: "text-delta" | "reasoning-delta", text: JsonValue | undefined): void {
    if (typeof text !== "string" || text === "") return
    if (type === "text-delta") this.#endThinking()
    this.#outputChars += text.length
    this.#events.push({ type, text })
  }

  #endThinking(): void {
    if (!this.#isThinking) return
    this.#isThinking = false
    this.#events.push({ type: "reasoning-ended", reasoning: { dialect: "cohere" } })
  }

  #finished(finish: Pick<Finished, "reason" | "detail">): void {
    this.#ended = true
    this.#endThinking()
    for (const position of this.#calls.keys()) this.#endCall(position)
    this.#events.push({ type: "finished", ...finish, usage: this.usage, upstreamModel: this.#deployment.upstreamModel })
  }
}

function finishOf(reason: string): Pick<Finished, "reason" | "detail"> {
  if (reason === "COMPLETE") return { reason: "stop" }
  if (reason === "MAX_TOKENS") return { reason: "length" }
  if (reason === "TOOL_CALL") return { reason: "tool_calls" }
  return { reason: reason === "ERROR_TOXIC" ? "content_filter" : "stop", detail: reason.toLowerCase() }
}

function failed(deployment: Deployment, error: JsonValue | undefined, reason: string): UpstreamError {
  if (typeof error === "string" || isJsonObject(error)) return errorInBody(deployment, error)
  const code = reason === "TIMEOUT" ? "upstream_timeout" : "upstream_error"
  return new UpstreamError(code, `the provider of "${deployment.id}" gave up in the middle of its answer (${reason})`, { retryable: true })
}

function objectOf(value: JsonValue | undefined): JsonObject {
  return isJsonObject(value) ? value : {}
}

function listOf(value: JsonValue | undefined): readonly JsonValue[] {
  return Array.isArray(value) ? (value as readonly JsonValue[]) : []
}
