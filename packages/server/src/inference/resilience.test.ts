// Calls through the pool against providers on real ports that refuse, flap, hang and dawdle.
import { afterEach, describe, expect, it } from "vitest"
import { defaultLimits, newId, systemClock, type Limits } from "../core/index.ts"
import { startFakeProvider, type FakeProvider, type FakeScript } from "../testing/fake-provider.ts"
import {
  createCallModel,
  createModels,
  createPool,
  createUpstreams,
  type CallModel,
  type CallRouting,
  type Deployment,
  type Model,
  type ModelCall,
  type CallEvent,
  type NativeModel,
  type Natives,
  type Pool,
} from "./index.ts"
import { blankCall } from "./blank-call.ts"

const cleanUps: AsyncDisposable[] = []
afterEach(async () => {
  for (const each of cleanUps.splice(0)) await each[Symbol.asyncDispose]()
})

async function provider(script: FakeScript): Promise<FakeProvider> {
  const started = await startFakeProvider(script)
  cleanUps.push(started)
  return started
}

function deployment(id: string, at: { url: string }, part: Partial<Deployment> = {}): Deployment {
  const base = { provider: "openai", dialect: "openai-chat", apiKey: "sk-upstream", contextTokensMax: null, origin: "test" } as const
  return { ...base, id, baseUrl: at.url, upstreamModel: "m", does: { chat: true, embeddings: false }, ...part }
}

interface Bench {
  pool: Pool
  callModel: CallModel
  ask: (routing?: CallRouting, part?: Partial<ModelCall>) => Promise<CallEvent[]>
  text: (routing?: CallRouting) => Promise<string>
}

function bench(models: readonly Model[], some: Partial<Limits> = {}, natives: Natives = new Map()): Bench {
  const limits = { ...defaultLimits, retryBackoffMs: 20, ...some }
  const registry = createModels({ models })
  const upstreams = createUpstreams({ limits })
  cleanUps.push(upstreams)
  const shared = { models: registry, limits, clock: systemClock, newId, upstreams, natives }
  const pool = createPool({ ...shared, rng: () => 0 })
  const callModel = createCallModel({ ...shared, pool })
  const ask = async (routing?: CallRouting, part: Partial<ModelCall> = {}): Promise<CallEvent[]> => {
    const events: CallEvent[] = []
    for await (const event of callModel({ ...hello, ...part }, new AbortController().signal, routing).events) events.push(event)
    return events
  }
  return { pool, callModel, ask, text: async (routing) => textOf(await ask(routing)) }
}

function model(deployments: readonly Deployment[], part: Partial<Model> = {}): Model {
  return { name: "m", createdAt: 0, ownedBy: "test", deployments, ...part }
}

const hello: ModelCall = {
  ...blankCall,
  model: "m",
  messages: [{ role: "user", content: [{ type: "text", text: "hello" }] }],
  toolChoice: "auto",
  parallelToolCalls: true,
}

const textOf = (events: readonly CallEvent[]): string => events.map((event) => (event.type === "text-delta" ? event.text : "")).join("")
const refusal = (status: number, headers: Record<string, string> = {}): FakeScript => ({ error: { status, headers } })

describe("retries", () => {
  it("waits for a retry-after that is short, and asks the same deployment again", async () => {
    const alone = await provider({ text: "at last" })
    alone.next(refusal(429, { "retry-after-ms": "300" }))
    const { text, pool } = bench([model([deployment("a/m", alone)])])
    expect(await text()).toBe("at last")
    expect(alone.requests).toHaveLength(2)
    expect(pool.health()).toMatchObject([{ id: "a/m", attempts: 2, failures: 1, lastError: { failure: "rate_limit" } }])
  })

  it("asks nothing of a deployment that said when to come back, and tells the client when", async () => {
    const alone = await provider(refusal(429, { "retry-after": "30" }))
    const { text } = bench([model([deployment("a/m", alone)])])
    await expect(text()).rejects.toMatchObject({ code: "rate_limit_exceeded" })
    await expect(text()).rejects.toMatchObject({ code: "rate_limit_exceeded", retryAfterMs: expect.any(Number) as number })
    expect(alone.requests).toHaveLength(1)
  })

  it("goes to another deployment at once, and stays there while the first cools down", async () => {
    const [first, second] = [await provider(refusal(429, { "retry-after": "30" })), await provider({ text: "second" })]
    const { text } = bench([model([deployment("a/m", first), deployment("b/m", second, { priority: 1 })])])
    expect([await text(), await text(), await text()]).toEqual(["second", "second", "second"])
    expect(first.requests).toHaveLength(1)
  })

  it("goes to another model, and says which deployment answered", async () => {
    const [first, second] = [await provider(refusal(500)), await provider({ text: "plan b" })]
    const other = model([deployment("b/m", second)], { name: "other" })
    const { callModel } = bench([model([deployment("a/m", first)], { fallbacks: ["other"] }), other])
    const answer = callModel(hello, new AbortController().signal)
    const events: CallEvent[] = []
    for await (const event of answer.events) events.push(event)
    expect([textOf(events), answer.deployment.id]).toEqual(["plan b", "b/m"])
  })

  it("goes to a model for long conversations when the provider says that this one is too long", async () => {
    const first = await provider({ error: { status: 400, message: "too long", code: "context_length_exceeded" } })
    const long = model([deployment("b/m", await provider({ text: "all of it" }))], { name: "long" })
    const { text } = bench([model([deployment("a/m", first)], { contextFallbacks: ["long"] }), long])
    expect(await text()).toBe("all of it")
    await expect(text({ fallbacks: false })).rejects.toMatchObject({ code: "context_length_exceeded" })
  })

  it("goes to a model that stands by for what a filter refuses, by its status or in place of an answer, and pays what was filtered", async () => {
    const refusal = { error: { status: 400, message: "no", code: "content_filter" } }
    const filtered = { text: [], finishReason: "content_filter", usage: { prompt_tokens: 40, completion_tokens: 0 } }
    const first = await provider({ text: "first" })
    first.next(refusal, filtered, refusal, filtered)
    const tolerant = model([deployment("b/m", await provider({ text: "as you wish" }))], { name: "tolerant" })
    const { ask, text } = bench([model([deployment("a/m", first)], { contentFallbacks: ["tolerant"] }), tolerant])
    expect(await text()).toBe("as you wish")
    const events = await ask()
    expect(textOf(events)).toBe("as you wish")
    expect(events.at(-1)).toMatchObject({ type: "finished", alsoUsed: [{ deployment: { id: "a/m" }, usage: { inputTokens: 40 } }] })
    await expect(text({ fallbacks: false })).rejects.toMatchObject({ failure: "content", answer: { status: 400, code: "content_filter" } })
    expect((await ask({ fallbacks: false })).at(-1)).toMatchObject({ type: "finished", reason: "content_filter" })
  })

  it("ends at once when the caller leaves while it waits", async () => {
    const alone = await provider(refusal(503))
    const { callModel } = bench([model([deployment("a/m", alone)])], { retryBackoffMs: 5_000, retryBackoffMsMax: 5_000 })
    const stop = new AbortController()
    const reading = (async () => {
      for await (const event of callModel(hello, stop.signal).events) void event
    })()
    await expect.poll(() => alone.requests.length).toBe(1)
    setTimeout(() => stop.abort(new Error("left")), 50)
    await expect(reading).rejects.toThrow("left")
    expect(alone.requests).toHaveLength(1)
  })
})

describe("a provider that flaps", () => {
  it("is left alone after failures in a row, and taken back after one trial", async () => {
    const [first, second] = [await provider(refusal(500)), await provider({ text: "second" })]
    const { text, pool } = bench([model([deployment("a/m", first), deployment("b/m", second, { priority: 1 })])], { breakerOpenMs: 2_500 })
    for (let call = 0; call < 12; call += 1) expect(await text()).toBe("second")
    expect(first.requests).toHaveLength(5)
    expect(pool.health().find(({ id }) => id === "a/m")).toMatchObject({ state: "open", openedBy: "server" })
    first.always({ text: "first" })
    await expect.poll(() => text(), { timeout: 30_000, interval: 100 }).toBe("first")
    expect(first.requests).toHaveLength(6)
    expect(pool.health().find(({ id }) => id === "a/m")).toMatchObject({ state: "closed", openedBy: null })
  })

  it("is asked no more than its budget of retries when all its calls fail at once", async () => {
    const storm = await provider({ error: { status: 503 }, delayMs: 50 })
    const all = ["a/m", "b/m", "c/m"].map((id) => deployment(id, storm))
    const { text } = bench([model(all)], { retryBudgetPercent: 20, retryBudgetBurst: 10 })
    const results = await Promise.allSettled(Array.from({ length: 100 }, () => text()))
    expect(results.every(({ status }) => status === "rejected")).toBe(true)
    expect(storm.requests.length).toBeLessThanOrEqual(100 + 20 + 10)
  })

  it("fails fast while it refuses our key, and does not say so in its words", async () => {
    const alone = await provider({ error: { status: 401, message: "Incorrect API key provided: sk-upstream" } })
    const { text } = bench([model([deployment("a/m", alone)])], { breakerLastResortMs: 60_000 })
    await expect(text()).rejects.toMatchObject({ code: "upstream_error" })
    await expect(text()).rejects.toMatchObject({
      code: "overloaded",
      message: 'no deployment of "m" can be asked now: "a/m" is left alone because it refuses our credentials',
    })
    expect(alone.requests).toHaveLength(1)
  })
})

describe("limits of time", () => {
  it.each([
    ["no token in time", { firstTokenMs: 1_500 }, { firstChunkDelayMs: 60_000 }, "timeouts.firstTokenMs"],
    ["silence inside", { idleMs: 300 }, { ending: "hang", framesMax: 3 }, "timeouts.idleMs"],
    ["an answer without an end", { totalMs: 700 }, { text: Array.from({ length: 400 }, () => "x"), chunkDelayMs: 20 }, "timeouts.totalMs"],
  ] as const)("of one deployment end %s", async (_, timeouts, script, named) => {
    const slow = await provider(script)
    const { text } = bench([model([deployment("a/m", slow, { timeouts })])])
    await expect(text()).rejects.toMatchObject({ code: "upstream_timeout", hint: expect.stringContaining(named) as string })
    await expect.poll(() => slow.abortsCount).toBe(1)
  })

  it("of the first token lead to another deployment", async () => {
    const [slow, second] = [await provider({ firstChunkDelayMs: 60_000 }), await provider({ text: "second" })]
    const { text } = bench([
      model([deployment("a/m", slow, { timeouts: { firstTokenMs: 200 } }), deployment("b/m", second, { priority: 1 })]),
    ])
    expect(await text()).toBe("second")
  })
})

describe("a limit of the whole time", () => {
  const endless = { text: Array.from({ length: 2_000 }, () => "x"), chunkDelayMs: 20, firstChunkDelayMs: 60_000 }

  it("of one deployment leads to another, as it may be quicker", async () => {
    const [slow, second] = [await provider(endless), await provider({ text: "second" })]
    const { text } = bench([model([deployment("a/m", slow, { timeouts: { totalMs: 300 } }), deployment("b/m", second, { priority: 1 })])])
    expect(await text()).toBe("second")
  })

  it("of the configuration is over for all", async () => {
    const [slow, second] = [await provider(endless), await provider({ text: "second" })]
    const { text } = bench([model([deployment("a/m", slow), deployment("b/m", second, { priority: 1 })])], { totalTimeoutMs: 300 })
    await expect(text()).rejects.toMatchObject({ code: "upstream_timeout", hint: expect.stringContaining("totalTimeoutMs") as string })
    expect(second.requests).toHaveLength(0)
  })
})

describe("a second attempt beside a slow one", () => {
  it("answers when it is faster; the slow one is aborted and what it used is told", async () => {
    const [slow, fast] = [await provider({ firstChunkDelayMs: 60_000 }), await provider({ text: "fast" })]
    const all = [deployment("a/m", slow), deployment("b/m", fast, { priority: 1 })]
    const { ask, pool } = bench([model(all, { hedgeAfterMs: 150 })])
    const events = await ask()
    expect(textOf(events)).toBe("fast")
    expect(events.at(-1)).toMatchObject({
      type: "finished",
      alsoUsed: [{ deployment: { id: "a/m" }, usage: { inputTokens: expect.any(Number) as number, outputTokens: 0, estimated: true } }],
    })
    await expect.poll(() => slow.abortsCount).toBe(1)
    await expect
      .poll(() => pool.health().map(({ inFlight, failures }) => [inFlight, failures]))
      .toEqual([
        [0, 0],
        [0, 0],
      ])
  })

  it("is not made while the first answers in time", async () => {
    const [first, second] = [await provider({ text: "first" }), await provider({ text: "second" })]
    const all = [deployment("a/m", first), deployment("b/m", second, { priority: 1 })]
    const { ask } = bench([model(all, { hedgeAfterMs: 5_000 })])
    const events = await ask()
    expect(textOf(events)).toBe("first")
    expect(events.at(-1)).not.toHaveProperty("alsoUsed")
    expect(second.requests).toHaveLength(0)
  })

  it("decides nothing by failing: the slow one may still answer, and only what answered is billed", async () => {
    const [slow, broken] = [await provider({ firstChunkDelayMs: 600, text: "slow" }), await provider(refusal(500))]
    const all = [deployment("a/m", slow), deployment("b/m", broken, { priority: 1 })]
    const { ask } = bench([model(all, { hedgeAfterMs: 100 })])
    const events = await ask()
    expect(textOf(events)).toBe("slow")
    expect(events.at(-1)).not.toHaveProperty("alsoUsed")
    expect(broken.requests).toHaveLength(1)
  })

  it("leaves nothing under way when the caller leaves", async () => {
    const [one, two] = [await provider({ firstChunkDelayMs: 60_000 }), await provider({ firstChunkDelayMs: 60_000 })]
    const all = [deployment("a/m", one), deployment("b/m", two, { priority: 1 })]
    const { callModel, pool } = bench([model(all, { hedgeAfterMs: 50 })])
    const stop = new AbortController()
    const reading = (async () => {
      for await (const event of callModel(hello, stop.signal).events) void event
    })()
    await expect.poll(() => two.requests.length).toBe(1)
    stop.abort(new Error("left"))
    await expect(reading).rejects.toThrow("left")
    await expect.poll(() => [one.abortsCount, two.abortsCount]).toEqual([1, 1])
    expect(pool.health().map(({ inFlight }) => inFlight)).toEqual([0, 0])
  })
})

describe("where a call goes", () => {
  it("follows what the request says", async () => {
    const [first, second] = [await provider({ text: "first" }), await provider({ text: "second" })]
    const all = [deployment("a/m", first, { region: "us" }), deployment("b/m", second, { region: "eu", priority: 1 })]
    const { text, callModel } = bench([model(all)])
    expect(await text()).toBe("first")
    expect(await text({ order: ["b"] })).toBe("second")
    expect(await text({ regions: ["eu"] })).toBe("second")
    expect(() => callModel(hello, new AbortController().signal, { regions: ["asia"] })).toThrow(
      expect.objectContaining({ code: "unsupported_value", param: "perdure.region" }) as Error,
    )
  })

  it("R26 keeps sealed reasoning with its organisation, and leaves it out where another must answer", async () => {
    const here = (id: string, organisation: string): { native: NativeModel; calls: ModelCall[] } => {
      const calls: ModelCall[] = []
      const chat: NativeModel["chat"] = async function* (call) {
        calls.push(call)
        yield { type: "reasoning-ended", reasoning: { data: `sealed by ${organisation}`, dialect: "native" } }
        yield { type: "finished", reason: "stop", usage: nothing, upstreamModel: id }
      }
      const at = deployment(id, { url: "" }, { dialect: "native", baseUrl: null, organisation })
      return { native: { deployment: at, chat, countTokens: () => 0 }, calls }
    }
    const [one, two] = [here("a/m", "one"), here("b/m", "two")]
    const natives = new Map([one, two].map(({ native }) => [native.deployment.id, native]))
    const { ask } = bench([model([one.native.deployment, { ...two.native.deployment, priority: 1 }])], {}, natives)
    const [ended] = await ask({ only: ["b"] })
    if (ended?.type !== "reasoning-ended") throw new Error("there is no reasoning")
    const reasoning = [{ text: "", ...ended.reasoning }]
    const messages = [...hello.messages, { role: "assistant", content: [], toolCalls: [], reasoning } as const, ...hello.messages]
    await ask(undefined, { messages })
    expect(two.calls.at(-1)?.messages[1]).toMatchObject({ reasoning: [{ data: "sealed by two", organisation: "two" }] })
    await ask({ ignore: ["b"] }, { messages })
    expect(one.calls.at(-1)?.messages[1]).toMatchObject({ reasoning: [] })
    expect([one.calls.length, two.calls.length]).toEqual([1, 2])
  })
})

const nothing = { inputTokens: 0, outputTokens: 0, cachedTokens: 0, reasoningTokens: 0, estimated: false }
