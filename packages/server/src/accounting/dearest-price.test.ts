// The price that is reserved before it is known who serves a call: no candidate costs more.
import { describe, expect, it } from "vitest"
import { fc } from "../testing/fast-check.ts"
import { costOf, dearestPrice, priceFromUsd, type Price } from "./index.ts"

const usd = fc.integer({ min: 0, max: 1_000 })
const maybe = fc.option(usd, { nil: undefined })
const tokenPrices = {
  input: usd,
  output: maybe,
  cachedInput: maybe,
  cacheWrite: maybe,
  cacheWriteLong: maybe,
  reasoning: maybe,
  audioInput: maybe,
  audioOutput: maybe,
  imageInput: maybe,
  imageOutput: maybe,
}
const above = fc.option(fc.record({ ...tokenPrices, inputTokens: fc.integer({ min: 1, max: 1_000 }) }), { nil: undefined })
const price = fc
  .record({
    ...tokenPrices,
    above,
    tiers: fc.option(fc.record({ flex: fc.record({ ...tokenPrices, above }) }), { nil: undefined }),
    perImageOf: fc.option(fc.record({ "hd 1024x1024": usd }), { nil: undefined }),
    perRequest: maybe,
    perImage: maybe,
    perSecond: maybe,
    perMillionCharacters: maybe,
  })
  .map((each) => priceFromUsd(JSON.parse(JSON.stringify(each)) as Parameters<typeof priceFromUsd>[0]))
const count = fc.nat(2_000)
const usage = fc.record({
  inputTokens: count,
  outputTokens: count,
  cachedTokens: count,
  cacheWriteTokens: count,
  cacheWriteLongTokens: count,
  reasoningTokens: count,
  audioInputTokens: count,
  audioOutputTokens: count,
  imageInputTokens: count,
  imageOutputTokens: count,
  serviceTier: fc.constantFrom("default", "flex"),
  imageKind: fc.constantFrom("hd 1024x1024", "standard 1x1"),
  imageCount: count,
  seconds: count,
  characters: count,
})

function dearest(prices: readonly (Price | undefined)[]): Price | undefined {
  const candidates = prices.map((_, index) => ({ id: String(index), provider: "p", upstreamModel: "m" }))
  return dearestPrice({ priceOf: ({ id }) => prices[Number(id)] }, candidates)
}

describe("the dearest price", () => {
  it("is never below what any candidate costs", () => {
    fc.assert(
      fc.property(fc.array(price, { minLength: 1, maxLength: 4 }), usage, (prices, used) => {
        // Cheap caches of one candidate are no promise of another: nothing is taken for cached.
        const worst = costOf({ ...used, cachedTokens: 0 }, dearest(prices)).costMicroUsd
        for (const each of prices) expect(costOf({ ...used, cachedTokens: 0 }, each).costMicroUsd).toBeLessThanOrEqual(worst)
      }),
    )
  })

  it("knows a tier that one candidate has, at what the others usually cost", () => {
    const both = dearest([priceFromUsd({ input: 4, tiers: { flex: { input: 2 } } }), priceFromUsd({ input: 3 })])
    const usage = { inputTokens: 1_000, outputTokens: 0, cachedTokens: 0 }
    expect(costOf({ ...usage, serviceTier: "flex" }, both)).toEqual({ costMicroUsd: 3_000, costKnown: true })
    expect(costOf(usage, both)).toEqual({ costMicroUsd: 4_000, costKnown: true })
    expect(costOf({ ...usage, serviceTier: "priority" }, both).costKnown).toBe(false)
  })

  it("is that of the only candidate, and unknown where one is", () => {
    const only = priceFromUsd({ input: 1, output: 2, above: { inputTokens: 10, input: 2 } })
    expect(dearest([only])).toBe(only)
    expect(dearest([only, undefined])).toBeUndefined()
    expect(dearest([])).toBeUndefined()
  })
})
