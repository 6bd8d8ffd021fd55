// Takes an upstream's stream to the client, frame by frame; the head waits until there is content or the hold-back runs out.
import type { IncomingHttpHeaders } from "node:http"
import { isJsonObject, type NewId } from "../../core/index.ts"
import { eventsOfCompletion, unreadable, type Deployment } from "../../inference/index.ts"
import { ChatFrames } from "./chat-frames.ts"
import { chatChunks } from "./chat-render.ts"
import type { ClientStream, Pausable } from "./client-stream.ts"
import type { Relay } from "./forward.ts"
import type { LightCall } from "./light-call.ts"

export interface StreamRelayOptions {
  call: LightCall
  client: ClientStream
  deployment: Deployment
  usageAsked: boolean
  newId: NewId
}

const wholeAnswerBytesMax = 8 * 1024 * 1024

export class StreamRelay implements Relay {
  readonly #options: StreamRelayOptions
  readonly #frames: ChatFrames
  /** Frames before the first content: the role and the like. */
  #held: Buffer[] = []
  /** A provider that does not stream: its answer is collected and sent as chunks. */
  #whole: Buffer[] | undefined
  #wholeBytes = 0
  begun = false

  constructor(options: StreamRelayOptions) {
    this.#options = options
    const { deployment, usageAsked } = options
    this.#frames = new ChatFrames({ deployment, usageAsked, onFrame: (frame, content) => this.#frame(frame, content) })
  }

  get complete(): boolean {
    return this.#frames.complete
  }

  start(headers: IncomingHttpHeaders, controller: Pausable): void {
    const type = headers["content-type"] ?? "text/event-stream"
    if (type.startsWith("application/json")) this.#whole = []
    else if (!type.startsWith("text/event-stream"))
      throw unreadable(this.#options.deployment, `"${type.slice(0, 60)}" where an event stream was asked for`)
    this.#options.client.feedFrom(controller)
  }

  data(chunk: Buffer): void {
    if (this.#options.client.ended) return
    if (this.#whole) return this.#collect(chunk)
    this.#frames.feed(chunk)
    if (this.#frames.done) this.#finish()
  }

  end(): void {
    if (this.#options.client.ended) return
    if (this.#whole) this.#sendWhole(this.#whole)
    else {
      this.#frames.end()
      this.#finish()
    }
  }

  #frame(frame: Buffer, content: boolean): void {
    const { call, client } = this.#options
    if (content) {
      call.sawFirstToken()
      call.outputTokensSeen += 1
    } else if (!this.begun) {
      this.#held.push(frame)
      return
    }
    if (!this.begun) this.#release()
    client.write(frame)
    call.responseBytes = client.sizeBytes
  }

  #release(): void {
    this.begun = true
    for (const frame of this.#held) this.#options.client.write(frame)
    this.#held = []
  }

  #finish(): void {
    const { call, client } = this.#options
    if (!this.begun) this.#release()
    call.usage = this.#frames.usage
    client.done()
    call.responseBytes = client.sizeBytes
    call.settle("completed", 200)
  }

  #collect(chunk: Buffer): void {
    this.#wholeBytes += chunk.length
    if (this.#wholeBytes > wholeAnswerBytesMax)
      throw unreadable(this.#options.deployment, `a JSON answer of more than ${wholeAnswerBytesMax} bytes`)
    this.#whole?.push(chunk)
  }

  #sendWhole(chunks: readonly Buffer[]): void {
    const { call, client, deployment, newId, usageAsked } = this.#options
    let completion: unknown
    try {
      completion = JSON.parse(Buffer.concat(chunks).toString())
    } catch {
      throw unreadable(deployment, "an answer that is neither an event stream nor JSON")
    }
    if (!isJsonObject(completion)) throw unreadable(deployment, "an answer that is not an object")
    const events = eventsOfCompletion(deployment, completion, newId)
    const render = chatChunks({ id: call.completionId, createdAt: call.hot.startedAtEpochMs, model: deployment.upstreamModel, usageAsked })
    call.sawFirstToken()
    this.begun = true
    for (const event of events) {
      if (event.type === "finished") call.usage = event.usage
      for (const frame of render(event)) client.write(frame)
    }
    client.done()
    call.responseBytes = client.sizeBytes
    call.settle("completed", 200)
  }
}
