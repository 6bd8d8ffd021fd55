// Takes an answer of any type to the client as it comes: pictures, sounds, JSON and events of endpoints that are passed on as they are.
import type { IncomingHttpHeaders } from "node:http"
import type { JsonObject } from "../../core/index.ts"
import { streamEnded, unreadable, type Deployment, type ModelUsage } from "../../inference/index.ts"
import type { Pausable } from "./client-stream.ts"
import type { Relay } from "./http-attempt.ts"
import type { LightCall } from "./light-call.ts"
import { parsedAnswer } from "./parsed-answer.ts"
import { extendTail } from "./usage-tail.ts"

export interface PassRelayOptions {
  call: LightCall
  deployment: Deployment
  /** Largest JSON answer that is held until it is complete. */
  heldBytesMax: number
  begins: () => void
  /** The answer is an event stream: it can be told an error when it has begun. */
  onStream: () => void
  /** What a whole JSON answer says of its usage. */
  usageOf: (answer: JsonObject) => ModelUsage | undefined
  /** What the end of a stream or of a large answer says of it. */
  usageInTail: (tail: Buffer) => ModelUsage | undefined
  /** What the request itself says is used, where the answer says nothing. */
  usageOfRequest: ModelUsage | undefined
}

/** The last event of a stream that ended well. */
const terminal = /"type"\s*:\s*"[\w.]*\.(?:completed|done)"|data:\s*\[DONE\]/
/** An event that is cut in the middle of a picture ends in its letters. */
const wholeEvent = /[\n}\]]\s*$/
/** The name of the last event is shorter than this, however it is written. */
const terminalBytesMax = 80
const passedHeaders = ["content-type", "content-disposition", "cache-control"] as const

export class PassRelay implements Relay {
  readonly #options: PassRelayOptions
  #kind: "json" | "events" | "bytes" = "bytes"
  #head: Record<string, string> = {}
  #held: Buffer[] = []
  #heldBytes = 0
  #tail: Buffer | undefined
  /** The last event has begun: what follows its name may be a whole picture, far more than the tail. */
  #sawTerminal = false
  #source: Pausable | undefined
  begun = false
  readonly complete = false

  constructor(options: PassRelayOptions) {
    this.#options = options
  }

  start(headers: IncomingHttpHeaders, controller: Pausable): void {
    this.#source = controller
    const type = headers["content-type"] ?? "application/octet-stream"
    if (type.startsWith("application/json")) this.#kind = "json"
    else if (type.startsWith("text/event-stream")) {
      this.#kind = "events"
      this.#options.onStream()
    }
    for (const name of passedHeaders) {
      const value = headers[name]
      if (value !== undefined) this.#head[name] = value
    }
  }

  data(chunk: Buffer): void {
    const { call, heldBytesMax } = this.#options
    if (this.begun) return this.#pass(chunk)
    this.#held.push(chunk)
    this.#heldBytes += chunk.length
    if (this.#kind === "json" && this.#heldBytes <= heldBytesMax) return
    this.#begin()
    call.sawFirstToken()
    for (const held of this.#held) this.#pass(held)
    this.#held = []
  }

  end(): void {
    const { call, deployment, usageInTail, usageOfRequest } = this.#options
    if (this.#kind === "json" && !this.begun) return this.#sendWhole()
    if (!this.begun) throw unreadable(deployment, "an empty answer")
    const tail = this.#tail ?? Buffer.alloc(0)
    if (this.#kind === "events" && !(this.#sawTerminal && wholeEvent.test(tail.toString("latin1")))) throw streamEnded(deployment)
    call.usage = usageInTail(tail) ?? usageOfRequest
    call.hot.response.end()
    call.settle("completed", 200)
  }

  #sendWhole(): void {
    const { call, deployment, usageOf, usageOfRequest } = this.#options
    const body = Buffer.concat(this.#held)
    const answer = parsedAnswer(deployment, body)
    this.#begin(() => {
      call.usage = usageOf(answer) ?? usageOfRequest
      const cost = call.costHeader()
      return { "content-length": String(body.length), ...(cost === undefined ? {} : { "x-perdure-cost-micro-usd": cost }) }
    })
    call.sawFirstToken()
    call.responseBytes = body.length
    call.hot.response.end(body)
    call.settle("completed", 200)
  }

  #begin(more: () => Record<string, string> = () => ({})): void {
    this.#options.begins()
    this.begun = true
    const headers = { ...this.#head, ...more() }
    this.#options.call.hot.response.writeHead(200, { ...this.#options.call.headers(), ...headers })
  }

  #pass(chunk: Buffer): void {
    const { call } = this.#options
    const { response } = call.hot
    if (this.#kind === "events" && !this.#sawTerminal) this.#look(chunk)
    this.#tail = extendTail(this.#tail, chunk)
    call.responseBytes += chunk.length
    if (response.write(chunk) || response.listenerCount("drain") > 1) return
    this.#source?.pause()
    response.once("drain", () => this.#source?.resume())
  }

  /** At what came, and at what it may be the end of. */
  #look(chunk: Buffer): void {
    const before = this.#tail?.subarray(-terminalBytesMax).toString("latin1") ?? ""
    this.#sawTerminal = terminal.test(before + chunk.toString("latin1"))
  }
}
