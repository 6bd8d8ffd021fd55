// What a request asks for beside its words (verbosity, summaries of thoughts, tier, cache key, penalties), and what a response says was done.
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { costOf, createPrices } from "../../../accounting/index.ts"
import { startFakeProvider, type FakeProvider } from "../../../testing/fake-provider.ts"
import { testDeployment, testModel } from "../../../testing/gateway.ts"
import { send, type RawAnswer } from "../../../testing/response-client.ts"
import { startResponsesServer, type ResponsesServer } from "../../../testing/responses-server.ts"

const prices = createPrices({ configured: new Map() })
let provider: FakeProvider
let server: ResponsesServer

beforeAll(async () => {
  provider = await startFakeProvider()
  const at = (part: object): ReturnType<typeof testDeployment> => testDeployment(provider.url, part)
  server = await startResponsesServer({
    costOf: ({ deployment, usage }) => ({ ...costOf(usage, prices.priceOf(deployment)), priceList: null }),
    models: [
      testModel("responses", at({ id: "fake/responses", dialect: "openai-responses", upstreamModel: "gpt-5" })),
      testModel("gpt-5", at({ id: "fake/gpt-5", upstreamModel: "gpt-5" })),
      testModel("qwen", at({ id: "fake/qwen", provider: "vllm", upstreamModel: "qwen" })),
    ],
  })
})
afterAll(async () => {
  await server[Symbol.asyncDispose]()
  await provider[Symbol.asyncDispose]()
})

const hints = {
  text: { verbosity: "low" },
  reasoning: { effort: "low", summary: "detailed" },
  prompt_cache_key: "k1",
  service_tier: "flex",
}
const ask = (model: string, body: object): Promise<RawAnswer> => send(server, "POST", "/v1/responses", { model, input: "Hello", ...body })

describe("hints of OpenAI's dialects", () => {
  it("are sent to Responses", async () => {
    provider.next({ serviceTier: "flex" })
    await ask("responses", hints)
    expect(provider.last?.body).toMatchObject({ ...hints })
  })

  it("are sent to OpenAI's chat completions as far as they have them", async () => {
    await ask("gpt-5", hints)
    expect(provider.last?.body).toMatchObject({ verbosity: "low", reasoning_effort: "low", prompt_cache_key: "k1", service_tier: "flex" })
  })

  it("are left out elsewhere, and penalties are not", async () => {
    await ask("qwen", { ...hints, presence_penalty: 0.5, frequency_penalty: -0.5 })
    expect(provider.last?.text).not.toMatch(/verbosity|prompt_cache_key|service_tier|detailed/)
    expect(provider.last?.body).toMatchObject({ presence_penalty: 0.5, frequency_penalty: -0.5 })
  })

  it("a request without any sends none", async () => {
    await ask("responses", {})
    expect(Object.keys(provider.last?.body ?? {}).toSorted()).toEqual(["include", "input", "model", "store", "stream"])
  })
})

describe("the tier of a response", () => {
  it("is what its provider served, at that tier's price", async () => {
    provider.next({ serviceTier: "priority", usage: { prompt_tokens: 1_000, completion_tokens: 100 } })
    const { json, headers } = await ask("responses", { service_tier: "auto" })
    expect(json["service_tier"]).toBe("priority")
    expect(headers["x-perdure-cost-micro-usd"]).toBe("4500")
    const again = await send(server, "GET", `/v1/responses/${String(json["id"])}`)
    expect(again.json["service_tier"]).toBe("priority")
  })

  it("has an unknown cost where nobody knows its price", async () => {
    provider.next({ serviceTier: "scale" })
    const { json, headers } = await ask("responses", {})
    expect(json["service_tier"]).toBe("scale")
    expect(headers["x-perdure-cost-micro-usd"]).toBeUndefined()
  })

  it("is the default where none is told, whatever was asked for", async () => {
    const { json } = await ask("qwen", { service_tier: "priority" })
    expect(json["service_tier"]).toBe("default")
  })
})

it("log probabilities are refused by name, since they would be missing", async () => {
  const { status, json } = await ask("responses", { top_logprobs: 3 })
  expect([status, json["error"]]).toMatchObject([
    400,
    { param: "top_logprobs", message: expect.stringContaining("not passed on") as string },
  ])
  expect((await ask("responses", { top_logprobs: 0 })).status).toBe(200)
})
