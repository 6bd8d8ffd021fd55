// An experiment in memory: what is known of a variant belongs to its model with the parameters that are configured for it.
import { experimentDefinitionSchema } from "@perdure/contract"
import { expect, test } from "vitest"
import { heldExperiment, inState } from "./held.ts"

const definition = experimentDefinitionSchema.parse({ variants: { a: { model: "fast", weight: 1 }, b: { model: "careful", weight: 1 } } })
const declared = { name: "size", definition, origin: "perdure.yaml:1" }
const contents = (parametersOf?: Parameters<typeof heldExperiment>[2]): string[] =>
  heldExperiment(declared, undefined, parametersOf).variants.map(({ content }) => content)

test("other parameters of a model make its variant another one, and leave the others as they were", () => {
  const [fast, careful] = contents()
  expect(contents(() => undefined)).toEqual([fast, careful])
  const [cool, same] = contents((model) => (model === "fast" ? [{ defaults: { temperature: 0 } }] : undefined))
  expect(cool).not.toBe(fast)
  expect(same).toBe(careful)
})

test("weights that were set for it stand while its parameters do", () => {
  const parametersOf = (): null[] => [null]
  const held = heldExperiment(declared, undefined, parametersOf)
  const state = { name: "size", status: "running", winner: null, weights: { a: 0.9, b: 0.1 }, basis: held.basis, sampledAt: null } as const
  expect(inState(held, state).variants.map(({ weight }) => weight)).toEqual([0.9, 0.1])
  expect(heldExperiment(declared, state, parametersOf).variants.map(({ weight }) => weight)).toEqual([0.9, 0.1])
  expect(heldExperiment(declared, state).variants.map(({ weight }) => weight)).toEqual([0.5, 0.5])
})
