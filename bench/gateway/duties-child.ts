// Prices the duties of a light run one by one, with the code that serves it; prints one JSON line. Started by duties.ts.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import {
  createAdmission,
  createRecords,
  openLedger,
  priceFromUsd,
  rulesOfConfig,
  type LightRunRecord,
} from "../../packages/server/src/accounting/index.ts"
import { createObservers } from "../../packages/server/src/app/observe.ts"
import { loadConfig } from "../../packages/server/src/config/index.ts"
import { defaultLimits, newId, systemClock } from "../../packages/server/src/core/index.ts"
import { BodyBytes } from "../../packages/server/src/http/light/body-bytes.ts"
import { usageFromTail } from "../../packages/server/src/http/light/usage-tail.ts"
import { chatBody } from "../../packages/server/src/http/openai/chat-body.ts"
import { ChatFrames } from "../../packages/server/src/http/openai/chat-frames.ts"
import { createModels, createPool, usageOf } from "../../packages/server/src/inference/index.ts"
import { createIdentity } from "../../packages/server/src/security/index.ts"
import { openStore } from "../../packages/server/src/store/index.ts"
import { createMetrics } from "../../packages/server/src/telemetry/index.ts"
import { testDeployment, testModel } from "../../packages/server/src/testing/gateway.ts"
import { bodies, models } from "./bodies.ts"
import { configOf } from "./targets/perdure.ts"

const rounds = 7
/** The work of one round, so that the clock's grain does not matter. */
const roundUs = 30_000

const directory = mkdtempSync(join(tmpdir(), "perdure-duties-"))
const shared = { clock: systemClock, newId, limits: defaultLimits, onError: () => undefined }
try {
  await using store = await openStore({ dataDirectory: join(directory, "data"), limits: defaultLimits })
  console.log(JSON.stringify({ ...(await ofStore(store)), ...ofBodies(), ...ofAnswers(), ...(await ofLimits(store)) }))
} finally {
  rmSync(directory, { recursive: true, force: true })
}

/** CPU of the process and its threads in µs, best round. */
function price(run: () => void): number {
  const cpu = (times: number): number => {
    const before = process.cpuUsage()
    for (let count = 0; count < times; count += 1) run()
    const { user, system } = process.cpuUsage(before)
    return user + system
  }
  let times = 64
  while (cpu(times) < roundUs) times *= 2
  return Math.min(...Array.from({ length: rounds }, () => cpu(times) / times))
}

async function ofStore(store: Awaited<ReturnType<typeof openStore>>): Promise<Record<string, number>> {
  await using identity = await createIdentity({ ...shared, store })
  const { secret } = await identity.createKey("proj_default", "bench")
  const headers = { authorization: `Bearer ${secret}` }
  await using metrics = createMetrics({ version: "0", routes: ["/v1/chat/completions"], isKnownModel: () => true })
  const { onRecord, http } = createObservers(metrics.events, {
    providerOf: () => "openai",
    logger: { info: () => undefined, warn: () => undefined },
  })
  await using records = createRecords({ ...shared, store, onDropped: () => undefined })
  const write = async (): Promise<number> => {
    const before = process.cpuUsage()
    for (let count = 0; count < 2_000; count += 1) records.add(recordOf(newId("run")))
    await records.flush()
    const { user, system } = process.cpuUsage(before)
    return (user + system) / 2_000
  }
  const written: number[] = []
  for (let round = 0; round < rounds * 3; round += 1) written.push(await write())
  const record = recordOf("run_1")
  return {
    auth: price(() => void identity.authenticate(headers, "POST")),
    record: Math.min(...written),
    metrics: price(() => {
      onRecord(record)
      http.requestFinished("/v1/chat/completions", 200, 12)
    }),
  }
}

function ofBodies(): Record<string, number> {
  const prices: Record<string, number> = { yardstick: price(() => void JSON.parse(bodies.chat1)) }
  for (const [size, text] of [
    ["1", bodies.chat1],
    ["20", bodies.chat20],
    ["200", bodies.chat200],
  ] as const) {
    const bytes = Buffer.from(text)
    const pieces: Buffer[] = []
    for (let at = 0; at < bytes.length; at += 65_536) pieces.push(bytes.subarray(at, at + 65_536))
    const body = chatBody(new BodyBytes(pieces))
    prices[`scan${size}`] = price(() => void chatBody(new BodyBytes(pieces)))
    prices[`splice${size}`] = price(() => void body.forUpstream(models.chatUpstream))
  }
  return prices
}

function ofAnswers(): Record<string, number> {
  const usage = { prompt_tokens: 25, completion_tokens: 117, total_tokens: 142, prompt_tokens_details: { cached_tokens: 0 } }
  const message = { role: "assistant", content: "One sentence of a fixed answer.\n".repeat(28) }
  const answer = Buffer.from(JSON.stringify({ id: "x", choices: [{ index: 0, message, finish_reason: "stop" }], usage }))
  const frame = (part: object): Buffer =>
    Buffer.from(`data: ${JSON.stringify({ id: "chatcmpl-bench", object: "chat.completion.chunk", created: 1, model: "m", ...part })}\n\n`)
  const frames = Array.from({ length: 100 }, () =>
    frame({ choices: [{ index: 0, delta: { content: " word" }, finish_reason: null }], usage: null }),
  )
  const deployment = testDeployment("http://127.0.0.1:1/v1")
  let seen = 0
  const stream = price(() => {
    const reader = new ChatFrames({ deployment, usageAsked: true, onFrame: () => void (seen += 1) })
    for (const each of frames) reader.feed(each)
  })
  if (seen === 0) throw new Error("no frame was read")
  return { usage: price(() => void usageFromTail(answer, usageOf)), frame: stream / frames.length }
}

async function ofLimits(store: Awaited<ReturnType<typeof openStore>>): Promise<Record<string, number>> {
  const file = join(directory, "perdure.yaml")
  writeFileSync(file, configOf(1))
  const { config } = await loadConfig({ cwd: directory, env: {}, configPath: file })
  const priceOfModel = priceFromUsd({ input: 0.15, output: 0.6, cachedInput: 0.075 })
  await using ledger = await openLedger({ ...shared, store })
  await using admission = createAdmission({ ...shared, ledger, rules: rulesOfConfig(config), assumedPrice: priceOfModel })
  const request = { projectId: "proj_default", principalId: "key_1", keyLimits: null, user: null, model: models.chat, tags: [] }
  const asked = { ...request, inputTokensEstimated: 250, outputTokensMax: 256, price: priceOfModel }
  const used = { inputTokens: 25, outputTokens: 117, costMicroUsd: 80 }
  ;(await admission.reserve(asked)).settle(used) // its credit was fetched now
  const model = testModel(models.chat, testDeployment("http://127.0.0.1:1/v1"))
  const pool = createPool({ ...shared, models: createModels({ models: [model] }) })
  return {
    reserve: price(() => {
      const held = admission.reserve(asked)
      if (!(held instanceof Promise)) held.settle(used)
    }),
    plan: price(() => {
      const plan = pool.plan(model, { needs: "chat" })
      const deployment = plan.first()
      plan.started(deployment)
      plan.firstToken(deployment, 1)
      plan.finished(deployment, { ms: 2, outputTokens: 117 })
    }),
  }
}

function recordOf(id: string): LightRunRecord {
  return {
    id,
    projectId: "proj_default",
    principal: "key_1",
    user: null,
    kind: "chat",
    name: "chat.completions",
    model: models.chat,
    deployment: `mock/${models.chatUpstream}`,
    outcome: "completed",
    status: 200,
    error: null,
    startedAt: systemClock.now(),
    durationMs: 12.5,
    upstreamMs: 12,
    firstTokenMs: 11,
    streamed: false,
    inputTokens: 25,
    outputTokens: 117,
    cachedTokens: 0,
    reasoningTokens: 0,
    costMicroUsd: 74,
    costKnown: true,
    requestBytes: 1_000,
    responseBytes: 1_000,
    label: null,
    data: null,
  }
}
