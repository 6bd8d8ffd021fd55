// One realtime session: a client's WebSocket and a provider's, frames carried both ways no faster than they are read, each end told of the other's.
import type { WebSocket } from "ws"
import { LimitError } from "../../accounting/index.ts"
import { AppError, sleep, type Clock, type Limits, type NewId } from "../../core/index.ts"
import { UpstreamError, type Deployment, type Plan } from "../../inference/index.ts"
import type { ShellLogger } from "../api.ts"
import { PeerSocket, type UpgradeCall, type UpgradedConnection } from "../sockets/index.ts"
import { brokeOff, carriedCode, closeOf, errorEvent, leaving, limitsEvent, type CloseHow } from "./frames.ts"
import { GuardedWays } from "./guarded-ways.ts"
import type { Frame, GuardedSession } from "./guarded.ts"
import type { RealtimeMeter } from "./meter.ts"

export interface SessionOptions {
  readonly call: UpgradeCall
  readonly meter: RealtimeMeter
  /** What the session may do: throws what is wrong with it. */
  readonly plan: () => Plan
  readonly connect: (deployment: Deployment, signal: AbortSignal) => Promise<WebSocket>
  /** The first frame to the provider, for sessions whose settings came with their secret. */
  readonly opening: string | undefined
  /** Asked once the plan is made; undefined where none applies. */
  readonly guards: () => GuardedSession | undefined
  readonly limits: Pick<Limits, "realtimeIdleMs" | "realtimeLifeMs" | "socketBufferedBytesMax" | "socketPingMs">
  readonly clock: Clock
  readonly newId: NewId
  readonly logger: ShellLogger
}

/**
 * `admitting → connecting → open → over`. The client is not read before the provider is there. Whichever end closes first, the other
 * is closed at once, with its code; an end without a goodbye is told the client as an error.
 */
export class RealtimeSession implements UpgradedConnection {
  readonly #options: SessionOptions
  readonly #client: PeerSocket
  readonly #over = new AbortController()
  #provider: PeerSocket | undefined
  /** Undefined where no guard applies: frames pass as they are. */
  #ways: GuardedWays | undefined
  #idle: NodeJS.Timeout | undefined
  #life: NodeJS.Timeout | undefined
  #pings: NodeJS.Timeout | undefined
  #stopping: AppError | undefined

  constructor(options: SessionOptions) {
    this.#options = options
    this.#client = options.call.socket
    this.#client.pause()
    this.#client.onClose((code, reason) => this.#clientLeft(code, reason))
    void this.#start()
  }

  revoked(reason: AppError): void {
    this.#end(reason, leaving.revoked(reason))
  }

  /** An answer that is under way may end. */
  drain(): void {
    this.#stopping = new AppError("shutting_down", "this server is shutting down", { hint: "Connect again.", retryAfterMs: 1000 })
    if (!this.#options.meter.isAnswering) this.#end(this.#stopping, leaving.stopping(this.#stopping))
  }

  async #start(): Promise<void> {
    const { meter, plan, call } = this.#options
    try {
      const way = plan()
      await meter.admit()
      const { deployment, socket } = await this.#connect(way)
      if (!this.#over.signal.aborted) return this.#open(way, deployment, socket)
      way.finished(deployment, { cancelled: true, ms: 0, outputTokens: 0 })
      socket.terminate()
    } catch (error) {
      if (this.#over.signal.aborted) return
      if (!(error instanceof AppError)) this.#options.logger.error({ requestId: call.requestId, error }, "a realtime session failed")
      this.#end(error, closeOf(error, call.requestId))
    }
  }

  /** The way through the model's deployments, as for any call, while nothing has been said. */
  async #connect(plan: Plan): Promise<{ deployment: Deployment; socket: WebSocket }> {
    const { clock, connect, meter } = this.#options
    const { signal } = this.#over
    let deployment = plan.first()
    for (;;) {
      const startedAt = clock.monotonic()
      plan.started(deployment)
      meter.deployment = deployment
      try {
        return { deployment, socket: await connect(deployment, signal) }
      } catch (error) {
        const failure = error instanceof UpstreamError && !signal.aborted ? error : undefined
        const ms = clock.monotonic() - startedAt
        plan.finished(deployment, { ...(failure ? { error: failure } : { cancelled: true }), ms, outputTokens: 0 })
        const next = failure && plan.afterFailure(deployment, failure)
        if (!next) throw error
        if (next.delayMs > 0) await sleep(next.delayMs, signal)
        deployment = next.deployment
      }
    }
  }

  #open(plan: Plan, deployment: Deployment, socket: WebSocket): void {
    const { limits, meter, clock, opening } = this.#options
    const openedAt = clock.monotonic()
    const provider = new PeerSocket(socket, limits)
    this.#provider = provider
    const guards = this.#options.guards()
    this.#ways = guards && new GuardedWays({ guards, client: this.#client, provider, over: this.#over.signal })
    provider.onMessage((data, isBinary) => this.#fromProvider(provider, data, isBinary))
    provider.onClose((code, reason) => {
      const error = brokeOff(code) && !this.#over.signal.aborted ? providerGone(deployment) : undefined
      const ms = clock.monotonic() - openedAt
      plan.finished(deployment, { ...(error ? { error } : {}), ms, outputTokens: meter.outputTokens })
      const left = (): void => this.#providerLeft(error, code, reason)
      if (this.#ways) this.#ways.afterAnswers(left)
      else left()
    })
    this.#client.onMessage((data, isBinary) => this.#fromClient(provider, data, isBinary))
    this.#idle = setTimeout(() => this.#expire(idleLimit(limits.realtimeIdleMs)), limits.realtimeIdleMs).unref()
    this.#life = setTimeout(() => this.#expire(lifeLimit(limits.realtimeLifeMs)), limits.realtimeLifeMs).unref()
    this.#pings = setInterval(() => provider.ping(), limits.socketPingMs).unref()
    if (opening !== undefined) this.#send(provider, opening, (error) => this.#end(error, closeOf(error, this.#options.call.requestId)))
    provider.resume()
    this.#client.resume()
  }

  #fromClient(provider: PeerSocket, data: Buffer, isBinary: boolean): void {
    this.#idle?.refresh()
    this.#options.meter.requestBytes += data.length
    if (!isBinary) this.#send(provider, data, (error) => this.#refuse(error, data))
    else if (this.#ways) this.#ways.afterAsked(() => carry(this.#client, provider, data, true))
    else carry(this.#client, provider, data, true)
  }

  #send(provider: PeerSocket, frame: Frame, failed: (error: unknown) => void): void {
    if (this.#ways) this.#ways.ask(frame, (checked) => carry(this.#client, provider, checked, false), failed)
    else carry(this.#client, provider, frame, false)
  }

  #fromProvider(provider: PeerSocket, data: Buffer, isBinary: boolean): void {
    if (this.#over.signal.aborted) return
    this.#idle?.refresh()
    const { meter, call } = this.#options
    meter.responseBytes += data.length
    const room = isBinary ? undefined : meter.saw(data)
    if (!this.#ways) this.#pass(provider, [data], isBinary)
    else if (isBinary) this.#ways.afterAnswers(() => this.#pass(provider, [data], true))
    else {
      const pass = (frames: readonly Frame[]): void => this.#pass(provider, frames, false)
      this.#ways.answer(data, pass, (error, responseId) => this.#cutAnswer(error, provider, responseId))
    }
    room?.catch((error: unknown) => this.#end(error, closeOf(error, call.requestId)))
  }

  #pass(provider: PeerSocket, frames: readonly Frame[], isBinary: boolean): void {
    for (const frame of frames) carry(provider, this.#client, frame, isBinary)
    if (this.#stopping && !this.#options.meter.isAnswering) this.#end(this.#stopping, leaving.stopping(this.#stopping))
  }

  /** What was not let through is told, and the session goes on. */
  #refuse(error: unknown, frame?: Frame): void {
    const { call, newId, logger } = this.#options
    if (!(error instanceof AppError)) logger.error({ requestId: call.requestId, error }, "a guard of a realtime session failed")
    void this.#client.send(errorEvent(error, call.requestId, newId, frame))
  }

  /** The answer ends at its provider too: the sound of what is not to be said would go on. */
  #cutAnswer(error: unknown, provider: PeerSocket, responseId: string | undefined): void {
    this.#refuse(error)
    if (responseId !== undefined) void provider.send(JSON.stringify({ type: "response.cancel", response_id: responseId }))
  }

  /** Tells the client why, closes both ends and records; only the first end counts. */
  #end(error: unknown, how: CloseHow): void {
    if (this.#over.signal.aborted) return
    const { call, newId } = this.#options
    const limits = error instanceof LimitError ? limitsEvent(error.state, newId) : undefined
    if (limits !== undefined) void this.#client.send(limits)
    void this.#client.send(errorEvent(error, call.requestId, newId))
    this.#client.close(how.code, how.reason)
    this.#settle(error instanceof AppError ? error : new AppError("server_error", "the session failed"), "failed")
    this.#provider?.close(1000, "")
  }

  #expire(error: AppError): void {
    this.#end(error, closeOf(error, this.#options.call.requestId))
  }

  #providerLeft(error: UpstreamError | undefined, code: number, reason: string): void {
    if (this.#over.signal.aborted) return
    if (error) return this.#end(error, closeOf(error, this.#options.call.requestId))
    this.#client.close(carriedCode(code), reason)
    this.#settle(null, "completed")
  }

  #clientLeft(code: number, reason: string): void {
    if (this.#over.signal.aborted) return
    if (brokeOff(code)) this.#provider?.terminate()
    else this.#provider?.close(carriedCode(code), reason)
    this.#settle(null, this.#provider ? "completed" : "cancelled")
  }

  #settle(error: AppError | null, outcome: "completed" | "failed" | "cancelled"): void {
    this.#over.abort(error ?? new AppError("client_closed_request", "the session is over"))
    clearTimeout(this.#idle)
    clearTimeout(this.#life)
    clearInterval(this.#pings)
    this.#options.meter.end(outcome, error?.status ?? (outcome === "cancelled" ? 499 : 101), error)
  }
}

/** No faster than the other end reads: meanwhile this end is not read. */
function carry(from: PeerSocket, to: PeerSocket, data: Frame, isBinary: boolean): void {
  const taken = to.send(data, isBinary)
  if (!to.isFull) return
  from.pause()
  void taken.then(() => from.resume())
}

function providerGone({ id }: Deployment): UpstreamError {
  return new UpstreamError("upstream_stream_ended", `the provider of "${id}" broke the session off`, {
    retryable: true,
    failure: "connection",
  })
}

function idleLimit(idleMs: number): AppError {
  return new AppError("session_expired", `nothing was said in this session for ${Math.round(idleMs / 1000)} s`, {
    hint: 'Open a new one; the limit is "realtimeIdleMs".',
  })
}

function lifeLimit(lifeMs: number): AppError {
  return new AppError("session_expired", `this session has reached its limit of ${Math.max(1, Math.round(lifeMs / 60_000))} minutes`, {
    hint: 'Open a new one; the limit is "realtimeLifeMs".',
  })
}
