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
  imageInputTokens: 13,
  imageOutputTokens: 14,
  cachedAudioTokens: 15,
  cachedImageTokens: 16,
  imageCount: 9,
  imageKind: "hd 1024x1024",
  characters: 10,
  seconds: 11,
  searchUnits: 12,
  serviceTier: "flex",
  servedIn: "us",
  toolCalls: { web_search: 2 },
  toldMicroUsd: 17,
  estimated: true,
}

it("keeps every piece, and is nothing where nothing was used", () => {
  expect(addUsage(all, noUsage)).toEqual(all)
  expect(addUsage(noUsage, all)).toEqual(all)
  const doubled = Object.fromEntries(Object.entries(all).map(([name, value]) => [name, typeof value === "number" ? value * 2 : value]))
  expect(addUsage(all, all)).toEqual({ ...doubled, toolCalls: { web_search: 4 } })
  expect(addUsage(noUsage, noUsage)).toStrictEqual(noUsage)
})

it("takes what one part is said to have cost for nothing but that part", () => {
  const { toldMicroUsd: _told, ...untold } = all
  expect(addUsage(all, untold).toldMicroUsd).toBeUndefined()
  expect(addUsage(untold, all).toldMicroUsd).toBeUndefined()
})

it("has no tier with a price where its parts were served in two", () => {
  const { serviceTier: _tier, ...usual } = all
  expect(addUsage(all, { ...all, serviceTier: "default" }).serviceTier).toBe("mixed")
  expect(addUsage(usual, { ...all, serviceTier: "default" }).serviceTier).toBe("default")
  expect(addUsage(usual, usual).serviceTier).toBeUndefined()
  expect(addUsage(all, { ...all, toolCalls: { file_search: 1 } }).toolCalls).toEqual({ web_search: 2, file_search: 1 })
})
