// The upstream's side of a streamed message that is passed on: bytes become whole events, most of them looked at without parsing.
import { isJsonObject, type JsonObject } from "../../core/index.ts"
import { anthropicUsageOf, errorInBody, streamEnded, unreadable, type ModelUsage } from "../../inference/index.ts"
import type { Frames, FramesOptions } from "../light/client-dialect.ts"
import { nextFrame, normalised, OpenFrame, withoutCarriageReturns } from "../light/sse-frames.ts"

/** Events that are only the head of an answer: a failure after them can still be a status. */
const heads = new Set(["message_start", "ping", "content_block_start", "content_block_stop"])

export class MessageFrames implements Frames {
  readonly #options: FramesOptions
  readonly #open: OpenFrame
  #carriageReturns: boolean | undefined
  /** Fields of `message_start` and `message_delta`, the later over the earlier: usage is cumulative. */
  #usage: JsonObject = {}
  #hasContainer = false
  #stopped = false
  done = false

  constructor(options: FramesOptions) {
    this.#options = options
    this.#open = new OpenFrame(options.deployment)
  }

  get complete(): boolean {
    return this.done || this.#stopped
  }

  get usage(): ModelUsage | undefined {
    return anthropicUsageOf(this.#usage, this.#hasContainer)
  }

  feed(chunk: Buffer): void {
    let bytes = this.#open.with(chunk)
    if (!bytes) return
    this.#carriageReturns ??= usesCarriageReturns(bytes)
    if (this.#carriageReturns) bytes = withoutCarriageReturns(bytes)
    let from = 0
    while (!this.done) {
      const next = nextFrame(bytes, from)
      if (next < 0) break
      this.#frame(bytes.subarray(from, next))
      from = next
    }
    if (!this.done && from < bytes.length) this.#open.keep(bytes.subarray(from))
  }

  end(): void {
    if (!this.#open.isEmpty && !this.done) this.feed(Buffer.from("\n\n"))
    if (!this.done && !this.#stopped) throw streamEnded(this.#options.deployment)
    this.done = true
  }

  #frame(raw: Buffer): void {
    const plain = plainEvent(raw)
    const event = plain ?? normalised(raw).event
    const frame = plain === undefined ? rebuilt(raw) : raw
    if (!frame) return
    const type = event ?? typeOf(frame)
    if (type === undefined) throw unreadable(this.#options.deployment, "an event that is not JSON")
    if (type === "error") throw this.#failure(frame)
    if (type === "message_start" || type === "message_delta") this.#count(type, frame)
    this.#options.onFrame(event === undefined ? named(type, frame) : frame, !heads.has(type) || isToolStart(type, frame))
    this.done = type === "message_stop"
  }

  #failure(frame: Buffer): Error {
    const body = dataOf(frame)
    return errorInBody(this.#options.deployment, body?.["error"] ?? body)
  }

  #count(type: string, frame: Buffer): void {
    const data = dataOf(frame)
    if (!data) throw unreadable(this.#options.deployment, "an event that is not JSON")
    const message = isJsonObject(data["message"]) ? data["message"] : {}
    const usage = type === "message_start" ? message["usage"] : data["usage"]
    if (isJsonObject(usage))
      this.#usage = { ...this.#usage, ...Object.fromEntries(Object.entries(usage).filter(([, value]) => value !== null)) }
    const delta = isJsonObject(data["delta"]) ? data["delta"] : {}
    this.#hasContainer ||= isJsonObject(message["container"]) || isJsonObject(delta["container"])
    if (type === "message_delta" && typeof delta["stop_reason"] === "string") this.#stopped = true
  }
}

/** Of the frame of `message_start`. Anthropic tells no time. */
export function identityOfMessage(frame: Buffer): { id: string; createdAt: number; model: string } | undefined {
  const message = dataOf(frame)?.["message"]
  if (!isJsonObject(message)) return undefined
  const { id, model } = message
  return typeof id === "string" && typeof model === "string" ? { id, createdAt: 0, model } : undefined
}

const eventField = Buffer.from("event: ")
const dataField = Buffer.from("data: ")
const lineFeed = 10

/** The name in a frame of exactly an `event:` line, a `data:` line and the blank one: the common case. */
function plainEvent(frame: Buffer): string | undefined {
  if (frame.compare(eventField, 0, eventField.length, 0, eventField.length) !== 0) return undefined
  const lineEnd = frame.indexOf(lineFeed)
  const data = lineEnd + 1
  if (frame.compare(dataField, 0, dataField.length, data, data + dataField.length) !== 0) return undefined
  return frame.indexOf(lineFeed, data) === frame.length - 2 ? frame.toString("latin1", eventField.length, lineEnd) : undefined
}

/** Comments vanish, several data lines become one; a name that is there stays. */
function rebuilt(raw: Buffer): Buffer | undefined {
  const { event, frame } = normalised(raw)
  return frame && event !== undefined ? named(event, frame) : frame
}

function named(event: string, frame: Buffer): Buffer {
  return Buffer.concat([eventField, Buffer.from(event), Buffer.from("\n"), frame])
}

function isToolStart(type: string, frame: Buffer): boolean {
  return type === "content_block_start" && frame.includes('"tool_use"')
}

function typeOf(frame: Buffer): string | undefined {
  const type = dataOf(frame)?.["type"]
  return typeof type === "string" ? type : undefined
}

function dataOf(frame: Buffer): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(frame.toString("utf8", frame.indexOf("data:") + 5))
    return isJsonObject(value) ? value : undefined
  } catch {
    return undefined
  }
}

function usesCarriageReturns(bytes: Buffer): boolean | undefined {
  const lineEnd = bytes.indexOf(lineFeed)
  return lineEnd < 0 ? undefined : lineEnd > 0 && bytes[lineEnd - 1] === 13
}
