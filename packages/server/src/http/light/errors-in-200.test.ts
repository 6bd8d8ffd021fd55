// An error inside a 200 says as much of its deployment as it would have said with its status: the next call goes past it.
import { afterAll, beforeEach, describe, expect, it } from "vitest"
import { defaultLimits } from "../../core/index.ts"
import { startFakeProvider, type FakeProvider } from "../../testing/fake-provider.ts"
import { rawPost, startTestGateway, testDeployment, testModel, type TestGateway } from "../../testing/gateway.ts"
import { jsonAnswer } from "../../testing/json-answer.ts"

const { breakerOpenMs, breakerOpenMsMax, breakerLastResortMs, coolDownMs, coolDownMsMax, quotaCoolDownMs } = defaultLimits
const limits = { breakerOpenMs, breakerOpenMsMax, breakerLastResortMs, coolDownMs, coolDownMsMax, quotaCoolDownMs, coolDownProbeMs: 60_000 }

const first = await startFakeProvider()
const second = await startFakeProvider()
let gateway: TestGateway | undefined
afterAll(async () => {
  await gateway?.[Symbol.asyncDispose]()
  await Promise.all([first, second].map((provider) => provider[Symbol.asyncDispose]()))
})

/** Nothing is known of the deployments. */
beforeEach(async () => {
  await gateway?.[Symbol.asyncDispose]()
  for (const provider of [first, second]) provider.requests.length = 0
  const one = testDeployment(first.url, { id: "fake/one" })
  const two = testDeployment(second.url, { id: "fake/two", priority: 1 })
  const claude = testDeployment(first.url, { id: "fake/claude", provider: "anthropic", dialect: "anthropic-messages" })
  const nobody = testDeployment("http://127.0.0.1:9/v1", { id: "fake/nobody" })
  const models = [testModel("pair", one, two), testModel("claudes", claude, two), testModel("nobody", nobody)]
  gateway = await startTestGateway({ models, limits })
})

async function calls(model: string, stream: boolean, broken: Parameters<FakeProvider["next"]>[0]): Promise<unknown[]> {
  first.next(broken)
  second.next({ text: "one" }, { text: "two" })
  const ask = { model, stream, messages: [{ role: "user", content: "hello" }] }
  const routes: unknown[] = []
  for (let each = 0; each < 2; each += 1) {
    const answer = await rawPost(gateway?.url ?? "", "/v1/chat/completions", ask)
    routes.push(answer.headers["x-perdure-route"])
  }
  return routes
}

const events = (...lines: string[]) => ({ raw: { status: 200, headers: { "content-type": "text/event-stream" }, body: lines } })

describe("an error inside a 200", () => {
  it.each([
    ["as the first event, by a number", "pair", true, events('data: {"error":{"code":401,"message":"no"}}\n\n')],
    ["as the first event, by a word", "pair", true, events('data: {"error":{"type":"authentication_error","message":"no"}}\n\n')],
    ["as an event of that name", "pair", true, events('event: error\ndata: {"type":"error","error":{"type":"authentication_error"}}\n\n')],
    ["as JSON where a stream was asked for", "pair", true, jsonAnswer({ error: { code: 401, message: "no" } })],
    ["as JSON", "pair", false, jsonAnswer({ error: { code: "invalid_api_key", message: "no" } })],
    ["as JSON that does not begin with it", "pair", false, jsonAnswer({ id: "x", error: { code: 401, message: "no" } })],
    ["as JSON in Anthropic's form", "pair", false, jsonAnswer({ type: "error", error: { type: "authentication_error", message: "no" } })],
    [
      "of Anthropic, translated",
      "claudes",
      true,
      events('event: error\ndata: {"type":"error","error":{"type":"authentication_error","message":"no"}}\n\n'),
    ],
  ] as const)("about credentials opens the breaker: %s", async (_, model, stream, broken) => {
    expect(await calls(model, stream, broken)).toEqual(["fake/two", "fake/two"])
    expect(first.requests).toHaveLength(1)
  })

  it.each([
    ["as the first event", true, events('data: {"error":{"type":"rate_limit_error","message":"slow down"}}\n\n')],
    ["as JSON", false, jsonAnswer({ error: { code: "rate_limit_exceeded", message: "slow down" } })],
  ] as const)("about a rate lets the deployment rest: %s", async (_, stream, broken) => {
    expect(await calls("pair", stream, broken)).toEqual(["fake/two", "fake/two"])
    expect(first.requests).toHaveLength(1)
  })

  it("is not billed, like a refusal with a status, nor is a call that found nobody", async () => {
    first.next(jsonAnswer({ error: { code: 403, message: "no" } }))
    second.next(jsonAnswer({ error: { code: 403, message: "no" } }))
    const ask = (model: string) =>
      rawPost(gateway?.url ?? "", "/v1/chat/completions", { model, messages: [{ role: "user", content: "hello" }] })
    await ask("pair")
    const nobody = await ask("nobody")
    expect(nobody.text).not.toContain("127.0.0.1")
    expect(gateway?.records.map(({ outcome, inputTokens }) => [outcome, inputTokens])).toEqual([
      ["failed", 0],
      ["failed", 0],
    ])
    expect(gateway?.records[1]?.data).toMatchObject({ reachFault: { address: "127.0.0.1:9" } })
  })
})
