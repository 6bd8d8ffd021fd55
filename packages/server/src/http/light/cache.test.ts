// Answers from the cache through the gateway, on real sockets: what is given again, byte for byte, and what never is.
import { request as httpRequest } from "node:http"
import { afterAll, beforeEach, describe, expect, it } from "vitest"
import { defaultLimits, systemClock } from "../../core/index.ts"
import { createAnswerCache, type CachePolicy } from "../../inference/index.ts"
import { startFakeProvider, type FakeAnswer } from "../../testing/fake-provider.ts"
import { rawPost, startTestGateway, testDeployment, testKey, testModel, testPrincipal, type RawAnswer } from "../../testing/gateway.ts"

const provider = await startFakeProvider()
const anthropic = await startFakeProvider()
const answers = createAnswerCache({ limits: defaultLimits, clock: systemClock, onError: () => undefined })
const policy: CachePolicy = { mode: "exact", scope: "principal", ttlMs: 60_000, similarityMin: 0.9, temperatureMax: 1 }
const policies: Readonly<Record<string, CachePolicy>> = {
  kept: policy,
  claude: policy,
  gemini: policy,
  shared: { ...policy, scope: "project" },
}
const gateway = await startTestGateway({
  models: [
    testModel("kept", testDeployment(provider.url)),
    testModel("shared", testDeployment(provider.url)),
    testModel("plain", testDeployment(provider.url)),
    testModel("gemini", testDeployment(provider.url, { id: "fake/gemini", provider: "gemini", dialect: "gemini" })),
    testModel("claude", testDeployment(anthropic.url, { id: "fake/claude", provider: "anthropic", dialect: "anthropic-messages" })),
  ],
  cache: { answers, policyOf: (model) => policies[model] },
  keys: {
    "sk-other": { ...testPrincipal, id: "key_other" },
    "sk-foreign": { ...testPrincipal, id: "key_foreign", projectId: "proj_foreign" },
  },
})
afterAll(async () => {
  await gateway[Symbol.asyncDispose]()
  await answers[Symbol.asyncDispose]()
  await provider[Symbol.asyncDispose]()
  await anthropic[Symbol.asyncDispose]()
})
let count = 0
beforeEach(() => {
  gateway.records.length = 0
  provider.requests.length = 0
  anthropic.requests.length = 0
  count += 1
})

/** A question that no other test asked. */
const question = (): object[] => [{ role: "user", content: `question ${count}` }]
function ask(body: object = {}, headers: Readonly<Record<string, string>> = {}, path = "/v1/chat/completions"): Promise<RawAnswer> {
  return rawPost(gateway.url, path, { model: "kept", messages: question(), ...body }, headers)
}
const withKey = (key: string): Record<string, string> => ({ authorization: `Bearer ${key}` })
const cacheOf = (answer: RawAnswer): string | undefined => answer.headers["x-perdure-cache"]
const usage = { prompt_tokens: 1_000, completion_tokens: 100 }

describe("the same request again", () => {
  it("is given the same bytes, with their age, without a call and without a cost", async () => {
    provider.next({ text: "Grüße", usage })
    const [first, second] = [await ask(), await ask()]
    expect([cacheOf(first), cacheOf(second)]).toEqual(["miss", "hit"])
    expect(second.text).toBe(first.text)
    expect(second.headers).toMatchObject({ age: "0", "x-perdure-cost-micro-usd": "0", "content-type": "application/json" })
    expect(second.headers["x-perdure-run-id"]).not.toBe(first.headers["x-perdure-run-id"])
    expect(provider.requests).toHaveLength(1)
    const [made, given] = gateway.records
    expect(made).toMatchObject({ inputTokens: 1_000, costMicroUsd: 1_200, data: { cache: { result: "miss" } } })
    expect(given).toMatchObject({
      outcome: "completed",
      status: 200,
      deployment: null,
      inputTokens: 0,
      outputTokens: 0,
      costMicroUsd: 0,
      costKnown: true,
    })
    expect(given?.data).toMatchObject({ cache: { result: "hit", saved: { inputTokens: 1_000, outputTokens: 100, costMicroUsd: 1_200 } } })
  })

  it("streams with its original frames, one per write, with the usage that it asked for", async () => {
    const script: FakeAnswer = { text: ["One ", "two ", "three"], usage }
    provider.next(script, script)
    const stream = { stream: true, stream_options: { include_usage: true } }
    const [first, second] = [await ask(stream), await ask(stream)]
    expect([cacheOf(first), cacheOf(second)]).toEqual(["miss", "hit"])
    expect(second.writes).toEqual(first.writes)
    expect(second.writes.at(-1)).toBe("data: [DONE]\n\n")
    expect(second.headers).toMatchObject({ "content-type": "text/event-stream; charset=utf-8" })
    expect(second.text).toContain('"prompt_tokens":1000')
    const plain = await ask({ stream: true })
    expect(cacheOf(plain)).toBe("miss")
    expect(plain.text).not.toContain("prompt_tokens")
  })

  it("is given no stream where it wants none, and the other way round", async () => {
    expect([await ask({ stream: true }), await ask(), await ask({ stream: true }), await ask()].map(cacheOf)).toEqual([
      "miss",
      "miss",
      "hit",
      "hit",
    ])
  })

  it.each([false, true])("works for messages, passed and translated (stream: %s)", async (stream) => {
    const body = { max_tokens: 50, stream }
    for (const model of ["claude", "kept"]) {
      const asked = (): Promise<RawAnswer> => ask({ ...body, model }, {}, "/v1/messages")
      const [first, second] = [await asked(), await asked()]
      expect([first.status, cacheOf(first), cacheOf(second)]).toEqual([200, "miss", "hit"])
      expect(second.writes).toEqual(first.writes)
    }
    expect([anthropic.requests.length, provider.requests.length]).toEqual([1, 1])
  })

  it("at the same time makes one call", async () => {
    provider.next({ delayMs: 300, text: "once" })
    const all = await Promise.all([1, 2, 3, 4].map(() => ask()))
    expect(new Set(all.map(({ text }) => text)).size).toBe(1)
    expect(all.map((each) => String(cacheOf(each))).toSorted((a, b) => a.localeCompare(b))).toEqual(["hit", "hit", "hit", "miss"])
    expect(provider.requests).toHaveLength(1)
  })

  it("with tools is given the same call", async () => {
    provider.next({ toolCalls: [{ id: "call_1", name: "f", arguments: "{}" }] })
    const tools = [{ type: "function", function: { name: "f", parameters: {} } }]
    const [first, second] = [await ask({ tools }), await ask({ tools })]
    expect(second.text).toBe(first.text)
    expect(second.text).toContain("call_1")
    expect(cacheOf(second)).toBe("hit")
  })

  it("goes out to a reader that does not read, without being written into memory at once", async () => {
    provider.next({ text: Array.from({ length: 200 }, () => "x".repeat(4_000)) })
    await ask({ stream: true })
    const body = JSON.stringify({ model: "kept", messages: question(), stream: true })
    const received = await new Promise<string>((resolve, reject) => {
      const sent = httpRequest(`${gateway.url}/v1/chat/completions`, { method: "POST", headers: withKey(testKey) }, (answer) => {
        let text = ""
        answer.setEncoding("utf8").on("data", (part: string) => (text += part))
        answer.on("end", () => resolve(text))
        answer.pause()
        setTimeout(() => answer.resume(), 300)
      })
      sent.on("error", reject).end(body)
    })
    expect(received.match(/x{4000}/g)).toHaveLength(200)
    expect(received.endsWith("data: [DONE]\n\n")).toBe(true)
    expect(provider.requests).toHaveLength(1)
  })
})

describe("vectors of the same texts", () => {
  const embed = (body: object, headers: Record<string, string> = {}): Promise<RawAnswer> => ask(body, headers, "/v1/embeddings")

  it.each([
    ["kept", {}],
    ["gemini", { raw: { status: 200, headers: {}, body: ['{"embeddings":[{"values":[0.5,0.25]}]}'] } }],
  ])("are given again without a call, in the encoding that was asked for (%s)", async (model, script) => {
    provider.next(script, script)
    const body = { model, input: `text ${count}` }
    const [first, second] = [await embed(body), await embed({ ...body, user: "somebody" })]
    expect([first.status, cacheOf(first), cacheOf(second), second.text]).toEqual([200, "miss", "hit", first.text])
    expect(cacheOf(await embed({ ...body, encoding_format: "base64" }))).toBe("miss")
    expect(provider.requests).toHaveLength(2)
    expect(gateway.records[1]).toMatchObject({ kind: "embedding", deployment: null, inputTokens: 0, costMicroUsd: 0 })
  })

  it("T16 are found under the key of a request that is sent again, whether or not the model uses the cache", async () => {
    const headers = { "idempotency-key": `embed-${count}` }
    const [first, second] = [await embed({ model: "plain", input: "x" }, headers), await embed({ model: "plain", input: "x" }, headers)]
    expect([second.text, second.headers["idempotent-replayed"], cacheOf(second)]).toEqual([first.text, "true", undefined])
    expect(provider.requests).toHaveLength(1)
    await embed({ model: "plain", input: "x" })
    expect(provider.requests).toHaveLength(2)
  })
})

describe("who shares answers", () => {
  it("is one key, or the project where the model says so, and never another project", async () => {
    for (const [model, other] of [
      ["kept", "miss"],
      ["shared", "hit"],
    ] as const) {
      await ask({ model })
      expect(cacheOf(await ask({ model }, withKey("sk-other")))).toBe(other)
      expect(cacheOf(await ask({ model }, withKey("sk-foreign")))).toBe("miss")
      expect(cacheOf(await ask({ model }))).toBe("hit")
    }
  })
})

describe("what a request wishes", () => {
  it("can keep it out of the cache, refresh it, or limit the age", async () => {
    await ask()
    const off = await ask({ perdure: { cache: "off" } })
    expect([cacheOf(off), cacheOf(await ask({}, { "cache-control": "no-store" }))]).toEqual(["bypass", "bypass"])
    provider.next({ text: "fresh" })
    expect(cacheOf(await ask({ perdure: { cache: "refresh" } }))).toBe("miss")
    const again = await ask()
    expect([cacheOf(again), again.text.includes("fresh")]).toEqual(["hit", true])
    expect(cacheOf(await ask({}, { "x-perdure-cache-ttl": "0" }))).toBe("miss")
    expect(provider.requests.every(({ body }) => !("perdure" in body))).toBe(true)
  })

  it("can ask for it where the model is not declared to have one; without that nothing is said or kept", async () => {
    const plain = { model: "plain" }
    expect([cacheOf(await ask(plain)), cacheOf(await ask(plain))]).toEqual([undefined, undefined])
    const exact = { ...plain, perdure: { cache: "exact" } }
    expect([cacheOf(await ask(exact)), cacheOf(await ask(exact)), cacheOf(await ask(exact, withKey("sk-other")))]).toEqual([
      "miss",
      "hit",
      "miss",
    ])
    expect(cacheOf(await ask(plain))).toBeUndefined()
  })

  it("is refused by name when it is wrong", async () => {
    const answer = await ask({ perdure: { cache: "sometimes" } })
    expect([answer.status, answer.text.includes("perdure.cache")]).toEqual([400, true])
  })

  it("does not matter for a request that is too warm", async () => {
    expect(cacheOf(await ask({ temperature: 1.5 }))).toBe("bypass")
  })
})

describe("what is not kept", () => {
  it.each<[string, FakeAnswer, object]>([
    ["an error", { error: { status: 500 } }, {}],
    ["a stream that was cut", { ending: "eof", framesMax: 3 }, { stream: true }],
    ["a stream that broke", { ending: "reset", framesMax: 3 }, { stream: true }],
    ["an answer that a filter cut", { finishReason: "content_filter" }, {}],
    ["a stream that a filter cut", { finishReason: "content_filter" }, { stream: true }],
  ])("is %s", async (_, script, body) => {
    provider.next(script)
    await ask(body)
    expect(cacheOf(await ask(body))).toBe("miss")
    expect(cacheOf(await ask(body))).toBe("hit")
  })

  it("is an answer whose client left in the middle; who waited for it makes a call", async () => {
    provider.next({ text: ["a", "b", "c"], chunkDelayMs: 200 })
    const left = new AbortController()
    const body = JSON.stringify({ model: "kept", messages: question(), stream: true })
    const headers = { ...withKey(testKey), "content-type": "application/json" }
    const first = await fetch(`${gateway.url}/v1/chat/completions`, { method: "POST", headers, body, signal: left.signal })
    const waiting = ask({ stream: true })
    await first.body?.getReader().read()
    left.abort()
    const second = await waiting
    expect([cacheOf(second), second.writes.at(-1)]).toEqual(["miss", "data: [DONE]\n\n"])
    await expect
      .poll(() => gateway.records.map(({ outcome }) => outcome).toSorted(), { timeout: 20_000 })
      .toEqual(["cancelled", "completed"])
  })
})
