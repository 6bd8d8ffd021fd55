// One try whose whole answer is made here, from a model of this process or from a provider that speaks another dialect.
import { AppError, type JsonObject } from "../../core/index.ts"
import type { ModelUsage } from "../../inference/index.ts"
import type { Attempt, AttemptEnd } from "./forward.ts"
import type { LightCall } from "./light-call.ts"

export interface MadeAnswer {
  answer: JsonObject
  usage: ModelUsage
  headers?: Readonly<Record<string, string>>
}

export class AnswerAttempt implements Attempt {
  readonly #call: LightCall
  readonly #end: AttemptEnd
  readonly #make: (signal: AbortSignal) => Promise<MadeAnswer>
  readonly #stopped = new AbortController()
  over = false
  begun = false

  constructor(call: LightCall, end: AttemptEnd, make: (signal: AbortSignal) => Promise<MadeAnswer>) {
    this.#call = call
    this.#end = end
    this.#make = make
  }

  start(): void {
    void this.#make(this.#stopped.signal)
      .then((made) => this.#answer(made))
      .catch((error: unknown) => this.#end.failed(error))
  }

  stop(reason: unknown): void {
    this.over = true
    this.#stopped.abort(reason instanceof Error ? reason : new AppError("cancelled", "the call was stopped"))
  }

  #answer({ answer, usage, headers: more }: MadeAnswer): void {
    if (this.over) return
    this.over = true
    this.#end.begins()
    this.begun = true
    const call = this.#call
    call.usage = usage
    call.sawFirstToken()
    const body = Buffer.from(JSON.stringify(answer))
    call.responseBytes = body.length
    call.care?.keepWhole(body)
    const cost = call.costHeader()
    const headers = { ...call.headers(), ...more, "content-type": "application/json", "content-length": String(call.responseBytes) }
    call.hot.response.writeHead(200, cost === undefined ? headers : { ...headers, "x-perdure-cost-micro-usd": cost }).end(body)
    call.settle("completed", 200)
  }
}
