// The planner alone: who is asked first, who next, who is left alone and for how long. Time and chance are given.
import { describe, expect, it } from "vitest"
import { fc } from "../../testing/fast-check.ts"
import { AppError, defaultLimits } from "../../core/index.ts"
import type { Deployment, Model } from "../types.ts"
import type { PlanRequest, PoolObserver } from "./index.ts"
import { bench, deployment, fails, model, status, tooLong, unreachable, works } from "./pool.fixtures.ts"
import { Refusals } from "./refusals.ts"

/** Seeded chance, so that a failure can be replayed. */
function chance(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}

describe("the choice of a deployment", () => {
  it("follows the weights within a group", () => {
    const { plan } = bench([model("m", [deployment("a/m", { weight: 3 }), deployment("b/m"), deployment("c/m", { weight: 0 })])], {
      rng: chance(7),
    })
    const counts: Record<string, number> = {}
    for (let call = 0; call < 20_000; call += 1) {
      const { id } = plan("m").first()
      counts[id] = (counts[id] ?? 0) + 1
    }
    expect(counts["a/m"]! / 20_000).toBeCloseTo(0.75, 1)
    expect(counts["b/m"]! / 20_000).toBeCloseTo(0.25, 1)
    expect(counts["c/m"]).toBeUndefined()
  })

  it("takes one of weight 0 when no other can be asked", () => {
    const [first, spare] = [deployment("a/m"), deployment("b/m", { weight: 0 })]
    const { plan } = bench([model("m", [first, spare])])
    expect(fails(plan("m"), first, status(first, 429, { "retry-after": "30" }))?.deployment.id).toBe("b/m")
    expect(plan("m").first().id).toBe("b/m")
  })

  it("keeps to the lowest priority while it works", () => {
    const [first, second] = [deployment("a/m", { priority: 1 }), deployment("b/m", { priority: 2 })]
    const { plan } = bench([model("m", [second, first])])
    const calls = plan("m")
    expect(calls.first().id).toBe("a/m")
    expect(fails(calls, first, unreachable(first))).toEqual({ deployment: second, delayMs: 0 })
  })

  it("takes the order of a request before priorities and weights, and goes on after it", () => {
    const all = [deployment("a/m"), deployment("b/m", { priority: 5 }), deployment("c/m", { weight: 1_000 })]
    const { plan } = bench([model("m", all)])
    const calls = plan("m", { order: ["b", "nobody", "a/m"] })
    const first = calls.first()
    const second = fails(calls, first, unreachable(first))!.deployment
    const third = fails(calls, second, unreachable(second))!.deployment
    expect([first.id, second.id, third.id]).toEqual(["b/m", "a/m", "c/m"])
  })

  it("sorts by price, unknown ones last", () => {
    const all = [deployment("unknown/m"), deployment("dear/m"), deployment("cheap/m")]
    const prices = { "dear/m": { prompt: 2, completion: 8 }, "cheap/m": { prompt: 1, completion: 2 } }
    const { plan } = bench([model("m", all)], { prices })
    const calls = plan("m", { sort: "price" })
    expect(calls.first().id).toBe("cheap/m")
    expect(fails(calls, all[2]!, unreachable(all[2]!))?.deployment.id).toBe("dear/m")
  })

  it("sorts by what was measured, and measures what it does not know", () => {
    const [slow, fast] = [deployment("slow/m"), deployment("fast/m")]
    const { plan } = bench([model("m", [slow, fast])])
    for (const [at, ms] of [
      [slow, 900],
      [fast, 100],
    ] as const) {
      const calls = plan("m", { sort: "latency" })
      expect(calls.first()).toBe(at) // the one that was never measured
      calls.started(at)
      calls.firstToken(at, ms)
      calls.finished(at, { ms: ms + 1_000, outputTokens: ms })
    }
    expect(plan("m", { sort: "latency" }).first()).toBe(fast)
    expect(plan("m", { sort: "throughput" }).first()).toBe(slow) // 900 tokens in the same second
  })

  it("takes no deployment for a fast one because it holds its answers back until they are whole", () => {
    const [held, written] = [deployment("held/m"), deployment("written/m")]
    const { plan } = bench([model("m", [held, written])])
    for (const [at, firstMs, ms] of [
      [held, 5_000, 5_002],
      [written, 300, 3_300],
    ] as const) {
      const calls = plan("m", { only: [at.id] })
      calls.started(at)
      calls.firstToken(at, firstMs)
      calls.finished(at, { ms, outputTokens: 150 })
    }
    expect(plan("m", { sort: "throughput" }).first()).toBe(written) // 50 tokens a second; the other one's 30
  })

  it("measures a slow one again after it rested", () => {
    const [slow, fast] = [deployment("slow/m"), deployment("fast/m")]
    const { plan, pass } = bench([model("m", [slow, fast], { sort: "latency" })])
    const measure = (at: Deployment, ms: number): void => {
      const calls = plan("m")
      calls.started(at)
      calls.firstToken(at, ms)
      calls.finished(at, { ms, outputTokens: 1 })
    }
    measure(slow, 400)
    measure(fast, 100)
    expect(plan("m").first()).toBe(fast)
    pass(180_000)
    measure(fast, 100)
    expect(plan("m").first()).toBe(slow)
  })

  it("sends calls with the same affinity to the same deployment, and moves only those of one that left", () => {
    const all = ["a/m", "b/m", "c/m", "d/m"].map((id) => deployment(id))
    const { plan } = bench([model("m", all)])
    const before = Array.from({ length: 200 }, (_, user) => plan("m", { affinity: `user ${user}` }).first().id)
    expect(Array.from({ length: 200 }, (_, user) => plan("m", { affinity: `user ${user}` }).first().id)).toEqual(before)
    expect(new Set(before).size).toBe(4)
    const [left] = all
    fails(plan("m"), left!, status(left!, 429, { "retry-after": "9" }))
    const after = Array.from({ length: 200 }, (_, user) => plan("m", { affinity: `user ${user}` }).first().id)
    for (const [user, id] of after.entries()) if (before[user] !== "a/m") expect(id).toBe(before[user])
    expect(after).not.toContain("a/m")
  })

  it("leaves a sticky deployment that is crowded", () => {
    const { plan } = bench([model("m", [deployment("a/m"), deployment("b/m")])])
    const used = new Set<string>()
    for (let call = 0; call < 40; call += 1) {
      const calls = plan("m", { affinity: "one user for everything" })
      const at = calls.first()
      used.add(at.id)
      calls.started(at)
    }
    expect(used.size).toBe(2)
  })

  it("R26 sends sealed reasoning to the organisation that sealed it, before any other affinity", () => {
    const all = [deployment("a/m", { organisation: "one" }), deployment("b/m", { organisation: "two", priority: 3 })]
    const { plan } = bench([model("m", all)])
    for (let user = 0; user < 50; user += 1) expect(plan("m", { organisation: "two", affinity: `${user}` }).first().id).toBe("b/m")
    expect(plan("m", { organisation: "unknown" }).first().id).toBe("a/m")
  })

  it("passes over what is too small for the conversation, and goes to the models for long ones when all are", () => {
    const small = deployment("small/m", { contextTokensMax: 1_000 })
    const large = deployment("large/m", { contextTokensMax: 100_000, priority: 1 })
    const { plan } = bench([model("m", [small, large]), model("s", [small], { contextFallbacks: ["m"] })])
    expect(plan("m", { contextTokensEstimated: 900 }).first()).toBe(small)
    expect(plan("m", { contextTokensEstimated: 5_000 }).first()).toBe(large)
    expect(plan("s", { contextTokensEstimated: 5_000 }).first()).toBe(large)
    expect(plan("m", { contextTokensEstimated: 500_000 }).first()).toBe(small) // an estimate refuses nobody
  })
})

describe("conditions that are never relaxed", () => {
  const regions = ["eu", "eu-west-1", "us", undefined] as const
  const anyDeployment = fc
    .record({ region: fc.constantFrom(...regions), priority: fc.integer({ min: 0, max: 2 }), weight: fc.integer({ min: 0, max: 3 }) })
    .map(({ region, ...rest }) => ({ ...rest, ...(region === undefined ? {} : { region }) }))

  it("never picks a region that is excluded, whatever fails and however often, and never exceeds the attempts", () => {
    const parts = fc.array(anyDeployment, { minLength: 1, maxLength: 6 })
    const failures = fc.array(fc.constantFrom(429, 500, 503, 401, 404, 0), { minLength: 1, maxLength: 40 })
    fc.assert(
      fc.property(parts, parts, failures, fc.integer(), fc.integer({ min: 1, max: 6 }), (own, others, codes, seed, attemptsMax) => {
        const make = (prefix: string, given: readonly Partial<Deployment>[]): Deployment[] =>
          given.map((part, index) => deployment(`${prefix}${index}/m`, part))
        const models = [model("m", make("a", own), { regions: ["eu"], fallbacks: ["other"] }), model("other", make("b", others))]
        const { plan, pass } = bench(models, { rng: chance(seed), limits: { attemptsMax } })
        for (const [index, code] of codes.entries()) {
          try {
            const calls = plan("m")
            let at: Deployment | undefined = calls.first()
            for (let attempt = 1; at; attempt += 1) {
              expect(at.region).toMatch(/^eu(-|$)/)
              expect(attempt).toBeLessThanOrEqual(attemptsMax)
              at = fails(calls, at, code === 0 ? unreachable(at) : status(at, code))?.deployment
            }
            pass((index % 7) * 1_000)
          } catch (error) {
            if (!(error instanceof AppError)) throw error // a refusal is an honest answer
          }
        }
      }),
      { numRuns: 300 },
    )
  })

  it("says which regions are allowed when none has a deployment", () => {
    const { plan } = bench([model("m", [deployment("a/m", { region: "us" }), deployment("b/m")], { regions: ["eu"] })])
    expect(() => plan("m")).toThrow(expect.objectContaining({ code: "policy_denied", hint: "Allowed: eu." }) as Error)
  })

  it("applies the regions of the key and of the request together", () => {
    const { plan } = bench([model("m", [deployment("a/m", { region: "eu-west-1" }), deployment("b/m", { region: "us" })])])
    expect(plan("m", { residency: ["eu"] }).first().id).toBe("a/m")
    expect(() => plan("m", { residency: ["eu"], regions: ["us"] })).toThrow(AppError)
  })

  it("lets what runs in this process serve any region", () => {
    const here = deployment("perdure/x", { dialect: "native", baseUrl: null })
    expect(
      bench([model("m", [here], { regions: ["eu"] })])
        .plan("m")
        .first(),
    ).toBe(here)
  })

  it.each([
    [{ only: ["b"] }, "b/m"],
    [{ only: ["b/m"] }, "b/m"],
    [{ ignore: ["a"] }, "b/m"],
    [{ tags: ["fast"] }, "b/m"],
    [{ maxPrice: { prompt: 1 } }, "b/m"],
  ] as const)("follows %j", (request, id) => {
    const { plan } = bench([model("m", [deployment("a/m"), deployment("b/m", { tags: ["fast", "cheap"] })])], {
      prices: { "b/m": { prompt: 0.5, completion: 9 } },
    })
    expect(plan("m", request).first().id).toBe(id)
  })

  it("names the condition that nothing meets, and what there is", () => {
    const { plan } = bench([model("m", [deployment("a/m", { region: "us", tags: ["fast"] })])])
    expect(() => plan("m", { only: ["b"] })).toThrow(
      expect.objectContaining({ code: "unsupported_value", param: "perdure.only", hint: "Its deployments: a/m (us, fast)." }) as Error,
    )
  })

  it("takes no price for a low one when it is unknown", () => {
    const { plan } = bench([model("m", [deployment("a/m")])])
    expect(() => plan("m", { maxPrice: { completion: 100 } })).toThrow(AppError)
  })
})

describe("after a failure", () => {
  it("goes to other models in their order, and then gives up", () => {
    const [own, one, two] = [deployment("a/m"), deployment("b/m"), deployment("c/m")]
    const { plan } = bench([model("m", [own], { fallbacks: ["one", "two"] }), model("one", [one]), model("two", [two])], {
      limits: { sameDeploymentRetriesMax: 0 },
    })
    const calls = plan("m")
    expect(fails(calls, own, status(own, 500))?.deployment).toBe(one)
    expect(fails(calls, one, status(one, 500))?.deployment).toBe(two)
    expect(fails(calls, two, status(two, 500))).toBeUndefined()
  })

  it("asks nobody else when the request wants no fallbacks", () => {
    const [own, other] = [deployment("a/m"), deployment("b/m", { priority: 1 })]
    const { plan } = bench([model("m", [own, other])], { limits: { sameDeploymentRetriesMax: 0 } })
    expect(fails(plan("m", { fallbacks: false }), own, status(own, 500))).toBeUndefined()
  })

  it("retries no fault of the request", () => {
    const [own, other] = [deployment("a/m"), deployment("b/m")]
    const { plan, pool } = bench([model("m", [own, other])])
    expect(fails(plan("m"), own, status(own, 422))).toBeUndefined()
    expect(pool.healthOf(own)).toMatchObject({ state: "closed", failures: 0, errorRate: 0 })
  })

  it("goes to a model for long conversations when this one is too long, and to no other", () => {
    const [own, spare, long] = [deployment("a/m"), deployment("b/m"), deployment("long/m")]
    const models = [model("m", [own], { fallbacks: ["spare"], contextFallbacks: ["long"] }), model("spare", [spare]), model("long", [long])]
    const { plan } = bench(models)
    const calls = plan("m")
    expect(fails(calls, own, tooLong(own))?.deployment).toBe(long)
    expect(fails(calls, long, tooLong(long))).toBeUndefined()
  })

  it("goes to a larger deployment of the same model when this one is too small", () => {
    const small = deployment("a/m", { contextTokensMax: 1_000 })
    const large = deployment("b/m", { contextTokensMax: 9_000, priority: 1 })
    const { plan } = bench([model("m", [small, large, deployment("c/m", { priority: 1 })])])
    expect(fails(plan("m"), small, tooLong(small))?.deployment).toBe(large)
  })

  it("waits for the same deployment with jitter, where there is no other", () => {
    const own = deployment("a/m")
    const limits = { retryBackoffMs: 100, sameDeploymentRetriesMax: 3, retryBackoffMsMax: 250 }
    const { plan } = bench([model("m", [own])], { limits, rng: () => 0.5 })
    const calls = plan("m")
    const delays = [1, 2, 3].map(() => fails(calls, own, status(own, 500))?.delayMs)
    expect(delays).toEqual([75, 150, 187.5])
    expect(fails(calls, own, status(own, 500))).toBeUndefined()
  })

  it("T15 waits as long as a 429 says, when that is not too long", () => {
    const own = deployment("a/m")
    const { plan, pass } = bench([model("m", [own])])
    expect(fails(plan("m"), own, status(own, 429, { "retry-after-ms": "1200" }))?.delayMs).toBe(1_200)
    pass(1_200)
    expect(fails(plan("m"), own, status(own, 429, { "retry-after": "60" }))).toBeUndefined()
    expect(() => plan("m").first()).toThrow(expect.objectContaining({ code: "rate_limit_exceeded", retryAfterMs: 5_000 }) as Error)
    pass(60_000)
    expect(plan("m").first()).toBe(own)
  })

  it("T15 reads a date by the provider's own clock", () => {
    const own = deployment("a/m")
    const headers = { date: "Thu, 01 Jan 2026 00:00:00 GMT", "retry-after": "Thu, 01 Jan 2026 00:00:03 GMT" }
    expect(status(own, 429, headers).retryAfterMs).toBe(3_000)
  })

  it("T14 obeys x-should-retry", () => {
    const own = deployment("a/m")
    expect(status(own, 500, { "x-should-retry": "false" }).retryable).toBe(false)
    expect(status(own, 400, { "x-should-retry": "true" }).retryable).toBe(true)
  })

  it("continues an answer that broke off only where that was asked for and can be done", () => {
    const [own, plain, able] = [deployment("a/m"), deployment("b/m"), deployment("c/m", { continuesPrefix: true })]
    const { plan } = bench([model("m", [own, plain, able])])
    const broken = status(own, 500)
    const off = plan("m")
    off.started(own)
    off.finished(own, { error: broken, ms: 1, outputTokens: 3 })
    expect(off.afterFailure(own, broken, { begun: "continued" })).toBeUndefined()
    const on = plan("m", { failover: "continue" })
    on.started(own)
    on.finished(own, { error: broken, ms: 1, outputTokens: 3 })
    expect(on.afterFailure(own, broken, { begun: "continued" })?.deployment).toBe(able)
  })

  it("lets another begin anew where the caller can, and prefers one that continues", () => {
    const [own, plain, able] = [deployment("a/m"), deployment("b/m"), deployment("c/m", { continuesPrefix: true })]
    const { plan } = bench([model("m", [own, plain, able]), model("plain", [own, plain])])
    const broken = status(own, 500)
    const brokenAt = (name: string) => {
      const on = plan(name, { failover: "continue", order: ["a", "b"] })
      on.started(own)
      on.finished(own, { error: broken, ms: 1, outputTokens: 3 })
      return on
    }
    expect(brokenAt("m").afterFailure(own, broken, { begun: "either" })?.deployment).toBe(able)
    expect(brokenAt("m").afterFailure(own, broken, { begun: "anew" })?.deployment).toBe(plain)
    expect(brokenAt("plain").afterFailure(own, broken, { begun: "either" })?.deployment).toBe(plain)
    expect(brokenAt("plain").afterFailure(own, broken, { begun: "continued" })?.deployment).not.toBe(plain)
  })
})

describe("the retry budget", () => {
  it("lets a storm grow by its share and no more", () => {
    const place = { baseUrl: "http://one.provider/v1" }
    const all = [deployment("a/m", place), deployment("b/m", place), deployment("c/m", place)]
    const exhausted: string[] = []
    const limits = { retryBudgetPercent: 20, retryBudgetBurst: 10, breakerFailuresMax: 1_000_000, breakerRequestsMin: 1_000_000 }
    const { plan } = bench([model("m", all)], { limits, observer: { budgetExhausted: ({ model: name }) => exhausted.push(name) } })
    let attempts = 0
    for (let call = 0; call < 1_000; call += 1) {
      const calls = plan("m")
      let at: Deployment | undefined = calls.first()
      for (; at; attempts += 1) at = fails(calls, at, status(at, 500))?.deployment
    }
    expect(attempts).toBeGreaterThan(1_150)
    expect(attempts).toBeLessThanOrEqual(1_000 + 200 + 10)
    expect(exhausted.length).toBeGreaterThan(700)
  })

  it("is not spent by going to another provider", () => {
    const [own, other] = [deployment("a/m"), deployment("b/m", { priority: 1 })]
    const limits = { retryBudgetPercent: 0, retryBudgetBurst: 1, breakerFailuresMax: 1_000_000, breakerRequestsMin: 1_000_000 }
    const { plan } = bench([model("m", [own, other])], { limits })
    for (let call = 0; call < 50; call += 1) expect(fails(plan("m"), own, status(own, 500))?.deployment).toBe(other)
  })
})

describe("the circuit breaker", () => {
  const pair = (): [Deployment, Deployment] => [deployment("a/m"), deployment("b/m", { priority: 1 })]

  it("opens after failures in a row, lets one trial through when its time is over, and closes when it is good", () => {
    const [own, other] = pair()
    const changes: string[] = []
    const observer: PoolObserver = { breakerChanged: ({ deployment: { id }, state }) => changes.push(`${id} ${state}`) }
    const { plan, pool, pass } = bench([model("m", [own, other])], { observer })
    for (let call = 0; call < 5; call += 1) fails(plan("m"), own, unreachable(own))
    expect(plan("m").first()).toBe(other)
    expect(pool.healthOf(own)).toMatchObject({ state: "open", openedBy: "connection", lastError: { code: "upstream_error" } })
    pass(5_000)
    const trial = plan("m")
    expect(trial.first()).toBe(own)
    trial.started(own)
    expect(pool.healthOf(own).state).toBe("half_open")
    expect(plan("m").first()).toBe(other) // one trial at a time
    trial.firstToken(own, 5)
    expect(plan("m").first()).toBe(own)
    trial.finished(own, { ms: 9, outputTokens: 1 })
    expect(changes).toEqual(["a/m open", "a/m closed"])
  })

  it("stays open twice as long when the trial fails", () => {
    const [own, other] = pair()
    const { plan, pass } = bench([model("m", [own, other])])
    for (let call = 0; call < 5; call += 1) fails(plan("m"), own, unreachable(own))
    pass(5_000)
    const trial = plan("m")
    expect(trial.first()).toBe(own)
    expect(fails(trial, own, unreachable(own))?.deployment).toBe(other)
    pass(9_000)
    expect(plan("m").first()).toBe(other)
    pass(1_000)
    expect(plan("m").first()).toBe(own)
  })

  it("opens by the share of failures, on enough calls", () => {
    const [own, other] = pair()
    const { plan, pool } = bench([model("m", [own, other])])
    for (let call = 0; call < 9; call += 1) {
      fails(plan("m"), own, status(own, 500))
      works(plan("m"), own)
    }
    expect(pool.healthOf(own).state).toBe("closed")
    works(plan("m"), own)
    fails(plan("m"), own, status(own, 500))
    expect(pool.healthOf(own).state).toBe("open")
    expect(plan("m").first()).toBe(other)
  })

  it("opens at once after a 401, which no other call can mend", () => {
    const [own, other] = pair()
    const { plan, pool } = bench([model("m", [own, other])])
    fails(plan("m"), own, status(own, 401))
    expect(pool.healthOf(own)).toMatchObject({ state: "open", openedBy: "credentials" })
  })

  it("tries a lone deployment once a second while it is open, and fails the rest fast", () => {
    const own = deployment("a/m")
    const { plan, pass } = bench([model("m", [own])])
    for (let call = 0; call < 5; call += 1) fails(plan("m"), own, unreachable(own))
    expect(() => plan("m").first()).toThrow(expect.objectContaining({ code: "overloaded" }) as Error)
    pass(1_000)
    const early = plan("m")
    expect(early.first()).toBe(own)
    early.started(own)
    expect(() => plan("m").first()).toThrow(AppError)
    early.finished(own, { ms: 5, outputTokens: 0 })
    expect(plan("m").first()).toBe(own)
  })

  it("ignores what calls that began before it opened say of it", () => {
    const [own, other] = pair()
    const { plan, pool } = bench([model("m", [own, other])])
    const old = plan("m")
    old.started(own)
    for (let call = 0; call < 5; call += 1) fails(plan("m"), own, unreachable(own))
    old.finished(own, { ms: 99, outputTokens: 9 })
    expect(pool.healthOf(own).state).toBe("open")
  })

  it("learns nothing from a call that was cancelled, and lets the next trial through", () => {
    const [own, other] = pair()
    const { plan, pool, pass } = bench([model("m", [own, other])])
    for (let call = 0; call < 5; call += 1) fails(plan("m"), own, unreachable(own))
    pass(5_000)
    const trial = plan("m")
    trial.started(own)
    trial.finished(own, { cancelled: true, ms: 1, outputTokens: 0 })
    expect(pool.healthOf(own)).toMatchObject({ state: "half_open", inFlight: 0 })
    expect(plan("m").first()).toBe(own)
  })

  it("is opened by two failed probes, and tried at once after a good one", () => {
    const [own, other] = pair()
    const { plan, pool } = bench([model("m", [own, other])])
    pool.probed(own, { ok: false, ms: 1, why: "ECONNREFUSED" })
    expect(plan("m").first()).toBe(own)
    pool.probed(own, { ok: false, ms: 1, why: "ECONNREFUSED" })
    expect(plan("m").first()).toBe(other)
    expect(pool.healthOf(own)).toMatchObject({ state: "open", openedBy: "probe", probe: { ok: false, why: "ECONNREFUSED" } })
    pool.probed(own, { ok: true, ms: 1 })
    expect(plan("m").first()).toBe(own)
  })
})

describe("limits of a deployment", () => {
  it("passes one over that is at its requests, tokens or concurrency, and says so when all are", () => {
    const own = deployment("a/m", { limits: { requestsPerMinute: 2 } })
    const busy = deployment("b/m", { limits: { concurrent: 1 }, priority: 1 })
    const { plan, pass } = bench([model("m", [own, busy])])
    works(plan("m"), own)
    works(plan("m"), own)
    const calls = plan("m")
    expect(calls.first()).toBe(busy)
    calls.started(busy)
    expect(() => plan("m").first()).toThrow(expect.objectContaining({ code: "rate_limit_exceeded", retryAfterMs: 1_000 }) as Error)
    calls.finished(busy, { ms: 1, outputTokens: 1 })
    expect(plan("m").first()).toBe(busy)
    pass(30_000)
    expect(plan("m").first()).toBe(own)
  })

  it("counts the tokens that were really used", () => {
    const own = deployment("a/m", { limits: { tokensPerMinute: 1_000 } })
    const { plan, pass } = bench([model("m", [own])])
    const calls = plan("m", { contextTokensEstimated: 100 })
    calls.started(own)
    calls.finished(own, { ms: 1, inputTokens: 500, outputTokens: 1_000 })
    expect(() => plan("m").first()).toThrow(AppError)
    pass(31_000) // 500 in debt, 1000 come in a minute
    expect(plan("m").first()).toBe(own)
  })

  it("learns the concurrency from overload, spreads calls by it, and forgets it after calm", () => {
    const [own, other] = [deployment("a/m"), deployment("b/m", { priority: 1 })]
    const { plan, pool, pass } = bench([model("m", [own, other])])
    const calls = Array.from({ length: 10 }, () => plan("m"))
    for (const each of calls) each.started(own)
    pass(100)
    for (const each of calls.slice(0, 3)) each.finished(own, { error: status(own, 503), ms: 1, outputTokens: 0 })
    expect(pool.healthOf(own)).toMatchObject({ concurrencyMax: 7, concurrencyLearned: true, inFlight: 7 })
    expect(plan("m").first()).toBe(other)
    for (const each of calls.slice(3)) each.finished(own, { ms: 1, outputTokens: 1 })
    expect(plan("m").first()).toBe(own)
    pass(400_000)
    expect(pool.healthOf(own).concurrencyMax).toBeNull()
  })

  it("uses a strained deployment when no other is there", () => {
    const own = deployment("a/m")
    const { plan } = bench([model("m", [own])])
    const [one, two] = [plan("m"), plan("m")]
    one.started(own)
    two.started(own)
    two.finished(own, { error: status(own, 503), ms: 1, outputTokens: 0 })
    expect(plan("m").first()).toBe(own)
  })
})

describe("hedging", () => {
  it("gives another deployment of the model where it is declared, and pays for it", () => {
    const [own, other] = [deployment("a/m"), deployment("b/m", { priority: 1 })]
    const limits = { retryBudgetBurst: 1, retryBudgetPercent: 0 }
    const { plan } = bench([model("m", [own, other], { hedgeAfterMs: 300 })], { limits })
    const calls = plan("m")
    calls.started(calls.first())
    expect(calls.hedgeAfterMs).toBe(300)
    expect(calls.hedge()).toBe(other)
    const poor = plan("m")
    poor.started(poor.first())
    expect(poor.hedge()).toBeUndefined()
    expect(plan("m", { fallbacks: false }).hedgeAfterMs).toBeUndefined()
  })
})

describe("a reload", () => {
  it("keeps the health of what stayed and forgets what got another key or went", () => {
    const [same, rekeyed, gone] = [deployment("a/m"), deployment("b/m"), deployment("c/m")]
    const { plan, pool } = bench([model("m", [same, rekeyed, gone])])
    for (const each of [same, rekeyed, gone]) fails(plan("m"), each, status(each, 401))
    pool.keep([{ ...same }, { ...rekeyed, apiKey: "sk-new" }])
    expect(pool.health().map(({ id }) => id)).toEqual(["a/m"])
    expect(pool.healthOf({ ...rekeyed, apiKey: "sk-new" }).state).toBe("closed")
    expect(pool.healthOf({ ...same }).state).toBe("open")
  })

  it("bounds what is remembered of deployments", () => {
    const { pool } = bench([], { limits: { deploymentStatesMax: 3 } })
    for (let index = 0; index < 10; index += 1) pool.healthOf(deployment(`a/${index}`))
    expect(pool.health()).toHaveLength(3)
  })
})

describe("refusals (403)", () => {
  const pair = (): [Deployment, Deployment] => [deployment("a/m", { priority: 1 }), deployment("b/m", { priority: 2 })]
  const key = (id: string, projectId = "proj_1"): Pick<PlanRequest, "caller"> => ({ caller: { projectId, id } })
  const [one, two, other] = [key("key_1"), key("key_2"), key("key_3", "proj_2")]

  function refusedBench(models: readonly Model[], at: Deployment) {
    const made = bench(models)
    const refuse = (by: Pick<PlanRequest, "caller">, times: number): void => {
      for (let call = 0; call < times; call += 1) fails(made.plan("m", by), at, status(at, 403))
    }
    const answer = (by: Pick<PlanRequest, "caller">): void => works(made.plan("m", by), at)
    const first = (by: Pick<PlanRequest, "caller">): Deployment => made.plan("m", by).first()
    return { ...made, refuse, answer, first }
  }

  it("lead each call to the next deployment", () => {
    const [own, next] = pair()
    const { plan } = bench([model("m", [own, next])])
    expect(fails(plan("m", one), own, status(own, 403))?.deployment).toBe(next)
  })

  it("of one key, however many, take the deployment from no other key, and from that key after five in a row", () => {
    const [own, next] = pair()
    const { refuse, first, pool } = refusedBench([model("m", [own, next])], own)
    refuse(one, 4)
    expect(first(one)).toBe(own)
    refuse(one, 100)
    expect(first(one)).toBe(next)
    expect([first(two), first(other)]).toEqual([own, own])
    expect(pool.healthOf(own)).toMatchObject({ state: "closed", lastError: { failure: "forbidden" } })
  })

  it("of all keys of one project take it from that project alone", () => {
    const [own, next] = pair()
    const { refuse, first, pool } = refusedBench([model("m", [own, next])], own)
    refuse(one, 50)
    refuse(two, 1)
    expect([first(one), first(two), first(key("key_4"))]).toEqual([next, next, next])
    expect(first(other)).toBe(own)
    expect(pool.healthOf(own).state).toBe("closed")
  })

  it("of several projects, as after an account was closed, take it from everybody until a trial is answered", () => {
    const [own, next] = pair()
    const { refuse, first, answer, pass, pool } = refusedBench([model("m", [own, next])], own)
    refuse(one, 4)
    refuse(other, 1)
    expect(pool.healthOf(own)).toMatchObject({ state: "open", openedBy: "forbidden" })
    expect(first(key("key_9", "proj_9"))).toBe(next)
    pass(6_000)
    refuse(two, 1) // the trial
    pass(6_000)
    expect(first(two)).toBe(next) // for twice as long
    pass(6_000)
    expect(first(two)).toBe(own)
    answer(two)
    expect(pool.healthOf(own).state).toBe("closed")
    expect(first(other)).toBe(own)
  })

  it("are everybody's only while nobody is answered in between", () => {
    const [own, next] = pair()
    const { refuse, answer, first, pool } = refusedBench([model("m", [own, next])], own)
    for (let round = 0; round < 10; round += 1) {
      refuse(one, 4)
      refuse(two, 4)
      answer(other)
      refuse(key("key_5", "proj_3"), 1)
      answer(other)
    }
    expect(pool.healthOf(own).state).toBe("closed")
    expect(first(other)).toBe(own)
  })

  it("let the refused key try again after a while, at once in vain for longer, and for good once it is answered", () => {
    const [own, next] = pair()
    const { refuse, answer, first, pass } = refusedBench([model("m", [own, next])], own)
    refuse(one, 5)
    pass(5_600)
    expect(first(one)).toBe(own)
    refuse(one, 1)
    pass(5_600)
    expect(first(one)).toBe(next)
    pass(5_600)
    answer(one)
    refuse(one, 4)
    expect(first(one)).toBe(own)
  })

  it("leave a deployment that is alone to its callers: they are told what it says", () => {
    const own = deployment("a/m")
    const { refuse, first } = refusedBench([model("m", [own])], own)
    refuse(one, 50)
    expect([first(one), first(other)]).toEqual([own, own])
  })

  it("on a trial say that a deployment which had failed otherwise works", () => {
    const [own, next] = pair()
    const { plan, refuse, first, pass, pool } = refusedBench([model("m", [own, next])], own)
    for (let call = 0; call < 5; call += 1) fails(plan("m"), own, status(own, 500))
    pass(6_000)
    refuse(one, 1)
    expect(pool.healthOf(own).state).toBe("closed")
    expect(first(other)).toBe(own)
  })

  it("are remembered of a bounded number of callers", () => {
    const refusals = new Refusals({ ...defaultLimits, refusedCallersMax: 2 }, () => 0.5)
    const callers = ["1", "2", "3"].map((number) => ({ projectId: `proj_${number}`, id: `key_${number}` }))
    for (const caller of callers) for (let call = 0; call < 5; call += 1) refusals.refused(caller, 0)
    expect(callers.map((caller) => refusals.isHeldAgainst(caller, 1))).toEqual([false, true, true])
  })
})
