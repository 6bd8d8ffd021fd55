// What the metrics count, taken from where it happens: records of light runs, committed events of durable runs, requests, decisions.
import type { LightRunRecord } from "../accounting/index.ts"
import { isJsonObject, type JsonValue } from "../core/index.ts"
import type { HttpMetrics } from "../http/index.ts"
import type { PoolObserver } from "../inference/index.ts"
import type { Run, RunEvent } from "../runs/index.ts"
import type { BusinessEvents, Logger } from "../telemetry/index.ts"

export interface Observers {
  onRecord: (record: LightRunRecord) => void
  onCommitted: (events: readonly RunEvent[]) => void
  onEnded: (run: Run) => void
  http: HttpMetrics
  pool: PoolObserver
}

/** Records of calls of a model; others are changes of what is stored here. */
const modelCalls: ReadonlySet<string> = new Set(["chat", "embedding", "image", "audio", "moderation", "rerank", "realtime"])

export interface ObserversOptions {
  /** Names the provider of a deployment by its id. */
  providerOf: (deploymentId: string | null) => string
  logger: Pick<Logger, "info" | "warn">
}

export function createObservers(events: BusinessEvents, { providerOf, logger }: ObserversOptions): Observers {
  const usages = new Map<string, JsonValue>()
  const unreached = new Map<string, string>()
  return {
    onRecord: (record) => {
      // A realtime session is a connection; its answers are the calls.
      if (modelCalls.has(record.kind) && record.name !== "realtime.session")
        events.modelCallEnded(callOfRecord(record, providerOf(record.deployment)))
    },
    onCommitted: (committed) => {
      for (const event of committed) observe(events, usages, event, providerOf)
    },
    onEnded: ({ kind, status, createdAt, finishedAt }) =>
      events.runEnded({ kind, status, durationMs: (finishedAt ?? createdAt) - createdAt }),
    http: {
      requestFinished: (route, status, durationMs) => events.requestEnded({ route, method: "POST", status, errorCode: null, durationMs }),
    },
    pool: {
      attemptEnded: ({ deployment, failure, reachFault }) => {
        tellOfReach(logger, unreached, { deployment, failure, reachFault })
        if (failure !== null && failure !== "cancelled") events.attemptFailed({ provider: deployment.provider, failure })
      },
      retried: (event) => events.callRetried(event),
      budgetExhausted: () => events.retryBudgetSpent(1),
      breakerChanged: (event) => {
        events.breakerChanged(event)
        tellOfBreaker(logger, event)
      },
    },
  }
}

/** Once per deployment and cause, until it has answered: not once per call. */
function tellOfReach(
  logger: ObserversOptions["logger"],
  told: Map<string, string>,
  { deployment: { id, origin }, failure, reachFault }: Parameters<Required<PoolObserver>["attemptEnded"]>[0],
): void {
  if (failure === null) told.delete(id)
  if (!reachFault || told.get(id) === reachFault.cause) return
  if (told.size >= unreachedMax) told.clear()
  told.set(id, reachFault.cause)
  logger.warn({ deployment: id, ...reachFault, declared: origin }, "provider cannot be reached")
}

/** Deployments that patterns make are as many as names. */
const unreachedMax = 1_000

/** What an operator looks for when calls fail; trials in between are no news. */
function tellOfBreaker(
  logger: ObserversOptions["logger"],
  { deployment, state, failure }: Parameters<Required<PoolObserver>["breakerChanged"]>[0],
): void {
  const { id, provider, origin } = deployment
  if (state === "open") logger.warn({ deployment: id, provider, failure, declared: origin }, "deployment is left alone because it fails")
  else if (state === "closed") logger.info({ deployment: id, provider }, "deployment answers again")
}

function callOfRecord(record: LightRunRecord, provider: string): Parameters<BusinessEvents["modelCallEnded"]>[0] {
  const { model, outcome, error, durationMs, upstreamMs = null, firstTokenMs, inputTokens, outputTokens, costMicroUsd, costKnown } = record
  const operation = operations[record.kind] ?? record.kind
  const used = { inputTokens, outputTokens, costMicroUsd, costKnown }
  return { operation, provider, model, outcome, errorCode: error?.code ?? null, durationMs, upstreamMs, firstTokenMs, ...used }
}

/** In OpenTelemetry's words, where the kind of a record is another. */
const operations: Partial<Readonly<Record<LightRunRecord["kind"], string>>> = { embedding: "embeddings", image: "generate_image" }

/** A turn's usage is written just before its step: the two together are one model call. */
function observe(
  events: BusinessEvents,
  usages: Map<string, JsonValue>,
  { type, data, runId }: RunEvent,
  providerOf: ObserversOptions["providerOf"],
): void {
  if (!isJsonObject(data)) return
  if (type === "run.started") events.runStarted({ kind: textOf(data["kind"]) })
  else if (type === "run.resumed") events.runResumed({ kind: textOf(data["kind"]) })
  else if (type === "gate.decided") events.toolCallDecided({ allowed: data["allowed"] === true })
  else if (type === "usage.recorded") remember(usages, runId, data)
  else if (type === "run.ended") usages.delete(runId)
  else if (type === "step.completed" || type === "step.failed") {
    const outcome = type === "step.completed" ? "completed" : "failed"
    events.stepEnded({ effect: textOf(data["effect"]), outcome, durationMs: numberOf(data["ms"]) })
    const usage = usages.get(runId)
    if (!isJsonObject(usage) || !textOf(data["key"]).startsWith("turn:")) return
    usages.delete(runId)
    // No model was called: the cache had the answer.
    if (usage["cache"] !== undefined) return
    events.modelCallEnded({
      operation: "chat",
      provider: providerOf(textOf(usage["deployment"])),
      model: textOf(usage["model"]),
      outcome,
      errorCode: null,
      durationMs: numberOf(data["ms"]),
      upstreamMs: numberOf(data["ms"]),
      firstTokenMs: null,
      inputTokens: numberOf(usage["inputTokens"]),
      outputTokens: numberOf(usage["outputTokens"]),
      costMicroUsd: numberOf(usage["costMicroUsd"]),
      costKnown: usage["costKnown"] !== false,
    })
  }
}

/** Runs that leave this process between the two are forgotten with the oldest. */
const usagesMax = 10_000

function remember(usages: Map<string, JsonValue>, runId: string, usage: JsonValue): void {
  if (usages.size >= usagesMax) for (const oldest of usages.keys()) if (usages.delete(oldest)) break
  usages.set(runId, usage)
}

function textOf(value: JsonValue | undefined): string {
  return typeof value === "string" ? value : ""
}

function numberOf(value: JsonValue | undefined): number {
  return typeof value === "number" ? value : 0
}
