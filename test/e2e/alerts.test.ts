// Alerts over the real server: a budget that refuses nothing tells once, also after a restart, a used-up one tells that it refuses, a dead provider that it is down.
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { createClient } from "@perdure/client"
import { afterAll, expect, it } from "vitest"
import { startFakeProvider } from "../../packages/server/src/testing/fake-provider.ts"
import { startWebhookReceiver } from "../../packages/server/src/testing/webhook-receiver.ts"
import { runPerdure, startPerdure, temporaryDirectory, type StartedServer } from "../support/server.ts"

/** $0.002 at the prices below. */
const usage = { prompt_tokens: 1_000, completion_tokens: 500, total_tokens: 1_500 }
const cleanUps = new AsyncDisposableStack()
afterAll(() => cleanUps.disposeAsync())

async function call(server: StartedServer, apiKey: string, model: string): Promise<number> {
  const headers = { authorization: `Bearer ${apiKey}`, "content-type": "application/json" }
  const body = JSON.stringify({ model, messages: [{ role: "user", content: "Say hi." }], max_tokens: 100 })
  const answer = await fetch(`${server.url}/v1/chat/completions`, { method: "POST", headers, body })
  await answer.text()
  return answer.status
}

const nameIn = (data: Record<string, unknown>): string =>
  [data["budget"], data["deployment"]].find((name) => typeof name === "string") ?? ""

it("somebody is told of budgets and of a provider that is down, each once", async () => {
  const provider = cleanUps.use(await startFakeProvider(() => ({ text: "hi", usage })))
  const hook = cleanUps.use(await startWebhookReceiver())
  const directory = cleanUps.use(await temporaryDirectory())
  const config = join(directory.path, "perdure.yaml")
  const price = "price: { inputPerMillionUsd: 1, outputPerMillionUsd: 2 }"
  writeFileSync(
    config,
    `providers: { fake: { type: openai-compatible, baseUrl: "${provider.url}" }, dead: { type: openai-compatible, baseUrl: "http://127.0.0.1:9/v1" } }
models:
  chat: { deployments: [{ provider: fake, model: chat, ${price} }] }
  tight: { deployments: [{ provider: fake, model: tight, ${price} }] }
  gone: { deployments: [{ provider: dead, model: gone }] }
budgets:
  - { name: soft, for: { model: chat }, usd: 0.003, per: total, enforce: false }
  - { name: hard, for: { model: tight }, usd: 0.002, per: total, alertAt: [] }
alerts: [{ name: ops, url: "${hook.url}" }]
limits: { deploymentDownAfterMs: 100, breakerFailuresMax: 1 }
discovery: false
`,
  )
  const data = join(directory.path, "data")
  const first = await startPerdure({ dataDirectory: data, config })
  const key = first.apiKey
  const made = await createClient({ baseUrl: first.url, apiKey: key }).keys.create({
    name: "told",
    limits: { alertUsd: 0.003, budgetPer: "total" },
  })
  for (let count = 0; count < 3; count += 1) expect(await call(first, made.secret, "chat")).toBe(200)
  expect(await call(first, key, "tight")).toBe(200)
  expect(await call(first, key, "tight")).toBe(429)
  await call(first, key, "gone")
  const told = (): string[] => hook.received.map(({ json: { type, data: about } }) => `${type} ${nameIn(about)}`)
  // How many they are is not known before: of the soft budget one share or two are told.
  await expect.poll(() => new Set(told()).size, { timeout: 60_000 }).toBe(4)
  await first[Symbol.asyncDispose]()
  const second = cleanUps.use(await startPerdure({ dataDirectory: data, config }))
  expect(await call(second, key, "chat")).toBe(200)
  expect(await call(second, key, "tight")).toBe(429)
  const tested = await runPerdure(["alerts", "test", "ops", "--config", config, "--data", data])
  expect(tested.stdout).toContain("HTTP 200  it says so")
  await expect.poll(told, { timeout: 60_000 }).toContain("test ")
  const shares = told().filter((each) => each === "budget.threshold soft").length
  // The calls may have been reported one by one: then 0.8 comes before 1.
  expect(shares === 1 || shares === 2).toBe(true)
  expect([...new Set(told())].sort()).toEqual([
    "budget.exceeded hard",
    "budget.threshold key alert",
    "budget.threshold soft",
    "deployment.down dead/gone",
    "test ",
  ])
  expect(told().filter((each) => each.startsWith("budget.exceeded"))).toHaveLength(1)
})
