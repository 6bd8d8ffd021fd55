// The line that tells what a deployment costs.
import { expect, it } from "vitest"
import { priceText } from "./price-text.ts"

const tokens = { inputPerMillionUsd: 1.25, outputPerMillionUsd: 10, cachedInputPerMillionUsd: 0.125 }
const none = { inputPerMillionUsd: 0, outputPerMillionUsd: 0, cachedInputPerMillionUsd: 0 }
const text = (price: Parameters<typeof priceText>[0]["price"], upstreamModel = "m") => priceText({ price, upstreamModel })

it("tells tokens, tiers and the tools that are charged for", () => {
  const flex = { inputPerMillionUsd: 0.625, outputPerMillionUsd: 5, cachedInputPerMillionUsd: 0.0625 }
  const perThousandToolCallsUsd = { web_search: 10, web_fetch: 0, file_search: 2.5 }
  expect(text({ ...tokens, tiers: { flex }, perThousandToolCallsUsd })).toBe(
    "$1.25 $0.125 $10 / M tokens in, cached, out; flex $0.625 $0.0625 $5; per 1,000 calls web_search $10, file_search $2.50",
  )
  const above = { inputTokens: 200_000, inputPerMillionUsd: 2.5, outputPerMillionUsd: 15, cachedInputPerMillionUsd: 0.25 }
  const longFlex = { inputTokens: 200_000, ...flex }
  expect(text({ ...tokens, above, tiers: { flex: { ...flex, above: longFlex } } })).toBe(
    "$1.25 $0.125 $10 / M tokens in, cached, out; above 200,000 tokens in $2.50 $0.25 $15; flex $0.625 $0.0625 $5; flex above 200,000 tokens in $0.625 $0.0625 $5",
  )
  expect(text({ ...none, perImageUsd: 0.04 })).toBe("$0.04 / image")
  expect(text({ ...tokens, perRequestUsd: 0.005 })).toBe("$1.25 $0.125 $10 / M tokens in, cached, out, $0.005 / request")
})

it("tells free from unknown, and from what depends on the name that is asked for", () => {
  expect(text(none)).toBe("free")
  expect(text(null)).toBe("price unknown")
  expect(text(null, "*")).toBe("price by model")
})
