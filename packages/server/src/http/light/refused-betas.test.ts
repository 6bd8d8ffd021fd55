// What is remembered of betas that a cloud refused: for how long, for whom, and how much of it.
import { expect, it } from "vitest"
import { createRefusedBetas, type RefusedBetas } from "./refused-betas.ts"

function memory(part: { refusedBetasMax?: number } = {}) {
  const time = { ms: 0 }
  const clock = { now: () => time.ms, monotonic: () => time.ms }
  return { time, betas: createRefusedBetas({ clock, limits: { refusedBetasMs: 1_000, refusedBetasMax: 10, ...part } }) }
}

/** Of a request that went without what was known before it. */
function refuse(betas: RefusedBetas, deploymentId: string, named: readonly string[], message: string): boolean {
  return betas.refused(deploymentId, { betas: named, sent: betas.withoutRefused(deploymentId, named), message })
}

it("leaves out those that the refusal names, and keeps the others", () => {
  const { betas } = memory()
  expect(refuse(betas, "d", ["a-1", "b-2", "c-3"], "Unexpected value(s) `b-2` for the `anthropic-beta` header")).toBe(true)
  expect(betas.withoutRefused("d", ["a-1", "b-2", "c-3"])).toEqual(["a-1", "c-3"])
})

it("leaves out all that were sent where the refusal names none, and says when none is left", () => {
  const { betas } = memory()
  expect(refuse(betas, "d", ["a-1", "b-2"], "unexpected beta `a-1`")).toBe(true)
  expect(refuse(betas, "d", ["a-1", "b-2"], "invalid beta flag")).toBe(true)
  expect(betas.withoutRefused("d", ["a-1", "b-2"])).toEqual([])
  expect(refuse(betas, "d", ["a-1", "b-2"], "invalid beta flag")).toBe(false)
})

it("takes from no other deployment and no other set of betas", () => {
  const { betas } = memory()
  refuse(betas, "d", ["real", "made-up"], "invalid beta flag")
  expect(betas.withoutRefused("other", ["real", "made-up"])).toEqual(["real", "made-up"])
  expect(betas.withoutRefused("d", ["real"])).toEqual(["real"])
})

it("forgets after its time, and the oldest where it is full", () => {
  const { time, betas } = memory({ refusedBetasMax: 2 })
  for (const id of ["first", "second", "third"]) refuse(betas, id, ["x"], "invalid beta flag")
  expect(["first", "second", "third"].map((id) => betas.withoutRefused(id, ["x"]).length)).toEqual([1, 0, 0])
  time.ms = 1_001
  expect(betas.withoutRefused("third", ["x"])).toEqual(["x"])
})

it("waits for three refusals that name one beta each, and leaves out the rest at the fourth", () => {
  const { betas } = memory()
  const named = ["real", "a-1", "b-2", "c-3", "d-4", "e-5"]
  for (const beta of ["a-1", "b-2", "c-3"]) refuse(betas, "d", named, `unexpected beta \`${beta}\``)
  expect(betas.withoutRefused("d", named)).toEqual(["real", "d-4", "e-5"])
  refuse(betas, "d", named, "unexpected beta `d-4`")
  expect(betas.withoutRefused("d", named)).toEqual([])
})

it("learns nothing from the same refusal of calls that went at the same time, and lets each be asked again", () => {
  const { betas } = memory()
  const named = ["real", "a-1"]
  const refused = () => betas.refused("d", { betas: named, sent: named, message: "unexpected beta `a-1`" })
  expect([refused(), refused(), refused(), refused()]).toEqual([true, true, true, true])
  expect(betas.withoutRefused("d", named)).toEqual(["real"])
  expect(betas.refused("d", { betas: named, sent: named, message: "invalid beta flag" })).toBe(true)
  expect(betas.refused("d", { betas: named, sent: named, message: "invalid beta flag" })).toBe(true)
  expect(betas.withoutRefused("d", named)).toEqual([])
})
