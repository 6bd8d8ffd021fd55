// What a request says of itself stands in the records of the calls that the server makes on its behalf: a guard's judge, embeddings of its question, reranking.
import { beforeAll, expect, it, vi } from "vitest"
import { startConfiguredServer } from "../testing/configured-server.ts"
import { startFakeProvider } from "../testing/fake-provider.ts"
import { rankedByWords } from "../testing/fake-rerank-answers.ts"

const unflagged = JSON.stringify({ results: [{ flagged: false, categories: [] }] })
const provider = await startFakeProvider((request) => {
  if (request.path.endsWith("/rerank")) return rankedByWords(request)
  return request.body["model"] === "j" ? { text: unflagged } : {}
})
const priced = (model: string, does: object = {}): object => ({
  deployments: [{ provider: "acme", model, price: { inputPerMillionUsd: 50, outputPerMillionUsd: 50 }, ...does }],
})
const server = await startConfiguredServer(provider, {
  config: {
    providers: { acme: { baseUrl: provider.url } },
    models: {
      judged: priced("m"),
      cached: { ...priced("c"), cache: { mode: "semantic", ttlSeconds: 600 } },
      plain: priced("p"),
      judge: priced("j"),
      vectors: priced("v", { does: { embeddings: true } }),
      ranker: priced("r", { does: { rerank: true, chat: false } }),
    },
    defaults: { embeddingModel: "vectors" },
    memory: { rerank: { model: "ranker", timeoutMs: 5_000 } },
    guards: [{ type: "moderate", name: "mod", model: "judge", when: { models: ["judged"] } }],
  },
})
const key = await server.key("app", { tags: ["team:search"] })

beforeAll(async () => {
  for (const text of ["The boat of Tom is red", "Tom has a boat, a boat"])
    await server.ask("POST", "/v1/memories", key, { scope: "s", text })
}, 300_000)

async function modelsOf(query: string): Promise<string[]> {
  const { body } = await server.ask("GET", `/v1/usage?groupBy=model&${query}`, key)
  return (body["rows"] as { group: string }[]).map(({ group }) => group).toSorted()
}

const chat = { path: "/v1/chat/completions", asked: { messages: [{ role: "user", content: "Where is the boat of Tom?" }] } }
const responses = { path: "/v1/responses", asked: { input: "Where is the boat of Tom?" } }
const memory = { perdure: { memory: { scope: "s", remember: false } } }

it.each([
  ["the judge of a chat", chat, { model: "judged" }, ["judge", "judged"]],
  ["the judge of a response", responses, { model: "judged" }, ["judge", "judged"]],
  ["the question of a chat for the answer cache", chat, { model: "cached" }, ["cached", "vectors"]],
  ["the question of a response for the answer cache", responses, { model: "cached" }, ["cached", "vectors"]],
  ["what is recalled for a chat", chat, { model: "plain", ...memory }, ["plain", "ranker", "vectors"]],
  ["what is recalled for a response", responses, { model: "plain", ...memory }, ["plain", "ranker", "vectors"]],
])("%s is spent under the tags and the metadata of its request", async (name, { path, asked }, more, models) => {
  const tag = name.replaceAll(" ", "-")
  const said = { "x-perdure-metadata": JSON.stringify({ ticket: tag, tags: [tag] }) }
  const { status } = await server.ask("POST", path, key, { ...asked, ...more }, said)
  expect(status).toBe(200)
  await vi.waitFor(async () => expect(await modelsOf(`tag=${tag}`)).toEqual(models), { timeout: 60_000, interval: 100 })
  expect(await modelsOf(`metadata=ticket=${tag}`)).toEqual(models)
})
