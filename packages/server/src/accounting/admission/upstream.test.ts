// Limits of deployments on both engines: counters that survive a restart and are shared by processes, amounts that are held and charged.
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { defaultLimits, sleep } from "../../core/index.ts"
import { openTestStore, testEngines, type TestStore } from "../../testing/database.ts"
import { createAdmission, createLimitReader, openLedger, type Admission, type AdmissionRequest, type LimitRule } from "../index.ts"

/** One micro-dollar per token, in and out. */
const price = { input: 1_000_000, output: 1_000_000, cachedInput: 1_000_000 }
const dear = { input: 5_000_000, output: 5_000_000, cachedInput: 5_000_000 }
const quick = { ...defaultLimits, creditLeaseMs: 800, creditIdleMs: 300, creditRecallMs: 5_000, recordFlushMs: 20 }
const hourMs = 3_600_000

const one = { id: "openai/one", provider: "openai", upstreamModel: "one" }
const two = { id: "openai/two", provider: "openai", upstreamModel: "two" }
const elsewhere = { id: "azure/one", provider: "azure", upstreamModel: "one" }

function budget(part: Partial<LimitRule & { kind: "budget" }> = {}): LimitRule {
  const base = { name: "openai", unit: "microUsd", limit: 10_000, kind: "budget", per: "hour", origin: "perdure.yaml:3" } as const
  return { ...base, for: { provider: "openai" }, ...part }
}

function request(part: Partial<AdmissionRequest> = {}): AdmissionRequest {
  const base = { projectId: "proj_a", principalId: "key_1", keyLimits: null, user: null, model: "m", tags: [] }
  return { ...base, inputTokensEstimated: 1_000, outputTokensMax: 0, price: dear, ...part }
}

describe.each(testEngines())("limits of deployments on %s", { timeout: 240_000 }, (engine) => {
  let database: TestStore
  let clock: { at: number; now: () => number; monotonic: () => number }
  const opened: Admission[] = []

  async function open(...rules: LimitRule[]): Promise<Admission> {
    const ledger = await openLedger({ store: database.store, limits: quick, clock, onError: () => undefined })
    const admission = createAdmission({ rules, ledger, limits: quick, clock, assumedPrice: price })
    admission.upstream.know({ candidatesOf: () => [one, two, elsewhere], priceOf: ({ id }) => (id === "openai/two" ? dear : price) })
    opened.push(admission)
    return admission
  }

  beforeEach(async () => {
    database = await openTestStore(engine)
    const start = Date.now()
    clock = { at: 0, now: () => Date.now() + clock.at, monotonic: () => performance.now() }
    // Not at the end of an hour, which a test must not run into.
    clock.at = Math.floor(start / hourMs) * hourMs + hourMs / 3 - start
  })
  afterEach(async () => {
    for (const admission of opened.splice(0)) await admission[Symbol.asyncDispose]()
    await database[Symbol.asyncDispose]()
  })

  /** One call on that deployment, which used so much; false where its limit refused it. */
  async function call(
    admission: Admission,
    deployment: typeof one,
    costMicroUsd: number,
    part: Partial<AdmissionRequest> = {},
  ): Promise<boolean> {
    const reservation = await admission.reserve(request(part))
    if (admission.upstream.refusal(deployment, reservation.request)) {
      reservation.release()
      return false
    }
    const hold = admission.upstream.begin(deployment, reservation.request)
    const use = { deployment, usage: { inputTokens: costMicroUsd, outputTokens: 0, cachedTokens: 0 }, costMicroUsd, costKnown: true }
    hold?.end()
    reservation.settle({ inputTokens: costMicroUsd, outputTokens: 0, costMicroUsd, by: [use] })
    return true
  }
  const refusal = async (admission: Admission, deployment: typeof one, part: Partial<AdmissionRequest> = {}) => {
    const reservation = await admission.reserve(request(part))
    reservation.release()
    return admission.upstream.refusal(deployment, reservation.request)
  }

  it("all deployments of a provider draw from one budget, those of others do not", async () => {
    const admission = await open(budget())
    expect(await call(admission, one, 6_000)).toBe(true)
    expect(await call(admission, two, 3_500)).toBe(false)
    expect(await call(admission, one, 3_500)).toBe(true)
    expect(await refusal(admission, one)).toMatchObject({ limit: "openai", of: "provider", reason: "used up", retryAfterMs: undefined })
    expect([await call(admission, elsewhere, 50_000), await call(admission, elsewhere, 50_000)]).toEqual([true, true])
  })

  it("what was used outlives the process, and ends with its window", async () => {
    const before = await open(budget())
    await call(before, one, 9_500)
    await opened.pop()?.[Symbol.asyncDispose]()
    const admission = await open(budget())
    expect(await call(admission, one, 1)).toBe(false)
    const { resetsAt } = (await refusal(admission, one)) ?? {}
    expect(resetsAt).toBe(Math.floor(clock.now() / hourMs) * hourMs + hourMs)
    clock.at += hourMs
    expect(await call(admission, one, 1)).toBe(true)
  })

  it("a budget that is changed keeps what was used, and one that is taken away binds no more", async () => {
    const admission = await open(budget())
    await call(admission, one, 9_500)
    admission.replace({ rules: [budget({ limit: 12_000 })], assumedPrice: price })
    expect([await call(admission, one, 2_000), await call(admission, one, 1)]).toEqual([true, false])
    admission.replace({ rules: [], assumedPrice: price })
    expect([admission.upstream.isEmpty, await call(admission, one, 1)]).toEqual([true, true])
  })

  it("a call without a known price is charged at the assumed one", async () => {
    const admission = await open(budget())
    const reservation = await admission.reserve(request())
    const use = { deployment: one, usage: { inputTokens: 9_500, outputTokens: 0, cachedTokens: 0 }, costMicroUsd: 0, costKnown: false }
    reservation.settle({ inputTokens: 9_500, outputTokens: 0, costMicroUsd: 0, costKnown: false, by: [use] })
    expect(await refusal(admission, one)).toMatchObject({ reason: "used up" })
  })

  it("a call is refused by what it would cost there, not by what the dearest deployment costs", async () => {
    const admission = await open(budget({ limit: 4_000 }))
    expect(await refusal(admission, two)).toMatchObject({ reason: "too large", resetsAt: null })
    expect(await call(admission, one, 100)).toBe(true)
  })

  it("the operator sees what was used, keys do not see the limit", async () => {
    const admission = await open(budget(), budget({ name: "each", for: { deployment: "*" }, limit: 70_000 }))
    const readLimits = createLimitReader({ store: database.store, admission, limits: quick, clock })
    const caller = { projectId: "proj_b", principalId: "user:admin", keyLimits: null, user: null, tags: [] }
    const seen = async (seesAllKeys: boolean) =>
      (await readLimits({ ...caller, seesAllKeys })).map(({ name, scope: { provider, deployment }, used }) => ({
        name,
        provider,
        deployment,
        used,
      }))
    expect(await seen(true)).toEqual([
      { name: "openai", provider: "openai", deployment: null, used: 0 },
      { name: "each", provider: null, deployment: "*", used: 0 },
    ])
    await call(admission, one, 3_000)
    await call(admission, elsewhere, 200)
    const used = await seen(true)
    expect(used).toContainEqual({ name: "openai", provider: "openai", deployment: null, used: 3_000 })
    expect(used).toContainEqual({ name: "each", provider: null, deployment: "openai/one", used: 3_000 })
    expect(used).toContainEqual({ name: "each", provider: null, deployment: "azure/one", used: 200 })
    expect(await seen(false)).toEqual([])
  })

  it.runIf(engine === "postgres")("processes share a budget, and together use no more than it has", async () => {
    const [first, second] = [await open(budget({ limit: 100_000 })), await open(budget({ limit: 100_000 }))]
    const served = await Promise.all(Array.from({ length: 300 }, (_, index) => call(index % 2 === 0 ? first : second, one, 1_000)))
    expect(served.filter(Boolean).length).toBeLessThanOrEqual(100)
    await sleep(300)
    let more = 0
    while (more < 200 && (await call(first, one, 1_000))) more += 1
    await Promise.all([first.report(), second.report()])
    expect(served.filter(Boolean).length + more).toBe(100)
    expect(await call(second, one, 1_000)).toBe(false)
  })
})
