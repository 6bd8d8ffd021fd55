// What spend is summed by: read from the address, called by a name, and leading to runs.
import { expect, it } from "vitest"
import { spendFilterOf, spendGroupLink, spendGroupName, spendGroupOf, spendGroupOptions } from "./spend-group.ts"

it("takes what the address says, a name of metadata too, and models otherwise", () => {
  expect([null, "tag", "metadata.customer", "metadata.", "nothing"].map(spendGroupOf)).toEqual([
    "model",
    "tag",
    "metadata.customer",
    "model",
    "model",
  ])
  expect(spendGroupOptions("metadata.customer").at(-1)).toEqual(["metadata.customer", "By customer"])
  expect(spendGroupOptions("tag")).toHaveLength(7)
})

it("leads from a name to its values, and from a value or a tag to its runs", () => {
  expect(spendGroupLink("metadata", "week")?.("customer id")).toBe("/spend?by=metadata.customer+id&range=week")
  expect(spendGroupLink("metadata.customer", "week")?.("a&b")).toBe("/runs?metadata=customer%3Da%26b")
  expect(spendGroupLink("tag", "week")?.("team:search")).toBe("/runs?tag=team%3Asearch")
  expect(spendGroupLink("kind", "week")).toBeUndefined()
})

it("says what a run without a group lacks", () => {
  const key = (id: string): string => `key ${id}`
  expect([spendGroupName("metadata.customer", "", key), spendGroupName("tag", "", key), spendGroupName("principal", "k", key)]).toEqual([
    "no customer",
    "no tag",
    "key k",
  ])
})

it("takes a tag, or a name with its value, for a filter", () => {
  expect(["", "beta", "customer=acme", "=x"].map(spendFilterOf)).toEqual([
    {},
    { tag: "beta" },
    { metadata: "customer=acme" },
    { tag: "=x" },
  ])
})
