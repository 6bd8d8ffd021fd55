// Passes an upstream's stream to a client of the same dialect, frame by frame; the head waits until there is content or the hold-back runs out.
import type { IncomingHttpHeaders } from "node:http"
import { unreadable, type Deployment, type Envelope, type UnwrapStream } from "../../inference/index.ts"
import type { ClientDialect, Frames } from "./client-dialect.ts"
import type { ClientStream, Pausable } from "./client-stream.ts"
import type { AttemptEnd } from "./forward.ts"
import type { ForwardedBody } from "./forwarded-body.ts"
import type { Relay } from "./http-attempt.ts"
import type { LightCall } from "./light-call.ts"
import { saysFiltered } from "./says-filtered.ts"
import type { Transcript } from "./transcript.ts"

export interface StreamRelayOptions {
  call: LightCall
  client: ClientStream
  dialect: ClientDialect
  deployment: Deployment
  /** How the stream of the dialect comes inside another. */
  wrapped: Envelope["wrappedStream"]
  /** What it answers. */
  body: ForwardedBody
  /** Takes the answer of a provider that does not stream. */
  openWhole: () => Relay
  /** Told before the first of it goes to the client. */
  end: Pick<AttemptEnd, "begins" | "hasContentFallback">
  transcript: Transcript | undefined
}

export class StreamRelay implements Relay {
  readonly #options: StreamRelayOptions
  readonly #frames: Frames
  /** Frames before the first content: the role and the like. */
  #held: Buffer[] = []
  #whole: Relay | undefined
  #unwrap: UnwrapStream | undefined
  #begun = false
  /** A filter ended it before any content, and another model may answer. */
  #filtered = false

  constructor(options: StreamRelayOptions) {
    this.#options = options
    const { dialect, deployment, body } = options
    this.#frames = dialect.openFrames({ deployment, usageAsked: body.usageAsked, onFrame: (frame, content) => this.#frame(frame, content) })
  }

  get begun(): boolean {
    return this.#begun || this.#whole?.begun === true
  }

  get complete(): boolean {
    return this.#frames.complete
  }

  start(headers: IncomingHttpHeaders, controller: Pausable): void {
    const type = headers["content-type"] ?? "text/event-stream"
    if (type.startsWith("application/json")) {
      this.#whole = this.#options.openWhole()
      return this.#whole.start(headers, controller)
    }
    const { deployment, wrapped } = this.#options
    if (wrapped && type.startsWith(wrapped.type)) this.#unwrap = wrapped.open(deployment)
    else if (!type.startsWith("text/event-stream"))
      throw unreadable(deployment, `"${type.slice(0, 60)}" where an event stream was asked for`)
    this.#options.client.feedFrom(controller)
  }

  data(chunk: Buffer): void {
    const { client } = this.#options
    if (client.ended) return
    if (this.#whole) return this.#whole.data(chunk)
    client.gather()
    try {
      this.#feed(chunk)
      if (this.#frames.done) this.#finish()
    } finally {
      client.release()
    }
  }

  end(): void {
    if (this.#options.client.ended) return
    if (this.#whole) return this.#whole.end()
    this.#frames.end()
    this.#finish()
  }

  #feed(chunk: Buffer): void {
    if (!this.#unwrap) return this.#frames.feed(chunk)
    for (const inner of this.#unwrap.feed(chunk)) {
      this.#frames.feed(inner)
      if (this.#frames.done) return
    }
  }

  #frame(frame: Buffer, content: boolean): void {
    const { call, client, end } = this.#options
    this.#filtered ||= !this.#begun && content && end.hasContentFallback && saysFiltered(frame)
    if (this.#filtered) {
      this.#held.push(frame)
      return
    }
    if (content) {
      if (!this.#begun) this.#release()
      call.sawFirstToken()
      call.outputTokensSeen += 1
    } else if (!this.#begun) {
      this.#held.push(frame)
      return
    }
    this.#write(frame)
    call.responseBytes = client.sizeBytes
  }

  #write(frame: Buffer): void {
    this.#options.client.write(frame)
    this.#options.transcript?.passed(this.#options.deployment, frame)
  }

  #release(): void {
    this.#options.end.begins()
    this.#begun = true
    for (const frame of this.#held) this.#write(frame)
    this.#held = []
  }

  #finish(): void {
    const { call, client, dialect, deployment, body } = this.#options
    if (!this.#begun) {
      if (this.#filtered) throw call.filtered(deployment, this.#frames.usage)
      this.#release()
    }
    const { usage } = this.#frames
    call.usage = usage && dialect.charged ? dialect.charged(usage, body) : usage
    client.end(dialect.doneFrame, () => {
      call.responseBytes = client.sizeBytes
      call.settle("completed", 200)
    })
  }
}
