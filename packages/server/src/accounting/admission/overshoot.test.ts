// The promise of budgets, with real processes: 200 calls at once, in one process and in two, overshoot by at most one reservation; prints the figures.
import { spawn, type ChildProcess } from "node:child_process"
import { once } from "node:events"
import { join } from "node:path"
import { createInterface } from "node:readline"
import { afterAll, afterEach, describe, expect, it } from "vitest"
import { sleep } from "../../core/index.ts"
import { openTestStore, testEngines, type TestEngine, type TestStore } from "../../testing/database.ts"
import type { LimitsChildOptions, LimitsChildResult } from "../../testing/limits-child.ts"
import { nodeFlags } from "../../testing/node-flags.ts"

const budgetMicroUsd = 1_000_000
const reservationMicroUsd = 1_000
const file = join(import.meta.dirname, "..", "..", "testing", "limits-child.ts")
const table: Record<string, string | number>[] = []

interface Child extends AsyncDisposable {
  process: ChildProcess
  go(): Promise<LimitsChildResult>
}

async function start(location: LimitsChildOptions["location"], part: Partial<LimitsChildOptions> = {}): Promise<Child> {
  const options: LimitsChildOptions = {
    location,
    budgetMicroUsd,
    reservationMicroUsd,
    callsAtOnce: 200,
    isStuck: false,
    creditLeaseMs: 10_000,
    ...part,
  }
  const child = spawn(process.execPath, [...nodeFlags, file, JSON.stringify(options)], { stdio: ["pipe", "pipe", "inherit"] })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const exited = once(child, "exit")
  const next = async (): Promise<string> => {
    const { value, done } = await lines.next()
    if (done === true) throw new Error("the child ended")
    return value
  }
  expect(await next()).toBe("ready")
  const go = async (): Promise<LimitsChildResult> => {
    child.stdin.write("go\n")
    return JSON.parse(await next()) as LimitsChildResult
  }
  const end = async (): Promise<void> => {
    if (child.exitCode === null && child.signalCode === null) child.stdin.end("end\n")
    await exited
  }
  return { process: child, go, [Symbol.asyncDispose]: end }
}

/** What all of them spent, and the overshoot; also a row of the table. */
function overshootOf(engine: TestEngine, results: readonly LimitsChildResult[]): { overshoot: number; unused: number } {
  const sum = (of: (result: LimitsChildResult) => number): number => results.reduce((total, result) => total + of(result), 0)
  const spent = sum(({ spentMicroUsd }) => spentMicroUsd)
  const [overshoot, unused] = [Math.max(0, spent - budgetMicroUsd), Math.max(0, budgetMicroUsd - spent)]
  const admitted = sum((result) => result.admitted)
  const waited = sum((result) => result.waited)
  table.push({
    engine,
    processes: results.length,
    atOnce: 200 * results.length,
    budget: budgetMicroUsd,
    reservation: reservationMicroUsd,
    admitted,
    spent,
    overshoot,
    unused,
    waited,
  })
  return { overshoot, unused }
}

describe.each(testEngines())("a budget on %s", { timeout: 240_000 }, (engine) => {
  let database: TestStore | undefined
  async function open(): Promise<LimitsChildOptions["location"]> {
    database = await openTestStore(engine)
    if (engine === "pglite") await database.store[Symbol.asyncDispose]()
    return database.location
  }
  afterEach(async () => await database?.[Symbol.asyncDispose]())
  afterAll(() => process.stderr.write(`${tableText(table.splice(0))}\n`))

  it.each(engine === "pglite" ? [1] : [1, 2])("is used up and not overshot by 200 calls at once in each of %i processes", async (count) => {
    const location = await open()
    await using children = new AsyncDisposableStack()
    const started = await Promise.all(Array.from({ length: count }, () => start(location)))
    for (const child of started) children.use(child)
    const { overshoot, unused } = overshootOf(engine, await Promise.all(started.map((child) => child.go())))
    expect(overshoot).toBeLessThanOrEqual(reservationMicroUsd)
    expect(unused).toBeLessThanOrEqual(reservationMicroUsd)
  })

  it.runIf(engine === "postgres")("gets back what a killed process held, when its lease is over", async () => {
    const location = await open()
    await using children = new AsyncDisposableStack()
    const [victim, survivor] = await Promise.all([
      start(location, { isStuck: true, creditLeaseMs: 2_000 }),
      start(location, { creditLeaseMs: 2_000 }),
    ])
    children.use(survivor)
    expect(await victim.go()).toMatchObject({ admitted: 200, spentMicroUsd: 0 })
    victim.process.kill("SIGKILL")
    await victim[Symbol.asyncDispose]()
    await sleep(100)
    const { overshoot, unused } = overshootOf(engine, [await survivor.go()])
    expect([overshoot, unused <= reservationMicroUsd]).toEqual([0, true])
  })
})

function tableText(rows: readonly Record<string, string | number>[]): string {
  const heads = Object.keys(rows[0] ?? {})
  const widths = heads.map((head) => Math.max(head.length, ...rows.map((row) => String(row[head]).length)))
  const line = (cells: readonly unknown[]): string => cells.map((cell, index) => String(cell).padStart(widths[index] ?? 0)).join("  ")
  return [line(heads), ...rows.map((row) => line(heads.map((head) => row[head])))].join("\n")
}
