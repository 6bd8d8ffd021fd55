// Kills the only process at random moments, again and again, and checks that nothing acknowledged is lost, nothing happens twice, and every run ends.
import { setTimeout as pause } from "node:timers/promises"
import { afterEach, describe, expect, it } from "vitest"
import { openTestStore } from "../../packages/server/src/testing/database.ts"
import { conclude, effects, kills, killsOnPostgres, nothingWrong, prepare, seed, settle } from "./kills.ts"
import type { Life } from "./life.ts"
import { Suite } from "./suite.ts"
import { Witness } from "./witness.ts"

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
})
