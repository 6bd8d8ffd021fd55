// One stateless inference call from its first byte to its record: who asked, what served it, what it used, how it ended.
import { costOf, type LightRunRecord, type Prices, type Records } from "../../accounting/index.ts"
import type { Clock, Limits, NewId } from "../../core/index.ts"
import type { Deployment, Models, ModelUsage, Natives, Upstreams } from "../../inference/index.ts"
import type { ShellLogger } from "../api.ts"
import type { HotCall } from "../shell.ts"
import type { Sweep } from "./sweep.ts"

export interface LightRunDependencies {
  models: Pick<Models, "require">
  upstreams: Upstreams
  natives: Natives
  records: Pick<Records, "add">
  prices: Pick<Prices, "priceOf">
  limits: Limits
  clock: Clock
  newId: NewId
  logger: ShellLogger
  sweep: Sweep
}

export interface LightCallRequest {
  kind: "chat" | "embedding"
  /** `chat.completions` */
  name: string
  /** Prefix of the id of an answer that is made here. */
  idPrefix: string
  model: string
  user: string | null
  stream: boolean
  requestBytes: number
}

/** A rough count where nobody reported one: JSON of a request has about as many bytes around its texts as tokens save. */
const bytesPerToken = 4

export class LightCall {
  readonly hot: HotCall
  readonly request: LightCallRequest
  readonly runId: string
  /** For answers that are made here: the run's digits, so that a client's id finds the run. */
  readonly completionId: string
  /** The one that serves it, or was tried last. */
  deployment: Deployment | null = null
  usage: ModelUsage | undefined
  responseBytes = 0
  /** Output counted as it passes, for calls that end before usage is reported. */
  outputTokensSeen = 0
  /** Something was asked of an upstream from then on, so input has been used. */
  #sentAt: number | undefined
  #firstTokenAt: number | undefined
  #settled = false
  readonly #dependencies: LightRunDependencies

  constructor(dependencies: LightRunDependencies, hot: HotCall, request: LightCallRequest) {
    this.#dependencies = dependencies
    this.hot = hot
    this.request = request
    // The run has the digits of the request id, so that one leads to the other.
    const digits = hot.requestId.slice(hot.requestId.indexOf("_") + 1)
    this.runId = `run_${digits}`
    this.completionId = `${request.idPrefix}${digits}`
  }

  /** Of every answer of this call. */
  headers(): Record<string, string> {
    const headers: Record<string, string> = { [this.hot.shape.requestIdHeader]: this.hot.requestId, "x-perdure-run-id": this.runId }
    if (this.deployment) headers["x-perdure-route"] = this.deployment.id
    if (this.hot.traceparent !== undefined) headers["traceparent"] = this.hot.traceparent
    return headers
  }

  wasSent(): void {
    this.#sentAt ??= this.#dependencies.clock.monotonic()
  }

  get firstTokenSeen(): boolean {
    return this.#firstTokenAt !== undefined
  }

  sawFirstToken(): void {
    this.#firstTokenAt ??= this.#dependencies.clock.monotonic()
  }

  /** Micro-dollars as the header shows them; undefined while usage or price is unknown. */
  costHeader(): string | undefined {
    if (!this.usage || this.usage.estimated || !this.deployment) return undefined
    const { costMicroUsd, costKnown } = costOf(this.usage, this.#dependencies.prices.priceOf(this.deployment))
    return costKnown ? String(costMicroUsd) : undefined
  }

  /** Writes the record, once; later calls do nothing. */
  settle(outcome: LightRunRecord["outcome"], status: number, error: LightRunRecord["error"] = null): void {
    if (this.#settled) return
    this.#settled = true
    const { clock, prices, records } = this.#dependencies
    const { hot, request, deployment } = this
    const usage = this.usage ?? this.#estimate()
    const cost = deployment ? costOf(usage, prices.priceOf(deployment)) : { costMicroUsd: 0, costKnown: true }
    const endedAt = clock.monotonic()
    records.add({
      id: this.runId,
      projectId: hot.principal.projectId,
      principal: hot.principal.id,
      user: request.user,
      kind: request.kind,
      name: request.name,
      model: request.model,
      deployment: deployment?.id ?? null,
      outcome,
      status,
      error,
      startedAt: hot.startedAtEpochMs,
      durationMs: endedAt - hot.startedAt,
      upstreamMs: this.#sentAt === undefined ? null : endedAt - this.#sentAt,
      firstTokenMs: this.#firstTokenAt === undefined ? null : this.#firstTokenAt - hot.startedAt,
      streamed: request.stream,
      inputTokens: usage.inputTokens,
      outputTokens: usage.outputTokens,
      cachedTokens: usage.cachedTokens,
      reasoningTokens: usage.reasoningTokens,
      ...cost,
      requestBytes: request.requestBytes,
      responseBytes: this.responseBytes,
      label: null,
      data: this.#data(usage.estimated),
    })
  }

  /** Tokens used so far, in calls that were cut before usage was reported. */
  #estimate(): ModelUsage {
    const sent = this.#sentAt !== undefined
    const inputTokens = sent ? Math.ceil(this.request.requestBytes / bytesPerToken) : 0
    return { inputTokens, outputTokens: this.outputTokensSeen, cachedTokens: 0, reasoningTokens: 0, estimated: sent }
  }

  #data(estimated: boolean): LightRunRecord["data"] {
    const trace = this.hot.traceparent?.slice(3, 35)
    if (!estimated && trace === undefined) return null
    return { ...(estimated ? { usageEstimated: true } : {}), ...(trace === undefined ? {} : { traceId: trace }) }
  }
}
