// A process that draws from one budget with many calls at once, for tests with several of them: says "ready", begins at "go", prints what it did, ends at "end".
import { createInterface } from "node:readline"
import { createAdmission, openLedger, type AdmissionRequest } from "../accounting/index.ts"
import { defaultLimits, sleep, systemClock } from "../core/index.ts"
import { openStore } from "../store/index.ts"

export interface LimitsChildOptions {
  location: { databaseUrl: string } | { dataDirectory: string }
  budgetMicroUsd: number
  reservationMicroUsd: number
  callsAtOnce: number
  /** Calls take and hold, and never end: for a process that is killed. */
  isStuck: boolean
  creditLeaseMs: number
}

export interface LimitsChildResult {
  admitted: number
  spentMicroUsd: number
  refused: Record<string, number>
  /** Reservations that had to wait for the database. */
  waited: number
}

const options = JSON.parse(process.argv[2] ?? "") as LimitsChildOptions
const limits = { ...defaultLimits, creditLeaseMs: options.creditLeaseMs }
const store = await openStore({ ...options.location, limits, testing: { fsync: false } })
const ledger = await openLedger({
  store,
  limits,
  clock: systemClock,
  onError: (what, error) => process.stderr.write(`${what} ${String(error)}\n`),
})
const price = { input: 1_000_000, output: 1_000_000, cachedInput: 1_000_000 }
const rule = {
  name: "team",
  for: {},
  unit: "microUsd",
  limit: options.budgetMicroUsd,
  kind: "budget",
  per: "total",
  origin: "test",
} as const
const admission = createAdmission({ rules: [rule], ledger, limits, clock: systemClock, assumedPrice: price })
const result: LimitsChildResult = { admitted: 0, spentMicroUsd: 0, refused: {}, waited: 0 }

/** One caller: calls until the budget is used up. */
async function caller(): Promise<void> {
  const call: AdmissionRequest = {
    projectId: "p",
    principalId: "k",
    keyLimits: null,
    user: null,
    model: "m",
    tags: [],
    price,
    outputTokensMax: 0,
    inputTokensEstimated: options.reservationMicroUsd,
  }
  for (;;) {
    try {
      const reserved = admission.reserve(call)
      if (reserved instanceof Promise) result.waited += 1
      const reservation = await reserved
      result.admitted += 1
      if (options.isStuck) return
      await sleep(Math.random() * 20)
      // Most calls cost all that was reserved, the worst for a limit; some cost a part.
      const costMicroUsd = Math.random() < 0.8 ? options.reservationMicroUsd : Math.floor(Math.random() * options.reservationMicroUsd)
      reservation.settle({ inputTokens: 0, outputTokens: 0, costMicroUsd })
      result.spentMicroUsd += costMicroUsd
    } catch (error) {
      const { code = String(error) } = error as { code?: string }
      result.refused[code] = (result.refused[code] ?? 0) + 1
      if (code !== "rate_limit_exceeded") return
      await sleep(20)
    }
  }
}

process.stdout.write("ready\n")
for await (const line of createInterface({ input: process.stdin })) {
  if (line === "end") break
  await Promise.all(Array.from({ length: options.callsAtOnce }, caller))
  process.stdout.write(`${JSON.stringify(result)}\n`)
}
await admission[Symbol.asyncDispose]()
await store[Symbol.asyncDispose]()
