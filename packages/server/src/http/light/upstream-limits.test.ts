// Limits of providers and deployments, end to end: what is used up is passed over, what is next serves, and its error tells nobody's use.
import { afterEach, describe, expect, it } from "vitest"
import type { LimitRule } from "../../accounting/index.ts"
import { defaultLimits } from "../../core/index.ts"
import { createGuards, type Guard } from "../../security/index.ts"
import { startFakeProvider, type FakeAnswer, type FakeProvider } from "../../testing/fake-provider.ts"
import { rawPost, startTestGateway, testDeployment, testModel, type RawAnswer, type TestGateway } from "../../testing/gateway.ts"

const dayMs = 86_400_000
const noon = Date.UTC(2026, 10, 30, 12)
/** At the price of the gateway, one micro-dollar for a token in and two for one out: 300 of them. */
const usage = { prompt_tokens: 100, completion_tokens: 100 }

function budget(part: Partial<LimitRule & { kind: "budget" }>): LimitRule {
  const base = { name: "first-day", unit: "microUsd", limit: 900, kind: "budget", per: "day", origin: "perdure.yaml:3" } as const
  return { ...base, for: { provider: "first" }, ...part }
}

describe("a limit of a provider", () => {
  let cleanUps = new AsyncDisposableStack()
  afterEach(async () => {
    await cleanUps.disposeAsync()
    cleanUps = new AsyncDisposableStack()
  })

  interface Opened {
    gateway: TestGateway
    first: FakeProvider
    second: FakeProvider
    clock: { at: number }
    /** Who served it, or what it was told. */
    ask: (model?: string, body?: object) => Promise<string>
    post: (model?: string, body?: object) => Promise<RawAnswer>
  }

  async function open(rules: readonly LimitRule[], answer: () => FakeAnswer = () => ({ text: "hi", usage })): Promise<Opened> {
    const first = cleanUps.use(await startFakeProvider(answer))
    const second = cleanUps.use(await startFakeProvider(answer))
    const at = (id: string, url: string, priority: number) => testDeployment(`${url}/v1`, { id, priority })
    const one = at("first/m", first.url, 0)
    const clock = { at: noon, now: () => clock.at, monotonic: () => performance.now() + clock.at - noon }
    const models = [
      testModel("both", one, at("second/m", second.url, 1)),
      testModel("alone", one),
      { ...testModel("falls back", one), fallbacks: ["spare"] },
      testModel("spare", at("second/spare", second.url, 0)),
      { ...testModel("hedged", one, at("second/m", second.url, 1)), hedgeAfterMs: 50 },
    ]
    const gateway = cleanUps.use(await startTestGateway({ models, rules, clock }))
    const post = (model = "both", body: object = {}): Promise<RawAnswer> =>
      rawPost(gateway.url, "/v1/chat/completions", { model, messages: [{ role: "user", content: "hi" }], max_tokens: 100, ...body })
    const ask = async (model?: string, body?: object): Promise<string> => {
      const { status, headers, text } = await post(model, body)
      return status === 200 ? String(headers["x-perdure-route"]) : (JSON.parse(text) as { error: { code: string } }).error.code
    }
    return { gateway, first, second, clock, ask, post }
  }

  it("leads calls to the next provider while its window lasts, and back when it ends", async () => {
    const { ask, clock, first } = await open([budget({})])
    expect([await ask(), await ask(), await ask(), await ask(), await ask()]).toEqual([
      "first/m",
      "first/m",
      "first/m",
      "second/m",
      "second/m",
    ])
    expect(first.requests).toHaveLength(3)
    clock.at += dayMs / 2
    expect([await ask(), await ask("alone")]).toEqual(["first/m", "first/m"])
  })

  it("that nothing can stand in for is told with the end of its window, and without what was used", async () => {
    const { ask, post } = await open([budget({})])
    await ask()
    await ask()
    await ask()
    const { status, headers, text } = await post("alone")
    expect([status, headers["retry-after"], headers["x-should-retry"]]).toEqual([429, undefined, "false"])
    const { error } = JSON.parse(text) as { error: { code: string; message: string } }
    expect(error.code).toBe("insufficient_quota")
    expect(error.message).toContain('the limit "first-day" of its provider is used up')
    expect(error.message).toContain("2026-12-01T00:00:00.000Z")
    expect(text).not.toMatch(/900|\$/)
  })

  it("of requests counts those that failed too, and one of a deployment binds that alone", async () => {
    let fails = true
    const answer = (): FakeAnswer => (fails ? { error: { status: 500 } } : { text: "hi", usage })
    const { ask, first } = await open([budget({ unit: "requests", limit: 2, for: { deployment: "first/m" } })], answer)
    await ask()
    fails = false
    expect([await ask(), await ask(), await ask("alone")]).toEqual(["first/m", "second/m", "insufficient_quota"])
    expect(first.requests).toHaveLength(2)
  })

  it("is held by calls under way: those that come meanwhile go elsewhere, and find it free when they are done", async () => {
    const { ask, first } = await open([budget({ limit: 400 })], () => ({
      text: "hi",
      usage: { prompt_tokens: 1, completion_tokens: 1 },
      delayMs: 200,
    }))
    const routes = await Promise.all([ask(), ask(), ask(), ask()])
    expect(routes.toSorted()).toEqual(["first/m", "second/m", "second/m", "second/m"])
    expect(await ask()).toBe("first/m")
    expect(first.requests).toHaveLength(2)
  })

  it("of calls at once has room again when one ends", async () => {
    const rule: LimitRule = {
      name: "few",
      for: { provider: "*" },
      unit: "concurrent",
      limit: 1,
      kind: "concurrent",
      per: null,
      origin: "x:1",
    }
    const { ask } = await open([rule], () => ({ text: "hi", usage, delayMs: 200 }))
    const routes = await Promise.all([ask(), ask(), ask()])
    expect(routes.toSorted()).toEqual(["first/m", "rate_limit_exceeded", "second/m"])
    expect(await ask()).toBe("first/m")
  })

  it("of a rate has room again with time", async () => {
    const rule: LimitRule = {
      name: "pace",
      for: { provider: "first, other" },
      unit: "requests",
      limit: 2,
      burst: 2,
      kind: "rate",
      per: "minute",
      origin: "x:1",
    }
    const { ask, clock, post } = await open([rule])
    expect([await ask(), await ask(), await ask()]).toEqual(["first/m", "first/m", "second/m"])
    const { status, headers } = await post("alone")
    expect([status, headers["retry-after"]]).toEqual([429, "30"])
    clock.at += 30_000
    expect(await ask()).toBe("first/m")
  })

  it("is charged what a stream has used that was cut", async () => {
    const chunks = Array.from({ length: 40 }, () => "four words of text ")
    let ending: NonNullable<FakeAnswer["ending"]> = "eof"
    const { ask, post, gateway } = await open([budget({ unit: "tokens", limit: 130 })], () => ({
      text: chunks,
      ending,
      framesMax: 30,
      usage,
    }))
    await post("both", { stream: true })
    expect(gateway.records[0]).toMatchObject({ outcome: "failed", deployment: "first/m" })
    ending = "done"
    expect(await ask()).toBe("second/m")
  })

  it("leads calls to the model's fallbacks where all its deployments are used up", async () => {
    const { ask } = await open([budget({ limit: 300 })])
    expect([await ask("falls back"), await ask("falls back")]).toEqual(["first/m", "second/spare"])
  })

  it("binds a call that a guard sends to another model, also where it was used up before this process began", async () => {
    const first = cleanUps.use(await startFakeProvider({ text: "hi", usage }))
    const second = cleanUps.use(await startFakeProvider({ text: "hi", usage }))
    const model = (name: string) =>
      testModel(
        name,
        testDeployment(`${first.url}/v1`, { id: `first/${name}` }),
        testDeployment(`${second.url}/v1`, { id: `second/${name}`, priority: 1 }),
      )
    const elsewhere: Guard = { name: "elsewhere", before: () => ({ action: "route", model: "chosen" }) }
    const guards = createGuards({ rules: [{ guard: elsewhere, when: {} }], limits: defaultLimits })
    const rules = [budget({ for: { deployment: "first/chosen" } })]
    const gateway = cleanUps.use(await startTestGateway({ models: [model("asked"), model("chosen")], rules, guards, usedBefore: 900 }))
    const ask = { model: "asked", messages: [{ role: "user", content: "hi" }], max_tokens: 100 }
    expect((await rawPost(gateway.url, "/v1/chat/completions", ask)).headers["x-perdure-route"]).toBe("second/chosen")
    expect(first.requests).toHaveLength(0)
  })

  it("is charged the input of a try that was given up for a quicker one", async () => {
    const rules = [budget({ unit: "tokens", limit: 480 })]
    // Some 300 tokens, beside 100 of output: there is room for one.
    const messages = [{ role: "user", content: "four words of text ".repeat(55) }]
    let delayMs = 0
    const fits = await open(rules, () => ({ text: "hi", usage, delayMs }))
    expect(await fits.ask("alone", { messages })).toBe("first/m")
    delayMs = 20_000
    const { ask, first, second } = await open(rules, () => ({ text: "hi", usage, delayMs }))
    second.always({ text: "hi", usage })
    expect(await ask("hedged", { messages })).toBe("second/m")
    expect([first.requests.length, second.requests.length]).toEqual([1, 1])
    delayMs = 0
    expect(await ask("alone", { messages })).toBe("insufficient_quota")
  })

  it("is charged for vectors", async () => {
    const { gateway } = await open([budget({ unit: "tokens", limit: 150 })], () => ({ usage }))
    const embed = async (): Promise<number> => (await rawPost(gateway.url, "/v1/embeddings", { model: "alone", input: "hi" })).status
    expect([await embed(), await embed(), await embed()]).toEqual([200, 200, 429])
  })
})
