// Admission in one process: nothing passes a limit unreserved, what is not used comes back, refusals say which kind they are.
import { describe, expect, it } from "vitest"
import { fc } from "../../testing/fast-check.ts"
import { defaultLimits } from "../../core/index.ts"
import { createLocalLedger } from "../../testing/local-ledger.ts"
import { createAdmission, type Admission, type AdmissionRequest, type Ledger, type LimitRule, type Reservation } from "../index.ts"
import type { Counter } from "./counter.ts"
import { windowAt } from "./windows.ts"

const dollar = 1_000_000
/** One micro-dollar per token, in and out. */
const price = { input: 1_000_000, output: 1_000_000, cachedInput: 1_000_000 }
const start = Date.UTC(2026, 0, 30, 23, 30)

function budget(usd: number, part: Partial<LimitRule & { kind: "budget" }> = {}): LimitRule {
  return { name: "team", for: {}, unit: "microUsd", limit: usd * dollar, kind: "budget", per: "day", origin: "perdure.yaml:3", ...part }
}

function rate(unit: LimitRule["unit"], limit: number, part: Partial<LimitRule & { kind: "rate" }> = {}): LimitRule {
  return { name: "pace", for: {}, unit, limit, kind: "rate", per: "minute", burst: limit, origin: "perdure.yaml:9", ...part }
}

function request(part: Partial<AdmissionRequest> = {}): AdmissionRequest {
  const base = { projectId: "proj_a", principalId: "key_1", keyLimits: null, user: null, model: "m", tags: [] }
  return { ...base, inputTokensEstimated: 0, outputTokensMax: 0, price, ...part }
}

interface Opened extends Admission {
  admit: (part?: Partial<AdmissionRequest>) => Reservation
  pass: (ms: number) => void
  readings: () => object[]
}

/** Admission with a clock that stands still until it is moved, and a ledger that knows of no use before. */
function open(...rules: LimitRule[]): Opened {
  const clock = { at: start, now: () => clock.at, monotonic: () => clock.at }
  const counters = new Set<Counter>()
  const local = createLocalLedger(clock.now)
  const ask: Ledger["ask"] = (counter, amount) => {
    counters.add(counter)
    return local.ask(counter, amount)
  }
  const ledger = { ...local, ask }
  const admission = createAdmission({ rules, ledger, limits: defaultLimits, clock, assumedPrice: { ...price, output: 2_000_000 } })
  const admit = (part: Partial<AdmissionRequest> = {}): Reservation => {
    const reservation = admission.reserve(request(part))
    if (reservation instanceof Promise) throw new Error("credit that is there is not waited for")
    return reservation
  }
  const readings = (): object[] => {
    const current = [...counters].filter(({ window }) => window.start <= clock.at && clock.at < window.end)
    return current.map((counter) => ({ unit: counter.bound.rule.unit, ...counter.reading(clock.at) }))
  }
  return Object.assign(admission, { admit, readings, pass: (ms: number) => void (clock.at += ms) })
}

const used = (inputTokens: number, outputTokens = 0): { inputTokens: number; outputTokens: number; costMicroUsd: number } => ({
  inputTokens,
  outputTokens,
  costMicroUsd: inputTokens + outputTokens,
})

/** What each of several attempts came to: "ok", or the code of its refusal. */
const outcomes = (count: number, attempt: () => unknown): string[] =>
  Array.from({ length: count }, () => {
    try {
      attempt()
      return "ok"
    } catch (error) {
      return (error as { code: string }).code
    }
  })

describe("a wall clock that jumps", () => {
  const minuteMs = 60_000
  const hourMs = 60 * minuteMs

  it("that is set back makes nobody wait longer than what is owed takes, and gives nothing away", () => {
    const admission = open(rate("requests", 60))
    for (let call = 0; call < 60; call += 1) admission.admit()
    expect(outcomes(1, admission.admit)).toEqual(["rate_limit_exceeded"])
    admission.pass(-hourMs)
    expect(outcomes(1, admission.admit)).toEqual(["rate_limit_exceeded"])
    admission.pass(minuteMs / 2)
    expect(outcomes(31, admission.admit)).toEqual([...Array.from({ length: 30 }, () => "ok"), "rate_limit_exceeded"])
  })

  it("that is set forward gives back no more than there is, also when it is set right again", () => {
    const admission = open(rate("requests", 60))
    for (let call = 0; call < 60; call += 1) admission.admit()
    admission.pass(hourMs)
    expect(outcomes(61, admission.admit).filter((code) => code === "ok")).toHaveLength(60)
    admission.pass(-hourMs)
    expect(outcomes(1, admission.admit)).toEqual(["rate_limit_exceeded"])
    admission.pass(minuteMs)
    expect(outcomes(61, admission.admit).filter((code) => code === "ok")).toHaveLength(60)
  })
})

describe("reserving", () => {
  it("does not let five concurrent requests use 663 of 100 tokens per minute", () => {
    const { admit } = open(rate("tokens", 100))
    expect(outcomes(5, () => admit({ inputTokensEstimated: 30, outputTokensMax: 10 }))).toEqual(["ok", "ok", ...limited(3)])
  })

  it("reserves a request that says nothing of its output, first by a default, then by the model's history", () => {
    const { admit } = open(budget(0.1))
    const unbounded = { outputTokensMax: null, inputTokensEstimated: 0 }
    // 100,000 micro-dollars hold 48 calls of 2,048 assumed tokens.
    const held = outcomes(60, () => admit(unbounded))
    expect(held.filter((outcome) => outcome === "ok")).toHaveLength(48)
    const other = open(budget(0.1))
    for (let count = 0; count < 20; count += 1) other.admit(unbounded).settle(used(0, 100))
    // 98,000 are left; a history of 100 tokens lets one expect less than 128.
    expect(outcomes(2_000, () => other.admit(unbounded)).filter((outcome) => outcome === "ok").length).toBeGreaterThan(700)
  })

  it("takes nothing from one limit when another refuses", () => {
    const admission = open(budget(1), rate("requests", 1))
    expect(outcomes(2, () => admission.admit({ inputTokensEstimated: 400_000 }))).toEqual(["ok", ...limited(1)])
    expect(admission.readings()).toMatchObject([{ unit: "microUsd", reserved: 400_000, remaining: 600_000 }, { remaining: 0 }])
  })

  it("gives back the surplus when a call is settled, takes what it used beyond, and counts an end once", () => {
    const admission = open(budget(1))
    const first = admission.admit({ inputTokensEstimated: 400_000 })
    first.settle(used(100_000))
    first.settle(used(900_000))
    first.release()
    admission.admit({ inputTokensEstimated: 10 }).settle(used(500_000))
    admission.admit({ inputTokensEstimated: 300_000 }).release()
    expect(admission.readings()).toMatchObject([{ used: 600_000, reserved: 0, remaining: 400_000 }])
  })

  it("never holds more than a budget, whatever is reserved, settled and released", () => {
    const call = fc.record({ tokens: fc.nat(300), share: fc.double({ min: 0, max: 1, noNaN: true }), end: fc.nat(3) })
    fc.assert(
      fc.property(fc.array(call, { maxLength: 200 }), (calls) => {
        const { admit } = open(budget(0.001))
        const open_: { reservation: Reservation; tokens: number }[] = []
        let spent = 0
        for (const { tokens, share, end } of calls) {
          if (outcomes(1, () => open_.push({ reservation: admit({ inputTokensEstimated: tokens }), tokens }))[0] !== "ok") {
            expect(spent + open_.reduce((sum, each) => sum + each.tokens, 0) + tokens).toBeGreaterThan(1_000)
          }
          const ended = end === 0 ? undefined : open_.shift()
          if (ended) {
            const actual = Math.floor(ended.tokens * share)
            ended.reservation.settle(used(actual))
            spent += actual
          }
          expect(spent + open_.reduce((sum, each) => sum + each.tokens, 0)).toBeLessThanOrEqual(1_000)
        }
      }),
    )
  })

  it("reserves what the tier costs that is asked for, and the assumed price where nobody knows it, never less than the usual one", () => {
    const tiers = { flex: { ...price, input: 500_000, cachedInput: 500_000 } }
    const left = (served: AdmissionRequest["served"], used: AdmissionRequest["price"]): unknown => {
      const admission = open(budget(1))
      admission.admit({ inputTokensEstimated: 100_000, outputTokensMax: 100_000, served, price: used })
      return admission.readings()[0]
    }
    expect(left({ serviceTier: "flex" }, { ...price, tiers })).toMatchObject({ remaining: 850_000 })
    expect(left({ serviceTier: "default" }, { ...price, tiers })).toMatchObject({ remaining: 800_000 })
    expect(left({ serviceTier: "priority" }, { ...price, tiers })).toMatchObject({ remaining: 700_000 })
    expect(left({ serviceTier: "priority" }, { ...price, input: 5_000_000 })).toMatchObject({ remaining: 400_000 })
  })

  it("takes no less than what is known of a cost, where a part of it is not", () => {
    const admission = open(budget(1))
    admission.admit({ inputTokensEstimated: 10 }).settle({ inputTokens: 10, outputTokens: 0, costMicroUsd: 70_000, costKnown: false })
    expect(admission.readings()[0]).toMatchObject({ remaining: 930_000 })
  })

  it("reserves and takes the assumed price where nobody knows one, and nothing where it is free", () => {
    const admission = open(budget(1))
    const unpriced = { price: undefined, inputTokensEstimated: 1_000, outputTokensMax: 2_000 }
    admission.admit(unpriced)
    expect(admission.readings()).toMatchObject([{ reserved: 5_000 }])
    admission.admit(unpriced).settle({ inputTokens: 10, outputTokens: 20, costMicroUsd: 0 })
    expect(admission.readings()).toMatchObject([{ used: 50, reserved: 5_000 }])
    const spent = open(budget(0))
    const free = { price: { input: 0, output: 0, cachedInput: 0 }, inputTokensEstimated: 1_000 }
    expect(outcomes(1, () => spent.admit(free))).toEqual(["ok"])
  })
})

describe("refusals", () => {
  it("E3 tells a budget that is used up from one that calls under way hold, and never hints at a retry of the first", () => {
    const { admit } = open(budget(1))
    const held = admit({ inputTokensEstimated: 600_000 })
    expect(refusalOf(() => admit({ inputTokensEstimated: 600_000 }))).toMatchObject({ code: "rate_limit_exceeded", retryAfterMs: 1_000 })
    held.settle(used(600_000))
    const refused = refusalOf(() => admit({ inputTokensEstimated: 600_000 }))
    expect(refused).toMatchObject({ code: "insufficient_quota", retryAfterMs: undefined })
    expect(refused.message).toBe('The limit "team" allows $1.00 per day: too little is left for a call of up to $0.60.')
    expect(refused.hint).toBe("It begins anew at 2026-01-31T00:00:00.000Z; or raise the limit (perdure.yaml:3).")
  })

  it("says what is used of a project's own limit", () => {
    const { admit } = open(budget(1, { for: { project: "*" } }))
    admit({ inputTokensEstimated: 900_000 }).settle(used(900_000))
    expect(refusalOf(() => admit({ inputTokensEstimated: 200_000 })).message).toContain("$0.90 used so far, too little is left")
  })

  it("says after how long a rate has room, and lets the call pass then", () => {
    const admission = open(rate("requests", 60))
    for (let count = 0; count < 60; count += 1) admission.admit()
    const { retryAfterMs, code } = refusalOf(() => admission.admit())
    expect([code, retryAfterMs]).toEqual(["rate_limit_exceeded", 1_000])
    admission.pass(999)
    expect(outcomes(1, () => admission.admit())).toEqual(limited(1))
    admission.pass(1)
    expect(outcomes(2, () => admission.admit())).toEqual(["ok", ...limited(1)])
  })

  it("gives no retry hint to a call that is larger than the whole limit", () => {
    const { admit } = open(rate("tokens", 1_000))
    const refused = refusalOf(() => admit({ inputTokensEstimated: 500, outputTokensMax: 501 }))
    expect(refused).toMatchObject({ code: "rate_limit_exceeded", retryAfterMs: undefined })
    expect(refused.message).toContain("this call may use 1001 tokens")
  })

  it("lets so many calls be under way at once, and the next one when one ends", () => {
    const { admit } = open({ name: "few", for: { key: "*" }, unit: "concurrent", limit: 2, kind: "concurrent", per: null, origin: "x" })
    const [first] = [admit(), admit()]
    expect(outcomes(1, () => admit())).toEqual(limited(1))
    expect(outcomes(1, () => admit({ principalId: "key_2" }))).toEqual(["ok"])
    first?.settle(used(0))
    expect(outcomes(2, () => admit())).toEqual(["ok", ...limited(1)])
  })
})

describe("a budget that is not enforced", () => {
  const soft = (part: Partial<LimitRule & { kind: "budget" }> = {}): LimitRule => budget(1, { enforce: false, ...part })

  it("lets calls pass that are beyond it", () => {
    const admission = open(soft(), rate("requests", 100))
    const calls = outcomes(5, () => admission.admit({ inputTokensEstimated: 900_000 }).settle(used(900_000)))
    expect(calls).toEqual(["ok", "ok", "ok", "ok", "ok"])
    expect(outcomes(1, () => admission.admit({ inputTokensEstimated: 3_000_000 }))).toEqual(["ok"])
  })

  it("is no limit that answers tell of", () => {
    const { admit } = open(soft({ unit: "requests", limit: 1 }))
    expect(admit().state.requests).toBeNull()
    expect(open(budget(1, { unit: "requests", limit: 1 })).admit().state.requests).toMatchObject({ limit: 1 })
  })
})

describe("scopes", () => {
  it("has one counter for each value of a `*`, and one for those that name none", () => {
    const { admit } = open(rate("requests", 1, { for: { user: "*" } }))
    const users = ["ada", "bob", null]
    for (const user of users) expect(outcomes(2, () => admit({ user }))).toEqual(["ok", ...limited(1)])
    expect(outcomes(1, () => admit({ user: "ada", projectId: "proj_b" }))).toEqual(["ok"])
  })

  it("binds only what it names", () => {
    const { admit } = open(rate("requests", 1, { for: { project: "proj_a", key: "key_1", model: "big", tag: "batch" } }))
    const bound = { model: "big", tags: ["night", "batch"] }
    for (const other of [{ projectId: "proj_b" }, { principalId: "key_2" }, { model: "small" }, { tags: ["night"] }])
      expect(outcomes(3, () => admit({ ...bound, ...other }))).toEqual(["ok", "ok", "ok"])
    expect(outcomes(2, () => admit(bound))).toEqual(["ok", ...limited(1)])
  })

  it("draws from the counter of each tag once", () => {
    const { admit } = open(rate("requests", 2, { for: { tag: "*" } }))
    expect(outcomes(2, () => admit({ tags: ["a", "a", "b"] }))).toEqual(["ok", "ok"])
    expect(outcomes(1, () => admit({ tags: ["b"] }))).toEqual(limited(1))
    expect(outcomes(1, () => admit({ tags: [] }))).toEqual(["ok"])
  })

  it("applies the limits of a key to that key, and a change of them at once", () => {
    const { admit } = open()
    const keyLimits = { requestsPerMinute: 2, tokensPerMinute: 1_000, concurrent: 9, budgetUsd: 1, budgetPer: "hour" as const }
    expect(outcomes(3, () => admit({ keyLimits }))).toEqual(["ok", "ok", ...limited(1)])
    expect(outcomes(1, () => admit({ principalId: "key_2", keyLimits: null }))).toEqual(["ok"])
    expect(refusalOf(() => admit({ keyLimits })).hint).toContain("perdure keys update key_1 --rpm")
    const raised = { ...keyLimits, requestsPerMinute: 4 }
    expect(outcomes(3, () => admit({ keyLimits: raised }))).toEqual(["ok", "ok", ...limited(1)])
  })
})

describe("windows", () => {
  it("begins a budget anew with its calendar window, and settles a call in the window that it was reserved in", () => {
    const admission = open(budget(1))
    const late = admission.admit({ inputTokensEstimated: 900_000 })
    admission.pass(40 * 60_000)
    expect(outcomes(2, () => admission.admit({ inputTokensEstimated: 600_000 }))).toEqual(["ok", ...limited(1)])
    late.settle(used(900_000))
    expect(admission.readings()).toMatchObject([{ used: 0, reserved: 600_000, resetMs: 86_400_000 - 10 * 60_000 }])
  })

  it.each([
    ["hour", "2026-01-30T23:00:00Z", "2026-01-31T00:00:00Z"],
    ["day", "2026-01-30T00:00:00Z", "2026-01-31T00:00:00Z"],
    ["week", "2026-01-26T00:00:00Z", "2026-02-02T00:00:00Z"],
    ["month", "2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z"],
  ] as const)("are whole UTC %ss", (period, from, to) => {
    expect(windowAt(period, start)).toEqual({ start: Date.parse(from), end: Date.parse(to) })
    expect(windowAt(period, Date.parse(to)).start).toBe(Date.parse(to))
  })
})

describe("rates", () => {
  it("admit at most the burst and what came back since, however calls arrive, and not less when calls keep asking", () => {
    const steps = fc.array(fc.record({ ms: fc.nat(3_000), amount: fc.integer({ min: 1, max: 40 }) }), { maxLength: 300 })
    fc.assert(
      fc.property(steps, fc.integer({ min: 40, max: 100 }), (list, burst) => {
        const admission = open(rate("tokens", 600, { burst }))
        let [passedMs, admitted, refusedLast] = [0, 0, 0]
        for (const { ms, amount } of list) {
          admission.pass(ms)
          passedMs += ms
          const [outcome] = outcomes(1, () => admission.admit({ inputTokensEstimated: amount }))
          if (outcome === "ok") admitted += amount
          else refusedLast = amount
          expect(admitted).toBeLessThanOrEqual(burst + passedMs / 100 + 1e-6)
        }
        expect(refusedLast).toBeLessThanOrEqual(40)
      }),
    )
  })

  it("charge what was used in the end", () => {
    const admission = open(rate("tokens", 100))
    const call = admission.admit({ inputTokensEstimated: 80 })
    expect(call.state.tokens).toEqual({ limit: 100, remaining: 20, resetMs: 48_000 })
    call.settle(used(10))
    expect(call.state.tokens).toEqual({ limit: 100, remaining: 90, resetMs: 6_000 })
    admission.admit({ inputTokensEstimated: 10 }).settle(used(200))
    expect(refusalOf(() => admission.admit({ inputTokensEstimated: 100 })).retryAfterMs).toBe(126_000)
  })
})

function limited(count: number): string[] {
  return Array.from({ length: count }, () => "rate_limit_exceeded")
}

function refusalOf(attempt: () => unknown): { code: string; message: string; hint: string; retryAfterMs: number | undefined } {
  try {
    attempt()
  } catch (error) {
    return error as ReturnType<typeof refusalOf>
  }
  throw new Error("it was admitted")
}
