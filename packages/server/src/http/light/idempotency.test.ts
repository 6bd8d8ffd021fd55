// T16 Requests that are sent again under their Idempotency-Key: one call, one bill, the same answer, in both dialects; and what is another request.
import { afterAll, beforeEach, describe, expect, it } from "vitest"
import { defaultLimits, systemClock } from "../../core/index.ts"
import { createAnswerCache } from "../../inference/index.ts"
import { startFakeProvider } from "../../testing/fake-provider.ts"
import { rawPost, startTestGateway, testDeployment, testModel, testPrincipal, type RawAnswer } from "../../testing/gateway.ts"

const provider = await startFakeProvider()
const answers = createAnswerCache({ limits: defaultLimits, clock: systemClock, onError: () => undefined })
const gateway = await startTestGateway({
  models: [testModel("plain", testDeployment(provider.url))],
  cache: { answers, policyOf: () => undefined },
  keys: { "sk-other": { ...testPrincipal, id: "key_other" } },
})
afterAll(async () => {
  await gateway[Symbol.asyncDispose]()
  await answers[Symbol.asyncDispose]()
  await provider[Symbol.asyncDispose]()
})
let count = 0
beforeEach(() => {
  gateway.records.length = 0
  provider.always({ text: ["one ", "two"], usage: { prompt_tokens: 10, completion_tokens: 2 } }).requests.length = 0
  count += 1
})

const messages = [{ role: "user", content: "hello" }]
const key = (): string => `key-${count}`
function ask(body: object = {}, headers: Readonly<Record<string, string>> = {}, path = "/v1/chat/completions"): Promise<RawAnswer> {
  return rawPost(gateway.url, path, { model: "plain", messages, ...body }, { "idempotency-key": key(), ...headers })
}

describe("T16 a request that is sent again under its key", () => {
  it.each([
    ["/v1/chat/completions", {}],
    ["/v1/chat/completions", { stream: true }],
    ["/v1/messages", { max_tokens: 20 }],
    ["/v1/messages", { max_tokens: 20, stream: true }],
  ])("%s %j gets the same answer without a second call, and is not billed twice", async (path, body) => {
    const first = await ask(body, {}, path)
    const second = await ask(body, { "x-stainless-retry-count": "1" }, path)
    expect([first.status, second.status, second.text]).toEqual([200, 200, first.text])
    expect([first.headers["idempotent-replayed"], second.headers["idempotent-replayed"]]).toEqual([undefined, "true"])
    expect(second.headers["x-perdure-cache"]).toBeUndefined()
    expect(provider.requests).toHaveLength(1)
    await expect.poll(() => gateway.records.length, { timeout: 20_000 }).toBe(2)
    expect(gateway.records.map(({ inputTokens, costMicroUsd }) => [inputTokens > 0, costMicroUsd > 0])).toEqual([
      [true, true],
      [false, false],
    ])
    expect(gateway.records[1]?.data).toMatchObject({ replayed: { result: "hit" } })
  })

  it("waits for the first one while it is under way", async () => {
    provider.always({ text: "slow", delayMs: 600 })
    const [first, second] = await Promise.all([ask(), ask()])
    expect([first.text, provider.requests.length]).toEqual([second.text, 1])
  })

  it("is made anew after a failure", async () => {
    provider.next({ error: { status: 500, message: "boom" } })
    expect([(await ask()).status, (await ask()).status, provider.requests.length]).toEqual([500, 200, 2])
  })

  it.each<[string, object, Record<string, string>]>([
    ["other words", { messages: [{ role: "user", content: "bye" }] }, {}],
    ["another key", {}, { "idempotency-key": "another" }],
    ["another caller", {}, { authorization: "Bearer sk-other" }],
    ["no key", {}, { "idempotency-key": "" }],
    ["a wish that nothing is kept", {}, { "cache-control": "no-store" }],
  ])("is another request with %s", async (_, body, headers) => {
    await ask()
    expect((await ask(body, headers)).headers["idempotent-replayed"]).toBeUndefined()
    expect(provider.requests).toHaveLength(2)
  })

  it("is refused with a key that is too long", async () => {
    const answer = await ask({}, { "idempotency-key": "x".repeat(300) })
    expect([answer.status, answer.text]).toEqual([400, expect.stringContaining("Idempotency-Key")])
    expect(provider.requests).toHaveLength(0)
  })
})
