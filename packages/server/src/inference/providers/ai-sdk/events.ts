// The parts of an AI SDK stream, or of its whole answer, as model events.
import { isJsonObject, type JsonObject, type JsonValue, type NewId } from "../../../core/index.ts"
import type { Deployment, ModelEvent } from "../../types.ts"
import { streamEnded } from "../../upstream-error.ts"
import { estimatedUsage } from "../usage.ts"
import { sdkError } from "./errors.ts"
import type { SdkAnswer, SdkPart } from "./spec.ts"
import { usageOf } from "./usage.ts"

type Finished = Extract<ModelEvent, { type: "finished" }>

interface OpenCall {
  index: number
  hasArguments: boolean
}

export class SdkParts {
  readonly #deployment: Deployment
  readonly #newId: NewId
  readonly #inputChars: number
  readonly #tierAsked: string | undefined
  readonly #calls = new Map<string, OpenCall>()
  /** What providers say beside reasoning, gathered until it ends. */
  #metadata: JsonObject = {}
  #isReasoning = false
  #model: string
  #outputChars = 0
  #images = 0
  #hasFinished = false

  /** `tierAsked`: whoever is not told another was served in it. */
  constructor(deployment: Deployment, newId: NewId, { inputChars, tierAsked }: { inputChars: number; tierAsked: string | undefined }) {
    this.#deployment = deployment
    this.#newId = newId
    this.#inputChars = inputChars
    this.#tierAsked = tierAsked
    this.#model = deployment.upstreamModel
  }

  /** Undefined for parts that say nothing to clients. */
  read(part: SdkPart): ModelEvent[] {
    switch (part.type) {
      case "text-delta":
        return [...this.#beginAnswer(), ...this.#text("text-delta", part.delta)]
      case "reasoning-start":
        this.#metadata = { ...part.providerMetadata }
        return []
      case "reasoning-delta":
        this.#isReasoning = true
        Object.assign(this.#metadata, part.providerMetadata)
        return this.#text("reasoning-delta", part.delta)
      case "reasoning-end":
        return this.#endReasoning(part.providerMetadata)
      case "tool-input-start":
        return part.providerExecuted ? [] : [...this.#beginAnswer(), ...this.#startCall(part.id ?? "", part)]
      case "tool-input-delta":
        return this.#arguments(part.id ?? "", part.delta ?? "")
      case "tool-call":
        return part.providerExecuted ? [] : [...this.#beginAnswer(), ...this.#call(part)]
      case "file":
        return this.#image(part)
      case "response-metadata":
        if (part.modelId) this.#model = part.modelId
        return []
      case "finish":
        return [...this.#completed(), this.#finish(part)]
      case "error":
        throw sdkError(this.#deployment, part.error)
      default:
        return []
    }
  }

  readWhole({ content, finishReason, usage, response, providerMetadata }: SdkAnswer): ModelEvent[] {
    if (response?.modelId) this.#model = response.modelId
    const parts = content.flatMap((part): SdkPart[] => {
      if (part.type === "text") return [{ type: "text-delta", delta: part.text ?? "" }]
      if (part.type !== "reasoning") return [part]
      const { text = "", providerMetadata: ofPart } = part
      return [
        { type: "reasoning-delta", delta: text },
        { type: "reasoning-end", ...(ofPart ? { providerMetadata: ofPart } : {}) },
      ]
    })
    const finish: SdkPart = { type: "finish", finishReason, usage, ...(providerMetadata ? { providerMetadata } : {}) }
    return [...parts, finish].flatMap((part) => this.read(part))
  }

  /** The stream is over. */
  end(): void {
    if (!this.#hasFinished) throw streamEnded(this.#deployment)
  }

  #text(type: "text-delta" | "reasoning-delta", text: string | undefined): ModelEvent[] {
    if (text === undefined || text === "") return []
    this.#outputChars += text.length
    return [{ type, text }]
  }

  /** Some packages end the reasoning only after the answer has begun. */
  #beginAnswer(): ModelEvent[] {
    return this.#isReasoning ? this.#endReasoning(undefined) : []
  }

  #endReasoning(metadata: JsonObject | undefined): ModelEvent[] {
    const proof = signatureOf({ ...this.#metadata, ...metadata })
    const says = this.#isReasoning || proof.signature !== undefined
    this.#metadata = {}
    this.#isReasoning = false
    return says ? [{ type: "reasoning-ended", reasoning: { dialect: "ai-sdk", ...proof } }] : []
  }

  #startCall(id: string, { toolName = "", providerMetadata }: SdkPart): ModelEvent[] {
    const call = { index: this.#calls.size, hasArguments: false }
    this.#calls.set(id, call)
    const callId = id === "" ? this.#newId("call") : id
    return [{ type: "tool-call-started", index: call.index, callId, name: toolName, ...signatureOf(providerMetadata) }]
  }

  #arguments(id: string, text: string): ModelEvent[] {
    const call = this.#calls.get(id)
    if (!call || text === "") return []
    call.hasArguments = true
    this.#outputChars += text.length
    return [{ type: "tool-call-delta", index: call.index, arguments: text }]
  }

  /** The whole call comes after its pieces, or alone. */
  #call(part: SdkPart): ModelEvent[] {
    const id = part.toolCallId ?? ""
    const started = this.#calls.has(id) ? [] : this.#startCall(id, part)
    if (this.#calls.get(id)?.hasArguments) return started
    const text = typeof part.input === "string" ? part.input : JSON.stringify(part.input ?? {})
    return [...started, ...this.#arguments(id, text)]
  }

  #completed(): ModelEvent[] {
    return [...this.#calls.entries()].flatMap(([id, call]) => (call.hasArguments ? [] : this.#arguments(id, "{}")))
  }

  #image({ mediaType, data }: SdkPart): ModelEvent[] {
    const base64 = base64Of(isJsonObject(data) ? data["data"] : data)
    if (base64 === undefined || !mediaType?.startsWith("image/")) return []
    this.#images += 1
    return [{ type: "image", mediaType, data: base64 }]
  }

  #finish({ finishReason, usage, providerMetadata }: SdkPart): Finished {
    this.#hasFinished = true
    const told = isJsonObject(finishReason) ? finishReason["unified"] : finishReason
    if (told === "error") throw sdkError(this.#deployment, new Error("it ended its answer with an error"))
    const reason = reasonOf(told)
    const reported = usageOf(usage, providerMetadata) ?? estimatedUsage(this.#inputChars, this.#outputChars)
    if (this.#tierAsked !== undefined) reported.serviceTier ??= this.#tierAsked
    return {
      type: "finished",
      reason: this.#calls.size > 0 && reason === "stop" ? "tool_calls" : reason,
      usage: this.#images > 0 ? { ...reported, imageCount: this.#images } : reported,
      upstreamModel: this.#model,
    }
  }
}

function reasonOf(reason: JsonValue | undefined): Finished["reason"] {
  if (reason === "length") return "length"
  if (reason === "content-filter") return "content_filter"
  return reason === "tool-calls" ? "tool_calls" : "stop"
}

/** Goes back to the provider as it is, with the reasoning or the call that it belongs to. */
function signatureOf(metadata: JsonObject | undefined): { signature?: string } {
  return metadata && Object.keys(metadata).length > 0 ? { signature: JSON.stringify(metadata) } : {}
}

function base64Of(data: unknown): string | undefined {
  if (typeof data === "string") return data
  return data instanceof Uint8Array ? Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString("base64") : undefined
}
