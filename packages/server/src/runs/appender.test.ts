// The appender against a fake database that fails, delays, commits and loses the answer, refuses values and takes leases away.
import { describe, expect, it } from "vitest"
import { fc } from "../testing/fast-check.ts"
import { systemLabel } from "../security/index.ts"
import { Appender } from "./appender.ts"
import { eventRow } from "./event-row.ts"
import type { FlushPort } from "./flusher.ts"
import { Lane } from "./lane.ts"
import { LeaseLost, OperationRefused, Unreachable, type Operation } from "./operation.ts"
import type { RunEvent } from "./types.ts"

type Fault = "none" | "slow" | "lost-before" | "lost-after"

class FakeDatabase implements FlushPort {
  readonly rows = new Map<string, { attempt: number; order: number }>()
  readonly tokens = new Map<string, string>()
  readonly faults: Fault[]
  readonly takeAway: ReadonlyMap<string, number>
  readonly open = new Set<string>()
  overlapped = false
  inFlight = 0
  inFlightMost = 0
  operationsMost = 0
  flushes = 0
  #order = 0

  constructor(faults: Fault[], takeAway: ReadonlyMap<string, number>) {
    this.faults = faults
    this.takeAway = takeAway
  }

  async flush(batch: Parameters<FlushPort["flush"]>[0]): Promise<{ rejected: string[]; inserted: number; woken: boolean }> {
    for (const run of batch.runs) {
      if (this.open.has(run)) this.overlapped = true
      this.open.add(run)
    }
    this.inFlight += 1
    this.inFlightMost = Math.max(this.inFlightMost, this.inFlight)
    try {
      const fault = this.faults[this.flushes % this.faults.length] ?? "none"
      this.flushes += 1
      await turns(fault === "slow" ? 6 : 1)
      if (fault === "lost-before") throw new Error("connection reset")
      const result = this.#apply(batch)
      await turns(1)
      if (fault === "lost-after") throw new Error("connection reset after COMMIT")
      return result
    } finally {
      this.inFlight -= 1
      for (const run of batch.runs) this.open.delete(run)
    }
  }

  #apply(batch: Parameters<FlushPort["flush"]>[0]): { rejected: string[]; inserted: number; woken: boolean } {
    const events = JSON.parse(batch.events) as { r: string; s: number; t: string }[]
    this.operationsMost = Math.max(this.operationsMost, events.length)
    if (events.some((event) => event.t === "poison")) throw Object.assign(new Error("a value doesn't fit its type"), { sqlState: "22P05" })
    for (const [run, after] of this.takeAway) if (this.flushes > after) this.#handOver(run)
    const held = new Set(batch.runs.filter((run, i) => this.tokens.get(run) === batch.tokens[i]))
    let inserted = 0
    for (const { r, s } of events) {
      const id = `${r}/${s}`
      if (!held.has(r) || this.rows.has(id)) continue
      this.rows.set(id, { attempt: 1, order: (this.#order += 1) })
      inserted += 1
    }
    return { rejected: batch.runs.filter((run) => !held.has(run)), inserted, woken: false }
  }

  /** The run is claimed by somebody else, who goes on writing where the log ends. */
  #handOver(run: string): void {
    if (this.tokens.get(run) === "somebody else") return
    this.tokens.set(run, "somebody else")
    let seq = 1
    while (this.rows.has(`${run}/${seq}`)) seq += 1
    for (const next of [seq, seq + 1, seq + 2]) this.rows.set(`${run}/${next}`, { attempt: 2, order: (this.#order += 1) })
  }

  async attemptsOf(runs: readonly string[], seqs: readonly number[]): Promise<(number | null)[]> {
    await turns(1)
    return runs.map((run, i) => this.rows.get(`${run}/${seqs[i]}`)?.attempt ?? null)
  }

  putBlob(): Promise<void> {
    return Promise.resolve()
  }
}

async function turns(count: number): Promise<void> {
  for (let i = 0; i < count; i += 1) await new Promise((resolve) => setImmediate(resolve))
}

const label = systemLabel("key")

function operation(run: string, seq: number, type: string, delta: boolean): Operation {
  return { events: [eventRow({ id: run, label }, 1, seq, type, { n: seq }, label, 0, 1_000)], delta }
}

const script = fc.record({
  runs: fc.integer({ min: 1, max: 8 }),
  faults: fc
    .array(fc.constantFrom<Fault>("none", "none", "slow", "lost-before", "lost-after"), { minLength: 1, maxLength: 12 })
    .filter((list) => list.includes("none")),
  appends: fc.array(fc.record({ run: fc.nat(7), delta: fc.boolean(), pause: fc.nat(2) }), { maxLength: 60 }),
  poison: fc.option(fc.record({ run: fc.nat(7), at: fc.integer({ min: 1, max: 6 }) }), { nil: undefined }),
  taken: fc.option(fc.record({ run: fc.nat(7), after: fc.nat(6) }), { nil: undefined }),
  flushesMax: fc.constantFrom(1, 3),
  operationsMax: fc.constantFrom(1, 4, 512),
})

describe("the appender", () => {
  it("acknowledges exactly what is committed, in order, whatever the database does", async () => {
    await fc.assert(
      fc.asyncProperty(script, async ({ runs, faults, appends, poison, taken, flushesMax, operationsMax }) => {
        const takenRun = taken === undefined ? undefined : `run_${taken.run % runs}`
        const poisonedRun = poison === undefined ? undefined : `run_${poison.run % runs}`
        const database = new FakeDatabase(faults, new Map(takenRun === undefined ? [] : [[takenRun, taken?.after ?? 0]]))
        const seen = new Map<string, number[]>()
        const onCommitted = (events: readonly RunEvent[]): void => {
          for (const event of events) seen.set(event.runId, [...(seen.get(event.runId) ?? []), event.seq])
        }
        const appender = new Appender({
          port: database,
          operationsMax,
          bytesMax: 1_000_000,
          deltaWindowMs: 1,
          flushesMax,
          crowdRunsMin: 2,
          retryMs: 60_000,
          retryPauseMs: 0,
          monotonic: () => performance.now(),
          onCommitted,
          onWoken: () => undefined,
          onRetry: () => undefined,
          payload: () => null,
        })
        const lanes = Array.from({ length: runs }, (_, i) => {
          database.tokens.set(`run_${i}`, `token_${i}`)
          return new Lane({ runId: `run_${i}`, projectId: "proj", parentId: null, token: `token_${i}`, attempt: 1 })
        })
        const seqs = lanes.map(() => 0)
        const acknowledged: string[] = []
        const failures: { run: string; seq: number; error: unknown }[] = []
        const waiting: Promise<void>[] = []
        for (const { run: pick, delta, pause } of appends) {
          const index = pick % runs
          const lane = lanes[index]
          if (!lane) continue
          const seq = (seqs[index] = (seqs[index] ?? 0) + 1)
          const run = lane.lease.runId
          const type = run === poisonedRun && seq === poison?.at ? "poison" : "step.completed"
          waiting.push(
            appender.append(lane, operation(run, seq, type, delta)).then(
              () => void acknowledged.push(`${run}/${seq}`),
              (error: unknown) => void failures.push({ run, seq, error }),
            ),
          )
          await turns(pause)
        }
        await Promise.all(waiting)
        await appender.idle()

        expect(database.overlapped).toBe(false)
        expect(database.inFlightMost).toBeLessThanOrEqual(flushesMax)
        expect(database.operationsMost).toBeLessThanOrEqual(operationsMax)
        expect(acknowledged.length + failures.length).toBe(waiting.length)
        for (const id of acknowledged) expect(database.rows.get(id)?.attempt).toBe(1)
        for (const { run, seq } of failures) expect(database.rows.get(`${run}/${seq}`)?.attempt).not.toBe(1)
        expect(acknowledged.toSorted()).toEqual([...seen].flatMap(([run, list]) => list.map((seq) => `${run}/${seq}`)).toSorted())
        for (const [run, list] of seen) expect(list, run).toEqual(list.map((_, i) => i + 1))
        const byOrder = [...database.rows]
          .filter(([, row]) => row.attempt === 1)
          .toSorted(([, a], [, b]) => a.order - b.order)
          .map(([id]) => id)
        for (const lane of lanes) {
          const own = byOrder.filter((id) => id.startsWith(`${lane.lease.runId}/`))
          expect(own).toEqual(own.map((_, i) => `${lane.lease.runId}/${i + 1}`))
        }
        for (const { run, seq, error } of failures) {
          if (error instanceof OperationRefused) expect([run, seq >= (poison?.at ?? 0)]).toEqual([poisonedRun, true])
          else expect([run, error instanceof LeaseLost]).toEqual([takenRun, true])
        }
      }),
      { numRuns: 400 },
    )
  })

  it("sends what arrives in one turn of the event loop in one flush", async () => {
    const database = new FakeDatabase(["none"], new Map())
    const appender = new Appender({
      port: database,
      operationsMax: 512,
      bytesMax: 1_000_000,
      deltaWindowMs: 25,
      flushesMax: 1,
      crowdRunsMin: 64,
      retryMs: 1_000,
      retryPauseMs: 1,
      monotonic: () => performance.now(),
      onCommitted: () => undefined,
      onWoken: () => undefined,
      onRetry: () => undefined,
      payload: () => null,
    })
    const lanes = Array.from({ length: 100 }, (_, i) => {
      database.tokens.set(`run_${i}`, "t")
      return new Lane({ runId: `run_${i}`, projectId: "proj", parentId: null, token: "t", attempt: 1 })
    })
    await Promise.all(lanes.map((lane) => appender.append(lane, operation(lane.lease.runId, 1, "step.completed", false))))
    expect([database.flushes, database.operationsMost]).toEqual([1, 100])
  })

  it("gives up what waits once the database was away for too long, and from then on tries each flush once until it answers", async () => {
    const database = new FakeDatabase(["lost-before"], new Map())
    let [now, tries] = [0, 0]
    const flush = database.flush.bind(database)
    database.flush = (batch) => {
      tries += 1
      return flush(batch)
    }
    const appender = new Appender({
      port: database,
      operationsMax: 512,
      bytesMax: 1_000_000,
      deltaWindowMs: 1,
      flushesMax: 1,
      crowdRunsMin: 64,
      retryMs: 1_000,
      retryPauseMs: 0,
      monotonic: () => now,
      onCommitted: () => undefined,
      onWoken: () => undefined,
      onRetry: () => (now += 400),
      payload: () => null,
    })
    let lanes = 0
    const append = (): Promise<void> => {
      const run = `run_${(lanes += 1)}`
      database.tokens.set(run, "t")
      return appender.append(
        new Lane({ runId: run, projectId: "proj", parentId: null, token: "t", attempt: 1 }),
        operation(run, 1, "step.completed", false),
      )
    }
    await expect(append()).rejects.toBeInstanceOf(Unreachable)
    expect(tries).toBe(4)
    await expect(append()).rejects.toBeInstanceOf(Unreachable)
    expect(tries).toBe(5)
    database.faults[0] = "none"
    await append()
    database.faults[0] = "lost-before"
    await expect(append()).rejects.toBeInstanceOf(Unreachable)
    expect(tries).toBe(10)
  })
})
