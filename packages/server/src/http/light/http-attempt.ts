// One try on a deployment behind HTTP: undici's handler for the request; nothing that happens in it escapes into undici.
import type { IncomingHttpHeaders } from "node:http"
import type { Dispatcher } from "undici"
import { messageOf } from "../../core/index.ts"
import { noUsage, errorOfStatus, errorOfTransport, refusesSignature, type Deployment, type UpstreamTarget } from "../../inference/index.ts"
import { joined, sizeOf, type SentBody } from "./body-bytes.ts"
import type { Pausable } from "./client-stream.ts"
import type { Attempt, AttemptEnd } from "./forward.ts"
import type { LightCall } from "./light-call.ts"
import type { LightRunDependencies } from "./light-dependencies.ts"

/** Takes the 200 of one attempt to the client. All but `begun` and `complete` may throw: that fails the attempt. */
export interface Relay {
  start(headers: IncomingHttpHeaders, controller: Pausable): void
  data(chunk: Buffer): void
  end(): void
  readonly begun: boolean
  /** The transport may break now without loss. */
  readonly complete: boolean
}

export interface HttpAttemptOptions {
  dependencies: Pick<LightRunDependencies, "upstreams" | "limits">
  call: LightCall
  deployment: Deployment
  end: AttemptEnd
  /** Below the base URL: `/chat/completions`. */
  path: string
  /** Beside those that every call of the deployment carries. */
  headers?: Readonly<Record<string, string>>
  body: SentBody
  relay: Relay
}

const errorBodyBytesMax = 64 * 1024

export class HttpAttempt implements Attempt, Dispatcher.DispatchHandler {
  readonly #options: HttpAttemptOptions
  over = false
  #signedAnew = false
  #controller: Dispatcher.DispatchController | undefined
  /** While the request is being signed: its client may leave meanwhile. */
  #signing: AbortController | undefined
  #stopReason: Error | undefined
  #refusal: { status: number; headers: IncomingHttpHeaders; chunks: Buffer[]; sizeBytes: number } | undefined

  constructor(options: HttpAttemptOptions) {
    this.#options = options
  }

  get begun(): boolean {
    return this.#options.relay.begun
  }

  start(): void {
    const { dependencies, deployment, path: route, headers: more, body } = this.#options
    const { line, origin, pathOf, headers: own, sign } = dependencies.upstreams.target(deployment)
    const path = pathOf(route)
    const headers = more ? { ...own, ...more } : own
    if (!sign) return this.#dispatch(line, path, headers)
    this.#signing = new AbortController()
    const signal = AbortSignal.any([this.#signing.signal, AbortSignal.timeout(dependencies.limits.connectTimeoutMs)])
    void sign({ method: "POST", origin, path, headers, body: isInPieces(body) ? joined(body) : body }, signal).then(
      (signed) => this.#guarded(() => this.over || this.#dispatch(line, path, { ...headers, ...signed })),
      (error: unknown) => this.over || this.#options.end.failed(error),
    )
  }

  #dispatch(line: UpstreamTarget["line"], path: string, headers: Readonly<Record<string, string>>): void {
    const { body, deployment } = this.#options
    const { firstTokenMs, idleMs } = deployment.timeouts ?? {}
    const request: Dispatcher.DispatchOptions = isInPieces(body)
      ? { path, method: "POST", ...inPieces(headers, body) }
      : { path, method: "POST", headers, body }
    if (firstTokenMs !== undefined) request.headersTimeout = firstTokenMs
    if (idleMs !== undefined) request.bodyTimeout = idleMs
    line.dispatch(request, this)
  }

  stop(reason: unknown): void {
    this.over = true
    this.#stopReason = reason instanceof Error ? reason : new Error(messageOf(reason))
    this.#signing?.abort(this.#stopReason)
    this.#controller?.abort(this.#stopReason)
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller
    this.#options.call.usage = undefined // of a refusal by another deployment
    // It was stopped while it waited for a connection.
    if (this.#stopReason) controller.abort(this.#stopReason)
  }

  onResponseStart(controller: Dispatcher.DispatchController, status: number, headers: IncomingHttpHeaders): void {
    if (status < 200 || this.over) return
    if (status === 200) this.#guarded(() => this.#options.relay.start(headers, controller))
    else this.#refusal = { status, headers, chunks: [], sizeBytes: 0 }
  }

  onResponseData(_: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.over) return
    if (!this.#refusal) return this.#guarded(() => this.#options.relay.data(chunk))
    if (this.#refusal.sizeBytes < errorBodyBytesMax) this.#refusal.chunks.push(chunk)
    this.#refusal.sizeBytes += chunk.length
  }

  onResponseEnd(): void {
    if (this.over) return
    const { call, deployment, end, relay } = this.#options
    if (this.#refusal) {
      const { status, headers, chunks } = this.#refusal
      if (this.#signsAnew(status, headers)) return this.start()
      call.usage = noUsage // nobody is billed for a refusal
      return end.failed(errorOfStatus(deployment, status, Buffer.concat(chunks).toString(), headers))
    }
    this.#guarded(() => relay.end())
    this.over = true
  }

  onResponseError(_: Dispatcher.DispatchController, error: Error): void {
    if (this.over) return
    const { dependencies, deployment, end, relay } = this.#options
    if (relay.complete) return this.onResponseEnd()
    end.failed(errorOfTransport(deployment, error, dependencies.limits))
  }

  /** What the request was signed with ended before its time, or was taken back: asked once more with something newer. */
  #signsAnew(status: number, headers: IncomingHttpHeaders): boolean {
    if (this.#signedAnew || !refusesSignature(status, headers)) return false
    const { dependencies, deployment } = this.#options
    this.#signedAnew = dependencies.upstreams.target(deployment).sign?.forget?.() === true
    if (!this.#signedAnew) return false
    this.#refusal = undefined
    return true
  }

  #guarded(work: () => unknown): void {
    try {
      work()
    } catch (error) {
      this.#options.end.failed(error)
    }
  }
}

function isInPieces(body: SentBody): body is readonly Buffer[] {
  return Array.isArray(body)
}

/** undici sends what any iterable gives, which its types do not say; without the length it would be chunked. */
function inPieces(
  headers: Readonly<Record<string, string>>,
  pieces: readonly Buffer[],
): Pick<Dispatcher.DispatchOptions, "headers" | "body"> {
  return { headers: { ...headers, "content-length": String(sizeOf(pieces)) }, body: pieces as unknown as Buffer }
}
