// Prices and costs: whole micro-dollars, cached tokens once, unknown flagged.
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { costOf, createPrices, priceFromUsd } from "./index.ts"

const prices = createPrices({ configured: new Map([["mine/gpt-4o", { input: 1, output: 2, cachedInput: 3 }]]) })
const priceOf = (upstreamModel: string, provider = "openai", id = `x/${upstreamModel}`) => prices.priceOf({ id, provider, upstreamModel })
const tokens = fc.nat(10_000_000)

describe("prices", () => {
  it("knows a model by its plain, dated and prefixed name", () => {
    const price = { input: 150_000, output: 600_000, cachedInput: 75_000 }
    expect([priceOf("gpt-4o-mini"), priceOf("gpt-4o-mini-2024-07-18"), priceOf("openai/gpt-4o-mini")]).toEqual([price, price, price])
  })

  it("takes the configured price first, nothing for what runs here, and knows what it does not know", () => {
    expect(priceOf("gpt-4o", "openai", "mine/gpt-4o")).toEqual({ input: 1, output: 2, cachedInput: 3 })
    expect(priceOf("anything", "embedded")).toEqual({ input: 0, output: 0, cachedInput: 0 })
    expect(priceOf("toString")).toBeUndefined()
  })
})

describe("costs", () => {
  const price = priceFromUsd({ inputPerMillionUsd: 2.5, outputPerMillionUsd: 10, cachedInputPerMillionUsd: 1.25 })

  it("charges cached tokens once, at their own price", () => {
    expect(costOf({ inputTokens: 1_000_000, outputTokens: 0, cachedTokens: 400_000 }, price)).toEqual({
      costMicroUsd: 2_000_000,
      costKnown: true,
    })
  })

  it("flags an unknown price, unless nothing was used", () => {
    expect(costOf({ inputTokens: 1, outputTokens: 0, cachedTokens: 0 }, undefined)).toEqual({ costMicroUsd: 0, costKnown: false })
    expect(costOf({ inputTokens: 0, outputTokens: 0, cachedTokens: 0 }, undefined).costKnown).toBe(true)
  })

  it("is a whole number between the costs with all and with no tokens cached", () => {
    fc.assert(
      fc.property(tokens, tokens, tokens, (inputTokens, outputTokens, cachedTokens) => {
        const cost = costOf({ inputTokens, outputTokens, cachedTokens }, price).costMicroUsd
        expect(Number.isSafeInteger(cost)).toBe(true)
        expect(cost).toBeLessThanOrEqual(costOf({ inputTokens, outputTokens, cachedTokens: 0 }, price).costMicroUsd)
        expect(cost).toBeGreaterThanOrEqual(costOf({ inputTokens, outputTokens, cachedTokens: inputTokens }, price).costMicroUsd)
      }),
    )
  })
})
