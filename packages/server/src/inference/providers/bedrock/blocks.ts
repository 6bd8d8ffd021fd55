// The content blocks of a Converse answer as model events, from their deltas or whole.
import { isJsonObject, type JsonObject, type JsonValue } from "../../../core/index.ts"
import type { FoundEvents } from "../found-events.ts"

/** A tool of ours that stands for the answer itself, where a model knows structured output in no other way. */
export const answerTool = "perdure_answer"

interface OpenBlock {
  /** The call's position, `answer` for the tool above; absent in other blocks. */
  call?: number | "answer"
  hasArguments: boolean
  isReasoning: boolean
  signature: string
  redacted: string
  image?: { format: string; data: string }
}

export class BlockReader {
  calls = 0
  images = 0
  outputChars = 0
  readonly #open = new Map<number, OpenBlock>()
  readonly #events: FoundEvents

  constructor(events: FoundEvents) {
    this.#events = events
  }

  event(type: string, data: JsonObject): void {
    const index = typeof data["contentBlockIndex"] === "number" ? data["contentBlockIndex"] : 0
    if (type === "contentBlockStart" && isJsonObject(data["start"])) this.#start(index, data["start"])
    if (type === "contentBlockDelta" && isJsonObject(data["delta"])) this.#delta(this.#block(index), data["delta"])
    if (type === "contentBlockStop") this.#stop(index)
  }

  /** A block of an answer that was not streamed. */
  whole(index: number, block: JsonObject): void {
    const { toolUse, reasoningContent: reasoning, image } = block
    if (isJsonObject(toolUse)) {
      this.#start(index, { toolUse })
      this.#delta(this.#block(index), { toolUse: { input: JSON.stringify(toolUse["input"] ?? {}) } })
    } else if (isJsonObject(reasoning)) {
      const text = isJsonObject(reasoning["reasoningText"]) ? reasoning["reasoningText"] : {}
      this.#delta(this.#block(index), { reasoningContent: { ...text, redactedContent: reasoning["redactedContent"] } })
    } else if (isJsonObject(image)) {
      this.#start(index, { image })
      this.#delta(this.#block(index), { image })
    } else this.#delta(this.#block(index), block)
    this.#stop(index)
  }

  /** Blocks that nobody closed. */
  end(): void {
    for (const index of this.#open.keys()) this.#stop(index)
  }

  /** Text and reasoning begin without a start. */
  #block(index: number): OpenBlock {
    const known = this.#open.get(index)
    if (known) return known
    const block: OpenBlock = { hasArguments: false, isReasoning: false, signature: "", redacted: "" }
    this.#open.set(index, block)
    return block
  }

  #start(index: number, { toolUse, image }: JsonObject): void {
    const block = this.#block(index)
    if (isJsonObject(image)) block.image = { format: textOf(image["format"]) || "png", data: "" }
    if (!isJsonObject(toolUse)) return
    const name = textOf(toolUse["name"])
    if (name === answerTool) {
      block.call = "answer"
      return
    }
    block.call = this.calls++
    this.#events.push({ type: "tool-call-started", index: block.call, callId: textOf(toolUse["toolUseId"]), name })
  }

  #delta(block: OpenBlock, { text, toolUse, reasoningContent: reasoning, image }: JsonObject): void {
    this.#text("text-delta", text)
    if (isJsonObject(toolUse)) this.#arguments(block, textOf(toolUse["input"]))
    if (isJsonObject(image) && block.image && isJsonObject(image["source"])) block.image.data += textOf(image["source"]["bytes"])
    if (!isJsonObject(reasoning)) return
    block.isReasoning = true
    block.signature += textOf(reasoning["signature"])
    block.redacted += textOf(reasoning["redactedContent"])
    this.#text("reasoning-delta", reasoning["text"])
  }

  #arguments(block: OpenBlock, text: string): void {
    if (text === "" || block.call === undefined) return
    block.hasArguments = true
    if (block.call === "answer") this.#text("text-delta", text)
    else {
      this.outputChars += text.length
      this.#events.push({ type: "tool-call-delta", index: block.call, arguments: text })
    }
  }

  #stop(index: number): void {
    const block = this.#open.get(index)
    if (!block) return
    this.#open.delete(index)
    if (typeof block.call === "number" && !block.hasArguments)
      this.#events.push({ type: "tool-call-delta", index: block.call, arguments: "{}" })
    if (block.image && block.image.data !== "") {
      this.images++
      this.#events.push({ type: "image", mediaType: `image/${block.image.format}`, data: block.image.data })
    }
    if (block.isReasoning) this.#events.push({ type: "reasoning-ended", reasoning: { ...proofOf(block), dialect: "bedrock-converse" } })
  }

  #text(type: "text-delta" | "reasoning-delta", text: JsonValue | undefined): void {
    if (typeof text !== "string" || text === "") return
    this.outputChars += text.length
    this.#events.push({ type, text })
  }
}

function proofOf({ signature, redacted }: OpenBlock): { signature?: string; data?: string } {
  if (redacted !== "") return { data: redacted }
  return signature === "" ? {} : { signature }
}

function textOf(value: JsonValue | undefined): string {
  return typeof value === "string" ? value : ""
}
