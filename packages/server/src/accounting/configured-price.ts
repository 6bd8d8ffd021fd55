// Prices that the configuration states: of a deployment, and the ones that are assumed where nobody knows any.
import type { Config, PriceConfig } from "../config/index.ts"
import { given } from "./given.ts"
import type { ListedTokenPrices } from "./price-list/index.ts"
import { priceFromUsd, type Price } from "./prices.ts"

export function priceFromConfig(price: PriceConfig): Price {
  const { above } = price
  const pieces = {
    perRequest: price.perRequestUsd,
    perImage: price.perImageUsd,
    perSecond: price.perSecondUsd,
    perMillionCharacters: price.perMillionCharactersUsd,
    perThousandSearches: price.perThousandSearchesUsd,
  }
  const long = above && { above: { ...tokens(above), inputTokens: above.inputTokens } }
  return priceFromUsd({ ...tokens(price), ...given(pieces), ...long })
}

/** What pieces are taken for without a price, in dollars: more than most cost. */
const assumedPieces = { perImage: 0.2, perSecond: 0.001, perMillionCharacters: 30, perThousandSearches: 2.5 }

/** Taken by budgets of money for a model without a known price. */
export function assumedPrice({ inputPerMillionUsd, outputPerMillionUsd }: Config["unknownPrice"]): Price {
  return priceFromUsd({ input: inputPerMillionUsd, output: outputPerMillionUsd, ...assumedPieces })
}

function tokens(price: Omit<PriceConfig, "inputPerMillionUsd"> & { inputPerMillionUsd?: number | undefined }): ListedTokenPrices {
  return given({
    input: price.inputPerMillionUsd,
    output: price.outputPerMillionUsd,
    cachedInput: price.cachedInputPerMillionUsd,
    cacheWrite: price.cacheWritePerMillionUsd,
    cacheWriteLong: price.cacheWriteLongPerMillionUsd,
    reasoning: price.reasoningPerMillionUsd,
    audioInput: price.audioInputPerMillionUsd,
    audioOutput: price.audioOutputPerMillionUsd,
  })
}
