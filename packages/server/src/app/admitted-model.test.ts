// Turns of durable work within limits: reserved before the model is asked, settled with what was used however the call ends.
import { describe, expect, it } from "vitest"
import { createAdmission, createPrices, type LimitRule } from "../accounting/index.ts"
import type { ModelCaller } from "../agents/index.ts"
import { AppError, defaultLimits, systemClock } from "../core/index.ts"
import { blankCall, createModels, type ModelCall, type CallEvent } from "../inference/index.ts"
import type { Principal } from "../security/index.ts"
import { testDeployment, testModel } from "../testing/gateway.ts"
import { createLocalLedger } from "../testing/local-ledger.ts"
import { admitModelCalls } from "./admitted-model.ts"

const deployment = testDeployment("http://127.0.0.1/v1")
const models = createModels({
  models: [testModel("fast", deployment)],
  found: [],
  wildcards: [],
  limits: defaultLimits,
})
const prices = createPrices({ configured: new Map([[deployment.id, { input: 1_000_000, output: 2_000_000, cachedInput: 1_000_000 }]]) })
const budget: LimitRule = { name: "team", for: { key: "*" }, unit: "microUsd", limit: 10_000, kind: "budget", per: "total", origin: "test" }

const call: ModelCall = {
  ...blankCall,
  model: "fast",
  messages: [{ role: "user", content: [{ type: "text", text: "Say hi." }] }],
  outputTokensMax: 1_000,
}

const finished = (inputTokens: number, outputTokens: number): CallEvent => ({
  type: "finished",
  reason: "stop",
  upstreamModel: "m",
  usage: { inputTokens, outputTokens, cachedTokens: 0, reasoningTokens: 0, estimated: false },
})

const key: Principal = { id: "key_1", projectId: "p", kind: "key", name: "one", scope: null, limits: null, tags: [], user: null }

/** A model that yields these events, and fails after them where it says so. */
function open(
  rules: readonly LimitRule[],
  events: readonly CallEvent[] = [],
  failure?: Error,
  isKeyGood = (): boolean => true,
  served = deployment,
) {
  const asked: ModelCall[] = []
  const admission = createAdmission({
    rules,
    ledger: createLocalLedger(() => systemClock.now()),
    limits: defaultLimits,
    clock: systemClock,
    assumedPrice: { input: 0, output: 0, cachedInput: 0 },
  })
  const callModelAs = admitModelCalls({
    callModel: (given) => {
      asked.push(given)
      const stream = async function* (): AsyncGenerator<CallEvent> {
        yield* events
        if (failure) throw failure
      }
      return { deployment, attempts: 1, events: stream() }
    },
    models: served === deployment ? models : createModels({ models: [testModel("fast", served)] }),
    admission,
    prices,
    identity: { principalOfKey: (id) => (isKeyGood() ? { ...key, id } : undefined) },
    limits: { admissionWaitMs: 5_000, keyPollMs: 100 },
    clock: systemClock,
  })
  const run = async (caller: Partial<ModelCaller> = {}, given: ModelCall = call): Promise<CallEvent[]> => {
    const under = callModelAs({ projectId: "p", principal: "key_1", isPatient: false, ...caller })(given, new AbortController().signal)
    expect(under.deployment).toBe(served)
    return await Array.fromAsync(under.events)
  }
  /** What is left of the budget: the largest call that is let in. */
  const left = async (): Promise<number> => {
    const probe = { projectId: "p", principalId: "key_1", keyLimits: null, user: null, model: "fast", tags: [], outputTokensMax: 0 }
    for (let tokens = 10_000; tokens > 0; tokens -= 1) {
      try {
        const held = await admission.reserve({
          ...probe,
          inputTokensEstimated: tokens,
          price: { input: 1_000_000, output: 0, cachedInput: 0 },
        })
        held.release()
        return tokens
      } catch {}
    }
    return 0
  }
  return { run, asked, left }
}

describe("a turn within limits", () => {
  it("is refused once its key was revoked or is over, before the model is asked", async () => {
    const { run, asked, left } = open([budget], [finished(100, 50)], undefined, () => false)
    await expect(run()).rejects.toMatchObject({ code: "invalid_api_key", message: expect.stringContaining("key_1") })
    expect(asked).toEqual([])
    expect(await left()).toBe(10_000)
  })

  it("waits for a key that another process has just made", async () => {
    let looks = 0
    const { run, asked } = open([budget], [finished(100, 50)], undefined, () => (looks += 1) > 2)
    expect(await run()).toHaveLength(1)
    expect(asked).toHaveLength(1)
  })

  it("of somebody without a key is bound by what is declared alone", async () => {
    const { run, asked } = open([budget], [finished(100, 50)], undefined, () => false)
    await run({ principal: "user:admin" })
    expect(asked).toHaveLength(1)
  })

  it("is billed what its provider reports, with what abandoned attempts used", async () => {
    const other = { deployment, usage: { inputTokens: 10, outputTokens: 0, cachedTokens: 0, reasoningTokens: 0, estimated: false } }
    const { run, left } = open([budget], [{ type: "text-delta", text: "hi" }, { ...finished(100, 50), alsoUsed: [other] } as CallEvent])
    expect(await run()).toHaveLength(2)
    expect(await left()).toBe(10_000 - 200 - 10)
  })

  it("is billed what a broken attempt used, however the one that took over ends", async () => {
    const used = { inputTokens: 30, outputTokens: 10, cachedTokens: 0, reasoningTokens: 0, estimated: true }
    const error = { code: "upstream_error", message: "broken" }
    const failover = { type: "failover", from: deployment, to: deployment, how: "anew", afterCharacters: 2, error, used } as const
    const whole = open([budget], [{ type: "text-delta", text: "x".repeat(400) }, failover, finished(100, 50)])
    await whole.run()
    expect(await whole.left()).toBe(10_000 - 200 - 50)
    const broken = open(
      [budget],
      [{ type: "text-delta", text: "x" }, failover, { type: "text-delta", text: "x".repeat(400) }],
      new Error("cut"),
    )
    await expect(broken.run()).rejects.toThrow("cut")
    const spent = 10_000 - (await broken.left())
    expect(spent).toBeGreaterThanOrEqual(250)
    expect(spent).toBeLessThan(350)
  })

  it("is billed what was seen of it when it is cut, and nothing when it never began", async () => {
    const cut = open([budget], [{ type: "text-delta", text: "x".repeat(400) }], new Error("cut"))
    await expect(cut.run()).rejects.toThrow("cut")
    const used = 10_000 - (await cut.left())
    expect(used).toBeGreaterThanOrEqual(200)
    expect(used).toBeLessThan(300)
    const never = open([budget], [], new Error("refused"))
    await expect(never.run()).rejects.toThrow("refused")
    expect(await never.left()).toBe(10_000)
  })

  it("is refused before the model is asked when the budget does not hold it", async () => {
    const { run, asked } = open([{ ...budget, limit: 1_000 }], [finished(1, 1)])
    await expect(run()).rejects.toMatchObject({ code: "insufficient_quota" })
    expect(asked).toEqual([])
  })

  it("is held at what the configuration allows it to put out, where the request says nothing", async () => {
    const limited = { ...deployment, parameters: { defaults: { max_tokens: 2_000 }, overrides: {}, dropped: [] } }
    const asked = { ...call, outputTokensMax: null }
    const small = open([{ ...budget, limit: 3_000 }], [finished(1, 1)], undefined, undefined, limited)
    await expect(small.run({}, asked)).rejects.toMatchObject({ code: "insufficient_quota" })
    const large = open([{ ...budget, limit: 5_000 }], [finished(1, 1)], undefined, undefined, limited)
    expect(await large.run({}, asked)).toHaveLength(1)
  })

  it("waits for its rate where it has got somewhere, and fails at once where somebody waits", async () => {
    const pace: LimitRule = { name: "pace", for: {}, unit: "requests", limit: 2, kind: "rate", per: "second", burst: 1, origin: "test" }
    const { run, asked } = open([pace], [finished(1, 1)])
    await run()
    await expect(run()).rejects.toMatchObject({ code: "rate_limit_exceeded" })
    await run({ isPatient: true })
    expect(asked).toHaveLength(2)
  })

  it("does not wait longer than it may", async () => {
    const pace: LimitRule = { name: "pace", for: {}, unit: "requests", limit: 1, kind: "rate", per: "hour", burst: 1, origin: "test" }
    const { run } = open([pace], [finished(1, 1)])
    await run()
    const error: unknown = await run({ isPatient: true }).catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(AppError)
  })
})
