// Calls that the server makes beside what it was asked for: embeddings of memories, files and questions, and a guard's judge; limited and billed like any other.
import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, expect, test, vi } from "vitest"
import { loadConfig } from "../config/index.ts"
import { copyMigrated } from "../testing/database.ts"
import { startFakeProvider } from "../testing/fake-provider.ts"
import { createPerdure, type Perdure } from "./index.ts"

const provider = await startFakeProvider()
let perdure: Perdure
let directory = ""
let key = ""
/** A key whose budget is used up. */
let emptyKey = ""
/** May make one call at a time, and two a minute. */
let narrowKey = ""

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "perdure-inner-"))
  const price = { inputPerMillionUsd: 100, outputPerMillionUsd: 100 }
  const config = {
    discovery: false,
    server: { port: 0 },
    logging: { level: "silent" },
    providers: { acme: { baseUrl: provider.url } },
    models: {
      free: { deployments: [{ provider: "perdure", model: "perdure/extractive" }] },
      judged: { deployments: [{ provider: "acme", model: "b", price: { inputPerMillionUsd: 0 } }] },
      judge: { deployments: [{ provider: "acme", model: "j", price }] },
      vectors: { deployments: [{ provider: "acme", model: "v", price, does: { embeddings: true } }] },
    },
    defaults: { embeddingModel: "vectors" },
    guards: [{ type: "moderate", name: "mod", model: "judge", failOpen: true, when: { models: ["judged"] } }],
  }
  await writeFile(join(directory, "perdure.config.ts"), `export default ${JSON.stringify(config)}`)
  await copyMigrated(join(directory, ".perdure", "db"))
  perdure = await createPerdure((await loadConfig({ cwd: directory, flags: [] })).config)
  const make = async (name: string, limits: object): Promise<string> =>
    (await perdure.identity.createKey(perdure.projectId, name, { limits })).secret
  key = await make("rich", { budgetUsd: 10 })
  emptyKey = await make("empty", { budgetUsd: 0 })
  narrowKey = await make("narrow", { concurrent: 1, requestsPerMinute: 2 })
})
afterAll(async () => {
  await perdure[Symbol.asyncDispose]()
  await provider[Symbol.asyncDispose]()
  await rm(directory, { recursive: true, force: true })
})

async function call(method: string, path: string, body: object | FormData | undefined, as: string): Promise<Record<string, unknown>> {
  const isForm = body instanceof FormData
  const headers = { authorization: `Bearer ${as}`, ...(isForm || !body ? {} : { "content-type": "application/json" }) }
  const answer = await fetch(`${perdure.url}${path}`, { method, headers, ...(body ? { body: isForm ? body : JSON.stringify(body) } : {}) })
  return (await answer.json()) as Record<string, unknown>
}

interface Row {
  group: string
  runs: number
  inputTokens: number
  costMicroUsd: number
}

async function spent(model: string): Promise<Row> {
  const { rows } = (await call("GET", "/v1/usage?groupBy=model", undefined, key)) as { rows: Row[] }
  return rows.find(({ group }) => group === model) ?? { group: model, runs: 0, inputTokens: 0, costMicroUsd: 0 }
}
const embedded = (): number => provider.requests.filter(({ path }) => path.endsWith("/embeddings")).length

async function moreSpent(than: Row): Promise<Row> {
  return await vi.waitFor(
    async () => {
      const now = await spent(than.group)
      expect(now.costMicroUsd).toBeGreaterThan(than.costMicroUsd)
      return now
    },
    { timeout: 90_000, interval: 100 },
  )
}

test("the vector of a memory, of a search and of a file are on the bill of who asked", async () => {
  const none = await spent("vectors")
  await call("POST", "/v1/memories", { scope: "s", text: "Ada drinks green tea" }, key)
  const remembered = await moreSpent(none)
  await call("POST", "/v1/memories/search", { scope: "s", query: "what tea?" }, key)
  const searched = await moreSpent(remembered)
  const form = new FormData()
  form.set("purpose", "assistants")
  form.set("file", new File(["Bees make honey."], "bees.txt", { type: "text/plain" }))
  const { id } = await call("POST", "/v1/files", form, key)
  await call("POST", "/v1/vector_stores", { name: "facts", file_ids: [id] }, key)
  const filed = await moreSpent(searched)
  expect(filed.costMicroUsd).toBe(filed.inputTokens * 100)
}, 300_000)

test("a search of who has used up their budget is by words, without asking the provider, and a memory is kept", async () => {
  const before = embedded()
  const memory = await call("POST", "/v1/memories", { scope: "t", text: "Bob collects stamps" }, emptyKey)
  expect(memory["id"]).toMatch(/^mem_/)
  const found = await call("POST", "/v1/memories/search", { scope: "t", query: "stamps" }, emptyKey)
  expect(found).toMatchObject({ wordsOnly: "embedding the query failed: insufficient_quota", memories: [{ text: "Bob collects stamps" }] })
  expect(embedded()).toBe(before)
})

test("a judge is not asked for who has used up their budget, and their call does not pass unjudged, though the guard fails open", async () => {
  const before = provider.requests.length
  const answer = await call("POST", "/v1/chat/completions", { model: "judged", messages: [{ role: "user", content: "hi" }] }, emptyKey)
  expect(answer).toMatchObject({ error: { code: "insufficient_quota" } })
  expect(provider.requests.length).toBe(before)
})

test("what is made beside a call is neither one more call at once nor one more a minute", async () => {
  for (let count = 0; count < 2; count += 1) {
    provider.next({ text: JSON.stringify({ results: [{ flagged: false, categories: [] }] }) })
    provider.next({ text: "hello" })
    const answer = await call("POST", "/v1/chat/completions", { model: "judged", messages: [{ role: "user", content: "hi" }] }, narrowKey)
    expect(answer).toMatchObject({ choices: [{ message: { content: "hello" } }] })
  }
  const third = await call("POST", "/v1/chat/completions", { model: "free", messages: [{ role: "user", content: "hi" }] }, narrowKey)
  expect(third).toMatchObject({ error: { code: "rate_limit_exceeded" } })
})
