// Limits and budgets on the way of a light run: what answers and refusals of each dialect say of them.
import { afterAll, describe, expect, it } from "vitest"
import { rulesOfConfig } from "../../accounting/index.ts"
import { startFakeProvider } from "../../testing/fake-provider.ts"
import { rawPost, startTestGateway, testDeployment, testModel } from "../../testing/gateway.ts"

const provider = await startFakeProvider()
const rate = { name: "rpm", for: { key: "*" }, per: "hour" as const, burstShare: 1, requests: 3, origin: "test.yaml:1" }
const gateway = await startTestGateway({
  models: [testModel("fast", testDeployment(provider.url)), testModel("dear", testDeployment(provider.url))],
  rules: rulesOfConfig({
    budgets: [{ name: "tiny", for: { model: "dear" }, per: "month", usd: 0.000_000_1, origin: "test.yaml:2" }],
    rateLimits: [rate],
  }),
})
afterAll(async () => {
  await gateway[Symbol.asyncDispose]()
  await provider[Symbol.asyncDispose]()
})
const messages = [{ role: "user", content: "hello" }]

describe("limits", () => {
  it("E3 E5 A11 are told in each dialect's own headers, and a refusal says when to try again", async () => {
    const chat = await rawPost(gateway.url, "/v1/chat/completions", { model: "fast", messages })
    expect(chat.headers).toMatchObject({ "x-ratelimit-limit-requests": "3", "x-ratelimit-remaining-requests": "2" })
    expect(chat.headers["x-ratelimit-reset-requests"]).toMatch(/^(?:\d+h)?(?:\d+m)?\d+(?:\.\d+)?m?s$/)
    const message = await rawPost(gateway.url, "/v1/messages", { model: "fast", messages, max_tokens: 9 })
    expect(message.headers).toMatchObject({ "anthropic-ratelimit-requests-limit": "3", "anthropic-ratelimit-requests-remaining": "1" })
    expect(message.headers["anthropic-ratelimit-requests-reset"]).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/)
    await rawPost(gateway.url, "/v1/chat/completions", { model: "fast", messages })
    const refused = await rawPost(gateway.url, "/v1/chat/completions", { model: "fast", messages })
    expect([refused.status, refused.text]).toEqual([429, expect.stringContaining("rate_limit_exceeded")])
    expect(Number(refused.headers["retry-after"])).toBeGreaterThan(0)
    expect(refused.headers["x-ratelimit-remaining-requests"]).toBe("0")
    expect(provider.requests).toHaveLength(3)
  })

  it("E3 tell a spent budget from a rate: no hint to retry, and nothing is asked of the provider", async () => {
    const before = provider.requests.length
    const spent = await rawPost(gateway.url, "/v1/chat/completions", { model: "dear", messages })
    expect([spent.status, spent.text]).toEqual([429, expect.stringContaining("insufficient_quota")])
    expect(spent.headers).toMatchObject({ "x-should-retry": "false" })
    expect(spent.headers).not.toHaveProperty("retry-after")
    const messagesAnswer = await rawPost(gateway.url, "/v1/messages", { model: "dear", messages, max_tokens: 9 })
    expect([messagesAnswer.status, messagesAnswer.text]).toEqual([402, expect.stringContaining("billing_error")])
    expect(provider.requests).toHaveLength(before)
  })
})
