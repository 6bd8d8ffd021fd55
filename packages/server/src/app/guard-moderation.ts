// Moderation by a model for the guards, within the limits of the guarded call's caller and on their bill.
import {
  costOf,
  dearestPrice,
  priceListOf,
  type Admission,
  type AdmissionRequest,
  type LightRunRecord,
  type Records,
  type Reservation,
} from "../accounting/index.ts"
import { AppError } from "../core/index.ts"
import { createModerateTexts, type Moderation } from "../inference/index.ts"
import { CallerRefusal, type GuardContext, type Identity, type Moderate } from "../security/index.ts"
import { boundsOf, reserveFor, type Bounds } from "./reserve.ts"
import type { Inference } from "./inference.ts"
import type { Shared } from "./services.ts"

export interface ModerationParts {
  inference: Inference
  records: Pick<Records, "add">
  admission: Pick<Admission, "reserve">
  identity: Pick<Identity, "principalOfKey">
}

/** What a guard's model uses is held of the caller's limits, and a light run of the caller's project. */
export function moderateBy(shared: Shared, guard: { model: string; name: string }, parts: ModerationParts): Moderate {
  const { inference, records } = parts
  const judge = createModerateTexts({ ...shared, ...inference }, guard.model)
  return async (texts, context) => {
    const startedAt = shared.clock.now()
    const bounds = await orCallerRefusal(boundsOf({ ...shared, ...parts }, context, context.signal))
    const reservation = await reserved(shared, guard.model, parts, { texts, context, bounds })
    try {
      const { judgements, deployment, usage } = await judge(texts, context.signal, {
        ...bounds.placing,
        ...(reservation ? { expected: reservation.request } : {}),
      })
      if (!usage) return judgements // moderation routes bill nothing
      const price = inference.prices.priceOf(deployment)
      const cost = costOf(usage, price)
      reservation?.settle({
        inputTokens: usage.inputTokens,
        outputTokens: usage.outputTokens,
        ...cost,
        by: [{ deployment, usage, ...cost }],
      })
      const { tags } = bounds.limits
      records.add({
        ...recordOf(shared, guard, context, startedAt),
        ...tokensOf(usage),
        ...cost,
        priceList: priceListOf(usage, price),
        tags,
        deployment: deployment.id,
      })
      return judgements
    } finally {
      reservation?.release()
    }
  }
}

const charactersPerToken = 4
/** Of what the model is told about its task. */
const instructionTokens = 150

async function reserved(
  shared: Shared,
  name: string,
  { inference, admission }: ModerationParts,
  { texts, context, bounds }: { texts: readonly string[]; context: GuardContext; bounds: Bounds },
): Promise<Reservation | undefined> {
  const { deployments } = inference.models.require(name)
  if (deployments.some(({ does }) => does.moderation === true)) return undefined
  const request: AdmissionRequest = {
    ...bounds.limits,
    user: context.user,
    model: name,
    inputTokensEstimated: instructionTokens + Math.ceil(texts.reduce((sum, text) => sum + text.length, 0) / charactersPerToken),
    outputTokensMax: null,
    price: dearestPrice(inference.prices, deployments),
    isInternal: true,
  }
  return orCallerRefusal(reserveFor({ ...shared, admission }, request, { isPatient: false, signal: context.signal }))
}

/** What refuses the caller is no failure of the guard. */
async function orCallerRefusal<Value>(work: Promise<Value>): Promise<Value> {
  try {
    return await work
  } catch (error) {
    throw error instanceof AppError ? new CallerRefusal(error) : error
  }
}

function tokensOf({ inputTokens, outputTokens, cachedTokens, reasoningTokens }: NonNullable<Moderation["usage"]>): TokensOf {
  return { inputTokens, outputTokens, cachedTokens, reasoningTokens }
}

type TokensOf = Pick<LightRunRecord, "inputTokens" | "outputTokens" | "cachedTokens" | "reasoningTokens">

function recordOf(
  { clock, newId }: Shared,
  { model, name }: { model: string; name: string },
  context: GuardContext,
  startedAt: number,
): Omit<LightRunRecord, keyof TokensOf | "deployment" | "costMicroUsd" | "costKnown" | "priceList"> {
  return {
    id: newId("run"),
    projectId: context.projectId,
    principal: context.principal,
    user: context.user,
    kind: "chat",
    name: "guard.moderate",
    model,
    outcome: "completed",
    status: 200,
    error: null,
    startedAt,
    durationMs: clock.now() - startedAt,
    upstreamMs: clock.now() - startedAt,
    firstTokenMs: null,
    streamed: false,
    requestBytes: 0,
    responseBytes: 0,
    label: null,
    data: { guard: name, runId: context.runId },
  }
}
