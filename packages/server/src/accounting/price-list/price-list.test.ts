// The list of prices as a list: where each table was read, that a change has a version of its own, that no price is a slip of the pen.
import { createHash } from "node:crypto"
import { readdirSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { given } from "../given.ts"
import {
  listedPrice,
  priceListVersion,
  type ListedPrice,
  type ListedTierPrices,
  type ListedTokenPrices,
  type ProviderPrices,
} from "./index.ts"

const notTables = new Set(["index.ts", "types.ts", "scaled.ts", "price-list.test.ts"])
const files = readdirSync(import.meta.dirname).filter((name) => !notTables.has(name))
const tables: [name: string, table: ProviderPrices][] = []
for (const file of files) {
  const module = (await import(join(import.meta.dirname, file))) as Record<string, ProviderPrices>
  tables.push(...Object.entries(module))
}
const rows = tables.flatMap(([table, { models }]) => Object.entries(models).map(([model, price]) => ({ table, model, price })))

/** Cheaper than this, or dearer, was never charged for a million tokens. */
const usdMax = 1_000

describe("the list of prices", () => {
  it("has a version of its own for each change: write the new digest together with a new version", () => {
    const parts = (price: ListedPrice): string[] => Object.entries(price).map((part) => JSON.stringify(part))
    const lines = rows.map(({ table, model, price }) => [table, model, ...parts(price).toSorted()].join(" "))
    const forAll = tables.map(([name, { usualTiers, perThousandToolCalls, regionalAddress }]) => {
      return JSON.stringify([name, usualTiers, perThousandToolCalls, regionalAddress])
    })
    const digest = createHash("sha256")
      .update([...lines.toSorted(), ...forAll.toSorted()].join("\n"))
      .digest("hex")
      .slice(0, 16)
    expect({ version: priceListVersion, digest }).toEqual({ version: "2026-11.4", digest: "7df691620ac069a8" })
  })

  it.each(tables)("%s says where it was read and when, not after the list's own date", (_, { source, checkedOn }) => {
    expect(source).toMatch(/^https:\/\//)
    expect(checkedOn).toMatch(/^20\d\d-(?:0[1-9]|1[0-2])$/)
    expect(checkedOn <= priceListVersion.slice(0, 7)).toBe(true)
  })

  it.each(rows)("$table: $model is priced as prices are", ({ price }) => {
    const { tiers = {}, regions = {}, perImageOf = {}, perThousandToolCalls = {}, regionalAddress, ...usual } = price
    expectTier(usual)
    for (const tier of Object.values(tiers)) {
      expectTier(tier)
      // What has a price has one in every tier, also above the bound: it would be taken for plain tokens.
      expect(Object.keys(tokensOf(tier)).toSorted()).toEqual(Object.keys(tokensOf(usual)).toSorted())
      expect(tier.above?.inputTokens).toBe(usual.above?.inputTokens)
    }
    for (const factor of [...Object.values(regions), regionalAddress ?? 1]) {
      expect(factor).toBeGreaterThanOrEqual(1)
      expect(factor).toBeLessThan(2)
    }
    for (const usd of [...Object.values(perImageOf), ...Object.values(perThousandToolCalls)]) expectUsd(usd, 10_000)
  })

  it("has what a tier costs beside its usual price: less for what may wait, more for what goes first", () => {
    const wrong = rows.filter(({ price: { input = 0, tiers = {} } }) => {
      const { batch, flex, priority, fast, ultrafast } = tiers
      const isDear = [batch, flex].some((tier) => (tier?.input ?? 0) > input)
      return isDear || [priority, fast, ultrafast].some((tier) => (tier?.input ?? Infinity) <= input)
    })
    expect(wrong.map(({ model }) => model)).toEqual([])
  })

  it("knows a model in capitals as in small letters, and nothing of other providers' names", () => {
    expect(listedPrice("openai", "GPT-4o")).toEqual(listedPrice("openai", "gpt-4o"))
    expect(listedPrice("mistral", "gpt-4o")).toBeUndefined()
    expect(listedPrice("nobody", "gpt-4o")).toBeUndefined()
  })

  it("has every name in the letters in which names are looked up", () => {
    expect(rows.filter(({ model }) => model !== model.toLowerCase() || /\s/.test(model))).toEqual([])
  })
})

function expectUsd(usd: number, most: number): void {
  expect(usd).toBeGreaterThanOrEqual(0)
  expect(usd).toBeLessThanOrEqual(most)
}

function expectTier({ above, ...below }: ListedTierPrices): void {
  for (const part of [below, ...(above ? [tokensOf(above)] : [])]) for (const usd of Object.values(part)) expectUsd(usd, usdMax)
  expectTokens(below)
  if (above) expectAbove(below, above)
}

function tokensOf(price: ListedTierPrices): ListedTokenPrices {
  const { input, output, cachedInput, cacheWrite, cacheWriteLong, reasoning, audioInput, audioOutput, imageInput, imageOutput } = price
  const { cachedAudioInput, cachedImageInput } = price
  const cached = { cachedInput, cachedAudioInput, cachedImageInput, cacheWrite, cacheWriteLong }
  return given({ input, output, reasoning, audioInput, audioOutput, imageInput, imageOutput, ...cached })
}

/** Reading a cache is never dearer than the input, writing it never cheaper, and answers never cheaper than questions. */
function expectTokens(price: ListedTokenPrices): void {
  const { input = 0, output, cachedInput = input, cacheWrite = input, cacheWriteLong = cacheWrite } = price
  const { audioInput = input, cachedAudioInput = cachedInput, imageInput = input, cachedImageInput = cachedInput } = price
  expect(cachedInput).toBeLessThanOrEqual(input)
  expect(cachedAudioInput).toBeLessThanOrEqual(audioInput)
  expect(cachedImageInput).toBeLessThanOrEqual(imageInput)
  expect(cacheWrite).toBeGreaterThanOrEqual(input)
  expect(cacheWriteLong).toBeGreaterThanOrEqual(cacheWrite)
  // An embedding has no answer; nothing else is charged less for it.
  if (output !== undefined) expect(output).toBeGreaterThanOrEqual(input)
}

function expectAbove(below: ListedTokenPrices, above: NonNullable<ListedPrice["above"]>): void {
  expect(above.inputTokens).toBeGreaterThanOrEqual(10_000)
  expectTokens(above)
  for (const key of ["input", "output", "cachedInput", "cacheWrite", "cacheWriteLong"] as const)
    if (below[key] !== undefined && above[key] !== undefined) expect(above[key]).toBeGreaterThanOrEqual(below[key])
  // What has a price below the bound has one above it: it would stay as it is, and be too cheap.
  expect(Object.keys(below).filter((key) => !Object.hasOwn(above, key))).toEqual([])
}
