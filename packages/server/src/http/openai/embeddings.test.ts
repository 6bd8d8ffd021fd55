// Embeddings from providers and from a model of this process: B1 to B3 of what clients expect, with the plain openai client too.
import { describe, expect, it } from "vitest"
import { startAskedGateway } from "../../testing/asked-gateway.ts"
import { vectorOf } from "../../testing/fake-provider-answers.ts"
import { startFakeProvider } from "../../testing/fake-provider.ts"
import { rawPost, testDeployment, testModel, type RawAnswer } from "../../testing/gateway.ts"
import { jsonAnswer } from "../../testing/json-answer.ts"

const provider = await startFakeProvider()
const deployment = testDeployment("", {
  id: "perdure/here",
  provider: "embedded",
  dialect: "native",
  baseUrl: null,
  apiKey: null,
  contextTokensMax: 3,
})
const native = {
  deployment,
  embed: async (texts: readonly string[]) => texts.map((text) => vectorOf(text, 4)),
  countTokens: (text: string) => text.split(" ").length,
}
const { gateway, client } = await startAskedGateway(provider, {
  models: [
    testModel("up", testDeployment(provider.url)),
    testModel("picky", testDeployment(provider.url, { id: "fake/picky" })),
    testModel("here", deployment),
  ],
  natives: new Map([[deployment.id, native]]),
  limits: { embeddingInputsMax: 3 },
})
const path = "/v1/embeddings"
const ask = (body: object): Promise<RawAnswer> => rawPost(gateway.url, path, body)
const rounded = (values: Iterable<number>): number[] => [...values].map((value) => Number(value.toFixed(5)))

describe("embeddings", () => {
  it.each(["up", "here"])("B1 gives base64 to the client that asks for it, which decodes the vectors of floats (%s)", async (model) => {
    const asked = await client.embeddings.create({ model, input: ["a b", "c"] })
    const floats = await client.embeddings.create({ model, input: ["a b", "c"], encoding_format: "float" })
    expect(asked.data.map(({ index }) => index)).toEqual([0, 1])
    expect(asked.data.map(({ embedding }) => rounded(embedding))).toEqual(floats.data.map(({ embedding }) => rounded(embedding)))
    expect(asked.data[0]?.embedding).not.toEqual(asked.data[1]?.embedding)
    const raw = JSON.parse((await ask({ model, input: "a b", encoding_format: "base64" })).text) as { data: { embedding: string }[] }
    expect(rounded(new Float32Array(new Uint8Array(Buffer.from(raw.data[0]?.embedding ?? "", "base64")).buffer))).toEqual(
      rounded(asked.data[0]?.embedding ?? []),
    )
  })

  it("B1 encodes floats itself where the backend ignores base64", async () => {
    provider.next({ floatsOnly: true })
    const raw = JSON.parse((await ask({ model: "up", input: "a", encoding_format: "base64" })).text) as {
      data: { embedding: unknown }[]
      usage: object
    }
    expect(raw.data[0]?.embedding).toBeTypeOf("string")
    expect(raw.usage).toEqual({ prompt_tokens: 4, total_tokens: 4 })
  })

  it("takes the total that some providers tell alone for what was read, and tells it as OpenAI does", async () => {
    const answer = { object: "list", data: [{ index: 0, object: "embedding", embedding: [0.5, 1] }], usage: { total_tokens: 31 } }
    const records = gateway.records.length
    provider.next(jsonAnswer(answer))
    const raw = JSON.parse((await ask({ model: "up", input: "a" })).text) as { usage: object }
    expect(raw.usage).toEqual({ prompt_tokens: 31, total_tokens: 31 })
    await expect.poll(() => gateway.records.length, { timeout: 20_000 }).toBe(records + 1)
    expect(gateway.records.at(-1)).toMatchObject({ inputTokens: 31 })
    expect(gateway.records.at(-1)?.data).not.toMatchObject({ usageEstimated: true })
  })

  it("B1 asks for floats where the backend refuses base64, and remembers it", async () => {
    provider.next(
      { error: { status: 400, message: "encoding_format base64 is not supported" } },
      { floatsOnly: true },
      { floatsOnly: true },
    )
    const before = provider.requests.length
    for (let count = 0; count < 2; count += 1) {
      expect(
        (JSON.parse((await ask({ model: "picky", input: "a", encoding_format: "base64" })).text) as { data: { embedding: unknown }[] })
          .data[0]?.embedding,
      ).toBeTypeOf("string")
    }
    expect(provider.requests.slice(before).map(({ body }) => body["encoding_format"])).toEqual(["base64", "float", "float"])
  })

  it("B2 does not forward encoding_format: null", async () => {
    await ask({ model: "up", input: "a", encoding_format: null })
    expect(provider.last?.body).toEqual({ model: "m-upstream", input: "a" })
  })

  it("B3 takes texts and tokens for a provider, in order, with usage present", async () => {
    for (const input of ["a", ["a", "b"], [1, 2], [[1], [2]]]) {
      provider.next({ usage: null })
      const answer = JSON.parse((await ask({ model: "up", input })).text) as { data: { index: number }[]; usage: { prompt_tokens: number } }
      expect(answer.data.map(({ index }) => index)).toEqual(Array.isArray(input) && typeof input[0] !== "number" ? [0, 1] : [0])
      expect(answer.usage.prompt_tokens).toBeGreaterThan(0)
    }
  })

  it("B3 honours the dimensions of the model here, and refuses others", async () => {
    expect((await ask({ model: "here", input: "a", dimensions: 4 })).status).toBe(200)
    const refused = await ask({ model: "here", input: "a", dimensions: 5 })
    expect(refused.status).toBe(400)
    expect(JSON.parse(refused.text)).toMatchObject({
      error: { code: "unsupported_value", param: "dimensions", message: expect.stringContaining("4 dimensions") as string },
    })
  })

  it("counts tokens, records the call and says how many inputs were longer than the model reads", async () => {
    const answer = await ask({ model: "here", input: ["one two three four", "five"], user: "anna" })
    expect(answer.headers).toMatchObject({
      "x-perdure-truncated-inputs": "1",
      "x-perdure-cost-micro-usd": "0",
      "x-perdure-route": "perdure/here",
    })
    expect(gateway.records[0]).toMatchObject({
      kind: "embedding",
      name: "embeddings",
      user: "anna",
      inputTokens: 5,
      outputTokens: 0,
      outcome: "completed",
      costKnown: true,
    })
  })

  it.each<[object, object]>([
    [{ input: [] }, { param: "input" }],
    [{ input: [[1, 2]] }, { param: "input", code: "unsupported_value" }],
    [{ input: ["a", "b", "c", "d"] }, { param: "input", code: "invalid_request" }],
    [{}, { param: "input" }],
    [
      { input: "a", encoding_format: "hex" },
      { param: "encoding_format", code: "unsupported_value" },
    ],
  ])("refuses %j for the model here", async (body, error) => {
    const answer = await ask({ model: "here", ...body })
    expect(answer.status).toBe(400)
    expect(JSON.parse(answer.text)).toMatchObject({ error })
  })
})
