// Counts a realtime session: each answer is reserved before it can begin, settled and recorded when it is done, and the session recorded at its end.
import { costOf, priceListOf, type Cost, type LightRunRecord, type Price, type Reservation } from "../../accounting/index.ts"
import {
  isJsonObject,
  type AppError,
  type Clock,
  type JsonObject,
  type JsonValue,
  type NewId,
  tagsWith,
  type Said,
} from "../../core/index.ts"
import { realtimeUsage, type Deployment, type ModelUsage } from "../../inference/index.ts"
import type { GuardReport, Principal } from "../../security/index.ts"
import { seenIn } from "./watch.ts"

/** Holds what one more answer may use of the limits; throws when there is no room. */
export type Admit = (inputTokensEstimated: number) => Reservation | Promise<Reservation>

export interface MeterOptions {
  readonly runId: string
  readonly principal: Principal
  /** The name that the client asked for. */
  readonly model: string
  readonly startedAt: number
  readonly admit: Admit
  readonly record: (record: LightRunRecord) => void
  readonly priceOf: (deployment: Deployment) => Price | undefined
  /** What the guards of the session did. */
  readonly guards?: () => readonly GuardReport[]
  readonly clock: Clock
  readonly newId: NewId
  /** What the request that opened the session says of itself. */
  readonly said?: Said | undefined
}

/** Before the first answer: instructions and a few words. */
const firstInputTokens = 500

interface UnderWay {
  readonly startedAt: number
  firstTokenAt: number | undefined
  audioBytes: number
  textBytes: number
}

export class RealtimeMeter {
  readonly #options: MeterOptions
  deployment: Deployment | undefined
  requestBytes = 0
  responseBytes = 0
  #held: Reservation | undefined
  #underWay: UnderWay | undefined
  #answers = 0
  #inputTokens = firstInputTokens
  #outputTokens = 0
  #ended = false

  constructor(options: MeterOptions) {
    this.#options = options
  }

  /** An answer has begun and is not done. */
  get isAnswering(): boolean {
    return this.#underWay !== undefined
  }

  get outputTokens(): number {
    return this.#outputTokens
  }

  /** Room for the next answer; throws or rejects when there is none. */
  async admit(): Promise<void> {
    const held = await this.#options.admit(this.#inputTokens)
    if (this.#ended) held.release()
    else this.#held = held
  }

  /** A frame of the provider. Gives a promise when an answer is done: it rejects when there is no room for another. */
  saw(frame: Buffer): Promise<void> | undefined {
    const seen = seenIn(frame)
    if (seen === undefined) return undefined
    if (seen.type === "response.created") this.#begin()
    else if (seen.type === "response.done") return this.#done(seen.response)
    else if (seen.type === "transcription") return this.#transcribed(seen.event)
    else {
      const underWay = (this.#underWay ??= this.#begin())
      underWay.firstTokenAt ??= this.#options.clock.now()
      underWay[seen.type === "audio" ? "audioBytes" : "textBytes"] += seen.bytes
    }
    return undefined
  }

  /** Records the session; an answer that was cut is counted by what came of it. */
  end(outcome: LightRunRecord["outcome"], status: number, error: AppError | null): void {
    if (this.#ended) return
    this.#ended = true
    if (this.#underWay) this.#cut(this.#underWay)
    this.#held?.release()
    this.#options.record({
      ...this.#newRecord("realtime.session"),
      id: this.#options.runId,
      outcome,
      status,
      error: error && { code: error.code, message: error.message },
      startedAt: this.#options.startedAt,
      durationMs: this.#options.clock.now() - this.#options.startedAt,
      requestBytes: this.requestBytes,
      responseBytes: this.responseBytes,
      data: { answers: this.#answers, ...this.#guarded() },
    })
  }

  #guarded(): JsonObject {
    const reports = this.#options.guards?.() ?? []
    return reports.length === 0 ? {} : { guards: reports.map((each): JsonValue => ({ ...each })) }
  }

  /** An answer that nobody will hear the end of. */
  #cut(underWay: UnderWay): void {
    const usage = roughUsage(underWay, this.#inputTokens)
    const record = {
      ...this.#newRecord("realtime.response"),
      outcome: "cancelled",
      status: 499,
      data: this.#dataOf(usage, undefined),
    } as const
    this.#settle(record, usage, underWay)
  }

  #begin(): UnderWay {
    this.#underWay ??= { startedAt: this.#options.clock.now(), firstTokenAt: undefined, audioBytes: 0, textBytes: 0 }
    return this.#underWay
  }

  #done(response: JsonObject): Promise<void> {
    const began = this.#begin()
    const usage = realtimeUsage(response["usage"]) ?? roughUsage(began, this.#inputTokens)
    const { status } = response
    const outcome = status === "failed" ? "failed" : status === "cancelled" ? "cancelled" : "completed"
    const base = {
      ...this.#newRecord("realtime.response"),
      outcome,
      status: { failed: 502, cancelled: 499, completed: 200 }[outcome],
    } as const
    this.#settle(
      { ...base, error: outcome === "failed" ? failureIn(response) : null, data: this.#dataOf(usage, response["id"]) },
      usage,
      began,
    )
    this.#underWay = undefined
    if (usage.inputTokens > 0) this.#inputTokens = usage.inputTokens
    return this.admit()
  }

  /** Speech that is transcribed on the side, by a model that the session names: its price is not known here. */
  async #transcribed(event: JsonObject): Promise<void> {
    const usage = realtimeUsage(event["usage"])
    if (!usage) return
    const { inputTokens, outputTokens } = usage
    const cost: Cost = { costMicroUsd: 0, costKnown: false }
    this.#options.record({
      ...this.#newRecord("realtime.transcription"),
      ...tokensOf(usage),
      ...cost,
      data: this.#dataOf(usage, event["item_id"]),
    })
    const held = await this.#options.admit(inputTokens)
    held.settle({ inputTokens, outputTokens, ...cost, by: this.deployment ? [{ deployment: this.deployment, usage, ...cost }] : [] })
  }

  #settle(record: LightRunRecord, usage: ModelUsage, { startedAt, firstTokenAt }: UnderWay): void {
    const { clock, priceOf } = this.#options
    const price = this.deployment && priceOf(this.deployment)
    const cost = costOf(usage, price)
    this.#answers += 1
    this.#outputTokens += usage.outputTokens
    const by = this.deployment ? [{ deployment: this.deployment, usage, ...cost }] : []
    this.#held?.settle({ inputTokens: usage.inputTokens, outputTokens: usage.outputTokens, ...cost, by })
    this.#held = undefined
    const firstTokenMs = firstTokenAt === undefined ? null : firstTokenAt - startedAt
    this.#options.record({
      ...record,
      ...tokensOf(usage),
      ...cost,
      priceList: priceListOf(usage, price),
      startedAt,
      durationMs: clock.now() - startedAt,
      firstTokenMs,
    })
  }

  #dataOf({ estimated, ...usage }: ModelUsage, id: unknown): JsonObject {
    const { audioInputTokens: audioInput, audioOutputTokens: audioOutput, seconds } = usage
    return {
      session: this.#options.runId,
      ...(typeof id === "string" ? { id } : {}),
      ...(audioInput ? { audioInputTokens: audioInput } : {}),
      ...(audioOutput ? { audioOutputTokens: audioOutput } : {}),
      ...(seconds === undefined ? {} : { seconds }),
      ...(estimated ? { usageEstimated: true } : {}),
    }
  }

  #newRecord(name: string): LightRunRecord {
    const { newId, principal, model, clock, runId, said } = this.#options
    return {
      id: newId("run"),
      projectId: principal.projectId,
      principal: principal.id,
      user: principal.user,
      tags: tagsWith(principal.tags, said),
      ...(said?.metadata ? { metadata: said.metadata } : {}),
      kind: "realtime",
      name,
      model: model === "" ? null : model,
      deployment: this.deployment?.id ?? null,
      outcome: "completed",
      status: 200,
      error: null,
      startedAt: clock.now(),
      durationMs: 0,
      firstTokenMs: null,
      streamed: true,
      inputTokens: 0,
      outputTokens: 0,
      cachedTokens: 0,
      reasoningTokens: 0,
      costMicroUsd: 0,
      costKnown: true,
      requestBytes: 0,
      responseBytes: 0,
      label: null,
      data: { session: runId },
    }
  }
}

function tokensOf({
  inputTokens,
  outputTokens,
  cachedTokens,
  reasoningTokens,
}: ModelUsage): Pick<ModelUsage, "inputTokens" | "outputTokens" | "cachedTokens" | "reasoningTokens"> {
  return { inputTokens, outputTokens, cachedTokens, reasoningTokens }
}

/** Speech of a model is one token per 50 ms; it comes as base64 of 24,000 samples a second, two bytes each. */
const audioBytesPerToken = (24_000 * 2 * 0.05 * 4) / 3
const textBytesPerToken = 4

function roughUsage({ audioBytes, textBytes }: UnderWay, inputTokens: number): ModelUsage {
  const audioOutputTokens = Math.ceil(audioBytes / audioBytesPerToken)
  const outputTokens = audioOutputTokens + Math.ceil(textBytes / textBytesPerToken)
  return { inputTokens, outputTokens, cachedTokens: 0, reasoningTokens: 0, audioOutputTokens, estimated: true }
}

function failureIn(response: JsonObject): { code: string; message: string } {
  const details = isJsonObject(response["status_details"]) ? response["status_details"] : {}
  const error = isJsonObject(details["error"]) ? details["error"] : {}
  const text = (value: unknown, otherwise: string): string => (typeof value === "string" ? value : otherwise)
  return { code: text(error["code"] ?? error["type"], "upstream_error"), message: text(error["message"], "the provider's answer failed") }
}
