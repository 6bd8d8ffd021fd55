// Kills the process at every step of the work on memory, and checks that no episode is lost, no fact is half derived, and nothing is there twice.
import { describe, expect, it } from "vitest"
import { testEngines } from "../../packages/server/src/testing/database.ts"
import { runLane } from "./memory/lane.ts"
import { between, chanceOf } from "./responses/chance.ts"

const seed = Number(process.env["CHAOS_SEED"] ?? Date.now() % 1_000_000)
/** In CI a part of them, another one for each state of the tree; 200 is the whole suite. */
const kills = Number(process.env["CHAOS_MEMORY_KILLS"] ?? 7)
/** Databases that are worked on side by side. */
const lanes = Number(process.env["CHAOS_MEMORY_LANES"] ?? (kills < 40 ? 1 : 4))

const steps = ["look", "ask", "facts", "embed", "index", "sessions", "ended", "summarise", "digest", "quiet", "touched", "pages"]
const places = [
  "remember",
  "revoke",
  "compact",
  "expire",
  "consolidated",
  "close",
  ...steps,
  ...["entries", "sources", "tables", "keys", "scrub", "verify", "texts", "finish"].map((step) => `erase:${step}`),
]

describe.each(testEngines())(`memory on %s under chaos with CHAOS_SEED=${seed} CHAOS_MEMORY_KILLS=${kills}`, (engine) => {
  it(`loses, halves and doubles nothing over ${kills} kills at its steps`, { timeout: 3_600_000 }, async () => {
    const chance = chanceOf(seed)
    const first = between(chance, `first on ${engine}`, 0, places.length - 1)
    const lives = Array.from({ length: kills }, (_, number) => ({ number, place: places[(first + number * 5) % places.length] ?? "" }))
    const perLane = Math.ceil(kills / lanes)
    const planned = Array.from({ length: lanes }, (_, lane) => lives.slice(lane * perLane, (lane + 1) * perLane))
    const ends = await Promise.all(planned.map((own) => runLane(engine, own, chance)))

    const reached = ends.flatMap((end) => [...end.reached])
    const counts = Map.groupBy(reached, ([place]) => place)
    const sums = [...counts].map(([place, each]) => ({ place, count: each.reduce((sum, [, count]) => sum + count, 0) }))
    const died = sums.filter(({ place }) => !place.startsWith("idle")).reduce((sum, { count }) => sum + count, 0)
    const told = sums.map(({ place, count }) => `${place} ${count}`).sort()
    process.stderr.write(`CHAOS_SEED=${seed} on ${engine}: ${died} of ${kills} kills at their place: ${told.join(", ")}\n`)
    expect(ends.flatMap(({ problems }) => problems)).toEqual([])
    for (const { believed, expected } of ends) expect(believed).toEqual(expected)
    expect(died).toBeGreaterThanOrEqual(kills * 0.75)
  })
})
