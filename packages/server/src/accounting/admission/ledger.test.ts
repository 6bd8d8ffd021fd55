// Credit on both engines: no limit is overshot by one process or by two, counters survive restarts, and what a process does not need returns.
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { defaultLimits, messageOf, sleep, systemClock } from "../../core/index.ts"
import { limitUsers, type Store } from "../../store/index.ts"
import { openTestStore, testEngines, type TestStore } from "../../testing/database.ts"
import { createAdmission, openLedger, type Admission, type AdmissionRequest, type LimitRule, type Reservation } from "../index.ts"

/** One micro-dollar per token, in and out. */
const price = { input: 1_000_000, output: 1_000_000, cachedInput: 1_000_000 }
const budget: LimitRule = { name: "team", for: {}, unit: "microUsd", limit: 100_000, kind: "budget", per: "total", origin: "test" }

const quick = { ...defaultLimits, creditLeaseMs: 800, creditIdleMs: 300, creditRecallMs: 5_000, recordFlushMs: 20 }

function rate(unit: LimitRule["unit"], limit: number, per: "second" | "minute" | "day"): LimitRule {
  return { name: "pace", for: {}, unit, limit, kind: "rate", per, burst: limit, origin: "test" }
}

function request(part: Partial<AdmissionRequest> = {}): AdmissionRequest {
  const base = { projectId: "proj_a", principalId: "key_1", keyLimits: null, user: null, model: "m", tags: [] }
  return { ...base, inputTokensEstimated: 1_000, outputTokensMax: 0, price, ...part }
}

/** What is asked at once came to: the reservations, and the codes of the refusals. */
async function outcomes(attempts: Iterable<() => Reservation | Promise<Reservation>>): Promise<{ held: Reservation[]; refused: string[] }> {
  const held: Reservation[] = []
  const refused: string[] = []
  const settle = async (attempt: () => Reservation | Promise<Reservation>): Promise<void> => {
    try {
      held.push(await attempt())
    } catch (error) {
      refused.push((error as { code?: string }).code ?? messageOf(error))
    }
  }
  await Promise.all([...attempts].map(settle))
  return { held, refused }
}

function times<T>(count: number, make: () => T): T[] {
  return Array.from({ length: count }, make)
}

describe.each(testEngines())("limits on %s", { timeout: 240_000 }, (engine) => {
  let database: TestStore
  const opened: Admission[] = []
  const failures: unknown[] = []

  async function open(
    rules: readonly LimitRule[],
    store: Store = database.store,
    limits: typeof defaultLimits = quick,
  ): Promise<Admission> {
    const onError = (_what: string, error: unknown): void => void failures.push(error)
    const ledger = await openLedger({ store, limits, clock: systemClock, onError })
    const admission = createAdmission({ rules, ledger, limits, clock: systemClock, assumedPrice: price })
    opened.push(admission)
    return admission
  }

  beforeEach(async () => {
    database = await openTestStore(engine)
    failures.length = 0
  })
  afterEach(async () => {
    for (const admission of opened.splice(0)) await admission[Symbol.asyncDispose]()
    await database[Symbol.asyncDispose]()
  })

  it("admits of 200 calls at once exactly those that the budget holds", async () => {
    const admission = await open([budget])
    const first = await outcomes(times(200, () => () => admission.reserve(request())))
    expect([first.held.length, new Set(first.refused)]).toEqual([100, new Set(["rate_limit_exceeded"])])
    for (const reservation of first.held) reservation.settle({ inputTokens: 500, outputTokens: 0, costMicroUsd: 500 })
    await sleep(300)
    const second = await outcomes(times(200, () => () => admission.reserve(request())))
    for (const reservation of second.held) reservation.settle({ inputTokens: 1_000, outputTokens: 0, costMicroUsd: 1_000 })
    await sleep(300)
    const third = await outcomes(times(200, () => () => admission.reserve(request())))
    expect([second.held.length, third.held.length, new Set(third.refused)]).toEqual([50, 0, new Set(["insufficient_quota"])])
  })

  it("waits for the database at the first call of a counter only, as long as there is credit", async () => {
    const admission = await open([budget])
    const first = admission.reserve(request({ inputTokensEstimated: 10 }))
    expect(first).toBeInstanceOf(Promise)
    await first
    const waits = times(50, () => admission.reserve(request({ inputTokensEstimated: 10 })) instanceof Promise)
    expect(waits.filter(Boolean)).toEqual([])
  })

  it("goes on with the budget of an end user whose name was erased, and tells the name nowhere", async () => {
    const rules: LimitRule[] = [{ ...budget, name: "each", for: { user: "*" }, unit: "requests", limit: 2 }]
    const ada = (): AdmissionRequest => request({ user: "ada-4410" })
    const before = await open(rules)
    ;(await before.reserve(ada())).settle({ inputTokens: 1, outputTokens: 1, costMicroUsd: 1 })
    await before.report()
    const named = async (): Promise<string[]> => {
      const rows = await database.store.system.query<{ text: string }>(
        "select c::text as text from limit_counters c union all select l::text from limit_leases l",
      )
      return rows.map(({ text }) => text).filter((text) => text.includes("ada-4410"))
    }
    expect(await named()).toHaveLength(1)
    const { projectId } = request()
    expect(await limitUsers.eraseUsers(database.store.project(projectId), projectId, ["eve", "ada-4410"], true)).toEqual({
      limit_counters: 1,
    })
    expect(await named()).toEqual([])
    await before[Symbol.asyncDispose]()
    const after = await open(rules)
    ;(await after.reserve(ada())).settle({ inputTokens: 1, outputTokens: 1, costMicroUsd: 1 })
    await after.report()
    expect((await outcomes([() => after.reserve(ada())])).refused).toEqual(["insufficient_quota"])
    expect(await named()).toEqual([])
  })

  it("knows after a restart what was used, and that nothing is held any more", async () => {
    const rules: LimitRule[] = [
      budget,
      rate("requests", 10, "day"),
      { name: "few", for: {}, unit: "concurrent", limit: 5, kind: "concurrent", per: null, origin: "test" },
    ]
    const before = await open(rules)
    const { held } = await outcomes(times(4, () => () => before.reserve(request({ inputTokensEstimated: 20_000 }))))
    for (const reservation of held.slice(0, 3)) reservation.settle({ inputTokens: 1, outputTokens: 0, costMicroUsd: 20_000 })
    await before[Symbol.asyncDispose]()
    const after = await open(rules)
    const again = await outcomes(times(4, () => () => after.reserve(request({ inputTokensEstimated: 20_000 }))))
    expect([again.held.length, ...again.refused]).toEqual([2, "rate_limit_exceeded", "rate_limit_exceeded"])
    for (const reservation of again.held) reservation.release()
    const requests = await outcomes(times(7, () => () => after.reserve(request({ inputTokensEstimated: 0 }))))
    // Ten a day, of which four were used; five at once.
    expect(requests.held).toHaveLength(5)
    for (const reservation of requests.held) reservation.settle({ inputTokens: 0, outputTokens: 0, costMicroUsd: 0 })
    await sleep(300)
    expect((await outcomes(times(3, () => () => after.reserve(request({ inputTokensEstimated: 0 }))))).held).toHaveLength(1)
  })

  it("tells the database what was used of each counter, call after call, and of those that it has forgotten meanwhile", async () => {
    const few: LimitRule = { name: "few", for: {}, unit: "concurrent", limit: 5, kind: "concurrent", per: null, origin: "test" }
    const admission = await open([budget, rate("tokens", 1_000_000, "day"), few])
    const call = async (): Promise<void> => {
      const reservation = await admission.reserve(request())
      reservation.settle({ inputTokens: 700, outputTokens: 0, costMicroUsd: 900 })
      await admission.report()
    }
    const told = async (): Promise<object[]> =>
      await database.store.system.query("select kind, used, arrival > 0 as owes from limit_counters order by kind")
    for (let count = 0; count < 5; count += 1) await call()
    expect(await told()).toEqual([
      { kind: "budget", used: 4_500, owes: false },
      { kind: "concurrent", used: 0, owes: false },
      { kind: "rate", used: 3_500, owes: true },
    ])
    // As the sweep does with windows that are over.
    await database.store.system.query("delete from limit_leases")
    await database.store.system.query("delete from limit_counters where kind = 'budget'")
    await call()
    await call()
    expect((await told()).map(({ used }: { used?: number }) => used)).toEqual([900, 0, 4_200])
    expect(failures).toEqual([])
  })

  it("does without the database while there is credit, and refuses rather than guesses when it must ask", async () => {
    const broken = { isBroken: false }
    const system = {
      ...database.store.system,
      query: async (...given: Parameters<Store["system"]["query"]>) => {
        if (broken.isBroken) throw new Error("the database is gone")
        return await database.store.system.query(...given)
      },
    }
    const store = { engine, system, listen: (...given: Parameters<Store["listen"]>) => database.store.listen(...given) } as Store
    const admission = await open([{ ...budget, for: { user: "*" } }], store)
    ;(await admission.reserve(request({ inputTokensEstimated: 10 }))).release()
    broken.isBroken = true
    expect((await outcomes(times(5, () => () => admission.reserve(request({ inputTokensEstimated: 10 }))))).held).toHaveLength(5)
    const { refused } = await outcomes([() => admission.reserve(request({ user: "new" }))])
    expect(refused).toEqual(["database_unavailable"])
    broken.isBroken = false
    expect((await outcomes([() => admission.reserve(request({ user: "new" }))])).held).toHaveLength(1)
    expect(failures.map(messageOf)).toContain("the database is gone")
  })

  it("forgets idle counters when there are too many, and none of what was used", async () => {
    const rules: LimitRule[] = [{ ...budget, limit: 2_000, for: { user: "*" } }]
    const admission = await open(rules, database.store, { ...quick, limitCountersMax: 10 })
    const spend = async (user: string): Promise<void> => {
      const reservation = await admission.reserve(request({ user }))
      reservation.settle({ inputTokens: 1_000, outputTokens: 0, costMicroUsd: 1_500 })
    }
    for (let count = 0; count < 12; count += 1) await spend(`user-${count}`)
    // Lent credit goes back when it was idle; a sweep looks once a second.
    await sleep(1_500)
    for (let count = 12; count < 24; count += 1) await spend(`user-${count}`)
    const { refused } = await outcomes(
      times(24, () => () => admission.reserve(request())).map((_, n) => () => admission.reserve(request({ user: `user-${n}` }))),
    )
    expect(refused).toEqual(times(24, () => "insufficient_quota"))
  })
})

const postgresOnly = testEngines().filter((engine) => engine === "postgres")

describe.each(postgresOnly)("limits of two processes on one %s", { timeout: 240_000 }, (engine) => {
  let database: TestStore
  const opened: Admission[] = []

  async function open(rules: readonly LimitRule[], limits: typeof defaultLimits = quick): Promise<Admission> {
    const store = await database.openAnother()
    const ledger = await openLedger({ store, limits, clock: systemClock, onError: () => undefined })
    const admission = createAdmission({ rules, ledger, limits, clock: systemClock, assumedPrice: price })
    opened.push(admission)
    return admission
  }

  beforeEach(async () => {
    database = await openTestStore(engine)
  })
  afterEach(async () => {
    for (const admission of opened.splice(0)) await admission[Symbol.asyncDispose]()
    await database[Symbol.asyncDispose]()
  })

  it("gets back what another process holds and does not need", async () => {
    const [one, two] = [await open([budget]), await open([budget])]
    ;(await one.reserve(request())).release()
    // The first one has a quarter lent; the second needs all of it.
    const { held, refused } = await outcomes(times(100, () => () => two.reserve(request())))
    expect([held.length, refused]).toEqual([100, []])
    expect((await outcomes([() => one.reserve(request())])).refused).toEqual(["rate_limit_exceeded"])
    held[0]?.release()
    expect((await outcomes([() => sleep(300).then(() => one.reserve(request()))])).held).toHaveLength(1)
  })

  it("shares the calls that may be under way", async () => {
    const few: LimitRule = { name: "few", for: {}, unit: "concurrent", limit: 10, kind: "concurrent", per: null, origin: "test" }
    const [one, two] = [await open([few]), await open([few])]
    const attempts = times(10, () => [() => one.reserve(request()), () => two.reserve(request())]).flat()
    const { held } = await outcomes(attempts)
    expect(held).toHaveLength(10)
    for (const reservation of held) reservation.release()
    await sleep(400)
    expect((await outcomes(times(10, () => () => two.reserve(request())))).held).toHaveLength(10)
  })

  it("keeps the rate of both together to the burst and what comes back", async () => {
    const pace = rate("tokens", 6_000, "minute")
    const [one, two] = [await open([pace]), await open([pace])]
    const startedAt = performance.now()
    let admitted = 0
    let asked = 0
    while (performance.now() - startedAt < 3_000) {
      const each = { inputTokensEstimated: 50 }
      const { held } = await outcomes(times(20, () => [() => one.reserve(request(each)), () => two.reserve(request(each))]).flat())
      for (const reservation of held) reservation.settle({ inputTokens: 50, outputTokens: 0, costMicroUsd: 0 })
      admitted += held.length * 50
      asked += 40 * 50
      await sleep(20)
    }
    const allowed = 6_000 + (performance.now() - startedAt) / 10
    expect(asked).toBeGreaterThan(allowed)
    expect(admitted).toBeLessThanOrEqual(allowed)
    expect(admitted).toBeGreaterThan(6_000)
  })

  it("does not use credit that was lent to somebody else while it slept", async () => {
    const clock = { skipped: 0, now: () => systemClock.now(), monotonic: () => systemClock.monotonic() + clock.skipped }
    const store = await database.openAnother()
    const limits = { ...quick, creditLeaseMs: 600_000 }
    const ledger = await openLedger({ store, limits, clock, onError: () => undefined })
    const sleeper = createAdmission({ rules: [budget], ledger, limits, clock, assumedPrice: price })
    opened.push(sleeper)
    ;(await sleeper.reserve(request({ inputTokensEstimated: 10_000 }))).release()
    // As if it had been stopped for longer than its lease: another process took all that there is.
    await database.store.system.query("update limit_holders set expires_at = now() - interval '1 second'")
    const other = await open([budget])
    expect((await outcomes(times(100, () => () => other.reserve(request())))).held).toHaveLength(100)
    clock.skipped = 600_000
    expect((await outcomes([() => sleeper.reserve(request())])).refused).toEqual(["rate_limit_exceeded"])
  })
})
