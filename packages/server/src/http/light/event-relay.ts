// Takes the answer of an upstream that speaks another dialect than the client: bytes in, model events, the client's frames out.
import type { IncomingHttpHeaders } from "node:http"
import { isJsonObject } from "../../core/index.ts"
import { unreadable, type Deployment, type ProviderReader } from "../../inference/index.ts"
import type { Pausable } from "./client-stream.ts"
import type { EventSink } from "./event-sink.ts"
import type { Relay } from "./http-attempt.ts"

export interface EventRelayOptions {
  deployment: Deployment
  reader: ProviderReader
  sink: EventSink
  /** Told which source to pause while the client reads slower than it gives. */
  feedFrom: (source: Pausable | undefined) => void
}

const wholeAnswerBytesMax = 32 * 1024 * 1024

export class EventRelay implements Relay {
  readonly #options: EventRelayOptions
  /** A JSON answer is collected. */
  #whole: Buffer[] | undefined
  #wholeBytes = 0
  #ended = false

  constructor(options: EventRelayOptions) {
    this.#options = options
  }

  get begun(): boolean {
    return this.#options.sink.begun
  }

  get complete(): boolean {
    return this.#ended || this.#options.reader.done
  }

  start(headers: IncomingHttpHeaders, controller: Pausable): void {
    const type = headers["content-type"] ?? "text/event-stream"
    if (type.startsWith("application/json")) this.#whole = []
    else if (!/^(?:text\/event-stream|application\/vnd\.amazon\.eventstream|application\/x-ndjson)/.test(type))
      throw unreadable(this.#options.deployment, `"${type.slice(0, 60)}" where an event stream or JSON was asked for`)
    this.#options.feedFrom(controller)
  }

  data(chunk: Buffer): void {
    if (this.#ended) return
    if (this.#whole) return this.#collect(chunk)
    const { reader, sink } = this.#options
    for (const event of reader.feed(chunk)) sink.take(event)
    if (reader.done) this.end()
  }

  end(): void {
    if (this.#ended) return
    const { reader, sink } = this.#options
    if (this.#whole) for (const event of reader.feedWhole(this.#parsed(this.#whole))) sink.take(event)
    for (const event of reader.end()) sink.take(event)
    this.#ended = true
    sink.finish()
  }

  #collect(chunk: Buffer): void {
    this.#wholeBytes += chunk.length
    if (this.#wholeBytes > wholeAnswerBytesMax)
      throw unreadable(this.#options.deployment, `a JSON answer of more than ${wholeAnswerBytesMax} bytes`)
    this.#whole?.push(chunk)
  }

  #parsed(chunks: readonly Buffer[]): Parameters<ProviderReader["feedWhole"]>[0] {
    let answer: unknown
    try {
      answer = JSON.parse(Buffer.concat(chunks).toString())
    } catch {
      throw unreadable(this.#options.deployment, "an answer that is not JSON")
    }
    if (!isJsonObject(answer)) throw unreadable(this.#options.deployment, "an answer that is not an object")
    return answer
  }
}
