// Readers of growing logs: no gap and no duplicate, wherever they begin, however slow they are, whoever executes the run.
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { fc } from "../testing/fast-check.ts"
import type { Store } from "../store/index.ts"
import { openTestStore, testEngines, type TestStore } from "../testing/database.ts"
import { end, kernelOn, project, request, within } from "./kernel.fixture.ts"
import type { RunEvent, Runs } from "./types.ts"
import { defineWorkflow } from "./workflow.ts"

/** Emits so many events, in bursts with pauses between them; deltas and events with a commit awaited are mixed. */
const talker = defineWorkflow("talker", async (ctx, input: { bursts: number[]; pauseMs: number }) => {
  for (const burst of input.bursts) {
    for (let i = 0; i < burst; i += 1) ctx.emit("text.delta", { i }, { delta: i % 3 !== 0 })
    if (input.pauseMs > 0) await new Promise((resolve) => setTimeout(resolve, input.pauseMs))
    await ctx.flushed()
  }
  return null
})

async function read(runs: Runs, runId: string, after: number, slowness: number): Promise<number[]> {
  const seqs: number[] = []
  for await (const event of runs.tail(project, runId, after, within())) {
    seqs.push(event.seq)
    if (slowness > 0 && event.seq % slowness === 0) await new Promise((resolve) => setTimeout(resolve, 3))
  }
  return seqs
}

describe.each(testEngines())("readers on %s", (engine) => {
  let database: TestStore
  let store: Store
  beforeAll(async () => {
    database = await openTestStore(engine)
    store = database.store
  })
  afterAll(() => database[Symbol.asyncDispose]())

  it("give each reader every event after its place exactly once, in order", async () => {
    // A ring of four events: slow readers fall out of it and go back to the table. On a busy machine a short lease would be lost, and the run begun anew.
    const local = kernelOn(store, [talker], { limits: { tailRingEventsMax: 4, leaseMs: 20_000 } })
    const remote = engine === "postgres" ? kernelOn(await database.openAnother(), [], { role: "gateway" }) : local
    const reader = fc.record({ after: fc.nat(12), slowness: fc.nat(4), delayMs: fc.nat(20), far: fc.boolean() })
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 5 }),
        fc.constantFrom(0, 1, 8),
        fc.array(reader, { minLength: 1, maxLength: 5 }),
        async (bursts, pauseMs, readers) => {
          const run = await local.start(request("talker", { bursts, pauseMs }))
          const seen = await Promise.all(
            readers.map(async ({ after, slowness, delayMs, far }) => {
              await new Promise((resolve) => setTimeout(resolve, delayMs))
              return read(far ? remote : local, run.id, after, slowness)
            }),
          )
          const { lastSeq } = await end(local, run)
          expect(lastSeq).toBe(bursts.reduce((sum, burst) => sum + burst, 0) + 2)
          for (const [i, { after }] of readers.entries()) {
            expect(seen[i]).toEqual(Array.from({ length: Math.max(0, lastSeq - after) }, (_, n) => after + n + 1))
          }
        },
      ),
      { numRuns: 40 },
    )
  })

  it("end at once for a run that ended before their place, and when they are aborted", async () => {
    const runs = kernelOn(store, [talker, defineWorkflow("quiet", (ctx) => ctx.waitForSignal("never").then(() => null))])
    const run = await runs.start(request("talker", { bursts: [3], pauseMs: 0 }))
    const { lastSeq } = await end(runs, run)
    expect(await read(runs, run.id, lastSeq, 0)).toEqual([])
    expect(await read(runs, run.id, lastSeq + 5, 0)).toEqual([])
    const quiet = await runs.start(request("quiet"))
    const stop = new AbortController()
    const events: RunEvent[] = []
    const reading = (async () => {
      for await (const event of runs.tail(project, quiet.id, 0, stop.signal)) events.push(event)
    })()
    setTimeout(() => stop.abort(), 100)
    await reading
    expect(events[0]?.type).toBe("run.started")
  })

  it("never see an event that is not committed", async () => {
    const runs = kernelOn(store, [talker])
    const run = await runs.start(request("talker", { bursts: [20, 20], pauseMs: 5 }))
    for await (const event of runs.tail(project, run.id, 0, within())) {
      const [row] = await store.system.query<{ type: string }>("select type from run_events where run_id = $1 and seq = $2", [
        run.id,
        event.seq,
      ])
      expect(row?.type).toBe(event.type)
    }
  })
})
