// Model calls of durable work (turns, compactions) within the limits of whoever they are made for: reserved before, settled after, as light runs are.
import { costOf, dearestPrice, type AdmissionRequest, type Cost, type DeploymentUse, type Prices } from "../accounting/index.ts"
import type { CallModelAs, ModelCaller } from "../agents/index.ts"
import {
  estimateTokens,
  noName,
  outputTokensMaxOf,
  servedAsAsked,
  tierAsked,
  tierConfigured,
  type CallEvent,
  type CallModel,
  type Deployment,
  type Model,
  type ModelCall,
  type ModelUsage,
  type Models,
} from "../inference/index.ts"
import { boundsOf, reserveFor, type Bounds, type BoundByOptions, type ReserveOptions } from "./reserve.ts"

export interface AdmittedModelOptions extends ReserveOptions, BoundByOptions {
  limits: ReserveOptions["limits"] & BoundByOptions["limits"]
  callModel: CallModel
  models: Pick<Models, "require">
  prices: Pick<Prices, "priceOf">
}

/** A refusal is thrown by the events, before the model is asked. */
export function admitModelCalls(options: AdmittedModelOptions): CallModelAs {
  return (caller) => (call, signal, routing) => {
    const model = options.models.require(call.model, "chat", noName)
    const [first] = model.deployments
    const under: { call: ReturnType<CallModel> | undefined } = { call: undefined }
    const open = ({ placing }: Bounds, expected: AdmissionRequest): ReturnType<CallModel> =>
      (under.call = options.callModel(call, signal, { ...routing, ...placing, expected }))
    return {
      /** The one that is tried, or will be tried first. */
      get deployment(): Deployment {
        return under.call?.deployment ?? (first as Deployment) // a model that can be required has one
      },
      get attempts(): number {
        return under.call?.attempts ?? 0
      },
      events: admitted(options, { caller, call, model, signal }, open),
    }
  }
}

interface CallOf {
  caller: ModelCaller
  call: ModelCall
  model: Model
  signal: AbortSignal
}

async function* admitted(
  options: AdmittedModelOptions,
  of: CallOf,
  open: (bounds: Bounds, expected: AdmissionRequest) => ReturnType<CallModel>,
): AsyncGenerator<CallEvent> {
  const { isPatient } = of.caller
  const bounds = await boundsOf(options, of.caller, of.signal)
  const reservation = await reserveFor(options, requestOf(options, of, bounds), { isPatient, signal: of.signal })
  of.caller.onReserved?.(reservation.state)
  const spent = new Spent(options.prices)
  let deployment: Deployment | undefined
  try {
    const under = open(bounds, reservation.request)
    for await (const event of under.events) {
      deployment = under.deployment
      spent.take(event, deployment)
      yield event
    }
  } finally {
    const served = deployment
    const actual = served && spent.actual(served, of.call)
    if (actual) reservation.settle(actual)
    else reservation.release()
  }
}

/** What a call has used so far: what its provider reports at its end, else what was seen of it. */
class Spent {
  readonly #prices: AdmittedModelOptions["prices"]
  readonly #reported: { usage: ModelUsage; deployment: Deployment }[] = []
  #characters = 0

  constructor(prices: AdmittedModelOptions["prices"]) {
    this.#prices = prices
  }

  take(event: CallEvent, deployment: Deployment): void {
    if (event.type === "failover") {
      this.#characters = 0
      if (event.used) this.#reported.push({ usage: event.used, deployment: event.from })
    } else if (event.type === "finished") {
      this.#characters = 0
      this.#reported.push({ usage: event.usage, deployment }, ...(event.alsoUsed ?? []))
    } else this.#characters += charactersOf(event)
  }

  /** Undefined where nothing was used. */
  actual(deployment: Deployment, call: ModelCall): (Cost & { inputTokens: number; outputTokens: number; by: DeploymentUse[] }) | undefined {
    const seen = this.#characters > 0 ? [{ deployment, usage: this.#cut(call, deployment) }] : []
    const used = [...this.#reported, ...seen]
    if (used.length === 0) return undefined
    const by = used.map((each) => ({ ...each, ...costOf(each.usage, this.#prices.priceOf(each.deployment)) }))
    return {
      inputTokens: sum(used.map(({ usage }) => usage.inputTokens)),
      outputTokens: sum(used.map(({ usage }) => usage.outputTokens)),
      costMicroUsd: sum(by.map(({ costMicroUsd }) => costMicroUsd)),
      costKnown: by.every(({ costKnown }) => costKnown),
      by,
    }
  }

  #cut(call: ModelCall, deployment: Deployment): ModelUsage {
    return servedAsAsked(cut(estimateTokens(call, deployment), this.#characters), call, deployment)
  }
}

const charactersPerToken = 4

function cut(inputTokens: number, characters: number): ModelUsage {
  return { inputTokens, outputTokens: Math.ceil(characters / charactersPerToken), cachedTokens: 0, reasoningTokens: 0, estimated: true }
}

function charactersOf(event: CallEvent): number {
  if ("text" in event && typeof event.text === "string") return event.text.length
  return event.type === "tool-call-delta" ? event.arguments.length : 0
}

function requestOf({ prices }: Pick<AdmittedModelOptions, "prices">, { call, model }: CallOf, { limits }: Bounds): AdmissionRequest {
  const [first] = model.deployments
  const serviceTier = tierAsked(call.hints?.serviceTier ?? undefined) ?? tierConfigured(model)
  return {
    ...limits,
    user: limits.user ?? call.user,
    model: model.name,
    inputTokensEstimated: first ? estimateTokens(call, first) : 0,
    outputTokensMax: outputTokensMaxOf(model, call.outputTokensMax),
    ...(serviceTier === undefined ? {} : { served: { serviceTier } }),
    price: dearestPrice(prices, model.deployments),
  }
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0)
}
