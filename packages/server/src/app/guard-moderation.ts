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
import { AppError, saidBeside, type JsonObject } from "../core/index.ts"
import { createModerateTexts, type Deployment, type Judging, type ModelUsage } from "../inference/index.ts"
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
  const judge = createModerateTexts({ ...shared, ...parts.inference }, guard.model)
  return async (texts, context) => {
    const startedAt = shared.clock.now()
    const bounds = await orCallerRefusal(boundsOf({ ...shared, ...parts }, context, context.signal))
    const reservation = await reserved(shared, guard.model, parts, { texts, context, bounds })
    const placing = { ...bounds.placing, ...(reservation ? { expected: reservation.request } : {}) }
    const onUsed: Judging["onUsed"] = (use) => {
      const record = { ...recordOf(shared, guard, context, startedAt), ...endOf(use, context.signal) }
      bill(parts, { ...record, ...saidBeside(bounds.limits.tags, context.said), deployment: use.deployment.id }, { ...use, reservation })
    }
    try {
      return await judge(texts, context.signal, { placing, onUsed })
    } finally {
      reservation?.release()
    }
  }
}

type Unbilled = Omit<LightRunRecord, keyof TokensOf | "costMicroUsd" | "costKnown" | "priceList" | "data"> & { data: JsonObject }

interface Used {
  usage: ModelUsage
  deployment: Deployment
  reservation: Reservation | undefined
}

function bill({ inference, records }: ModerationParts, record: Unbilled, { usage, deployment, reservation }: Used): void {
  const price = inference.prices.priceOf(deployment)
  const cost = costOf(usage, price)
  const { inputTokens, outputTokens } = usage
  reservation?.settle({ inputTokens, outputTokens, ...cost, by: [{ deployment, usage, ...cost }] })
  const data = usage.estimated ? { ...record.data, usageEstimated: true } : record.data
  records.add({ ...record, data, ...tokensOf(usage), ...cost, priceList: priceListOf(usage, price) })
}

/** Who breaks off what nobody waits for any more has left, as with any other call. */
function endOf(
  { broke }: Parameters<NonNullable<Judging["onUsed"]>>[0],
  signal: AbortSignal,
): Pick<Unbilled, "outcome" | "status" | "error"> {
  if (!broke) return { outcome: "completed", status: 200, error: null }
  const { code, status, message } =
    broke.error instanceof AppError ? broke.error : new AppError("server_error", "the judge's answer broke off", { cause: broke.error })
  return { outcome: signal.aborted ? "cancelled" : "failed", status: signal.aborted ? 499 : status, error: { code, message } }
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

function tokensOf({ inputTokens, outputTokens, cachedTokens, reasoningTokens }: ModelUsage): TokensOf {
  return { inputTokens, outputTokens, cachedTokens, reasoningTokens }
}

type TokensOf = Pick<LightRunRecord, "inputTokens" | "outputTokens" | "cachedTokens" | "reasoningTokens">

function recordOf(
  { clock, newId }: Shared,
  { model, name }: { model: string; name: string },
  context: GuardContext,
  startedAt: number,
): Omit<Unbilled, "deployment"> {
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
