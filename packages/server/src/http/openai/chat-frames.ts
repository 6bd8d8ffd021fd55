// The upstream's side of a streamed chat completion: bytes become whole frames, each looked at without parsing it.
import {
  errorInBody,
  errorTold,
  mayRunTools,
  streamEnded,
  tellsOfToolsRun,
  unreadable,
  usageOf,
  withTierTold,
  withToolsRun,
  type ModelUsage,
} from "../../inference/index.ts"
import { isJsonObject, sseData, type JsonObject } from "../../core/index.ts"
import type { Frames, FramesOptions } from "../light/client-dialect.ts"
import { nextFrame, normalised, OpenFrame, withoutCarriageReturns } from "../light/sse-frames.ts"
import { FrameKeys } from "./frame-keys.ts"

const quote = 34
const colon = 58
const openList = 91
const openObject = 123
const closeObject = 125
const space = 32

/**
 * Never gives the `[DONE]` itself, and the usage chunk only where it was asked for. Then there is one, the last, and all others say
 * `usage: null`, wherever the provider tells its usage.
 */
export class ChatFrames implements Frames {
  readonly #options: FramesOptions
  /** Of the frame that is looked at. */
  readonly #keys = new FrameKeys()
  readonly #open: OpenFrame
  #carriageReturns: boolean | undefined
  #usageFrame: Buffer | undefined
  /** The client has had the usage chunk. */
  #usageTold = false
  #finished = false
  /** Until the first content every frame is parsed, to tell what belongs to the head. */
  #contentSeen = false
  /** Whether frames are looked through for tools that the provider ran, and whether it ran any. */
  readonly #mayRunTools: boolean
  #toolsRan = false
  done = false

  constructor(options: FramesOptions) {
    this.#options = options
    this.#mayRunTools = mayRunTools(options.deployment)
    this.#open = new OpenFrame(options.deployment)
  }

  get usage(): ModelUsage | undefined {
    const chunk = this.#usageFrame && parse(this.#usageFrame)
    const usage = chunk && withTierTold(usageOf(chunk["usage"]), chunk["service_tier"])
    return usage && this.#toolsRan ? withToolsRun(usage) : usage
  }

  feed(chunk: Buffer): void {
    let bytes = this.#open.with(chunk)
    if (!bytes) return
    this.#carriageReturns ??= usesCarriageReturns(bytes)
    if (this.#carriageReturns) bytes = withoutCarriageReturns(bytes)
    let from = 0
    while (!this.done) {
      const end = plainFrame(bytes, from)
      if (end > 0) this.#frame(bytes.subarray(from, end))
      const next = end > 0 ? end : nextFrame(bytes, from)
      if (next < 0) break
      if (end < 0) this.#unusual(bytes.subarray(from, next))
      from = next
    }
    if (!this.done && from < bytes.length) this.#open.keep(bytes.subarray(from))
  }

  /** The transport has ended. Without `[DONE]` and without a finish reason that is a failure, however cleanly it closed. */
  end(): void {
    if (!this.#open.isEmpty && !this.done) this.feed(Buffer.from("\n\n"))
    if (!this.done && !this.#finished) throw streamEnded(this.#options.deployment)
    if (!this.done) this.#ended()
  }

  /** A broken connection after the finish reason has lost nothing. */
  get complete(): boolean {
    return this.done || this.#finished
  }

  #frame(frame: Buffer): void {
    const start = frame[5] === space ? 6 : 5
    if (frame[start] === openList) return this.#ended()
    if (frame[start] !== openObject || (frame[frame.length - 3] !== closeObject && !parse(frame))) {
      throw unreadable(this.#options.deployment, "an event that is not JSON")
    }
    const keys = this.#keys
    keys.find(frame)
    if (this.#mayRunTools && !this.#toolsRan) this.#toolsRan = tellsOfToolsRun(frame)
    if (keys.hasError) this.#failOnError(frame)
    if (!this.#finished && keys.afterFinish > 0 && firstByteOf(frame, keys.afterFinish) === quote) this.#finished = true
    const told = this.#withoutUsage(frame)
    if (told) this.#options.onFrame(told, this.#isContent(told))
  }

  #ended(): void {
    this.done = true
    const { usageAsked, onFrame } = this.#options
    if (usageAsked && this.#usageFrame && !this.#usageTold) onFrame(usageChunk(parse(this.#usageFrame) ?? {}), true)
  }

  /** Frames with other fields than one `data:` line. */
  #unusual(raw: Buffer): void {
    const { event, frame } = normalised(raw)
    if (event === "error" && frame) {
      const body = parse(frame)
      throw errorInBody(this.#options.deployment, body?.["error"] ?? body)
    }
    if (frame) this.#frame(frame)
  }

  #failOnError(frame: Buffer): void {
    const body = parse(frame)
    const error = body && errorTold(body)
    if (error !== undefined) throw errorInBody(this.#options.deployment, error)
  }

  /** Keeps the last usage; takes it out of what the client gets where it did not ask. Undefined when nothing is left of the frame. */
  #withoutUsage(frame: Buffer): Buffer | undefined {
    const { afterUsage } = this.#keys
    const { usageAsked } = this.#options
    if (afterUsage < 0) return usageAsked ? withUsageNull(frame) : frame
    if (firstByteOf(frame, afterUsage) !== openObject) return usageAsked ? frame : (cutUsageNull(frame) ?? frame)
    const { usage, ...rest } = parse(frame) ?? {}
    // The key may stand deeper down: in a provider's own member.
    if (isJsonObject(usage)) this.#usageFrame = frame
    else if (!usageAsked) return frame
    const { choices } = rest
    const isExtra = Array.isArray(choices) && choices.length === 0
    if (!usageAsked) return isExtra ? undefined : frameOf(rest)
    if (!isExtra || !this.#finished) return frameOf({ ...rest, usage: null })
    this.#usageTold = true
    return frame
  }

  #isContent(frame: Buffer): boolean {
    if (this.#contentSeen) return true
    const choices = parse(frame)?.["choices"]
    this.#contentSeen = Array.isArray(choices) && (choices as readonly unknown[]).some(hasContent)
    return this.#contentSeen
  }
}

function hasContent(choice: unknown): boolean {
  if (!isJsonObject(choice)) return false
  if (typeof choice["finish_reason"] === "string") return true
  // Of completions, which have no deltas.
  if (typeof choice["text"] === "string") return choice["text"] !== ""
  if (!isJsonObject(choice["delta"])) return false
  return Object.entries(choice["delta"]).some(
    ([key, value]) => key !== "role" && value !== null && value !== "" && !(Array.isArray(value) && value.length === 0),
  )
}

/** Index after a frame of one `data:` line and the blank one, or -1 for any other. One search for one byte: the common case. */
function plainFrame(bytes: Buffer, from: number): number {
  if (bytes[from] !== 100 || bytes[from + 1] !== 97 || bytes[from + 4] !== colon) return -1
  const lineEnd = bytes.indexOf(10, from)
  return lineEnd > 0 && bytes[lineEnd + 1] === 10 ? lineEnd + 2 : -1
}

/** The first byte of the value of the key that ends at `start`. */
function firstByteOf(frame: Buffer, start: number): number | undefined {
  let at = start
  while (frame[at] === colon || frame[at] === space) at += 1
  return frame[at]
}

const usageNull = Buffer.from(',"usage":null')

function withUsageNull(frame: Buffer): Buffer {
  const end = frame.lastIndexOf(closeObject)
  return Buffer.concat([frame.subarray(0, end), usageNull, frame.subarray(end)])
}

/** OpenAI's, of a chunk that told its usage beside something else. */
function usageChunk({ id, object, created, model, usage }: JsonObject): Buffer {
  return frameOf({ id, object, created, model, choices: [], usage })
}

function frameOf(chunk: JsonObject): Buffer {
  return Buffer.from(sseData(chunk))
}

function cutUsageNull(frame: Buffer): Buffer | undefined {
  const at = frame.indexOf(usageNull)
  return at < 0 ? undefined : Buffer.concat([frame.subarray(0, at), frame.subarray(at + usageNull.length)])
}

function parse(frame: Buffer): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(frame.toString("utf8", 5))
    return isJsonObject(value) ? value : undefined
  } catch {
    return undefined
  }
}

function usesCarriageReturns(bytes: Buffer): boolean | undefined {
  const lineEnd = bytes.indexOf(10)
  return lineEnd < 0 ? undefined : lineEnd > 0 && bytes[lineEnd - 1] === 13
}
