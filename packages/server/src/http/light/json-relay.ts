// Takes a JSON answer to the client: whole and with its cost in a header while it is small, as it comes when it is large.
import type { IncomingHttpHeaders } from "node:http"
import { unreadable, type Deployment, type ModelUsage } from "../../inference/index.ts"
import type { HotResponse } from "../hot-exchange.ts"
import type { Relay } from "./http-attempt.ts"
import type { LightCall } from "./light-call.ts"
import type { AttemptEnd } from "./forward.ts"
import { parsedAnswer } from "./parsed-answer.ts"
import { saysFiltered } from "./says-filtered.ts"
import { sendWhole } from "./whole-answer.ts"
import { extendTail } from "./usage-tail.ts"
import type { Pausable } from "./client-stream.ts"

export interface JsonRelayOptions {
  call: LightCall
  deployment: Deployment
  /** Largest answer that is held until it is complete; larger ones pass as they come, unless all of it must be there. */
  heldBytesMax: number
  mustBeWhole?: boolean
  /** What the end of the answer says of its usage. */
  usageIn: (tail: Buffer) => ModelUsage | undefined
  /** Changes a held answer before it goes out; gets the answer as sent. */
  change?: (body: Buffer) => Buffer
  /** Told before the first of it goes to the client, and of what was refused after a wait. */
  end: AttemptEnd
}

const errorStart = /^\s*\{\s*"error"\s*:/
const openObject = 123
const closeObject = 125
const quote = 34
const letterE = 101

export class JsonRelay implements Relay {
  readonly #options: JsonRelayOptions
  readonly #response: HotResponse
  #source: Pausable | undefined
  #held: Buffer[] = []
  #heldBytes = 0
  #tail: Buffer | undefined
  begun = false
  readonly complete = false

  constructor(options: JsonRelayOptions) {
    this.#options = options
    this.#response = options.call.hot.response
  }

  start(_: IncomingHttpHeaders, controller: Pausable): void {
    this.#source = controller
  }

  data(chunk: Buffer): void {
    if (this.begun) return this.#pass(chunk)
    this.#held.push(chunk)
    this.#heldBytes += chunk.length
    if (this.#heldBytes > this.#options.heldBytesMax) this.#release()
  }

  end(): void {
    const { call } = this.#options
    if (!this.begun) return this.#sendWhole()
    call.usage = this.#tail && this.#options.usageIn(this.#tail)
    this.#response.end()
    call.settle("completed", 200)
  }

  #sendWhole(): void {
    const { call, change, end } = this.#options
    const [first] = this.#held
    const received = this.#held.length === 1 && first ? first : Buffer.concat(this.#held)
    this.#check(received)
    const body = change ? change(received) : received
    const usage = this.#options.usageIn(body)
    if (end.hasContentFallback && saysFiltered(received)) throw call.filtered(this.#options.deployment, usage)
    // Usage stands near the end: with it, and a closed object, nothing is missing.
    if (!usage || lastByte(body) !== closeObject) parsedAnswer(this.#options.deployment, received)
    // Not before: an error in a 200 is no answer of a deployment on trial.
    call.sawFirstToken()
    end.begins()
    call.usage = usage
    this.begun = true
    sendWhole(call, body, (error) => end.failed(error))
  }

  /** An answer that is not JSON, or an error under a 200. */
  #check(body: Buffer): void {
    // As nearly all begin: with another member than an error.
    if (body[0] === openObject && body[1] === quote && body[2] !== letterE) return
    const { deployment } = this.#options
    const start = body.toString("latin1", 0, 100)
    if (body[0] !== openObject && start.trimStart()[0] !== "{") throw unreadable(deployment, "an answer that is not a JSON object")
    if (errorStart.test(start)) parsedAnswer(deployment, body)
  }

  #release(): void {
    const { deployment, heldBytesMax, mustBeWhole } = this.#options
    if (mustBeWhole) throw unreadable(deployment, `an answer of more than ${heldBytesMax} bytes, which the guards cannot look at`)
    this.#check(this.#held[0] ?? Buffer.alloc(0))
    this.#options.call.sawFirstToken()
    this.#options.end.begins()
    this.begun = true
    this.#response.writeHead(200, { ...this.#options.call.headers(), "content-type": "application/json" })
    for (const chunk of this.#held) this.#pass(chunk)
    this.#held = []
  }

  #pass(chunk: Buffer): void {
    this.#tail = extendTail(this.#tail, chunk)
    this.#options.call.responseBytes += chunk.length
    if (this.#response.write(chunk) || this.#response.listenerCount("drain") > 1) return
    this.#source?.pause()
    this.#response.once("drain", () => this.#source?.resume())
  }
}

/** That is no white space. */
function lastByte(body: Buffer): number | undefined {
  let at = body.length - 1
  while (at > 0 && (body[at] ?? 0) <= 32) at -= 1
  return body[at]
}
