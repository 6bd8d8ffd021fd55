// Kills processes at random moments, again and again, and checks that nothing acknowledged is lost, nothing happens twice, and every run ends.
import { setTimeout as pause } from "node:timers/promises"
import { afterEach, describe, expect, it } from "vitest"
import { openTestStore, testEngines, type TestStore } from "../../packages/server/src/testing/database.ts"
import type { Store } from "../../packages/server/src/store/index.ts"
import type { Life } from "./life.ts"
import { Suite } from "./suite.ts"
import { Witness } from "./witness.ts"

const seed = Number(process.env["CHAOS_SEED"] ?? Date.now() % 1_000_000)
const kills = Number(process.env["CHAOS_KILLS"] ?? 200)
/** Of the kills, those on Postgres with two processes. */
const killsOnPostgres = testEngines().includes("postgres") ? Math.floor(kills / 5) : 0

describe(`chaos with CHAOS_SEED=${seed} CHAOS_KILLS=${kills}`, () => {
  const lives = new Set<Life>()
  afterEach(async () => {
    for (const life of lives) if (life.alive) await life.kill()
    lives.clear()
  })

  it(`loses and doubles nothing over ${kills - killsOnPostgres} kills of the only process`, async () => {
    await using database = await openTestStore("pglite")
    await prepare(database.store)
    await database.store[Symbol.asyncDispose]()
    const witness = new Witness()
    await witness.listen()
    const suite = new Suite(seed, witness, database.location)
    const spawn = (): Life => {
      const life = suite.spawn("reader")
      lives.add(life)
      return life
    }
    let standby = spawn()
    while (suite.notes.kills < kills - killsOnPostgres) {
      const life = standby
      standby = spawn()
      await life.open()
      suite.addRuns(suite.open.length < 20 ? 3 : 1)
      suite.brief(life, "reader")
      const until = performance.now() + 50 + suite.random() * 500
      await suite.inspect(life)
      while (performance.now() < until) {
        suite.attend(life, "reader")
        await pause(10)
      }
      await life.kill()
      lives.delete(life)
      suite.notes.kills += 1
    }
    await standby.open()
    await settle(suite, [[standby, "reader"]])
    await standby.kill()
    const store = await database.openAnother()
    suite.checkEffects(await effects(store))
    expect(conclude(suite, witness)).toEqual(nothingWrong)
  })

  it.skipIf(killsOnPostgres === 0)(`hands runs over within 5 s, over ${killsOnPostgres} kills of one of two processes`, async () => {
    await using database: TestStore = await openTestStore("postgres")
    const { store } = database
    await prepare(store)
    const witness = new Witness()
    await witness.listen()
    const suite = new Suite(seed + 1, witness, database.location)
    const pair: [Life, Life] = [suite.spawn("left"), suite.spawn("right")]
    for (const life of pair) lives.add(life)
    await Promise.all(pair.map((life) => life.open()))
    let slowestMs = 0
    while (suite.notes.kills < killsOnPostgres) {
      suite.addRuns(suite.open.length < 20 ? 5 : 2)
      for (const [i, life] of pair.entries()) suite.brief(life, sideOf(i))
      const until = performance.now() + 100 + suite.random() * 600
      while (performance.now() < until) {
        for (const [i, life] of pair.entries()) suite.attend(life, sideOf(i))
        await pause(10)
      }
      const victim = suite.random() < 0.5 ? 0 : 1
      await pair[victim].kill()
      lives.delete(pair[victim])
      suite.notes.kills += 1
      slowestMs = Math.max(slowestMs, await takenOver(store))
      pair[victim] = suite.spawn(sideOf(victim))
      lives.add(pair[victim])
      await pair[victim].open()
      await suite.inspect(pair[victim])
      await suite.inspect(pair[1 - victim] ?? pair[0])
      // The survivor goes on reading where it was; only the new process starts over from its last acknowledged event.
      suite.brief(pair[victim], sideOf(victim))
    }
    await settle(suite, [
      [pair[0], "left"],
      [pair[1], "right"],
    ])
    suite.checkEffects(await effects(store))
    expect(conclude(suite, witness)).toEqual(nothingWrong)
    process.stderr.write(`the slowest take-over took ${Math.round(slowestMs)} ms\n`)
    expect(slowestMs).toBeLessThan(5_000)
  })
})

function sideOf(index: number): "left" | "right" {
  return index === 0 ? "left" : "right"
}

async function prepare(store: Store): Promise<void> {
  await store.system.query("create table chaos_effects (project_id text not null, run text not null, key text not null)")
  await store.system.query("select perdure_protect('chaos_effects')")
}

function effects(store: Store): Promise<{ run: string; key: string; count: number }[]> {
  return store.system.query<{ run: string; key: string; count: number }>(
    "select run, key, count(*)::integer as count from chaos_effects group by run, key",
  )
}

/** Lets everything come to its end. */
async function settle(suite: Suite, lives: [Life, string][]): Promise<void> {
  for (const [life, reader] of lives) suite.brief(life, reader)
  const until = performance.now() + 90_000
  while (suite.open.length > 0 && performance.now() < until) {
    for (const [life, reader] of lives) suite.attend(life, reader)
    const [first] = lives
    if (first) await suite.inspect(first[0])
    await pause(100)
  }
}

/** Milliseconds until no run is held by an executor whose lease is over or gone. */
async function takenOver(store: Store): Promise<number> {
  const startedAt = performance.now()
  // The lease of the dead one is current for a while: wait until the database says that it is over, then until nothing is left of it.
  for (;;) {
    const [row] = await store.system.query<{ executors: number; stuck: number }>(
      `select (select count(*)::integer from executors) as executors,
              (select count(*)::integer from runs where status = 'running' and executor not in (select id from executors)) as stuck`,
    )
    const tookMs = performance.now() - startedAt
    if ((row?.executors === 1 && row.stuck === 0) || tookMs > 10_000) return tookMs
    await pause(20)
  }
}

const nothingWrong = { open: [], problems: [] }

function conclude(suite: Suite, witness: Witness): { open: string[]; problems: string[] } {
  witness.close()
  const { kills, runs, doubts, childProblems } = suite.notes
  process.stderr.write(
    `CHAOS_SEED=${seed}: ${kills} kills, ${runs} runs, ${witness.events.size} events read, ${witness.effects.length} effects, ${doubts} doubts\n`,
  )
  for (const text of new Set(childProblems)) process.stderr.write(`  a process said: ${text}\n`)
  return { open: suite.open, problems: [...suite.problems, ...witness.problems].slice(0, 20) }
}
