// Budgets of providers over the real server: each way to a model charges the provider that served it, the next one takes over, and a changed file is followed.
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { startFakeProvider, type FakeProvider } from "../../packages/server/src/testing/fake-provider.ts"
import { startPerdure, temporaryDirectory, type StartedServer } from "../support/server.ts"

/** $0.002 at the prices below. */
const usage = { prompt_tokens: 1_000, completion_tokens: 500, total_tokens: 1_500 }
const messages = [{ role: "user", content: "Say hi." }]

describe("budgets of providers", () => {
  const cleanUps = new AsyncDisposableStack()
  let first: FakeProvider
  let second: FakeProvider
  let server: StartedServer
  let config: string

  beforeAll(async () => {
    first = cleanUps.use(await startFakeProvider(() => ({ text: "hi", usage })))
    second = cleanUps.use(await startFakeProvider(() => ({ text: "hi", usage })))
    const directory = cleanUps.use(await temporaryDirectory())
    config = join(directory.path, "perdure.yaml")
    writeFileSync(config, configOf(first.url, second.url, 0.002))
    server = cleanUps.use(await startPerdure({ dataDirectory: join(directory.path, "data"), config }))
  })
  afterAll(() => cleanUps.disposeAsync())

  /** Which provider a call reached. */
  async function served(path: string, body: object): Promise<string> {
    const [one, two] = [first.requests.length, second.requests.length]
    const headers = { authorization: `Bearer ${server.apiKey}`, "content-type": "application/json" }
    const answer = await fetch(`${server.url}${path}`, { method: "POST", headers, body: JSON.stringify(body) })
    const text = await answer.text()
    if (answer.status !== 200) return text
    return first.requests.length > one ? "first" : second.requests.length > two ? "second" : "nobody"
  }

  const ways: readonly [way: string, model: string, path: string, body: object][] = [
    ["chat completions", "chat", "/v1/chat/completions", { messages, max_tokens: 100 }],
    ["a stream", "stream", "/v1/chat/completions", { messages, max_tokens: 100, stream: true }],
    ["Anthropic's messages", "messages", "/v1/messages", { messages, max_tokens: 100 }],
    ["responses", "responses", "/v1/responses", { input: "hi", max_output_tokens: 100 }],
  ]

  it.each(ways)("%s are charged to who served them, and led to the next one", async (_way, model, path, body) => {
    expect(await served(path, { model, ...body })).toBe("first")
    const again = [await served(path, { model, ...body }), await served(path, { model, ...body })]
    expect(again).toEqual(["second", "second"])
  })

  it("and the list of deployments says which of them is used up", async () => {
    const answer = await fetch(`${server.url}/v1/deployments`, { headers: { authorization: `Bearer ${server.apiKey}` } })
    const { deployments } = (await answer.json()) as { deployments: { id: string; health: { usedUp: object | null } }[] }
    const usedUp = Object.fromEntries(deployments.map(({ id, health }) => [id, health.usedUp]))
    expect(usedUp).toMatchObject({ "first/chat": { limit: "chat-first", until: null }, "second/chat": null })
  })

  it("keys do not see them, and a raised one is in force at once, with what was used", async () => {
    const answer = await fetch(`${server.url}/v1/limits`, { headers: { authorization: `Bearer ${server.apiKey}` } })
    expect(await answer.json()).toEqual({ limits: [] })
    writeFileSync(config, configOf(first.url, second.url, 0.004))
    await expect
      .poll(() => served("/v1/chat/completions", { model: "chat", messages, max_tokens: 100 }), { timeout: 60_000, interval: 100 })
      .toBe("first")
    expect(await served("/v1/chat/completions", { model: "chat", messages, max_tokens: 100 })).toBe("second")
  })
})

function configOf(firstUrl: string, secondUrl: string, usd: number): string {
  const names = ["chat", "stream", "messages", "responses"]
  const deployment = (provider: string, name: string, priority: number): string =>
    `{ provider: ${provider}, model: ${name}, priority: ${priority}, price: { inputPerMillionUsd: 1, outputPerMillionUsd: 2 } }`
  return `providers: { first: { type: openai-compatible, baseUrl: "${firstUrl}" }, second: { type: openai-compatible, baseUrl: "${secondUrl}" } }
models:
${names.map((name) => `  ${name}: { deployments: [${deployment("first", name, 0)}, ${deployment("second", name, 1)}] }`).join("\n")}
budgets:
${names.map((name) => `  - { name: ${name}-first, for: { deployment: first/${name} }, usd: ${usd}, per: total }`).join("\n")}
discovery: false
`
}
