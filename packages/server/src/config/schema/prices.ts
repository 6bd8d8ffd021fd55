// The price of a deployment as the configuration states it: per million tokens, and per piece for what is not counted in tokens.
import { z } from "zod"

const usd = z.number().min(0).max(100_000)
const optional = usd.optional()

const tokenPrices = {
  outputPerMillionUsd: optional,
  cachedInputPerMillionUsd: optional.meta({ description: "Input read from the provider's cache; as input when absent" }),
  cacheWritePerMillionUsd: optional.meta({ description: "Input written to the provider's cache; as input when absent" }),
  cacheWriteLongPerMillionUsd: optional.meta({ description: "Written for an hour; as cacheWritePerMillionUsd when absent" }),
  reasoningPerMillionUsd: optional.meta({ description: "Output that is thought; as output when absent" }),
  audioInputPerMillionUsd: optional,
  audioOutputPerMillionUsd: optional,
}

export const priceSchema = z
  .strictObject({
    inputPerMillionUsd: usd.default(0),
    ...tokenPrices,
    above: z
      .strictObject({ inputTokens: z.int().min(1).max(100_000_000), inputPerMillionUsd: optional, ...tokenPrices })
      .optional()
      .meta({ description: "Prices of every token of a request with more input than that; what is absent stays as it is" }),
    perRequestUsd: optional,
    perImageUsd: optional,
    perSecondUsd: optional.meta({ description: "Of audio, in or out" }),
    perMillionCharactersUsd: optional,
    perThousandSearchesUsd: optional.meta({ description: "Of a reranker's search units" }),
  })
  .meta({ description: "What it costs, where the built-in list does not know it or is wrong" })
