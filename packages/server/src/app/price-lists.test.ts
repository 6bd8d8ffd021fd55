// The version of the price list stays with what a run cost: stateless calls, turns of responses; not where the configuration states the price.
import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, expect, it } from "vitest"
import { loadConfig } from "../config/index.ts"
import { copyMigrated } from "../testing/database.ts"
import { startFakeProvider } from "../testing/fake-provider.ts"
import { createPerdure, type Perdure } from "./index.ts"

const provider = await startFakeProvider({ text: "hi", usage: { prompt_tokens: 1_000, completion_tokens: 500 } })
let perdure: Perdure
let directory = ""

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "perdure-price-lists-"))
  const at = { provider: "openai", model: "gpt-4.1" }
  const config = {
    discovery: false,
    server: { port: 0 },
    logging: { level: "silent" },
    providers: { openai: { baseUrl: provider.url, apiKey: { env: "KEY" } } },
    models: {
      listed: { deployments: [at] },
      // A stated price holds for the deployment, wherever it is named.
      stated: { deployments: [{ ...at, model: "gpt-4.1-mini", price: { inputPerMillionUsd: 1, outputPerMillionUsd: 2 } }] },
    },
  }
  await writeFile(join(directory, "perdure.config.ts"), `export default ${JSON.stringify(config)}`)
  await copyMigrated(join(directory, ".perdure", "db"))
  perdure = await createPerdure((await loadConfig({ cwd: directory, env: { KEY: "sk-x" }, flags: [] })).config)
}, 180_000)
afterAll(async () => {
  await perdure[Symbol.asyncDispose]()
  await provider[Symbol.asyncDispose]()
  await rm(directory, { recursive: true, force: true })
})

async function call(path: string, body?: object): Promise<{ runId: string; body: Record<string, unknown> }> {
  const headers = { authorization: `Bearer ${perdure.apiKeyCreated ?? ""}`, "content-type": "application/json" }
  const answer = await fetch(perdure.url + path, { headers, ...(body ? { method: "POST", body: JSON.stringify(body) } : {}) })
  return { runId: answer.headers.get("x-perdure-run-id") ?? "", body: (await answer.json()) as Record<string, unknown> }
}

it.each([
  ["listed", expect.stringMatching(/^\d{4}-\d\d(?:\.\d+)?$/)],
  ["stated", null],
])("a call of a model whose price is %s has the version of the list, where there is one", async (model, priceList) => {
  const chat = await call("/v1/chat/completions", { model, messages: [{ role: "user", content: "hi" }] })
  const metadata = async (): Promise<unknown> => (await call(`/v1/runs/${chat.runId}`)).body["metadata"]
  await expect.poll(metadata, { timeout: 30_000 }).toMatchObject({ priceList })
  expect((await call(`/v1/runs/${chat.runId}`)).body["usage"]).toMatchObject({ costKnown: true })
  const response = await call("/v1/responses", { model, input: "hi" })
  const { events } = (await call(`/v1/runs/${response.runId}/events?limit=1000`)).body as { events: { type: string; data: object }[] }
  expect(events.find(({ type }) => type === "usage.recorded")?.data).toMatchObject({ costKnown: true, priceList })
})
