// What the business counts: one function per event. None ever throws, and none takes a label from outside a closed set.
import { callSeries, type CallSeries } from "./call-series.ts"
import {
  alertOutcomeLabel,
  breakerLabel,
  changingSet,
  closedSet,
  effectLabel,
  errorCodeLabel,
  failureLabel,
  kindLabel,
  methodLabel,
  operationLabel,
  outcomeLabel,
  providerLabel,
  retryLabel,
  runStatusLabel,
  statusLabel,
} from "./labels.ts"
import { durationBuckets } from "./buckets.ts"
import type { HistogramSeries, Instruments } from "./series.ts"

export interface EventOptions {
  /** Route patterns such as `/v1/chat/completions`: the only values of the label `route`. */
  readonly routes: readonly string[]
  /** Whether a client's model name is a configured one; everything else is counted as "other". */
  readonly isKnownModel: (name: string) => boolean
  /** Told when an event could not be counted; never called more than once per event's name. */
  readonly onError?: (event: string, error: unknown) => void
}

export interface RequestEnded {
  readonly route: string
  readonly method: string
  readonly status: number
  readonly errorCode: string | null
  readonly durationMs: number
}

export interface ModelCallEnded {
  /** `chat`, `embeddings`, …: OpenTelemetry's operation names. */
  readonly operation: string
  readonly provider: string
  readonly model: string | null
  readonly outcome: string
  readonly errorCode: string | null
  /** From our first byte in to our last byte out. */
  readonly durationMs: number
  /** What of it was spent upstream; null when nothing was sent. */
  readonly upstreamMs: number | null
  readonly firstTokenMs: number | null
  readonly inputTokens: number
  readonly outputTokens: number
  readonly costMicroUsd: number
  /** False: nobody knows the price, and the cost is not in the sums. */
  readonly costKnown: boolean
}

export interface BusinessEvents {
  requestEnded(event: RequestEnded): void
  modelCallEnded(event: ModelCallEnded): void
  /** Records of light runs that found the queue full. */
  recordsDropped(count: number): void
  runStarted(event: { readonly kind: string }): void
  runEnded(event: { readonly kind: string; readonly status: string; readonly durationMs: number }): void
  /** A run goes on after a stop: a wait that is over, a process that died. */
  runResumed(event: { readonly kind: string }): void
  stepEnded(event: { readonly effect: string; readonly outcome: string; readonly durationMs: number }): void
  toolCallDecided(event: { readonly allowed: boolean }): void
  /** One attempt at a deployment failed, whatever became of the call. */
  attemptFailed(event: { readonly provider: string; readonly failure: string }): void
  /** A call went on: on the same deployment, another one, another model, or beside a slow one. */
  callRetried(event: { readonly failure: string; readonly to: string }): void
  /** Calls that were given up because their model's retry budget was spent. */
  retryBudgetSpent(count: number): void
  breakerChanged(event: { readonly state: string; readonly failure: string | null }): void
  /** One attempt at the webhook of an alert, or an alert for which there was no room. */
  alertAttempted(outcome: string): void
}

/** Model names in the life of one process; a configuration that is reloaded for months must not grow the metrics. */
const modelsMax = 500

export function createEvents(instruments: Instruments, options: EventOptions): BusinessEvents {
  const count = (name: string, description: string) => instruments.counter({ name, description })
  const seconds = (name: string, description: string) => instruments.histogram({ name, description, unit: "s", buckets: durationBuckets })

  const dropped = count("perdure_records_dropped", "Records of light runs that were dropped because their queue was full")
  const started = count("perdure_runs_started", "Durable runs that were started")
  const ended = seconds("perdure_run_duration", "Durable runs from start to end")
  const resumed = count("perdure_runs_resumed", "Runs that went on after a wait or after a process that died")
  const steps = seconds("perdure_step_duration", "Steps of durable runs")
  const failures = count("perdure_upstream_failures", "Attempts at deployments that failed")
  const retries = count("perdure_retries", "Calls that went on after a failed or slow attempt")
  const spent = count("perdure_retry_budget_spent", "Calls that were given up because the retry budget of their model was spent")
  const breakers = count("perdure_breaker_changes", "Circuit breakers that opened or closed")
  const alerted = count(
    "perdure_alert_attempts",
    "Attempts to bring an alert to its webhook: sent, retried, failed for good, or dropped before",
  )
  const decisions = count("perdure_tool_decisions", "Decisions of the gate in front of tools")

  const safely = neverThrow(options.onError)
  return {
    requestEnded: safely("requestEnded", requestCounter(instruments, options)),
    modelCallEnded: safely("modelCallEnded", callCounter(instruments, options)),
    recordsDropped: safely("recordsDropped", (records) => dropped.add(records)),
    runStarted: safely("runStarted", (event) => started.add(1, { kind: kindLabel(event.kind) })),
    runEnded: safely("runEnded", (event) =>
      ended.record(event.durationMs / 1_000, { kind: kindLabel(event.kind), status: runStatusLabel(event.status) }),
    ),
    runResumed: safely("runResumed", (event) => resumed.add(1, { kind: kindLabel(event.kind) })),
    stepEnded: safely("stepEnded", (event) =>
      steps.record(event.durationMs / 1_000, { effect: effectLabel(event.effect), outcome: outcomeLabel(event.outcome) }),
    ),
    toolCallDecided: safely("toolCallDecided", (event) => decisions.add(1, { verdict: event.allowed ? "allow" : "deny" })),
    attemptFailed: safely("attemptFailed", (event) =>
      failures.add(1, { "gen_ai.provider.name": providerLabel(event.provider), failure: failureLabel(event.failure) }),
    ),
    callRetried: safely("callRetried", (event) => retries.add(1, { failure: failureLabel(event.failure), to: retryLabel(event.to) })),
    retryBudgetSpent: safely("retryBudgetSpent", (calls) => spent.add(calls)),
    alertAttempted: safely("alertAttempted", (outcome) => alerted.add(1, { outcome: alertOutcomeLabel(outcome) })),
    breakerChanged: safely("breakerChanged", (event) =>
      breakers.add(1, { state: breakerLabel(event.state), failure: failureLabel(event.failure) }),
    ),
  }
}

function requestCounter(instruments: Instruments, { routes }: EventOptions): (event: RequestEnded) => void {
  const description = "Requests, from the first byte in to the last byte out"
  const requests = instruments.histogram({ name: "perdure_http_request_duration", description, unit: "s", buckets: durationBuckets })
  const routeLabel = closedSet(routes)
  const known = new Map<string, HistogramSeries>()
  return (event) => {
    const [route, method, status] = [routeLabel(event.route), methodLabel(event.method), statusLabel(event.status)]
    const code = errorCodeLabel(event.errorCode)
    const key = `${method} ${status} ${code} ${route}`
    const series = known.get(key) ?? requests.series({ route, method, status, code })
    known.set(key, series)
    series.record(event.durationMs / 1_000)
  }
}

function callCounter(instruments: Instruments, { isKnownModel }: EventOptions): (event: ModelCallEnded) => void {
  const modelLabel = changingSet(isKnownModel, modelsMax)
  const seriesOf = callSeries(instruments)
  return (event) => {
    const series = seriesOf({
      operation: operationLabel(event.operation),
      provider: providerLabel(event.provider),
      model: modelLabel(event.model),
      outcome: outcomeLabel(event.outcome),
      code: event.errorCode === null ? null : errorCodeLabel(event.errorCode),
    })
    countCall(series, event)
  }
}

function countCall(series: CallSeries, event: ModelCallEnded): void {
  const { durationMs, upstreamMs, firstTokenMs, inputTokens, outputTokens, costMicroUsd } = event
  series.served.record(durationMs / 1_000)
  if (upstreamMs !== null) {
    series.calls.record(upstreamMs / 1_000)
    series.overhead.record(Math.max(0, durationMs - upstreamMs) / 1_000)
  }
  if (firstTokenMs !== null) series.firstToken.record(firstTokenMs / 1_000)
  if (inputTokens > 0) series.inputTokens.record(inputTokens)
  if (outputTokens > 0) series.outputTokens.record(outputTokens)
  if (costMicroUsd > 0) series.cost.add(costMicroUsd)
  if (!event.costKnown) series.unpriced.add(1)
  if (event.errorCode !== null) series.errors.add(1)
}

/** Counting must never break what it counts. */
function neverThrow(onError: EventOptions["onError"]) {
  const told = new Set<string>()
  return <Event>(name: string, record: (event: Event) => void): ((event: Event) => void) =>
    (event) => {
      try {
        record(event)
      } catch (error) {
        if (told.has(name)) return
        told.add(name)
        try {
          onError?.(name, error)
        } catch {
          // Whoever listens for errors has one of its own; there is nobody left to tell.
        }
      }
    }
}
