// List prices of Anthropic; Claude on Vertex costs the same.
import type { ListedPrice, ProviderPrices } from "./types.ts"

/** Writing to the cache costs 1.25 times the input, for an hour twice; reading a tenth unless said otherwise. */
function claude(input: number, output: number, cachedInput = input / 10): ListedPrice {
  return { input, output, cachedInput, cacheWrite: input * 1.25, cacheWriteLong: input * 2 }
}

export const anthropicPrices: ProviderPrices = {
  source: "https://platform.claude.com/docs/en/about-claude/pricing",
  checkedOn: "2026-11",
  models: {
    "claude-fable-5-1": claude(10, 50, 0.25),
    "claude-mythos-5-1": claude(10, 50, 0.25),
    "claude-fable-5": claude(10, 50),
    "claude-mythos-5": claude(10, 50),
    "claude-opus-5-5": claude(4, 20, 0.2),
    "claude-opus-5": claude(5, 25),
    "claude-opus-4-8": claude(5, 25),
    "claude-opus-4-7": claude(5, 25),
    "claude-opus-4-6": claude(5, 25),
    "claude-opus-4-5": claude(5, 25),
    "claude-opus-4-1": claude(15, 75),
    "claude-opus-4-0": claude(15, 75),
    "claude-opus-4": claude(15, 75),
    "claude-sonnet-5-5": claude(2, 10, 0.1),
    "claude-sonnet-5": claude(2, 10),
    "claude-sonnet-4-6": claude(3, 15),
    "claude-sonnet-4-5": { ...claude(3, 15), above: { inputTokens: 200_000, ...claude(6, 22.5) } },
    "claude-sonnet-4-0": { ...claude(3, 15), above: { inputTokens: 200_000, ...claude(6, 22.5) } },
    "claude-sonnet-4": { ...claude(3, 15), above: { inputTokens: 200_000, ...claude(6, 22.5) } },
    "claude-3-7-sonnet": claude(3, 15),
    "claude-3-5-sonnet": claude(3, 15),
    "claude-haiku-5-5": { ...claude(0.1, 0.5), above: { inputTokens: 100_000, ...claude(0.5, 2.5) } },
    "claude-haiku-4-5": claude(1, 5),
    "claude-3-5-haiku": claude(0.8, 4),
    "claude-3-haiku": { input: 0.25, output: 1.25, cachedInput: 0.03, cacheWrite: 0.3, cacheWriteLong: 0.5 },
    "claude-3-opus": claude(15, 75),
  },
}
