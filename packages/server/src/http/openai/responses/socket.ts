// The Responses API over WebSocket (W1–W11): each frame of a client starts a run, whose log is read back onto the connection.
import { errorOfData, type Responses, type WireEvent } from "../../../agents/index.ts"
import { AppError, isJsonObject, type JsonObject, type Limits } from "../../../core/index.ts"
import type { Run } from "../../../runs/index.ts"
import type { Principal } from "../../../security/index.ts"
import type { ShellLogger } from "../../api.ts"
import type { SaidLimits } from "../../said.ts"
import type { UpgradeCall, UpgradedConnection, UpgradeRoute } from "../../sockets/index.ts"
import { KeptResponses, type KeptResponse } from "./kept-responses.ts"
import { Lanes } from "./lanes.ts"
import type { RequestShaping } from "../../prompts/shape.ts"
import { profiled } from "./profile.ts"
import type { DefaultMemories } from "./read-request.ts"
import { errorFrame, isTerminal, responseIdIn, turnOf, type Turn, type TurnRequest } from "./socket-frames.ts"
import { saysNothingYet } from "./stream.ts"

export interface ResponsesSocketOptions {
  readonly responses: Responses
  readonly shaping?: RequestShaping
  readonly memories?: DefaultMemories
  readonly limits: Pick<
    Limits,
    "requestBodyBytesMax" | "socketLifeMs" | "socketLanesMax" | "socketTurnsQueuedMax" | "socketResponsesKeptMax"
  > &
    SaidLimits
  /** Work that goes on after the connection. */
  readonly background: (name: string, work: () => Promise<unknown>) => void
  readonly logger: ShellLogger
}

export function responsesSocket(options: ResponsesSocketOptions): UpgradeRoute {
  const messageBytesMax = options.limits.requestBodyBytesMax
  return { messageBytesMax, open: (call) => new ResponsesConnection(options, call) }
}

/**
 * `open → (expired | draining) → closed`, or `open → revoked → closed`. Expired and draining connections end what is under way and
 * answer every further turn with the reason.
 */
class ResponsesConnection implements UpgradedConnection {
  readonly #options: ResponsesSocketOptions
  readonly #call: UpgradeCall
  readonly #kept: KeptResponses
  readonly #lanes: Lanes
  readonly #stop = new AbortController()
  readonly #over: AbortSignal
  #leaving: { reason: AppError; code: number } | undefined

  constructor(options: ResponsesSocketOptions, call: UpgradeCall) {
    const { socketLifeMs, socketLanesMax, socketTurnsQueuedMax, socketResponsesKeptMax, requestBodyBytesMax } = options.limits
    this.#options = options
    this.#call = call
    this.#over = AbortSignal.any([call.socket.signal, this.#stop.signal])
    this.#kept = new KeptResponses(socketResponsesKeptMax, requestBodyBytesMax)
    this.#lanes = new Lanes({
      lanesMax: socketLanesMax,
      turnsQueuedMax: socketTurnsQueuedMax,
      bytesQueuedMax: requestBodyBytesMax,
      run: (turn) => this.#run(turn),
      refuse: (turn) => void this.#tell(laneLimit(socketLanesMax), turn.lane),
      read: (on) => (on ? call.socket.resume() : call.socket.pause()),
      idle: () => this.#leaveIfIdle(),
    })
    const life = setTimeout(() => this.#leave({ reason: lifeLimit(socketLifeMs), code: 1000 }), socketLifeMs).unref()
    call.socket.onClose(() => clearTimeout(life))
    call.socket.onMessage((data, isBinary) => {
      const turn = turnOf(data, isBinary, call.request.headers)
      if (turn) this.#lanes.add(turn)
    })
  }

  revoked(reason: AppError): void {
    if (this.#over.aborted) return
    const lanes = this.#lanes.running
    for (const lane of lanes.length > 0 ? lanes : [undefined]) void this.#tell(reason, lane)
    this.#stop.abort(reason)
    this.#call.socket.close(1008, reason.code)
  }

  drain(): void {
    const hint = "Connect again; stored responses can be continued."
    this.#leave({ reason: new AppError("shutting_down", "this server is shutting down", { hint, retryAfterMs: 1000 }), code: 1001 })
  }

  #leave(how: { reason: AppError; code: number }): void {
    this.#leaving ??= how
    if (this.#lanes.running.length === 0) this.#leaveIfIdle()
  }

  /** W8: the reason is told when nothing is under way, so that no client takes it for the end of another turn. */
  #leaveIfIdle(): void {
    if (!this.#leaving || this.#over.aborted) return
    const { reason, code } = this.#leaving
    void this.#tell(reason, undefined)
    this.#stop.abort(reason)
    this.#call.socket.close(code, reason.code)
  }

  /** One turn, to its one terminal message. Never throws. */
  async #run(asked: TurnRequest): Promise<void> {
    let previous: string | null = null
    try {
      if (this.#leaving) throw this.#leaving.reason
      const principal = this.#call.current()
      const turn = asked.read({ shaping: this.#options.shaping, memories: this.#options.memories, limits: this.#options.limits, principal })
      previous = turn.request.previous_response_id
      const before = previous === null ? undefined : this.#kept.get(previous)
      await (turn.generate ? this.#generate(principal, asked, turn, before) : this.#warm(principal, asked, turn, before))
    } catch (error) {
      // W7: whoever tries the same again would fail the same.
      if (previous !== null) this.#kept.delete(previous)
      if (this.#over.aborted) return
      if (!(error instanceof AppError)) this.#options.logger.error({ requestId: this.#call.requestId, error }, "a turn failed")
      await this.#tell(error, asked.lane)
    }
  }

  /** W10: an id to continue from, without a call of the model. */
  async #warm(principal: Principal, asked: TurnRequest, { request }: Turn, before: KeptResponse | undefined): Promise<void> {
    const { id, events, context } = await this.#options.responses.warm(principal, request, before?.context)
    this.#kept.set(id, { context, bytes: (before?.bytes ?? 0) + asked.bytes })
    for (const event of events) await this.#send(event, asked.lane)
  }

  async #generate(principal: Principal, asked: TurnRequest, { request }: Turn, before: KeptResponse | undefined): Promise<void> {
    const { responses, background } = this.#options
    const run = await responses.create(principal, request, { carried: before?.context })
    let left = false
    try {
      left = !(await this.#follow(run, asked, before))
    } catch (error) {
      left = this.#over.aborted
      throw error
    } finally {
      if (left) background(`abandon ${run.id}`, () => responses.abandon(run))
      background(`forget ${run.id}`, () => responses.forget(run))
    }
  }

  /**
   * Sends the events of the run's log; false when the client left before their end. W4: an `error` event would be taken for the end of the turn,
   * so a failure before content is the envelope with its exact status, and one after it only `response.failed`.
   */
  async #follow(run: Run, asked: TurnRequest, before: KeptResponse | undefined): Promise<boolean> {
    let failure: JsonObject | undefined
    let content = false
    for await (const { event, row } of this.#options.responses.follow(run, -1, this.#over)) {
      if (event.type === "error" && row) {
        failure = row
        if (content) continue
        throw errorOfData(row)
      }
      content ||= !saysNothingYet(event.type)
      const ended = isTerminal(event.type)
      if (ended) await this.#remember(run, asked, event, before)
      if (!(await this.#send(event, asked.lane))) return false
      if (ended) return true
    }
    if (this.#over.aborted) return false
    throw failure ? errorOfData(failure) : new AppError("server_error", `The log of ${run.id} ended without an end`)
  }

  /** Before the end is told: whoever has it may continue at once. Stored responses are found in the store. */
  async #remember(run: Run, asked: TurnRequest, event: WireEvent, before: KeptResponse | undefined): Promise<void> {
    const { response } = event
    const { store, status, previous_response_id: previous } = isJsonObject(response) ? response : {}
    if (status === "failed" && typeof previous === "string") this.#kept.delete(previous)
    if (store !== false || (status !== "completed" && status !== "incomplete")) return
    const context = await this.#options.responses.contextAfter(run)
    const said = JSON.stringify(isJsonObject(response) ? response["output"] : null).length
    this.#kept.set(responseIdIn(event), { context, bytes: (before?.bytes ?? 0) + asked.bytes + said })
  }

  #send(event: WireEvent, lane: string | undefined): Promise<boolean> {
    if (this.#over.aborted) return Promise.resolve(false)
    const named = profiled(this.#call.request.headers["x-perdure-profile"], event)
    return this.#call.socket.send(JSON.stringify(lane === undefined ? named : { ...named, stream_id: lane }))
  }

  #tell(error: unknown, lane: string | undefined): Promise<boolean> {
    const frame = errorFrame(error, this.#call.requestId)
    return this.#call.socket.send(JSON.stringify(lane === undefined ? frame : { ...frame, stream_id: lane }))
  }
}

function lifeLimit(lifeMs: number): AppError {
  const minutes = Math.max(1, Math.round(lifeMs / 60_000))
  return new AppError("websocket_connection_limit_reached", `this connection has reached its limit of ${minutes} minutes`, {
    hint: "Open a new one; responses with store: true can be continued on it.",
  })
}

function laneLimit(lanesMax: number): AppError {
  return new AppError("websocket_stream_limit_reached", `this connection has ${lanesMax} responses under way, which is its limit`, {
    param: "stream_id",
    hint: "Wait for one to end, use a lane that is in use, or open another connection.",
  })
}
