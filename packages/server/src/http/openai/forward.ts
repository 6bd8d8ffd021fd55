// Sends one light run to its deployments, best first, until one answers; every way in which that can end is handled here.
//
//   attempt ─ onResponseStart 200 ─→ relay.start, data …, end ─→ settled "completed"
//      │            └ other status ─→ body collected ─→ failed
//      ├ transport error, time limit, relay threw ───────→ failed
//      └ client left (before, during, after the head) ───→ upstream aborted, settled "cancelled"
//   failed ─ nothing of it reached the client, retryable, another deployment ─→ next attempt
//      └ otherwise ─→ error answer (no head yet) or error frame (stream), settled "failed"
import type { IncomingHttpHeaders } from "node:http"
import type { Dispatcher } from "undici"
import { AppError, messageOf } from "../../core/index.ts"
import { errorOfStatus, errorOfTransport, UpstreamError, type Deployment, type ModelUsage } from "../../inference/index.ts"
import { sendError } from "../shell.ts"
import type { ForwardedBody } from "./chat-body.ts"
import { errorAnswer, errorFrameBody } from "./errors.ts"
import type { LightCall, LightRunDependencies } from "./light-call.ts"

/** Takes the 200 of one attempt to the client. All but `failed` may throw: that fails the attempt. */
export interface Relay {
  start(headers: IncomingHttpHeaders, controller: Dispatcher.DispatchController): void
  data(chunk: Buffer): void
  end(): void
  /** Something of this attempt has reached the client, so no other attempt may follow. */
  readonly begun: boolean
  /** The transport may break now without loss. */
  readonly complete: boolean
}

export interface ForwardOptions {
  dependencies: LightRunDependencies
  call: LightCall
  deployments: readonly Deployment[]
  /** Below the base URL: `/chat/completions`. */
  path: string
  body: ForwardedBody
  openRelay: (deployment: Deployment) => Relay
  /** Another body for the same deployment, where its refusal shows that it does not know something in this one; asked once. */
  amend?: (error: UpstreamError, deployment: Deployment) => ForwardedBody | undefined
  /** Ends an answer that has begun, with an error in its own form. */
  failBegun: (body: ReturnType<typeof errorFrameBody>) => void
}

const errorBodyBytesMax = 64 * 1024
const nothingUsed: ModelUsage = { inputTokens: 0, outputTokens: 0, cachedTokens: 0, reasoningTokens: 0, estimated: false }

export class Forward {
  readonly options: ForwardOptions
  #position = 0
  #attempt: Attempt | undefined
  #gone = false
  #body: ForwardedBody
  #amended = false

  constructor(options: ForwardOptions) {
    this.options = options
    this.#body = options.body
    const { response } = options.call.hot
    response.on("close", () => {
      if (!response.writableFinished) this.#clientLeft()
    })
  }

  start(): void {
    const deployment = this.options.deployments[this.#position]
    if (!deployment)
      return this.#answer(
        new AppError("model_not_found", `the model "${this.options.call.request.model}" has no deployment`, { param: "model" }),
      )
    const { call, dependencies, path } = this.options
    call.deployment = deployment
    this.#attempt = new Attempt(this, deployment, this.options.openRelay(deployment))
    try {
      const { pool, prefix, headers } = dependencies.upstreams.target(deployment)
      call.wasSent()
      pool.dispatch({ path: prefix + path, method: "POST", headers, body: this.#body.forUpstream(deployment.upstreamModel) }, this.#attempt)
    } catch (error) {
      this.failed(this.#attempt, error)
    }
  }

  /** The attempt cannot go on. */
  failed(attempt: Attempt, error: unknown): void {
    if (attempt.over || this.#gone) return
    attempt.stop(error)
    if (this.#amend(attempt, error)) return this.start()
    const another =
      error instanceof UpstreamError && error.retryable && !attempt.relay.begun && this.#position + 1 < this.options.deployments.length
    if (!another) return this.#answer(error)
    this.#position += 1
    this.start()
  }

  /** Fails the attempt under way from outside: a time limit. */
  failCurrent(error: UpstreamError): void {
    if (this.#attempt) this.failed(this.#attempt, error)
  }

  #amend(attempt: Attempt, error: unknown): boolean {
    const deployment = this.options.deployments[this.#position]
    if (this.#amended || attempt.relay.begun || !deployment || !(error instanceof UpstreamError)) return false
    const body = this.options.amend?.(error, deployment)
    if (!body) return false
    this.#amended = true
    this.#body = body
    return true
  }

  #answer(error: unknown): void {
    const { call, dependencies, failBegun } = this.options
    const { response, requestId } = call.hot
    if (!(error instanceof AppError)) dependencies.logger.error({ requestId, error }, "forwarding failed")
    const code =
      error instanceof UpstreamError ? (error.answer.code ?? error.code) : error instanceof AppError ? error.code : "server_error"
    const told = { code, message: error instanceof AppError ? messageOf(error) : "unexpected" }
    if (response.headersSent) {
      failBegun(errorFrameBody(error, requestId))
      call.settle("failed", response.statusCode, told)
    } else {
      const answer = errorAnswer(error, requestId)
      sendError(response, answer, call.headers())
      call.settle("failed", answer.status, told)
    }
  }

  #clientLeft(): void {
    this.#gone = true
    this.#attempt?.stop(new AppError("client_closed_request", "the client closed the connection"))
    this.options.call.settle("cancelled", 499, { code: "client_closed_request", message: "the client closed the connection" })
  }
}

/** undici's handler for one request; nothing that happens in it escapes into undici. */
export class Attempt implements Dispatcher.DispatchHandler {
  readonly relay: Relay
  /** Failed, left or ended: nothing more is taken from upstream. */
  over = false
  readonly #forward: Forward
  readonly #deployment: Deployment
  #controller: Dispatcher.DispatchController | undefined
  #stopReason: Error | undefined
  #refusal: { status: number; headers: IncomingHttpHeaders; chunks: Buffer[]; sizeBytes: number } | undefined

  constructor(forward: Forward, deployment: Deployment, relay: Relay) {
    this.#forward = forward
    this.#deployment = deployment
    this.relay = relay
  }

  stop(reason: unknown): void {
    this.over = true
    this.#stopReason = reason instanceof Error ? reason : new Error(messageOf(reason))
    this.#controller?.abort(this.#stopReason)
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller
    this.#forward.options.call.usage = undefined // of a refusal by another deployment
    // It was stopped while it waited for a connection.
    if (this.#stopReason) controller.abort(this.#stopReason)
  }

  onResponseStart(controller: Dispatcher.DispatchController, status: number, headers: IncomingHttpHeaders): void {
    if (status < 200 || this.over) return
    if (status === 200) this.#guarded(() => this.relay.start(headers, controller))
    else this.#refusal = { status, headers, chunks: [], sizeBytes: 0 }
  }

  onResponseData(_: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.over) return
    if (!this.#refusal) return this.#guarded(() => this.relay.data(chunk))
    if (this.#refusal.sizeBytes < errorBodyBytesMax) this.#refusal.chunks.push(chunk)
    this.#refusal.sizeBytes += chunk.length
  }

  onResponseEnd(): void {
    if (this.over) return
    if (this.#refusal) {
      const { status, headers, chunks } = this.#refusal
      this.#forward.options.call.usage = nothingUsed // nobody is billed for a refusal
      return this.#forward.failed(this, errorOfStatus(this.#deployment, status, Buffer.concat(chunks).toString(), headers))
    }
    this.#guarded(() => this.relay.end())
    this.over = true
  }

  onResponseError(_: Dispatcher.DispatchController, error: Error): void {
    if (this.over) return
    if (this.relay.complete) return this.onResponseEnd()
    this.#forward.failed(this, errorOfTransport(this.#deployment, error, this.#forward.options.dependencies.limits))
  }

  #guarded(work: () => void): void {
    try {
      work()
    } catch (error) {
      this.#forward.failed(this, error)
    }
  }
}
