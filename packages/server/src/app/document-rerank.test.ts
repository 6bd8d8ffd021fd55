// A provider's reranker orders what searches of vector stores find: as named or configured, on the bill, within the key's models, and without it when it fails.
import OpenAI from "openai"
import { beforeAll, expect, test, vi } from "vitest"
import { startConfiguredServer } from "../testing/configured-server.ts"
import { startFakeProvider, type FakeAnswer, type FakeScript, type ReceivedRequest } from "../testing/fake-provider.ts"
import { jsonAnswer } from "../testing/json-answer.ts"

/** Another order than that of words and vectors: what is red comes first. */
function redFirst({ body }: ReceivedRequest): FakeAnswer {
  const { documents } = body as { documents: string[] } // what was asked of it
  const scoreOf = (text: string): number => (text.includes("red") ? 0.9 : text.includes("gulls") ? 0.5 : 0.2)
  const results = documents.map((text, index) => ({ index, relevance_score: scoreOf(text) }))
  return jsonAnswer({ results: results.sort((a, b) => b.relevance_score - a.relevance_score), usage: { total_tokens: 100 } })
}

let rerank: FakeScript = redFirst
const provider = await startFakeProvider((request) => {
  if (!request.path.endsWith("/rerank")) return {}
  return typeof rerank === "function" ? rerank(request) : rerank
})
const price = { inputPerMillionUsd: 50 }
const server = await startConfiguredServer(provider, {
  config: {
    providers: { acme: { baseUrl: provider.url } },
    models: {
      vectors: { deployments: [{ provider: "acme", model: "v", does: { embeddings: true } }] },
      ranker: { deployments: [{ provider: "acme", model: "r", price, does: { rerank: true, chat: false } }] },
      other: { deployments: [{ provider: "acme", model: "o", price, does: { rerank: true, chat: false } }] },
    },
    defaults: { embeddingModel: "vectors" },
    documents: { rerank: { model: "ranker", timeoutMs: 2_000 } },
  },
})
const key = await server.key("key")
const narrowKey = await server.key("narrow", { scope: { models: ["ranker", "perdure/extractive"] } })
let store = ""

beforeAll(async () => {
  const files = [
    "The boat of Tom is red",
    "Tom has a boat, a boat",
    "In the harbour, where the gulls cry all day long and the fish is sold early, lies the old boat of Tom",
  ].map((text, index) => new File([text], `${index}.txt`))
  const client = new OpenAI({ apiKey: key, baseURL: `${server.perdure.url}/v1`, maxRetries: 0 })
  store = (await client.vectorStores.create({})).id
  await client.vectorStores.fileBatches.uploadAndPoll(store, { files }, { pollIntervalMs: 100 })
}, 300_000)

interface Answer {
  data: { filename: string; score: number; perdure: { why: { rerank?: object } } }[]
  perdure: { reranked: { model: string; failed: string | null } | null }
  error?: { code: string; param: string; message: string }
}

const post = async (path: string, body: object, as = key): Promise<Answer> =>
  (await server.ask("POST", path, as, body)).body as unknown as Answer // what the server's own schemas say

const query = "In which harbour lies the boat of Tom?"
const search = (ranking_options: object = {}, more: object = {}, as = key): Promise<Answer> =>
  post(`/v1/vector_stores/${store}/search`, { query, ranking_options, ...more }, as)
const asked = (): number => provider.requests.filter(({ path }) => path.endsWith("/rerank")).length
const lastAsked = (): unknown => provider.requests.findLast(({ path }) => path.endsWith("/rerank"))?.body
const namesOf = ({ data }: Answer): string[] => data.map(({ filename }) => filename)

test("the configured model orders where no other is named, also by OpenAI's name, and its tokens are on the bill", async () => {
  for (const options of [{}, { ranker: "auto" }, { ranker: "default-2024-11-15" }]) {
    const answer = await search(options)
    expect(namesOf(answer)).toEqual(["0.txt", "2.txt", "1.txt"])
    expect(answer.data.map(({ score }) => score)).toEqual([0.9, 0.5, 0.2])
    expect(answer.data[0]?.perdure.why.rerank).toMatchObject({ rank: 1, model: "ranker" })
    expect(answer.perdure.reranked).toEqual({ model: "ranker", failed: null })
  }
  expect(lastAsked()).toMatchObject({ model: "r", query, documents: expect.arrayContaining(["The boat of Tom is red"]) as string[] })
  await vi.waitFor(
    async () => {
      const headers = { authorization: `Bearer ${key}` }
      const { rows } = (await (await fetch(`${server.perdure.url}/v1/usage?groupBy=model`, { headers })).json()) as {
        rows: { group: string; inputTokens: number; costMicroUsd: number }[]
      }
      expect(rows.find(({ group }) => group === "ranker")).toMatchObject({ inputTokens: 300, costMicroUsd: 15_000 })
    },
    { timeout: 60_000, interval: 100 },
  )
})

test("a threshold is on the scores of the model that ordered, and pages go on in its order", async () => {
  expect(namesOf(await search({ score_threshold: 0.7 }))).toEqual(["0.txt"])
  const first = await search({}, { max_num_results: 1 })
  const { next_page: page } = first as unknown as { next_page: string }
  const next = await search({}, { max_num_results: 1, page })
  expect([...namesOf(first), ...namesOf(next)]).toEqual(["0.txt", "2.txt"])
})

test("a search may name another model or none; a name that stands for nothing and a model that the key may not use are refused", async () => {
  expect((await search({ ranker: "other" })).perdure.reranked).toEqual({ model: "other", failed: null })
  const before = asked()
  const plain = await search({ ranker: "none" })
  expect(plain.perdure.reranked).toBeNull()
  expect(namesOf(plain)[0]).toBe("2.txt")
  const unknown = await search({ ranker: "best" })
  expect(unknown.error).toMatchObject({ code: "invalid_request", param: "ranking_options.ranker" })
  expect(unknown.error?.message).toContain("default_2024_08_21, ranker, other")
  const narrow = await search({ ranker: "best" }, {}, narrowKey)
  expect(narrow.error?.message).not.toContain("other")
  expect((await search({ ranker: "other" }, {}, narrowKey)).error).toMatchObject({ code: "model_not_allowed" })
  expect(asked()).toBe(before)
})

test("what fails or takes too long leaves the order as it was, and the answer says so", async () => {
  const order = namesOf(await search({ ranker: "none" }))
  rerank = { error: { status: 400, message: "no" } }
  const failed = await search()
  expect(namesOf(failed)).toEqual(order)
  expect(failed.perdure.reranked).toMatchObject({ model: "ranker", failed: expect.any(String) as string })
  rerank = { hang: true }
  const slow = await search()
  expect(namesOf(slow)).toEqual(order)
  expect(slow.perdure.reranked).toEqual({ model: "ranker", failed: "took longer than 2000 ms" })
  rerank = redFirst
})

test("a file search of a response is ordered as its tool says, and refused before it runs where that is nothing", async () => {
  const respond = (ranking_options: object, as = key): Promise<Answer> => {
    const tool = { type: "file_search", vector_store_ids: [store], ranking_options }
    return post("/v1/responses", { model: "perdure/extractive", input: query, tools: [tool] }, as)
  }
  await respond({ ranker: "other" })
  expect(lastAsked()).toMatchObject({ model: "o" })
  const before = asked()
  expect((await respond({ ranker: "best" })).error).toMatchObject({ param: "tools[0].ranking_options.ranker" })
  expect((await respond({ ranker: "other" }, narrowKey)).error).toMatchObject({ code: "model_not_allowed" })
  await respond({ ranker: "none" })
  expect(asked()).toBe(before)
})
