// Prices in micro-dollars, from dollars as people and providers write them.
import { given } from "./given.ts"
import type { ListedPrice, ListedTierPrices, ListedTokenPrices } from "./price-list/index.ts"
import type { Price, TierPrices, TokenPrices } from "./price-types.ts"

export function priceFromUsd(listed: ListedPrice): Price {
  const { perRequest, perImage, perSecond, perMillionCharacters, perThousandSearches } = listed
  const { tiers, regions, perImageOf, perThousandToolCalls } = listed
  const pieces = {
    perRequest: scaled(perRequest, 1_000_000),
    perImage: scaled(perImage, 1_000_000),
    perSecond: scaled(perSecond, 1_000_000),
    perCharacter: scaled(perMillionCharacters, 1),
    perSearch: scaled(perThousandSearches, 1_000),
  }
  return {
    ...tierPrices(listed),
    ...given(pieces),
    ...(tiers ? { tiers: mapped(tiers, tierPrices) } : {}),
    ...(regions ? { regions } : {}),
    ...(perImageOf ? { perImageOf: mapped(perImageOf, (usd) => usd * 1_000_000) } : {}),
    ...(perThousandToolCalls ? { perToolCall: mapped(perThousandToolCalls, (usd) => usd * 1_000) } : {}),
  }
}

function tierPrices(listed: ListedTierPrices): TierPrices {
  const tokens = tokenPrices(listed)
  const { above } = listed
  return above ? { ...tokens, above: { ...tokens, ...tokenPrices({ ...listed, ...above }), inputTokens: above.inputTokens } } : tokens
}

function tokenPrices({ input = 0, output = 0, cachedInput = input, ...others }: ListedTokenPrices): TokenPrices {
  const { cacheWrite, cacheWriteLong, reasoning, audioInput, cachedAudioInput, audioOutput } = others
  const { imageInput, cachedImageInput, imageOutput } = others
  const rest = {
    cacheWrite,
    cacheWriteLong,
    reasoning,
    audioInput,
    cachedAudioInput,
    audioOutput,
    imageInput,
    cachedImageInput,
    imageOutput,
  }
  return { input: micro(input), output: micro(output), cachedInput: micro(cachedInput), ...mapped(given(rest), micro) }
}

function micro(usd: number): number {
  return Math.round(usd * 1_000_000)
}

function scaled(usd: number | undefined, factor: number): number | undefined {
  return usd === undefined ? undefined : usd * factor
}

function mapped<K extends string, From, To>(members: Partial<Readonly<Record<K, From>>>, change: (value: From) => To): Record<K, To> {
  return Object.fromEntries(Object.entries(members).map(([name, value]) => [name, change(value as From)])) as Record<K, To> // of K
}
