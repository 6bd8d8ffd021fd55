// Reads Gemini's answers, streamed or whole, into model events.
import { isJsonObject, type JsonObject, type JsonValue, type NewId } from "../../../core/index.ts"
import type { Deployment, ModelEvent, ModelUsage } from "../../types.ts"
import { errorInBody, streamEnded, unreadable } from "../../upstream-error.ts"
import { FoundEvents } from "../found-events.ts"
import { JsonEvents } from "../json-events.ts"
import type { ProviderReader, ProviderReaderOptions } from "../port.ts"
import { estimatedUsage } from "../usage.ts"
import { finishOf, isUnusable, type Finish } from "./finish.ts"
import { geminiUsage } from "./usage.ts"

/** Each event is a whole answer with the next parts; the last has a finish reason. */
export class GeminiReader implements ProviderReader {
  readonly #deployment: Deployment
  readonly #newId: NewId
  readonly #inputChars: number
  readonly #stream: JsonEvents
  readonly #events = new FoundEvents()
  #finish: Finish | undefined
  #usage: ModelUsage | undefined
  #model: string
  #outputChars = 0
  #calls = 0
  #images = 0
  /** What grounds the answer, and is charged for. */
  #grounding: Record<string, number> | undefined
  #isThinking = false
  #ended = false

  constructor({ deployment, newId, inputChars }: ProviderReaderOptions) {
    this.#deployment = deployment
    this.#newId = newId
    this.#inputChars = inputChars
    this.#model = deployment.upstreamModel
    this.#stream = new JsonEvents({ deployment, isOver: () => this.done, onEvent: (data) => this.#answer(data) })
  }

  /** There is no other mark; the usage comes with it, or not at all. */
  get done(): boolean {
    return this.#finish !== undefined && this.#usage !== undefined
  }

  feed(bytes: Uint8Array): Iterable<ModelEvent> {
    return this.#events.in(() => this.#stream.feed(bytes))
  }

  feedWhole(answer: JsonObject): ModelEvent[] {
    this.#answer(answer)
    return this.#events.taken()
  }

  end(): Iterable<ModelEvent> {
    return this.#events.in(() => {
      this.#stream.end()
      if (!this.#finish) throw streamEnded(this.#deployment)
      if (!this.#ended) this.#end(this.#finish)
    })
  }

  get usage(): ModelUsage {
    const usage = this.#usage ?? estimatedUsage(this.#inputChars, this.#outputChars)
    if (this.#images === 0 && !this.#grounding) return usage
    return {
      ...usage,
      ...(this.#images > 0 ? { imageCount: this.#images } : {}),
      ...(this.#grounding ? { toolCalls: this.#grounding } : {}),
    }
  }

  #answer(answer: JsonObject): void {
    if (answer["error"] !== undefined) throw errorInBody(this.#deployment, answer["error"])
    if (typeof answer["modelVersion"] === "string" && answer["modelVersion"] !== "") this.#model = answer["modelVersion"]
    this.#usage = geminiUsage(answer["usageMetadata"]) ?? this.#usage
    const feedback = answer["promptFeedback"]
    if (isJsonObject(feedback) && typeof feedback["blockReason"] === "string")
      this.#finish ??= { reason: "content_filter", detail: feedback["blockReason"].toLowerCase() }
    const candidate = listOf(answer["candidates"])[0]
    if (isJsonObject(candidate)) this.#candidate(candidate)
  }

  #candidate(candidate: JsonObject): void {
    const content = isJsonObject(candidate["content"]) ? candidate["content"] : {}
    for (const part of listOf(content["parts"])) if (isJsonObject(part)) this.#part(part)
    if (isJsonObject(candidate["groundingMetadata"])) this.#grounded(candidate["groundingMetadata"])
    const reason = candidate["finishReason"]
    if (typeof reason !== "string") return
    if (isUnusable(reason)) {
      const said = typeof candidate["finishMessage"] === "string" ? `: ${candidate["finishMessage"].slice(0, 300)}` : ""
      throw unreadable(this.#deployment, `an answer that cannot be used (${reason}${said})`)
    }
    this.#finish = finishOf(reason)
  }

  /** By queries or by prompts, as the model is paid. Each event tells all of it. */
  #grounded({ webSearchQueries: queries, groundingChunks: chunks }: JsonObject): void {
    const searches = listOf(queries).length
    if (searches > 0) this.#grounding = { ...this.#grounding, google_search: searches, google_search_prompt: 1 }
    if (listOf(chunks).some((chunk) => isJsonObject(chunk) && isJsonObject(chunk["maps"])))
      this.#grounding = { ...this.#grounding, google_maps_prompt: 1 }
  }

  #part(part: JsonObject): void {
    const signature = typeof part["thoughtSignature"] === "string" ? part["thoughtSignature"] : undefined
    if (part["thought"] === true) return this.#thought(part["text"], signature)
    if (this.#isThinking) this.#endThinking()
    if (isJsonObject(part["functionCall"])) return this.#call(part["functionCall"], signature)
    if (isJsonObject(part["inlineData"])) this.#image(part["inlineData"])
    else this.#text("text-delta", part["text"])
    // It closes nothing that was shown: it belongs to the answer, and goes back with it.
    if (signature !== undefined) this.#events.push({ type: "reasoning-ended", reasoning: { signature, dialect: "gemini" } })
  }

  #thought(text: JsonValue | undefined, signature: string | undefined): void {
    this.#isThinking = true
    this.#text("reasoning-delta", text)
    if (signature !== undefined) this.#endThinking(signature)
  }

  #endThinking(signature?: string): void {
    this.#isThinking = false
    const reasoning = { ...(signature === undefined ? {} : { signature }), dialect: "gemini" as const }
    this.#events.push({ type: "reasoning-ended", reasoning })
  }

  #call(call: JsonObject, signature: string | undefined): void {
    const index = this.#calls++
    const callId = typeof call["id"] === "string" && call["id"] !== "" ? call["id"] : this.#newId("call")
    const name = typeof call["name"] === "string" ? call["name"] : ""
    const text = JSON.stringify(call["args"] ?? {})
    this.#outputChars += text.length
    this.#events.push(
      { type: "tool-call-started", index, callId, name, ...(signature === undefined ? {} : { signature }) },
      { type: "tool-call-delta", index, arguments: text },
    )
  }

  #image({ mimeType, data }: JsonObject): void {
    if (typeof data !== "string") return
    const mediaType = typeof mimeType === "string" ? mimeType : "image/png"
    if (!mediaType.startsWith("image/")) return
    this.#images++
    this.#events.push({ type: "image", mediaType, data })
  }

  #text(type: "text-delta" | "reasoning-delta", text: JsonValue | undefined): void {
    if (typeof text !== "string" || text === "") return
    this.#outputChars += text.length
    this.#events.push({ type, text })
  }

  #end({ reason, detail }: Finish): void {
    this.#ended = true
    if (this.#isThinking) this.#endThinking()
    this.#events.push({
      type: "finished",
      reason: this.#calls > 0 && reason === "stop" ? "tool_calls" : reason,
      usage: this.usage,
      upstreamModel: this.#model,
      ...(detail === undefined ? {} : { detail }),
    })
  }
}

function listOf(value: JsonValue | undefined): readonly JsonValue[] {
  return Array.isArray(value) ? (value as readonly JsonValue[]) : []
}
