// What the suites that kill at random moments share: their seed and counts, the table of effects, how everything comes to its end, what must be true then.
import { setTimeout as pause } from "node:timers/promises"
import { testEngines } from "../../packages/server/src/testing/database.ts"
import type { Store } from "../../packages/server/src/store/index.ts"
import type { Life } from "./life.ts"
import type { Suite } from "./suite.ts"
import type { Witness } from "./witness.ts"

export const seed = Number(process.env["CHAOS_SEED"] ?? Date.now() % 1_000_000)
export const kills = Number(process.env["CHAOS_KILLS"] ?? 200)
/** Of the kills, those on Postgres with two processes. */
export const killsOnPostgres = testEngines().includes("postgres") ? Math.floor(kills / 5) : 0

export async function prepare(store: Store): Promise<void> {
  await store.system.query("create table chaos_effects (project_id text not null, run text not null, key text not null)")
  await store.system.query("select perdure_protect('chaos_effects')")
}

export function effects(store: Store): Promise<{ run: string; key: string; count: number }[]> {
  return store.system.query<{ run: string; key: string; count: number }>(
    "select run, key, count(*)::integer as count from chaos_effects group by run, key",
  )
}

/** Lets everything come to its end. */
export async function settle(suite: Suite, lives: [Life, string][]): Promise<void> {
  for (const [life, reader] of lives) suite.brief(life, reader)
  const until = performance.now() + 90_000
  while (suite.open.length > 0 && performance.now() < until) {
    for (const [life, reader] of lives) suite.attend(life, reader)
    const [first] = lives
    if (first) await suite.inspect(first[0])
    await pause(100)
  }
}

export const nothingWrong = { open: [], problems: [] }

export function conclude(suite: Suite, witness: Witness): { open: string[]; problems: string[] } {
  witness.close()
  const { kills, runs, doubts, childProblems } = suite.notes
  process.stderr.write(
    `CHAOS_SEED=${seed}: ${kills} kills, ${runs} runs, ${witness.events.size} events read, ${witness.effects.length} effects, ${doubts} doubts\n`,
  )
  for (const text of new Set(childProblems)) process.stderr.write(`  a process said: ${text}\n`)
  return { open: suite.open, problems: [...suite.problems, ...witness.problems].slice(0, 20) }
}
