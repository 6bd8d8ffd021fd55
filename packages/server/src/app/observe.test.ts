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
  const { onRecord } = createObservers(metrics.events, () => "openai")
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
