// What is known of a deployment by its last calls, and how a cool-down is probed where nothing else could serve.
import { describe, expect, it } from "vitest"
import { AppError } from "../../core/index.ts"
import type { Deployment } from "../types.ts"
import type { UpstreamError } from "../upstream-error.ts"
import type { Plan } from "./index.ts"
import { bench, deployment, fails, model, status, unreachable, works } from "./pool.fixtures.ts"

describe("what the last calls said", () => {
  it("is told before the breaker opens, and after averages have forgotten it", () => {
    const own = deployment("a/m")
    const { plan, pool, pass } = bench([model("m", [own])])
    for (let each = 0; each < 3; each += 1) fails(plan("m"), own, unreachable(own))
    const told = { state: "closed", failures: 3, lastCalls: { calls: 3, failed: 3, failedInRow: 3 } }
    expect(pool.healthOf(own)).toMatchObject(told)
    pass(3_600_000)
    expect(pool.healthOf(own)).toMatchObject({ ...told, errorRate: 0 })
  })

  it("counts refusals and rate limits as failures, and faults of a request as answers", () => {
    const own = deployment("a/m")
    const { plan, pool, pass } = bench([model("m", [own])])
    fails(plan("m"), own, status(own, 403))
    fails(plan("m"), own, status(own, 429))
    pass(5_000)
    expect(pool.healthOf(own).lastCalls).toEqual({ calls: 2, failed: 2, failedInRow: 2 })
    fails(plan("m"), own, status(own, 422))
    expect(pool.healthOf(own).lastCalls).toEqual({ calls: 3, failed: 2, failedInRow: 0 })
    for (let each = 0; each < 20; each += 1) works(plan("m"), own)
    expect(pool.healthOf(own).lastCalls).toEqual({ calls: 10, failed: 0, failedInRow: 0 })
  })
})

describe("a cool-down where nothing else could serve", () => {
  const told = (of: Deployment, seconds: number): UpstreamError => status(of, 429, { "retry-after": String(seconds) })
  const refused = (plan: Plan): AppError => {
    try {
      plan.first()
    } catch (error) {
      if (error instanceof AppError) return error
    }
    throw new Error("it was let through")
  }

  it("lets one call through per growing interval, and tells the others when the next one is", () => {
    const own = deployment("a/m")
    const { plan, pass } = bench([model("m", [own])])
    fails(plan("m"), own, told(own, 300))
    for (const interval of [5, 10, 20, 40]) {
      expect(refused(plan("m"))).toMatchObject({ code: "rate_limit_exceeded", retryAfterMs: interval * 1_000 })
      pass(interval * 1_000)
      const probe = plan("m")
      expect(probe.first()).toBe(own)
      probe.started(own)
      expect(refused(plan("m"))).toMatchObject({ code: "rate_limit_exceeded" })
      probe.finished(own, { error: told(own, 300), ms: 1, outputTokens: 0 })
    }
  })

  it("is over for everybody as soon as a probe is answered", () => {
    const own = deployment("a/m")
    const { plan, pass, pool } = bench([model("m", [own])])
    fails(plan("m"), own, told(own, 300))
    pass(5_000)
    const probe = plan("m")
    probe.started(probe.first())
    probe.firstToken(own, 10)
    expect(plan("m").first()).toBe(own)
    expect(pool.healthOf(own).coolDownUntil).toBeNull()
  })

  it("is as long as the newest probe was told, also when that is shorter", () => {
    const own = deployment("a/m")
    const { plan, pass } = bench([model("m", [own])])
    fails(plan("m"), own, told(own, 300))
    pass(5_000)
    fails(plan("m"), own, told(own, 2))
    expect(refused(plan("m")).retryAfterMs).toBe(2_000)
    pass(2_000)
    expect(plan("m").first()).toBe(own)
  })

  it("is kept while another deployment can serve, and what was declared is never overrun", () => {
    const [own, other] = [deployment("a/m", { limits: { requestsPerMinute: 1 } }), deployment("b/m", { limits: { concurrent: 1 } })]
    const { plan, pass } = bench([model("m", [own, other])])
    fails(plan("m"), own, told(own, 300))
    pass(6_000)
    const calls = plan("m")
    expect(calls.first()).toBe(other)
    calls.started(other)
    expect(refused(plan("m"))).toMatchObject({ code: "rate_limit_exceeded" })
    pass(60_000)
    expect(plan("m").first()).toBe(own)
  })

  it("may be probed again when a probe's client left", () => {
    const own = deployment("a/m")
    const { plan, pass } = bench([model("m", [own])])
    fails(plan("m"), own, told(own, 300))
    pass(5_000)
    const probe = plan("m")
    probe.started(probe.first())
    probe.finished(own, { cancelled: true, ms: 1, outputTokens: 0 })
    expect(refused(plan("m")).retryAfterMs).toBe(10_000)
    pass(10_000)
    expect(plan("m").first()).toBe(own)
  })
})
