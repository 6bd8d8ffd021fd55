// One stateless inference call from its first byte to its record: who asked, what served it, what it used, how it ended.
import {
  costOf,
  priceListOf,
  type Cost,
  type DeploymentUse,
  type LightRunRecord,
  type LimitState,
  type PricedPieces,
  type Reservation,
  type ServedAs,
} from "../../accounting/index.ts"
import type { CompactedMessages } from "../../agents/index.ts"
import { type JsonObject, tagsWith, type Said } from "../../core/index.ts"
import {
  addUsage,
  filteredAnswer,
  noUsage,
  withTierAsked,
  type Deployment,
  type ModelCall,
  type ModelUsage,
  type ReachFault,
  type UpstreamError,
} from "../../inference/index.ts"
import type { Chosen } from "../prompts/shape.ts"
import type { HotCall } from "../shell.ts"
import type { AnswerCare } from "./answer-care.ts"
import type { CallMemory } from "./call-memory.ts"
import type { LightRunDependencies } from "./light-dependencies.ts"
import { recordData, withKept, type RecordedFailover } from "./record-data.ts"
import type { Try } from "./try.ts"

export interface LightCallRequest {
  kind: "chat" | "embedding" | "image" | "audio" | "moderation" | "rerank"
  /** `chat.completions` */
  name: string
  /** Prefix of the id of an answer that is made here. */
  idPrefix: string
  model: string
  user: string | null
  stream: boolean
  requestBytes: number
  inputTokensEstimated: number
  /** What the caller allows; null when it does not say, 0 where no output is billed. */
  outputTokensMax: number | null
  /** What it will use that is paid by the piece, as far as the request says. */
  pieces?: PricedPieces
  /** How fast and where it wants to be served; undefined where that is as usual. */
  served?: ServedAs | undefined
  /** What was chosen for it beside a deployment: by a routing rule, the version of a prompt. */
  shaped?: Chosen | undefined
  /** What it says of itself; undefined where it says nothing. */
  said?: Said | undefined
}

/** What was used in all. */
interface Total {
  usage: ModelUsage
  costMicroUsd: number
  costKnown: boolean
}

export class LightCall {
  readonly hot: HotCall
  /** With the end user of the key, where it acts for one: a request cannot pass for somebody else's. */
  readonly request: LightCallRequest
  readonly runId: string
  /** For answers that are made here: the run's digits, so that a client's id finds the run. */
  readonly completionId: string
  /** What it holds of its limits; given back when it settles. */
  reservation: Reservation | undefined
  /** Where a limit refused it: what that limit leaves. */
  refusedBy: LimitState | undefined
  /** What is done to its answer; undefined where nothing is. */
  care: AnswerCare | undefined
  /** What it is given of memory and leaves there; undefined where it has none. */
  memory: CallMemory | undefined
  /** What was taken out of its messages; undefined where nothing was asked for. */
  contextEdits: ModelCall["contextEdits"]
  /** Names of its custom tools, where it is translated; undefined where it has none. */
  customTools: ReadonlySet<string> | undefined
  /** Its model may read again what context editing clears. */
  recalls = false
  /** What its conversation was compacted to before it was asked; undefined where it was not. */
  compaction: CompactedMessages | undefined
  /** Why the last provider that could not be reached was not: for its operator. */
  reachFault: ReachFault | undefined
  usage: ModelUsage | undefined
  responseBytes = 0
  /** Output counted as it passes, for calls that end before usage is reported. */
  outputTokensSeen = 0
  /** Something was asked of an upstream from then on, so input has been used. */
  #sentAt: number | undefined
  #firstTokenAt: number | undefined
  #settled = false
  #try: Try | undefined
  #triesCount = 0
  /** What was used of deployments that were given up, and must be paid all the same. */
  #abandoned: { total: Total; by: readonly DeploymentUse[] } | undefined
  readonly #failovers: RecordedFailover[] = []
  readonly #dependencies: LightRunDependencies

  constructor(dependencies: LightRunDependencies, hot: HotCall, request: LightCallRequest) {
    this.#dependencies = dependencies
    this.hot = hot
    const { user } = hot.principal
    this.request = user === null ? request : { ...request, user }
    // The run has the digits of the request id, so that one leads to the other.
    const digits = hot.requestId.slice(hot.requestId.indexOf("_") + 1)
    this.runId = `run_${digits}`
    this.completionId = `${request.idPrefix}${digits}`
  }

  /** It is over, however it ended: nothing of it is to be written any more. */
  get isSettled(): boolean {
    return this.#settled
  }

  /** The one that serves it, or was tried last. */
  get deployment(): Deployment | null {
    return this.#try?.deployment ?? null
  }

  /** When the last try began; undefined before the first. */
  get triedAt(): number | undefined {
    return this.#try?.startedAt
  }

  /** One more attempt, which serves it from now on. */
  tries(one: Try): void {
    this.#triesCount += 1
    this.#try = one
  }

  /** Of several attempts beside each other that one serves it after all. */
  isServedBy(one: Try): void {
    this.#try = one
  }

  /** Another one was given up after it had been asked: what it used is paid too. Unknown usage is taken for the input alone. */
  abandon(deployment: Deployment, used: ModelUsage = this.#estimate(0)): void {
    const usage = this.#asServed(used, deployment)
    const cost = costOf(usage, this.#dependencies.prices.priceOf(deployment))
    const { total, by } = this.#abandoned ?? { total: { usage: noUsage, costMicroUsd: 0, costKnown: true }, by: [] }
    this.#abandoned = {
      total: {
        usage: addUsage(total.usage, usage),
        costMicroUsd: total.costMicroUsd + cost.costMicroUsd,
        costKnown: total.costKnown && cost.costKnown,
      },
      by: [...by, { deployment, usage, ...cost }],
    }
  }

  /** A filter stopped an answer of which nothing was sent: it is paid, and another model is asked. */
  filtered(deployment: Deployment, usage: ModelUsage | undefined): UpstreamError {
    this.abandon(deployment, usage)
    return filteredAnswer(deployment)
  }

  /** What was streamed until now stands; another deployment goes on with it after so many characters. */
  goesOn(characters: number): void {
    const from = this.deployment
    if (!from) return
    this.abandon(from, this.#estimate(this.outputTokensSeen))
    this.outputTokensSeen = 0
    this.usage = undefined
    this.#failovers.push({ from: from.id, afterCharacters: characters })
  }

  /** Of every answer of this call. */
  headers(): Record<string, string> {
    const headers: Record<string, string> = {} // a literal with a computed name is made by V8's runtime
    headers[this.hot.shape.requestIdHeader] = this.hot.requestId
    headers["x-perdure-run-id"] = this.runId
    const deployment = this.#try?.deployment
    if (deployment) headers["x-perdure-route"] = deployment.id
    if (this.#triesCount > 1) headers["x-perdure-attempts"] = String(this.#triesCount)
    if (this.hot.traceparent !== undefined) headers["traceparent"] = this.hot.traceparent
    const state = this.refusedBy ?? this.reservation?.state
    if (state) this.hot.shape.setLimitHeaders(headers, state, this.#dependencies.clock.now())
    if (this.care) Object.assign(headers, this.care.headers())
    if (this.memory) Object.assign(headers, this.memory.headers())
    if (this.request.shaped) Object.assign(headers, this.request.shaped.headers)
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
    this.#try?.firstToken()
  }

  /** Micro-dollars as the header shows them; undefined while usage or price is unknown. */
  costHeader(): string | undefined {
    if (this.care?.isHit) return "0"
    if (!this.usage || this.usage.estimated || !this.deployment) return undefined
    const usage = this.#asServed(this.usage, this.deployment)
    const own = costOf(usage, this.#dependencies.prices.priceOf(this.deployment))
    const { costMicroUsd, costKnown } = this.#withAbandoned(usage, own)
    return costKnown ? String(costMicroUsd) : undefined
  }

  /** Writes the record, once; later calls do nothing. */
  settle(outcome: LightRunRecord["outcome"], status: number, error: LightRunRecord["error"] = null): void {
    if (this.#settled) return
    this.#settled = true
    const { clock, prices, records } = this.#dependencies
    const { hot, request, deployment } = this
    const last = this.#asServed(this.usage ?? this.#estimate(this.outputTokensSeen), deployment)
    const price = deployment ? prices.priceOf(deployment) : undefined
    const own = deployment ? costOf(last, price) : free
    const total = this.#withAbandoned(last, own)
    const { usage, costMicroUsd, costKnown } = total
    const endedAt = clock.monotonic()
    this.#release(outcome, total, deployment ? { deployment, usage: last, ...own } : undefined)
    this.care?.settled(outcome === "completed" && this.#failovers.length === 0, {
      deployment: deployment?.id ?? null,
      inputTokens: usage.inputTokens,
      outputTokens: usage.outputTokens,
      costMicroUsd,
      costKnown,
    })
    const record: LightRunRecord = {
      id: this.runId,
      projectId: hot.principal.projectId,
      principal: hot.principal.id,
      user: request.user,
      tags: tagsWith(hot.principal.tags, request.said),
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
      costMicroUsd,
      costKnown,
      priceList: priceListOf(last, price),
      requestBytes: request.requestBytes,
      responseBytes: this.responseBytes,
      label: (this.memory?.label as unknown as JsonObject | undefined) ?? null, // a label is plain JSON
      data: recordData(this, usage, this.#triesCount, this.#failovers),
    }
    if (request.said?.metadata) record.metadata = request.said.metadata
    if (outcome !== "completed" || !this.memory || this.care?.isHit === true) records.add(record)
    else this.memory.settled((kept) => void records.add(kept === undefined ? record : withKept(record, kept)))
  }

  /** In the tier that it was asked for, where the answer does not tell. */
  #asServed(usage: ModelUsage, deployment: Deployment | null): ModelUsage {
    const tier = this.request.served?.serviceTier
    return tier === undefined || !deployment ? usage : withTierAsked(usage, tier, deployment)
  }

  /** Tokens used so far, in calls that were cut before usage was reported. */
  #estimate(outputTokens: number): ModelUsage {
    const sent = this.#sentAt !== undefined
    const inputTokens = sent ? this.request.inputTokensEstimated : 0
    return { inputTokens, outputTokens, cachedTokens: 0, reasoningTokens: 0, estimated: sent }
  }

  #withAbandoned(usage: ModelUsage, cost: Cost): Total {
    const { costMicroUsd, costKnown } = cost
    const before = this.#abandoned?.total
    if (!before) return { usage, costMicroUsd, costKnown }
    const sum = costMicroUsd + before.costMicroUsd
    return { usage: addUsage(usage, before.usage), costMicroUsd: sum, costKnown: costKnown && before.costKnown }
  }

  #release(outcome: LightRunRecord["outcome"], { usage, costMicroUsd, costKnown }: Total, last: DeploymentUse | undefined): void {
    const { inputTokens, outputTokens } = usage
    this.#try?.report(outcome === "completed" ? { inputTokens, outputTokens } : { cancelled: true })
    if (this.#sentAt === undefined) this.reservation?.release()
    else {
      const abandoned = this.#abandoned?.by
      const by = abandoned ? [...abandoned, ...(last ? [last] : [])] : last && [last]
      this.reservation?.settle({ inputTokens, outputTokens, costMicroUsd, costKnown, ...(by ? { by } : {}) })
    }
  }
}

const free: Cost = { costMicroUsd: 0, costKnown: true }
