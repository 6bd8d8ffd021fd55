// What the configuration says of failures decides who is asked after them; once an answer has begun it has no say.
import { describe, expect, it } from "vitest"
import { bench, deployment, fails, model, status, tooLong, unreachable } from "./pool.fixtures.ts"

describe("retry", () => {
  it("asks the same deployment as often as it says, after the failures that it lists alone", () => {
    const only = deployment("a/m", { retry: { attempts: 2, on: [429] } })
    const { plan } = bench([model("m", [only])])
    const call = plan("m")
    expect(fails(call, only, status(only, 429))?.deployment).toBe(only)
    expect(fails(call, only, status(only, 429))?.deployment).toBe(only)
    expect(fails(call, only, status(only, 429))).toBeUndefined()
    expect(fails(plan("m"), only, status(only, 503))).toBeUndefined()
  })

  it("lists what would otherwise be told at once", () => {
    const only = deployment("a/m", { retry: { attempts: 1, on: [400] } })
    expect(fails(bench([model("m", [only])]).plan("m"), only, status(only, 400))?.deployment).toBe(only)
  })

  it("has a number for each failure, a status before its kind", () => {
    const only = deployment("a/m", { retry: { counts: { server: 2, "501": 0 } } })
    const { plan } = bench([model("m", [only])])
    const call = plan("m")
    expect(fails(call, only, status(only, 500))?.deployment).toBe(only)
    expect(fails(call, only, status(only, 502))?.deployment).toBe(only)
    expect(fails(plan("m"), only, status(only, 501))).toBeUndefined()
    expect(fails(plan("m"), only, unreachable(only))).toBeUndefined()
  })

  it("knows the provider's own status, whatever the client is told", () => {
    const only = deployment("a/m", { retry: { attempts: 1, on: [424] } })
    expect(fails(bench([model("m", [only])]).plan("m"), only, status(only, 424))?.deployment).toBe(only)
  })

  it("comes first where it is said, else after all others", () => {
    const other = deployment("b/m", { priority: 1 })
    const after = (first: boolean) => {
      const failing = deployment("a/m", { retry: { attempts: 1, first } })
      return fails(bench([model("m", [failing, other])]).plan("m"), failing, status(failing, 500))?.deployment.id
    }
    expect([after(true), after(false)]).toEqual(["a/m", "b/m"])
  })

  it("never makes more attempts than one call may", () => {
    const only = deployment("a/m", { retry: { attempts: 9, on: [500] } })
    const { plan } = bench([model("m", [only])], { limits: { attemptsMax: 2, breakerFailuresMax: 100 } })
    const call = plan("m")
    expect(fails(call, only, status(only, 500))?.deployment).toBe(only)
    expect(fails(call, only, status(only, 500))).toBeUndefined()
  })
})

describe("fallbackOn", () => {
  const other = deployment("b/m", { priority: 1 })

  it("leads elsewhere after what it lists, and after nothing else", () => {
    const failing = deployment("a/m", { fallbackOn: [400, "connection"], retry: { attempts: 0 } })
    const { plan } = bench([model("m", [failing, other])])
    expect(fails(plan("m"), failing, status(failing, 400))?.deployment).toBe(other)
    expect(fails(plan("m"), failing, unreachable(failing))?.deployment).toBe(other)
    expect(fails(plan("m"), failing, status(failing, 429))).toBeUndefined()
  })

  it("[] leads nowhere, and models that stand in are not asked either", () => {
    const failing = deployment("a/m", { fallbackOn: [], retry: { attempts: 0 } })
    const { plan } = bench([model("m", [failing], { fallbacks: ["n"] }), model("n", [other])])
    expect(fails(plan("m"), failing, status(failing, 500))).toBeUndefined()
  })

  it("leads elsewhere with a conversation that is too long where its status is listed and no longer model is", () => {
    const failing = deployment("a/m", { fallbackOn: [400] })
    const { plan } = bench([model("m", [failing, other])])
    expect(fails(plan("m"), failing, tooLong(failing))?.deployment).toBe(other)
  })

  it("has no say once an answer has begun: the request's failover decides", () => {
    const failing = deployment("a/m", { fallbackOn: [400], retry: { attempts: 3, on: [400], first: true } })
    const going = deployment("b/m", { priority: 1, continuesPrefix: true })
    const { plan } = bench([model("m", [failing, going])])
    const broken = (failover: "continue" | "off", code: number) => {
      const call = plan("m", { failover })
      call.started(failing)
      call.finished(failing, { error: status(failing, code), ms: 1, outputTokens: 3 })
      return call.afterFailure(failing, status(failing, code), { begun: "continued" })?.deployment.id
    }
    expect([broken("off", 400), broken("continue", 400), broken("continue", 500)]).toEqual([undefined, undefined, "b/m"])
  })
})
