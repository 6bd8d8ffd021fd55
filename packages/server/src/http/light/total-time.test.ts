// The time that any call may take bounds every kind of call, and no other deployment is asked after it.
import { afterAll, beforeEach, expect, it } from "vitest"
import type { CallableModel, ModelEvent } from "../../inference/index.ts"
import { startFakeProvider } from "../../testing/fake-provider.ts"
import { rawPost, startTestGateway, testDeployment, testModel } from "../../testing/gateway.ts"

const first = await startFakeProvider()
const second = await startFakeProvider()
const does = { chat: true, embeddings: true, images: true }
const gateway = await startTestGateway({
  models: [
    testModel("m", testDeployment(first.url, { id: "fake/one", does }), testDeployment(second.url, { id: "fake/two", does, priority: 1 })),
  ],
  limits: { totalTimeoutMs: 2_000 },
})
afterAll(async () => {
  await gateway[Symbol.asyncDispose]()
  await first[Symbol.asyncDispose]()
  await second[Symbol.asyncDispose]()
})
beforeEach(() => {
  first.requests.length = 0
  second.requests.length = 0
})

const messages = [{ role: "user", content: "count" }]

it.each([
  { what: "a chat completion", path: "/v1/chat/completions", body: { messages } },
  { what: "a message", path: "/v1/messages", body: { messages, max_tokens: 9 } },
  { what: "a vector", path: "/v1/embeddings", body: { input: "count" } },
  { what: "a picture", path: "/v1/images/generations", body: { prompt: "count" } },
])("gives up $what that never comes, and says which limit that is", async ({ path, body }) => {
  first.next({ hang: true })
  const answer = await rawPost(gateway.url, path, { model: "m", ...body })
  expect([answer.status, second.requests.length]).toEqual([504, 0])
  expect(answer.text).toContain("2000 ms")
  await expect.poll(() => first.abortsCount, { timeout: 20_000 }).toBeGreaterThan(0)
})

it("gives up an answer that has begun and never ends", async () => {
  const body = Array.from({ length: 2_000 }, () => " ".repeat(2_000))
  first.next({ raw: { status: 200, headers: { "content-type": "application/json", "content-length": "4000000" }, body, chunkDelayMs: 10 } })
  const answer = rawPost(gateway.url, "/v1/images/generations", { model: "m", prompt: "count" })
  await expect(answer.then(({ status }) => status)).resolves.toBe(504)
})

it("lets a stream go on for as long, and then tells it", async () => {
  first.next({ text: Array.from({ length: 2_000 }, () => "x"), chunkDelayMs: 20 })
  const answer = await rawPost(gateway.url, "/v1/chat/completions", { model: "m", messages, stream: true })
  expect(answer.status).toBe(200)
  expect(answer.text).toContain("had not ended its answer after 2000 ms")
  expect(answer.text).not.toContain("[DONE]")
})

it("bounds a model of this process as well, by the time of its own deployment, and lets it stop", async () => {
  let stopped = 0
  const never = (signal: AbortSignal): Promise<never> =>
    new Promise((_resolve, reject) => {
      signal.addEventListener("abort", () => {
        stopped += 1
        reject(signal.reason as Error)
      })
    })
  const deployment = testDeployment("", { id: "fake/here", provider: "perdure", dialect: "native", does, timeouts: { totalMs: 300 } })
  const model: CallableModel = {
    deployment,
    chat: async function* (_call, signal): AsyncGenerator<ModelEvent> {
      yield await never(signal)
    },
    embed: (_texts, signal) => never(signal),
  }
  await using here = await startTestGateway({ models: [testModel("m", deployment)], natives: new Map([[deployment.id, model]]) })
  for (const [path, body] of [
    ["/v1/chat/completions", { messages }],
    ["/v1/messages", { messages, max_tokens: 9 }],
    ["/v1/embeddings", { input: "count" }],
  ] as const) {
    const before = stopped
    const answer = await rawPost(here.url, path, { model: "m", ...body })
    expect([path, answer.status]).toEqual([path, 504])
    expect(answer.text).toContain("300 ms")
    await expect.poll(() => stopped, { timeout: 20_000 }).toBeGreaterThan(before)
  }
})
