// Prices that the configuration states: of a deployment, and the ones that are assumed where nobody knows any.
import type { Config, PriceConfig } from "../config/index.ts"
import { given } from "./given.ts"
import { priceFromUsd } from "./price-from-usd.ts"
import type { ListedTierPrices, ListedTokenPrices } from "./price-list/index.ts"
import type { Price } from "./price-types.ts"

export function priceFromConfig(price: PriceConfig): Price {
  const { tiers, regionFactors, perImageOfUsd, perThousandToolCallsUsd } = price
  const pieces = {
    perRequest: price.perRequestUsd,
    perImage: price.perImageUsd,
    perSecond: price.perSecondUsd,
    perMillionCharacters: price.perMillionCharactersUsd,
    perThousandSearches: price.perThousandSearchesUsd,
  }
  return priceFromUsd({
    ...withAbove(price),
    ...given(pieces),
    ...(tiers ? { tiers: Object.fromEntries(Object.entries(tiers).map(([name, tier]) => [name, withAbove(tier)])) } : {}),
    ...(regionFactors ? { regions: regionFactors } : {}),
    ...(perImageOfUsd ? { perImageOf: perImageOfUsd } : {}),
    ...(perThousandToolCallsUsd ? { perThousandToolCalls: perThousandToolCallsUsd } : {}),
  })
}

/** What pieces are taken for without a price, in dollars: more than most cost. */
const assumedPieces = { perImage: 0.2, perSecond: 0.001, perMillionCharacters: 30, perThousandSearches: 2.5 }

/** Taken by budgets of money for a model without a known price. */
export function assumedPrice({ inputPerMillionUsd, outputPerMillionUsd }: Config["unknownPrice"]): Price {
  return priceFromUsd({ input: inputPerMillionUsd, output: outputPerMillionUsd, ...assumedPieces })
}

type StatedTier = NonNullable<PriceConfig["tiers"]>[string]

function withAbove(stated: StatedTier): ListedTierPrices {
  const { above } = stated
  return above ? { ...tokens(stated), above: { ...tokens(above), inputTokens: above.inputTokens } } : tokens(stated)
}

function tokens(price: Omit<StatedTier, "above" | "inputPerMillionUsd"> & { inputPerMillionUsd?: number | undefined }): ListedTokenPrices {
  return given({
    input: price.inputPerMillionUsd,
    output: price.outputPerMillionUsd,
    cachedInput: price.cachedInputPerMillionUsd,
    cacheWrite: price.cacheWritePerMillionUsd,
    cacheWriteLong: price.cacheWriteLongPerMillionUsd,
    reasoning: price.reasoningPerMillionUsd,
    audioInput: price.audioInputPerMillionUsd,
    cachedAudioInput: price.cachedAudioInputPerMillionUsd,
    audioOutput: price.audioOutputPerMillionUsd,
    imageInput: price.imageInputPerMillionUsd,
    cachedImageInput: price.cachedImageInputPerMillionUsd,
    imageOutput: price.imageOutputPerMillionUsd,
  })
}
