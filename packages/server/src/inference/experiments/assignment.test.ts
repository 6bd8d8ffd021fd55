// Assignment: subjects stay with their variant, weights are kept to, and a change of weights moves only those that it must.
import { expect, test } from "vitest"
import { isInShare, variantFor } from "./assignment.ts"

const subjects = Array.from({ length: 5_000 }, (_, index) => `user-${index}`)
const variants = (...weights: number[]): { name: string; weight: number }[] =>
  weights.map((weight, index) => ({ name: `v${index}`, weight }))
const assigned = (...weights: number[]): string[] =>
  subjects.map((subject) => variantFor(variants(...weights), "proj\0exp", subject)?.name ?? "")
const shareOf = (given: string[], name: string): number => given.filter((each) => each === name).length / given.length

test("a subject gets the same variant each time, and another experiment's draw tells nothing of it", () => {
  const [first, again] = [assigned(1, 1), assigned(1, 1)]
  expect(again).toEqual(first)
  const other = subjects.map((subject) => variantFor(variants(1, 1), "proj\0other", subject)?.name)
  const alike = other.filter((name, index) => name === first[index]).length / subjects.length
  expect(Math.abs(alike - 0.5)).toBeLessThan(0.03)
})

test("variants get subjects by their weights, and none without a weight", () => {
  const given = assigned(70, 20, 10, 0)
  expect([0.7, 0.2, 0.1].map((share, index) => Math.abs(shareOf(given, `v${index}`) - share) < 0.03)).toEqual([true, true, true])
  expect(shareOf(given, "v3")).toBe(0)
  expect(variantFor(variants(0, 0), "s", "x")).toBeUndefined()
})

test("a weight that grows takes subjects from the others, and moves nobody else", () => {
  const [before, after] = [assigned(0.5, 0.3, 0.2), assigned(0.6, 0.24, 0.16)]
  const moved = subjects.flatMap((_, index) => (before[index] === after[index] ? [] : [[before[index], after[index]]]))
  expect(moved.every(([, to]) => to === "v0")).toBe(true)
  expect(Math.abs(moved.length / subjects.length - 0.1)).toBeLessThan(0.03)
})

test("a variant that is taken away gives its subjects to the others, whose own stay", () => {
  const [before, after] = [assigned(1, 1, 1), assigned(1, 1, 0)]
  expect(subjects.every((_, index) => before[index] === "v2" || before[index] === after[index])).toBe(true)
})

test("a share is a share of the subjects, the same ones each time, and a larger one keeps them", () => {
  const inShare = (share: number): boolean[] => subjects.map((subject) => isInShare(share, "proj\0exp", subject))
  const [tenth, third] = [inShare(0.1), inShare(0.3)]
  expect(Math.abs(tenth.filter(Boolean).length / subjects.length - 0.1)).toBeLessThan(0.02)
  expect(tenth.every((isIn, index) => !isIn || third[index])).toBe(true)
})
