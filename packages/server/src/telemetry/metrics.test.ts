// Metrics: Prometheus text, a bounded number of series whatever clients send, events that never throw.
import { expect, test } from "vitest"
import { createMetrics, type Metrics } from "./metrics.ts"

const routes = ["/v1/chat/completions", "/v1/responses"]
const models = new Set(["fast", "gpt-5-mini"])
const create = (): Metrics => createMetrics({ version: "0.0.0", routes, isKnownModel: (name) => models.has(name) })

const call = {
  operation: "chat",
  provider: "openai",
  model: "fast",
  outcome: "completed",
  errorCode: null,
  durationMs: 120,
  upstreamMs: 118,
}
const usage = { firstTokenMs: 40, inputTokens: 100, outputTokens: 20, costMicroUsd: 7, costKnown: true }

test("serves counters and histograms with OpenTelemetry's names and ours", async () => {
  await using metrics = create()
  metrics.events.modelCallEnded({ ...call, ...usage })
  metrics.events.requestEnded({ route: "/v1/responses", method: "POST", status: 200, errorCode: null, durationMs: 10 })
  metrics.events.modelCallEnded({ ...call, ...usage, model: "unpriced", upstreamMs: null, costMicroUsd: 0, costKnown: false })
  metrics.events.recordsDropped(3)
  metrics.gauge("perdure_record_queue_rows", "Records that wait", () => 12)
  const text = await metrics.text()
  expect(text).toMatch(/gen_ai_client_operation_duration_bucket\{.*gen_ai_request_model="fast".*le="0.16".*\} 1/)
  expect(text).toMatch(/gen_ai_client_token_usage_sum\{.*gen_ai_token_type="input".*\} 100/)
  expect(text).toMatch(/perdure_gateway_overhead_bucket\{.*le="0.002".*\} 1/)
  expect(text).toMatch(/perdure_http_request_duration_count\{.*route="\/v1\/responses".*\} 1/)
  expect(text).toMatch(/perdure_records_dropped_total(\{[^}]*\})? 3/)
  expect(text).toMatch(/perdure_cost_micro_usd_total\{.*\} 7/)
  expect(text).toMatch(/perdure_calls_without_price_total\{[^}]*\} 1/)
  expect(text).toMatch(/perdure_record_queue_rows(\{[^}]*\})? 12/)
})

test("has no more series after 10,000 random requests than its closed sets allow", async () => {
  await using metrics = create()
  const random = (): string => Math.random().toString(36)
  const send = (index: number): void => {
    const odd = index % 2 === 0
    const pick = (value: string): string => (odd ? random() : value)
    metrics.events.requestEnded({
      route: pick("/v1/responses"),
      method: pick("POST"),
      status: index,
      errorCode: pick("not_found"),
      durationMs: index,
    })
    metrics.events.modelCallEnded({
      ...call,
      ...usage,
      provider: pick("openai"),
      model: pick("fast"),
      operation: pick("chat"),
      errorCode: pick("overloaded"),
    })
    metrics.events.runEnded({ kind: pick("workflow"), status: pick("completed"), durationMs: 1 })
    metrics.events.stepEnded({ effect: pick("once"), outcome: pick("completed"), durationMs: 1 })
  }
  for (let index = 0; index < 1_000; index += 1) send(index)
  const before = series(await metrics.text())
  for (let index = 1_000; index < 10_000; index += 1) send(index)
  const after = await metrics.text()
  expect(series(after)).toBe(before)
  expect(series(after)).toBeLessThan(600)
  expect(after).toContain('gen_ai_request_model="other"')
  expect(after).not.toContain('gen_ai_request_model="0.')
})

test("never throws from an event, and tells once that it could not count", async () => {
  const told: string[] = []
  const failing = (): boolean => {
    throw new Error("the configuration is gone")
  }
  await using metrics = createMetrics({ version: "0", routes, isKnownModel: failing, onError: (event) => told.push(event) })
  for (let index = 0; index < 3; index += 1) metrics.events.modelCallEnded({ ...call, ...usage })
  metrics.events.requestEnded(null as never)
  expect(told).toEqual(["modelCallEnded", "requestEnded"])
})

test("leaves out a gauge that can't be read and serves the rest", async () => {
  await using metrics = create()
  metrics.gauge("perdure_broken", "Broken", () => {
    throw new Error("gone")
  })
  metrics.events.runStarted({ kind: "agent" })
  expect(await metrics.text()).toMatch(/perdure_runs_started_total\{.*kind="agent".*\} 1/)
})

function series(text: string): number {
  return text.split("\n").filter((line) => line !== "" && !line.startsWith("#")).length
}
