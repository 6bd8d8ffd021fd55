// Prices of a tier that are published as a part or a multiple of the usual ones.
import type { ListedTierPrices, ListedTokenPrices } from "./types.ts"

/** Every token, also those of longer requests. */
export function scaled(price: ListedTierPrices, factor: number): ListedTierPrices {
  const { above } = price
  const tokens = scaledTokens(price, factor)
  return above ? { ...tokens, above: { ...scaledTokens(above, factor), inputTokens: above.inputTokens } } : tokens
}

const names = [
  "input",
  "output",
  "cachedInput",
  "cacheWrite",
  "cacheWriteLong",
  "reasoning",
  "audioInput",
  "cachedAudioInput",
  "audioOutput",
  "imageInput",
  "cachedImageInput",
  "imageOutput",
] as const satisfies readonly (keyof ListedTokenPrices)[]

function scaledTokens(price: ListedTokenPrices, factor: number): ListedTokenPrices {
  const tokens: ListedTokenPrices = {}
  for (const name of names) {
    const usd = price[name]
    if (usd !== undefined) tokens[name] = usd * factor
  }
  return tokens
}
