// A provider's reranker orders what recalls find: within its deadline, on the bill and within the regions of who asks, and without it when it fails.
import { beforeAll, expect, test, vi } from "vitest"
import type { MemorySearch } from "@perdure/contract"
import { startConfiguredServer } from "../testing/configured-server.ts"
import { startFakeProvider, type FakeScript } from "../testing/fake-provider.ts"
import { rankedByWords } from "../testing/fake-rerank-answers.ts"

let rerank: FakeScript = rankedByWords
const provider = await startFakeProvider((request) => {
  if (!request.path.endsWith("/rerank")) return {}
  return typeof rerank === "function" ? rerank(request) : rerank
})
const price = { inputPerMillionUsd: 50 }
const server = await startConfiguredServer(provider, {
  config: {
    providers: { acme: { baseUrl: provider.url, region: "us-east-1" } },
    models: {
      vectors: { deployments: [{ provider: "acme", model: "v", does: { embeddings: true } }] },
      ranker: { deployments: [{ provider: "acme", model: "r", price, does: { rerank: true, chat: false } }] },
      other: { deployments: [{ provider: "acme", model: "o", price, does: { rerank: true, chat: false } }] },
    },
    defaults: { embeddingModel: "vectors" },
    memory: { rerank: { model: "ranker", timeoutMs: 2_000 } },
  },
})
const key = await server.key("key")
const europeanKey = await server.key("european", { scope: { regions: ["eu"] } })
const narrowKey = await server.key("narrow", { scope: { models: ["ranker"] } })

beforeAll(async () => {
  // By words alone the long text comes last.
  for (const text of [
    "The boat of Tom is red",
    "Tom has a boat, a boat",
    "In the harbour, where the gulls cry all day long and the fish is sold early, lies the old boat of Tom",
  ])
    await call("POST", "/v1/memories", { scope: "s", text })
}, 300_000)

const call = async (method: string, path: string, body?: object, as = key): Promise<unknown> =>
  (await server.ask(method, path, as, body)).body

const question = { scope: "s", query: "In which harbour lies the boat of Tom?" }
const search = async (more: object = {}, as = key): Promise<MemorySearch> =>
  (await call("POST", "/v1/memories/search", { ...question, ...more }, as)) as MemorySearch
const asked = (): number => provider.requests.filter(({ path }) => path.endsWith("/rerank")).length

test("the configured model orders, says so, and its tokens are on the bill", async () => {
  rerank = rankedByWords
  const { memories, reranked } = await search()
  expect(memories[0]).toMatchObject({ text: expect.stringContaining("gulls") as string, why: { rerank: { rank: 1, model: "ranker" } } })
  expect(reranked).toEqual({ model: "ranker", failed: null })
  const scores = memories.map(({ score }) => score)
  expect(scores).toEqual(scores.toSorted((a, b) => b - a))
  expect(provider.requests.findLast(({ path }) => path.endsWith("/rerank"))?.body).toMatchObject({
    model: "r",
    query: question.query,
    documents: expect.arrayContaining(["The boat of Tom is red"]) as string[],
  })
  await vi.waitFor(
    async () => {
      const { rows } = (await call("GET", "/v1/usage?groupBy=model")) as {
        rows: { group: string; inputTokens: number; costMicroUsd: number }[]
      }
      expect(rows.find(({ group }) => group === "ranker")).toMatchObject({ inputTokens: 100, costMicroUsd: 5_000 })
    },
    { timeout: 60_000, interval: 100 },
  )
})

test("a request may name another model, or none", async () => {
  expect((await search({ rerank: { model: "other" } })).reranked).toEqual({ model: "other", failed: null })
  const before = asked()
  expect((await search({ rerank: false })).reranked).toBeNull()
  expect(asked()).toBe(before)
  expect(await call("POST", "/v1/memories/search", { ...question, rerank: { model: "other" } }, narrowKey)).toMatchObject({
    error: { code: "model_not_allowed" },
  })
  expect(asked()).toBe(before)
})

test("what fails or takes too long leaves the order as it was, and the answer says so", async () => {
  const order = (await search({ rerank: false })).memories.map(({ id }) => id)
  rerank = { error: { status: 400, message: "no" } }
  const failed = await search()
  expect(failed.memories.map(({ id }) => id)).toEqual(order)
  expect(failed.reranked).toMatchObject({ model: "ranker", failed: expect.any(String) as string })
  rerank = { hang: true }
  const slow = await search()
  expect(slow.memories.map(({ id }) => id)).toEqual(order)
  expect(slow.reranked).toEqual({ model: "ranker", failed: "took longer than 2000 ms" })
})

test("no text leaves for a region that the key does not allow", async () => {
  rerank = rankedByWords
  const before = asked()
  const { memories, reranked } = await search({}, europeanKey)
  expect(memories).toHaveLength(3)
  expect(reranked?.failed).toEqual(expect.any(String))
  expect(asked()).toBe(before)
})
