// Texts that the server has ordered by a model for its own work (recalls), within the limits and regions of whoever they are for, and on their bill.
import { costOf, dearestPrice, priceListOf, type LightRunRecord, type Prices } from "../accounting/index.ts"
import { saidBeside, type NewId, type Said } from "../core/index.ts"
import { createRerank, noName, type Deployment, type Model, type ModelUsage } from "../inference/index.ts"
import type { Accountable } from "./admitted-embed.ts"
import { internalCall } from "./internal-call.ts"
import { boundsOf, reserveFor, type Bounds, type BoundByOptions, type ReserveOptions } from "./reserve.ts"

type CreateRerankOptions = Parameters<typeof createRerank>[0]

export interface AdmittedRerankOptions extends Accountable, CreateRerankOptions {
  limits: CreateRerankOptions["limits"] & ReserveOptions["limits"] & BoundByOptions["limits"]
  prices: Pick<Prices, "priceOf">
  newId: NewId
}

interface RerankCaller {
  readonly projectId: string
  readonly principal: string
  readonly said?: Said | undefined
}

type Rank = (query: string, documents: readonly string[], signal: AbortSignal) => Promise<readonly { index: number; score: number }[]>

const charactersPerToken = 4
/** Cohere counts a search for each hundred documents. */
const documentsPerSearch = 100

export function admitRerank(options: AdmittedRerankOptions, name: string): (caller: RerankCaller, model: string) => Rank {
  const { prices, clock, records, models } = options
  return (caller, model) => async (query, documents, signal) => {
    const asked = models.require(model, "rerank", noName)
    const bounds = await boundsOf(options, caller, signal)
    const characters = documents.reduce((sum, text) => sum + text.length, query.length)
    const request = {
      ...bounds.limits,
      model: asked.name,
      inputTokensEstimated: Math.ceil(characters / charactersPerToken),
      outputTokensMax: 0,
      pieces: { searchUnits: Math.ceil(documents.length / documentsPerSearch) },
      isInternal: true,
      price: dearestPrice(prices, asked.deployments),
    } as const
    const reservation = await reserveFor(options, request, { isPatient: false, signal })
    const startedAt = clock.now()
    try {
      const { results, deployment, usage } = await createRerank(options, model)({ query, documents }, signal, {
        ...bounds.placing,
        expected: reservation.request,
      })
      const known = prices.priceOf(deployment)
      const cost = costOf(usage, known)
      reservation.settle({ inputTokens: usage.inputTokens, outputTokens: 0, ...cost, by: [{ deployment, usage, ...cost }] })
      const made = { caller, name, asked, bounds, deployment, usage, startedAt, documents: documents.length }
      records.add({ ...recordOf(options, made), ...cost, priceList: priceListOf(usage, known) })
      return results
    } finally {
      reservation.release()
    }
  }
}

interface Made {
  caller: RerankCaller
  name: string
  asked: Model
  bounds: Bounds
  deployment: Deployment
  usage: ModelUsage
  startedAt: number
  documents: number
}

function recordOf(
  { newId, clock }: AdmittedRerankOptions,
  { caller, name, asked, bounds, deployment, usage, startedAt, documents }: Made,
): Omit<LightRunRecord, "costMicroUsd" | "costKnown"> {
  const durationMs = clock.now() - startedAt
  return {
    ...internalCall,
    id: newId("run"),
    projectId: caller.projectId,
    principal: caller.principal,
    user: bounds.limits.user,
    ...saidBeside(bounds.limits.tags, caller.said),
    kind: "rerank",
    name,
    model: asked.name,
    deployment: deployment.id,
    startedAt,
    durationMs,
    upstreamMs: durationMs,
    inputTokens: usage.inputTokens,
    data: { documents, ...(usage.estimated ? { usageEstimated: true } : {}) },
  }
}
