// What the metrics make of records: each kind of call under its own operation.
import { expect, it } from "vitest"
import type { LightRunRecord } from "../accounting/index.ts"
import { createMetrics } from "../telemetry/index.ts"
import { createObservers } from "./observe.ts"

function recordOf(kind: LightRunRecord["kind"], name = kind as string): LightRunRecord {
  return {
    id: "run_1",
    projectId: "proj_a",
    principal: "key_1",
    user: null,
    kind,
    name,
    model: "m",
    deployment: "fake/m",
    outcome: "completed",
    status: 200,
    error: null,
    startedAt: 1,
    durationMs: 10,
    upstreamMs: 9,
    firstTokenMs: null,
    streamed: false,
    inputTokens: 1,
    outputTokens: 1,
    cachedTokens: 0,
    reasoningTokens: 0,
    costMicroUsd: 1,
    costKnown: true,
    requestBytes: 0,
    responseBytes: 0,
    label: null,
    data: null,
  }
}

it("counts pictures, sounds, judgements and ranking as what they are, and what is stored here as no call of a model", async () => {
  await using metrics = createMetrics({ version: "1", routes: [], isKnownModel: () => true })
  const { onRecord } = createObservers(metrics.events, {
    providerOf: () => "openai",
    logger: { info: () => undefined, warn: () => undefined },
  })
  for (const kind of ["chat", "embedding", "image", "audio", "moderation", "rerank", "realtime", "memory", "key"] as const)
    onRecord(recordOf(kind))
  onRecord(recordOf("realtime", "realtime.session"))
  const operations = [
    ...(await metrics.text()).matchAll(/gen_ai_client_operation_duration_count\{[^}]*gen_ai_operation_name="(\w+)"[^}]*\} (\d+)/g),
  ]
  expect(operations.map(([, name, count]) => `${name} ${count}`).sort()).toEqual([
    "audio 1",
    "chat 1",
    "embeddings 1",
    "generate_image 1",
    "moderation 1",
    "realtime 1",
    "rerank 1",
  ])
})

it("tells the operator once when a deployment is left alone, why and where it is declared, and when it is back", async () => {
  await using metrics = createMetrics({ version: "1", routes: [], isKnownModel: () => true })
  const lines: object[] = []
  const tell = (fields: object, message: string): void => void lines.push({ ...fields, message })
  const { pool } = createObservers(metrics.events, { providerOf: () => "openai", logger: { info: tell, warn: tell } })
  const own = { id: "acme/m", provider: "openai", dialect: "openai-chat", upstreamModel: "m", baseUrl: "http://127.0.0.1:1/v1" } as const
  const deployment = {
    ...own,
    apiKey: "sk-none",
    does: { chat: true, embeddings: false },
    contextTokensMax: null,
    origin: "perdure.yaml:7",
  }
  pool.breakerChanged?.({ deployment, state: "open", failure: "credentials" })
  pool.breakerChanged?.({ deployment, state: "half_open", failure: null })
  pool.breakerChanged?.({ deployment, state: "closed", failure: null })
  const about = { deployment: "acme/m", provider: "openai" }
  expect(lines).toEqual([
    { ...about, failure: "credentials", declared: "perdure.yaml:7", message: "deployment is left alone because it fails" },
    { ...about, message: "deployment answers again" },
  ])
})
