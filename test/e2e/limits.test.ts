// Limits and budgets over the real server: every way to a model is refused when a budget is used up, and what is left is told.
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { startFakeProvider, type FakeProvider } from "../../packages/server/src/testing/fake-provider.ts"
import { startPerdure, temporaryDirectory, type StartedServer } from "../support/server.ts"

const usage = { prompt_tokens: 1_000, completion_tokens: 500, total_tokens: 1_500 }
const messages = [{ role: "user", content: "Say hi." }]

describe("limits of a server", () => {
  const cleanUps = new AsyncDisposableStack()
  let provider: FakeProvider
  let server: StartedServer
  let reached = 0

  beforeAll(async () => {
    provider = cleanUps.use(
      await startFakeProvider(() => {
        reached += 1
        return { text: "hi", usage }
      }),
    )
    const directory = cleanUps.use(await temporaryDirectory())
    const config = join(directory.path, "perdure.yaml")
    writeFileSync(config, configOf(provider.url))
    server = cleanUps.use(await startPerdure({ dataDirectory: join(directory.path, "data"), config }))
  })
  afterAll(() => cleanUps.disposeAsync())

  const post = (path: string, body: object, key = server.apiKey): Promise<Response> => {
    const headers = { authorization: `Bearer ${key}`, "content-type": "application/json" }
    return fetch(`${server.url}${path}`, { method: "POST", headers, body: JSON.stringify(body) })
  }
  const limitsOf = async (key = server.apiKey): Promise<Record<string, unknown>[]> => {
    const answer = await fetch(`${server.url}/v1/limits`, { headers: { authorization: `Bearer ${key}` } })
    return ((await answer.json()) as { limits: Record<string, unknown>[] }).limits
  }

  it("tells on each answer and at GET /v1/limits what is left", async () => {
    const answer = await post("/v1/chat/completions", { model: "paid", messages, max_tokens: 600 })
    expect(answer.status).toBe(200)
    expect(answer.headers.get("x-ratelimit-limit-requests")).toBe("1000")
    expect(answer.headers.get("x-ratelimit-remaining-requests")).toBe("999")
    await answer.text()
    const limits = await limitsOf()
    // 1,000 tokens at $1 and 500 at $2 a million.
    expect(limits.find(({ name, unit }) => name === "paid" && unit === "microUsd")).toMatchObject({
      limit: 5_000,
      used: 2_000,
      reserved: 0,
      left: 3_000,
      per: "total",
    })
    expect(limits.find(({ name }) => name === "shared")).toMatchObject({ used: 2_000, left: 999_998_000 })
    expect(limits.find(({ name }) => name === "pace")).toMatchObject({ unit: "requests", limit: 1_000, per: "hour", used: 1, left: 999 })
  })

  it.each([false, true])("tells on a response what is left, with its stream %s, and not when it is read again", async (stream) => {
    const answer = await post("/v1/responses", { model: "free", input: "Say hi.", stream })
    expect(answer.status).toBe(200)
    expect(answer.headers.get("x-ratelimit-limit-requests")).toBe("1000")
    expect(Number(answer.headers.get("x-ratelimit-remaining-requests"))).toBeLessThan(1_000)
    expect(answer.headers.get("x-ratelimit-reset-requests")).toMatch(/^\d/)
    const id = /resp_[0-9a-f]{32}/.exec(await answer.text())?.[0] ?? ""
    const again = await fetch(`${server.url}/v1/responses/${id}?stream=true`, { headers: { authorization: `Bearer ${server.apiKey}` } })
    await again.text()
    expect([again.status, again.headers.get("x-ratelimit-limit-requests")]).toEqual([200, null])
  })

  it.each([
    ["chat completions", "/v1/chat/completions", { messages }, 429],
    ["a stream", "/v1/chat/completions", { messages, stream: true }, 429],
    ["Anthropic's messages", "/v1/messages", { messages }, 402],
    ["embeddings", "/v1/embeddings", { input: "hi" }, 429],
  ])("E3 refuses %s when the budget is used up, before the provider is reached", async (_what, path, body, status) => {
    const before = reached
    const answer = await post(path, { model: "spent", max_tokens: 10_000, ...body })
    expect([answer.status, answer.headers.get("x-should-retry"), answer.headers.get("retry-after")]).toEqual([status, "false", null])
    expect(await answer.text()).toContain('The limit \\"spent\\" allows $0.00 per month')
    expect(reached).toBe(before)
  })

  it("refuses a response when the budget is used up, before the provider is reached", async () => {
    const before = reached
    const answer = await post("/v1/responses", { model: "spent", input: "Say hi." })
    const body = (await answer.json()) as { error: { code: string } }
    expect([answer.status, body.error.code]).toEqual([429, "insufficient_quota"])
    expect([answer.headers.get("x-should-retry"), answer.headers.get("retry-after")]).toEqual(["false", null])
    expect(answer.headers.get("x-ratelimit-limit-requests")).toBe("1000")
    expect(reached).toBe(before)
  })

  it("bills a response's turn to the budget, and lets the model of this process answer for nothing", async () => {
    const answer = await post("/v1/responses", { model: "paid", input: "Say hi.", max_output_tokens: 600 })
    expect(((await answer.json()) as { status: string }).status).toBe("completed")
    const limits = await limitsOf()
    expect(limits.find(({ name }) => name === "paid")).toMatchObject({ used: 4_000, reserved: 0, left: 1_000 })
    expect((await post("/v1/chat/completions", { model: "paid", messages, max_tokens: 600 })).status).toBe(429)
    expect((await post("/v1/chat/completions", { model: "free", messages })).status).toBe(200)
  })

  it("tells a rate from a budget: the first comes back", async () => {
    const first = await post("/v1/chat/completions", { model: "slow", messages, max_tokens: 5 })
    await first.text()
    const second = await post("/v1/chat/completions", { model: "slow", messages, max_tokens: 5 })
    const { error } = (await second.json()) as { error: { code: string; type: string } }
    expect([second.status, error.code]).toEqual([429, "rate_limit_exceeded"])
    expect(Number(second.headers.get("retry-after"))).toBeGreaterThanOrEqual(1)
    for (const stream of [false, true]) {
      const response = await post("/v1/responses", { model: "slow", input: "Say hi.", max_output_tokens: 5, stream })
      const told = (await response.json()) as { error: { code: string } }
      expect([response.status, told.error.code]).toEqual([429, "rate_limit_exceeded"])
      expect(Number(response.headers.get("retry-after"))).toBeGreaterThanOrEqual(1)
      expect([response.headers.get("x-ratelimit-limit-requests"), response.headers.get("x-ratelimit-remaining-requests")]).toEqual([
        "1",
        "0",
      ])
    }
  })
})

function configOf(providerUrl: string): string {
  const price = "price: { inputPerMillionUsd: 1, outputPerMillionUsd: 2 }"
  const does = "does: { chat: true, embeddings: true }"
  return `providers: { fake: { baseUrl: "${providerUrl}/v1" } }
models:
  paid: { deployments: [{ provider: fake, model: a, ${price}, ${does} }] }
  spent: { deployments: [{ provider: fake, model: b, ${price}, ${does} }] }
  slow: { deployments: [{ provider: fake, model: c, ${price}, ${does} }] }
  free: { deployments: [{ provider: perdure, model: perdure/extractive }] }
budgets:
  - { name: paid, for: { project: "*", model: paid }, usd: 0.005, per: total }
  - { name: spent, for: { model: spent }, usd: 0, per: month }
  - { name: shared, usd: 1000, per: month }
  - { name: none, for: { project: "*", model: free }, usd: 0, per: day }
rateLimits:
  - { name: pace, for: { key: "*" }, requests: 1000, per: hour }
  - { name: slow, for: { model: slow }, requests: 1, per: minute }
discovery: false
`
}
