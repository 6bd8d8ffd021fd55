// What of a streamed answer has reached the client, kept only where another deployment may go on with it when it breaks off.
import type { NewId } from "../../core/index.ts"
import { dialectOf, type Deployment, type ModelEvent } from "../../inference/index.ts"
import type { ClientDialect, RenderOptions } from "./client-dialect.ts"

export interface Continued {
  /** The text that stands already. */
  text: string
  /** Renders what follows as if the same answer went on. */
  render: (event: ModelEvent) => string[]
}

export interface TranscriptOptions {
  dialect: ClientDialect
  newId: NewId
  sizeBytesMax: number
  /** Of answers that are made here. */
  render: RenderOptions
}

export class Transcript {
  readonly #options: TranscriptOptions
  /** Frames that were passed on as they came, of that deployment. */
  #frames: { deployment: Deployment; all: Buffer[] } | undefined
  #events: ModelEvent[] = []
  #identity: RenderOptions
  #sizeBytes = 0

  constructor(options: TranscriptOptions) {
    this.#options = options
    this.#identity = options.render
  }

  passed(deployment: Deployment, frame: Buffer): void {
    this.#frames ??= { deployment, all: [] }
    this.#sizeBytes += frame.length
    if (this.#sizeBytes <= this.#options.sizeBytesMax) this.#frames.all.push(frame)
  }

  rendered(event: ModelEvent): void {
    if ("text" in event) this.#sizeBytes += event.text.length
    if (this.#sizeBytes <= this.#options.sizeBytesMax) this.#events.push(event)
  }

  /**
   * How to go on; undefined where that would not be the same answer: nothing was said yet, a tool call has begun, reasoning was
   * signed, or there was too much to remember.
   */
  continued(): Continued | undefined {
    if (this.#sizeBytes > this.#options.sizeBytesMax || !this.#read()) return undefined
    const text = this.#events.map((event) => (event.type === "text-delta" ? event.text : "")).join("")
    if (text === "" || this.#events.some(isFinal)) return undefined
    const render = this.#options.dialect.chunks(this.#identity)
    for (const event of this.#events) render(event)
    return { text, render }
  }

  /** Frames become events, so that one renderer stands where the upstream broke off. */
  #read(): boolean {
    const frames = this.#frames
    if (!frames) return true
    const { dialect, newId, render } = this.#options
    const [first] = frames.all
    const identity = first && dialect.identityOf(first)
    const last = frames.all.at(-1)
    if (!identity || (last && dialect.closesBlock(last))) return false
    const reader = dialectOf(frames.deployment).openReader({ deployment: frames.deployment, newId, inputChars: 0 })
    for (const frame of frames.all) this.#events.push(...reader.feed(frame))
    this.#identity = { ...render, ...identity }
    this.#frames = undefined
    return true
  }
}

/** After these another model cannot take the answer over. */
function isFinal(event: ModelEvent): boolean {
  return (
    event.type === "tool-call-started" || event.type === "reasoning-ended" || event.type === "refusal-delta" || event.type === "finished"
  )
}
