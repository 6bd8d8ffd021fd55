// Facts read out of messages by a model behind real HTTP: one call for a batch, nothing without a quote, within the scope's budget of the day, on the bill.
import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, expect, test, vi } from "vitest"
import { loadConfig } from "../config/index.ts"
import { copyMigrated } from "../testing/database.ts"
import { startFakeProvider } from "../testing/fake-provider.ts"
import { createPerdure, type Perdure } from "./index.ts"

const provider = await startFakeProvider()
const waitMs = 120_000
let perdure: Perdure
let directory = ""
let key = ""

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "perdure-memory-model-"))
  const price = { inputPerMillionUsd: 100, outputPerMillionUsd: 100 }
  const config = {
    discovery: false,
    server: { port: 0 },
    logging: { level: "silent" },
    providers: { acme: { baseUrl: provider.url } },
    models: { reader: { deployments: [{ provider: "acme", model: "r", price }] } },
    // A call may cost some 290,000 micro-dollars at worst and costs 200,000 below, so that there is no room for a second one.
    memory: { extraction: { model: "reader", budgetUsdPerDay: 0.4 } },
  }
  await writeFile(join(directory, "perdure.config.ts"), `export default ${JSON.stringify(config)}`)
  await copyMigrated(join(directory, ".perdure", "db"))
  perdure = await createPerdure((await loadConfig({ cwd: directory, flags: [] })).config)
  key = (await perdure.identity.createKey(perdure.projectId, "key", {})).secret
}, 300_000)
afterAll(async () => {
  await perdure[Symbol.asyncDispose]()
  await provider[Symbol.asyncDispose]()
  await rm(directory, { recursive: true, force: true })
})

async function call(method: string, path: string, body?: object): Promise<Record<string, unknown>> {
  const headers = { authorization: `Bearer ${key}`, "content-type": "application/json" }
  const answer = await fetch(`${perdure.url}${path}`, { method, headers, ...(body ? { body: JSON.stringify(body) } : {}) })
  return (await answer.json()) as Record<string, unknown>
}

interface Status {
  texts: { done: number }
  facts: { found: number; refused: number }
  spentToday: { calls: number; costMicroUsd: number }
}

const asked = (): number => provider.requests.filter(({ path }) => path.endsWith("/chat/completions")).length

async function read(scope: string, texts: number): Promise<Status> {
  return vi.waitFor(
    async () => {
      const status = (await call("GET", `/v1/memories/upkeep?scope=${scope}`)) as unknown as Status
      expect(status.texts.done).toBe(texts)
      return status
    },
    { timeout: waitMs, interval: 100 },
  )
}

async function facts(scope: string): Promise<unknown[]> {
  const { memories } = (await call("GET", `/v1/memories?scope=${scope}&limit=50`)) as {
    memories: { id: string; kind?: string; text: string }[]
  }
  return memories.filter(({ kind }) => kind !== "episode").map(({ text }) => text)
}

test("a model's facts are kept with their quotes, those without are refused, and the call is on the bill of who said it", async () => {
  const fact = { message: 0, subject: "user", single: true, kind: "fact", op: "assert", since: null, until: null }
  const told = [
    {
      ...fact,
      quote: "the doctor put me on metformin",
      predicate: "medication",
      object: "metformin",
      statement: "The user takes metformin.",
    },
    { ...fact, quote: "the doctor put me on insulin", predicate: "medication", object: "insulin", statement: "The user takes insulin." },
  ]
  provider.next({ text: JSON.stringify({ facts: told }), usage: { prompt_tokens: 1_000, completion_tokens: 1_000 } })
  await call("POST", "/v1/memories", { scope: "m", text: "Last week the doctor put me on metformin, sadly." })
  const status = await read("m", 1)
  expect(status).toMatchObject({ facts: { found: 1, refused: 1 }, spentToday: { calls: 1, costMicroUsd: 200_000 } })
  expect(await facts("m")).toEqual(["The user takes metformin."])
  const request = provider.requests.findLast(({ path }) => path.endsWith("/chat/completions"))
  expect(request?.body).toMatchObject({
    model: "r",
    response_format: { type: "json_schema", json_schema: { name: "facts", strict: true } },
  })
  const usage = (await call("GET", "/v1/usage?groupBy=model")) as { rows: { group: string; costMicroUsd: number }[] }
  expect(usage.rows.find(({ group }) => group === "reader")?.costMicroUsd).toBe(200_000)
}, 300_000)

test("what the scope's budget of the day does not allow waits for the next day, without asking the model", async () => {
  const before = asked()
  await call("POST", "/v1/memories", { scope: "m", text: "I live in Oslo." })
  await vi.waitFor(
    async () => {
      const status = await call("GET", "/v1/memories/upkeep?scope=m")
      expect(status).toMatchObject({ texts: { done: 1, waiting: 1 }, error: expect.stringContaining("It goes on at") as string })
    },
    { timeout: waitMs, interval: 100 },
  )
  expect(asked()).toBe(before)
  expect(await facts("m")).toEqual(["The user takes metformin."])
}, 300_000)

test("the same text, said again elsewhere, is not read again", async () => {
  const before = asked()
  provider.next({ text: JSON.stringify({ facts: [] }), usage: { prompt_tokens: 10, completion_tokens: 10 } })
  await call("POST", "/v1/memories", { scope: "n", text: "Nothing to see here." })
  await read("n", 1)
  expect(asked()).toBe(before + 1)
  await call("POST", "/v1/memories", { scope: "n", text: "Nothing to see here.", session: "other" })
  await vi.waitFor(async () => expect(await call("GET", "/v1/memories/upkeep?scope=n")).toMatchObject({ backlog: { toExtract: 0 } }), {
    timeout: waitMs,
    interval: 100,
  })
  expect(asked()).toBe(before + 1)
}, 300_000)
