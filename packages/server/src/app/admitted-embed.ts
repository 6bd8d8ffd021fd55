// Embeddings that the server makes for its own work (files, memories, searches, the answer cache), within the limits of whoever they are for, and on their bill.
import {
  costOf,
  dearestPrice,
  priceListOf,
  type AdmissionRequest,
  type LightRunRecord,
  type Prices,
  type Records,
} from "../accounting/index.ts"
import { saidBeside, type JsonObject, type NewId, type Said } from "../core/index.ts"
import { createEmbed, type Deployment, type Embed, type MeasuredEmbed, type Model, type ModelUsage } from "../inference/index.ts"
import type { Identity } from "../security/index.ts"
import { internalCall } from "./internal-call.ts"
import { boundsOf, reserveFor, type Bounds, type BoundByOptions, type ReserveOptions } from "./reserve.ts"

type CreateEmbedOptions = Parameters<typeof createEmbed>[0]

/** What makes work inside the server somebody's. */
export interface Accountable extends Pick<ReserveOptions, "admission"> {
  records: Pick<Records, "add">
  identity: Pick<Identity, "principalOfKey">
}

export interface AdmittedEmbedOptions extends Accountable, CreateEmbedOptions {
  limits: CreateEmbedOptions["limits"] & ReserveOptions["limits"] & BoundByOptions["limits"]
  prices: Pick<Prices, "priceOf">
  newId: NewId
}

export interface EmbedCaller {
  readonly projectId: string
  readonly principal: string
  readonly said?: Said | undefined
  readonly isPatient: boolean
}

/** A model of this process is free, so it is neither held to limits nor recorded. */
export function admitEmbeddings(options: AdmittedEmbedOptions, model: string, name: string): (caller: EmbedCaller) => Embed {
  const embed = createEmbed(options, model)
  return (caller) => async (texts, signal, purpose) => {
    if (texts.length === 0) return []
    const asked = options.models.require(model, "embeddings")
    if (asked.deployments.every(({ dialect }) => dialect === "native")) return (await embed(texts, signal, purpose)).vectors
    const bounds = await boundsOf(options, caller, signal)
    return billed(options, { caller, bounds, asked, name, texts, signal }, (expected) =>
      embed(texts, signal, purpose, { ...bounds.placing, expected }),
    )
  }
}

interface EmbedCall {
  caller: EmbedCaller
  bounds: Bounds
  asked: Model
  name: string
  texts: readonly string[]
  signal: AbortSignal
}

async function billed(
  options: AdmittedEmbedOptions,
  call: EmbedCall,
  work: (expected: AdmissionRequest) => ReturnType<MeasuredEmbed>,
): Promise<Float32Array[]> {
  const { prices, clock, records } = options
  const { caller, asked, texts, signal } = call
  const estimated = Math.ceil(texts.reduce((sum, text) => sum + text.length, 0) / charactersPerToken)
  const bound = call.bounds.limits
  const request = { ...bound, model: asked.name, inputTokensEstimated: estimated, outputTokensMax: 0, isInternal: true } as const
  const price = dearestPrice(prices, asked.deployments)
  const reservation = await reserveFor(options, { ...request, price }, { isPatient: caller.isPatient, signal })
  const startedAt = clock.now()
  try {
    const { vectors, deployment, usage } = await work(reservation.request)
    const known = prices.priceOf(deployment)
    const cost = usage ? costOf(usage, known) : { costMicroUsd: 0, costKnown: true }
    const by = usage ? [{ deployment, usage, ...cost }] : []
    reservation.settle({ inputTokens: usage?.inputTokens ?? 0, outputTokens: 0, ...cost, by })
    if (usage)
      records.add(
        recordOf(options, call, {
          ...saidBeside(bound.tags, caller.said),
          user: bound.user,
          startedAt,
          deployment,
          usage,
          ...cost,
          priceList: priceListOf(usage, known),
        }),
      )
    return vectors
  } finally {
    reservation.release()
  }
}

const charactersPerToken = 4

interface Made extends Pick<LightRunRecord, "user" | "startedAt" | "costMicroUsd" | "costKnown" | "priceList"> {
  tags: readonly string[]
  metadata?: JsonObject
  deployment: Deployment
  usage: ModelUsage
}

function recordOf({ newId, clock }: AdmittedEmbedOptions, call: EmbedCall, { deployment, usage, ...made }: Made): LightRunRecord {
  return {
    ...internalCall,
    ...made,
    id: newId("run"),
    projectId: call.caller.projectId,
    principal: call.caller.principal,
    kind: "embedding",
    name: call.name,
    model: call.asked.name,
    deployment: deployment.id,
    durationMs: clock.now() - made.startedAt,
    upstreamMs: clock.now() - made.startedAt,
    inputTokens: usage.inputTokens,
    data: { texts: call.texts.length, ...(usage.estimated ? { usageEstimated: true } : {}) },
  }
}
