// The look of an experiment: weights over time, and means on one scale.
import type { Experiment } from "@perdure/client"
import { expect, test } from "vitest"
import { percent, scoreLines, scoreNames, scoreText, weightsOverTime } from "./experiment-look.ts"

const known = { requests: 0, failed: 0, costMicroUsd: 0, costKnown: true, latencyMs: null, outputTokens: 0, probabilityBest: null }
const variant = (name: string, weight: number, scores: Experiment["variants"][number]["scores"] = []): Experiment["variants"][number] => ({
  name,
  model: "m",
  prompt: null,
  declaredWeight: 0.5,
  weight,
  ...known,
  scores,
})
const change = (at: number, kind: Experiment["log"][number]["kind"], before: number | null, after: number): Experiment["log"][number] => {
  const weights = (a: number): Record<string, number> => ({ a, b: 1 - a })
  return {
    id: at,
    at,
    kind,
    reason: "",
    principal: null,
    before: before === null ? null : weights(before),
    after: weights(after),
    posterior: null,
  }
}

test("each piece of time has the weights at its end, from the oldest change until now", () => {
  const log = [
    change(30, "promoted", 0.7, 1),
    change(20, "sampled", 0.6, 0.7),
    change(10, "sampled", 0.5, 0.6),
    change(0, "created", null, 0.5),
  ]
  const slices = weightsOverTime({ variants: [variant("a", 0.7), variant("b", 0.3)], log }, 40, 8)
  expect(slices.map(({ at }) => at)).toEqual([5, 10, 15, 20, 25, 30, 35, 40])
  expect(slices.map(({ weights }) => weights[0])).toEqual([0.5, 0.6, 0.6, 0.7, 0.7, 0.7, 0.7, 0.7])
})

test("without a change the weights are those of now", () => {
  expect(weightsOverTime({ variants: [variant("a", 0.9), variant("b", 0.1)], log: [] }, 40, 2).map(({ weights }) => weights)).toEqual([
    [0.9, 0.1],
    [0.9, 0.1],
  ])
})

test("means and bounds of all variants lie on one scale", () => {
  const score = (mean: number, low: number, high: number): Experiment["variants"][number]["scores"] => [
    { name: "ok", count: 9, mean, low, high },
  ]
  const variants = [variant("a", 0.5, score(0.4, 0.2, 0.6)), variant("b", 0.5, score(0.92, 0.8, 1.0)), variant("c", 0)]
  expect(scoreLines(variants, "ok").map(({ variant: name, from, to, point }) => [name, ...[from, point, to].map(Math.round)])).toEqual([
    ["a", 0, 25, 50],
    ["b", 75, 90, 100],
  ])
  expect(scoreNames(variants)).toEqual(["ok"])
  expect([percent(0.123), scoreText(0.12345), scoreText(null)]).toEqual(["12.3 %", "0.123", "–"])
})
