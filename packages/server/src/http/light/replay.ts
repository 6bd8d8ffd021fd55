// Answers a call from the cache: the frames as they were sent, no faster than the client reads, or the one JSON body.
import { AppError } from "../../core/index.ts"
import { noUsage, type CacheHit } from "../../inference/index.ts"
import type { ClientDialect } from "./client-dialect.ts"
import type { ClientStream, Pausable } from "./client-stream.ts"
import type { LightCall } from "./light-call.ts"
import type { LightRunDependencies } from "./light-dependencies.ts"
import { refuse, told } from "./refuse.ts"
import { sendWhole } from "./whole-answer.ts"

export interface ReplayOptions {
  dependencies: Pick<LightRunDependencies, "logger">
  dialect: Pick<ClientDialect, "errorFrame" | "doneFrame">
  call: LightCall
  /** Of a streamed answer. */
  client: ClientStream | undefined
}

export class Replay implements Pausable {
  readonly #options: ReplayOptions
  readonly #frames: readonly Buffer[]
  #next = 0
  #paused = false

  constructor(options: ReplayOptions, { frames }: Pick<CacheHit, "frames">) {
    this.#options = options
    this.#frames = frames
    const { response } = options.call.hot
    response.on("close", () => {
      if (response.writableFinished) return
      options.call.settle("cancelled", 499, told(new AppError("client_closed_request", "the client closed the connection")))
    })
  }

  start(): void {
    const { call, client } = this.#options
    call.usage = noUsage
    call.sawFirstToken()
    this.#guarded(() => {
      if (!client) return sendWhole(call, this.#frames[0] ?? Buffer.alloc(0), (error) => this.fail(error))
      client.feedFrom(this)
      this.#send(client)
    })
  }

  pause(): void {
    this.#paused = true
  }

  resume(): void {
    this.#paused = false
    const { client } = this.#options
    if (client) this.#guarded(() => this.#send(client))
  }

  fail(error: unknown): void {
    const { dependencies, dialect, call, client } = this.#options
    const { hot } = call
    if (hot.response.destroyed) return
    if (!hot.response.headersSent) return refuse(dependencies, hot, call, error)
    const settle = (): void => call.settle("failed", hot.response.statusCode, told(error))
    if (client) client.fail(dialect.errorFrame(error, hot.requestId), settle)
    else settle()
  }

  #send(client: ClientStream): void {
    const { call, dialect } = this.#options
    client.join()
    while (!this.#paused && !client.ended && this.#next < this.#frames.length) {
      const frame = this.#frames[this.#next]
      this.#next += 1
      if (frame) client.write(frame)
    }
    if (this.#next < this.#frames.length || client.ended) return
    client.end(dialect.doneFrame, () => {
      call.responseBytes = client.sizeBytes
      call.settle("completed", 200)
    })
  }

  #guarded(work: () => void): void {
    try {
      work()
    } catch (error) {
      this.fail(error)
    }
  }
}
