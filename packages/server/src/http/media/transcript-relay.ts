// Takes a transcript to the client past the guards: held until it is complete, or event by event, in order, with the source paused while one is waited for.
import type { IncomingHttpHeaders } from "node:http"
import type { JsonObject } from "../../core/index.ts"
import { streamEnded, unreadable, type Deployment, type ModelUsage } from "../../inference/index.ts"
import type { GuardSession } from "../../security/index.ts"
import type { Pausable } from "../light/client-stream.ts"
import type { AttemptEnd } from "../light/forward.ts"
import type { Frame, FrameFilter } from "../light/frame-filter.ts"
import type { Relay } from "../light/http-attempt.ts"
import type { LightCall } from "../light/light-call.ts"
import { parsedAnswer } from "../light/parsed-answer.ts"
import { nextFrame, normalised, withoutCarriageReturns } from "../light/sse-frames.ts"
import { later, type MaybeLater } from "../light/text-channels.ts"
import { extendTail } from "../light/usage-tail.ts"
import { passText, transcriptTexts } from "./transcript-texts.ts"

export interface TranscriptRelayOptions {
  call: LightCall
  deployment: Deployment
  guards: GuardSession
  /** What is larger is refused: guards look at all of it, or at nothing. */
  heldBytesMax: number
  end: AttemptEnd
  onStream: () => void
  usageOf: (answer: JsonObject) => ModelUsage | undefined
  usageInTail: (tail: Buffer) => ModelUsage | undefined
}

const lastEvent = /"type"\s*:\s*"transcript\.text\.done"/

export class TranscriptRelay implements Relay {
  readonly #options: TranscriptRelayOptions
  readonly #filter: FrameFilter
  #contentType = "text/plain"
  #held: Buffer[] = []
  #heldBytes = 0
  #tail: Buffer | undefined
  #source: Pausable | undefined
  #waiting: Promise<void> | undefined
  #draining = false
  begun = false
  readonly complete = false

  constructor(options: TranscriptRelayOptions) {
    this.#options = options
    this.#filter = transcriptTexts.openFilter(({ json }) => options.guards.answerText({ json, isWhole: false }))
  }

  start(headers: IncomingHttpHeaders, controller: Pausable): void {
    this.#source = controller
    this.#contentType = headers["content-type"] ?? this.#contentType
    if (this.#isStream) this.#options.onStream()
  }

  get #isStream(): boolean {
    return this.#contentType.startsWith("text/event-stream")
  }

  data(chunk: Buffer): void {
    const { deployment, heldBytesMax } = this.#options
    this.#held.push(chunk)
    this.#heldBytes += chunk.length
    if (this.#isStream) this.#takeFrames()
    if (this.#heldBytes > heldBytesMax) throw unreadable(deployment, `more than ${heldBytesMax} bytes, which the guards cannot look at`)
  }

  end(): void {
    if (!this.#isStream) return this.#endWhole(Buffer.concat(this.#held))
    const { call, deployment, usageInTail } = this.#options
    const tail = this.#tail ?? Buffer.alloc(0)
    if (!lastEvent.test(tail.toString("latin1"))) throw streamEnded(deployment)
    this.#inOrder(
      () => this.#filter.end(),
      (frames) => {
        this.#send(frames)
        if (!this.begun) this.#begin({})
        call.usage = usageInTail(tail)
        call.hot.response.end()
        call.settle("completed", 200)
      },
    )
  }

  #endWhole(body: Buffer): void {
    const { call, guards, usageOf, deployment } = this.#options
    if (body.length === 0) throw unreadable(deployment, "an empty answer")
    const isJson = this.#contentType.startsWith("application/json")
    const answer = isJson ? parsedAnswer(deployment, body) : undefined
    const pass = (text: string): MaybeLater<string> => {
      const way = guards.answerText({ json: false, isWhole: true })
      return way ? later(way.push(text), (before) => later(way.end(), (rest) => before + rest)) : text
    }
    this.#inOrder(
      () => (isJson ? (call.care?.whole(body) ?? body) : later(passText(body.toString(), pass), (text) => Buffer.from(text))),
      (guarded) => {
        call.usage = answer && usageOf(answer)
        const cost = call.costHeader()
        call.responseBytes = guarded.length
        this.#begin({ "content-length": String(guarded.length), ...(cost === undefined ? {} : { "x-perdure-cost-micro-usd": cost }) })
        call.hot.response.end(guarded)
        call.settle("completed", 200)
      },
    )
  }

  #takeFrames(): void {
    let bytes = withoutCarriageReturns(Buffer.concat(this.#held))
    for (let end = nextFrame(bytes, 0); end >= 0; end = nextFrame(bytes, 0)) {
      const { frame } = normalised(bytes.subarray(0, end))
      bytes = bytes.subarray(end)
      if (!frame) continue
      this.#tail = extendTail(this.#tail, frame)
      this.#inOrder(
        () => this.#filter.take(frame),
        (frames) => this.#send(frames),
      )
    }
    this.#held = [bytes]
    this.#heldBytes = bytes.length
  }

  #send(frames: readonly Frame[]): void {
    const { call } = this.#options
    const { response } = call.hot
    for (const frame of frames) {
      if (!this.begun) this.#begin({ "cache-control": "no-cache" })
      call.responseBytes += Buffer.byteLength(frame)
      if (response.write(frame) || response.listenerCount("drain") > 1) continue
      this.#draining = true
      this.#source?.pause()
      response.once("drain", () => {
        this.#draining = false
        if (!this.#waiting) this.#source?.resume()
      })
    }
  }

  #begin(headers: Record<string, string>): void {
    const { call, end } = this.#options
    end.begins()
    this.begun = true
    call.sawFirstToken()
    call.hot.response.writeHead(200, { ...call.headers(), "content-type": this.#contentType, ...headers })
  }

  /** What is thrown at once fails the attempt by itself; what comes later is told it. */
  #inOrder<T>(work: () => MaybeLater<T>, then: (result: T) => void): void {
    const { call, end } = this.#options
    const result = this.#waiting ? this.#waiting.then(work) : work()
    if (!(result instanceof Promise)) return then(result)
    this.#source?.pause()
    const waiting: Promise<void> = result
      .then((each) => {
        if (!call.isSettled && !call.hot.response.destroyed) then(each)
      })
      .catch((error: unknown) => {
        if (!call.isSettled) end.failed(error)
      })
      .finally(() => {
        if (this.#waiting !== waiting) return
        this.#waiting = undefined
        if (!this.#draining) this.#source?.resume()
      })
    this.#waiting = waiting
  }
}
