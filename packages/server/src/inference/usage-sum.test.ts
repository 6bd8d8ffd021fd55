// Usage that is added up: no piece that is billed gets lost, whichever side has it.
import { expect, it } from "vitest"
import type { ModelUsage } from "./types.ts"
import { addUsage, noUsage } from "./usage-sum.ts"

const all: Required<ModelUsage> = {
  inputTokens: 1,
  outputTokens: 2,
  cachedTokens: 3,
  reasoningTokens: 4,
  cacheWriteTokens: 5,
  cacheWriteLongTokens: 6,
  audioInputTokens: 7,
  audioOutputTokens: 8,
  imageCount: 9,
  characters: 10,
  seconds: 11,
  searchUnits: 12,
  estimated: true,
}

it("keeps every piece, and is nothing where nothing was used", () => {
  expect(addUsage(all, noUsage)).toEqual(all)
  expect(addUsage(noUsage, all)).toEqual(all)
  const doubled = Object.fromEntries(Object.entries(all).map(([name, value]) => [name, typeof value === "number" ? value * 2 : value]))
  expect(addUsage(all, all)).toEqual(doubled)
  expect(addUsage(noUsage, noUsage)).toStrictEqual(noUsage)
})
