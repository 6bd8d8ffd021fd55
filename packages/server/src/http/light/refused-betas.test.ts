// What is remembered of betas that a cloud refused: for how long, for whom, and how much of it.
import { expect, it } from "vitest"
import { createRefusedBetas } from "./refused-betas.ts"

function memory(part: { refusedBetasMax?: number } = {}) {
  const time = { ms: 0 }
  const clock = { now: () => time.ms, monotonic: () => time.ms }
  return { time, betas: createRefusedBetas({ clock, limits: { refusedBetasMs: 1_000, refusedBetasMax: 10, ...part } }) }
}

it("leaves out those that the refusal names, and keeps the others", () => {
  const { betas } = memory()
  expect(betas.refused("d", ["a-1", "b-2", "c-3"], "Unexpected value(s) `b-2` for the `anthropic-beta` header")).toBe(true)
  expect(betas.withoutRefused("d", ["a-1", "b-2", "c-3"])).toEqual(["a-1", "c-3"])
})

it("leaves out all that were sent where the refusal names none, and says when none is left", () => {
  const { betas } = memory()
  expect(betas.refused("d", ["a-1", "b-2"], "unexpected beta `a-1`")).toBe(true)
  expect(betas.refused("d", ["a-1", "b-2"], "invalid beta flag")).toBe(true)
  expect(betas.withoutRefused("d", ["a-1", "b-2"])).toEqual([])
  expect(betas.refused("d", ["a-1", "b-2"], "invalid beta flag")).toBe(false)
})

it("takes from no other deployment and no other set of betas", () => {
  const { betas } = memory()
  betas.refused("d", ["real", "made-up"], "invalid beta flag")
  expect(betas.withoutRefused("other", ["real", "made-up"])).toEqual(["real", "made-up"])
  expect(betas.withoutRefused("d", ["real"])).toEqual(["real"])
})

it("forgets after its time, and the oldest where it is full", () => {
  const { time, betas } = memory({ refusedBetasMax: 2 })
  for (const id of ["first", "second", "third"]) betas.refused(id, ["x"], "invalid beta flag")
  expect(["first", "second", "third"].map((id) => betas.withoutRefused(id, ["x"]).length)).toEqual([1, 0, 0])
  time.ms = 1_001
  expect(betas.withoutRefused("third", ["x"])).toEqual(["x"])
})
