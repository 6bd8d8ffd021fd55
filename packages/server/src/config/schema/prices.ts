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
  cachedAudioInputPerMillionUsd: optional.meta({ description: "As cachedInputPerMillionUsd when absent" }),
  audioOutputPerMillionUsd: optional,
  imageInputPerMillionUsd: optional.meta({ description: "Tokens of pictures; as input when absent" }),
  cachedImageInputPerMillionUsd: optional.meta({ description: "As cachedInputPerMillionUsd when absent" }),
  imageOutputPerMillionUsd: optional.meta({ description: "Tokens of pictures; as output when absent" }),
}

const above = z
  .strictObject({ inputTokens: z.int().min(1).max(100_000_000), inputPerMillionUsd: optional, ...tokenPrices })
  .optional()
  .meta({ description: "Prices of every token of a request with more input than that; what is absent stays as it is" })

const tierNote = "In the service tier that the answer names: `flex`, `priority`, `batch`. What another tier costs is unknown"
const regionNote = "What tokens cost times as much where the answer names that region: `us`. What another one costs is unknown"
const imageNote = "By quality and size, `hd 1024x1792`; perImageUsd holds for what is not named"
const toolNote = "Calls of a tool that the provider runs: `web_search`, `file_search`. What another one costs is unknown"
const name = z.string().min(1).max(100)

export const priceSchema = z
  .strictObject({
    inputPerMillionUsd: usd.default(0),
    ...tokenPrices,
    above,
    tiers: z.record(name, z.strictObject({ inputPerMillionUsd: usd.meta({ description: tierNote }), ...tokenPrices, above })).optional(),
    regionFactors: z.record(name, z.number().min(0).max(100).meta({ description: regionNote })).optional(),
    perRequestUsd: optional,
    perImageUsd: optional,
    perImageOfUsd: z.record(name, usd.meta({ description: imageNote })).optional(),
    perSecondUsd: optional.meta({ description: "Of audio, in or out" }),
    perMillionCharactersUsd: optional,
    perThousandSearchesUsd: optional.meta({ description: "Of a reranker's search units" }),
    perThousandToolCallsUsd: z.record(name, usd.meta({ description: toolNote })).optional(),
  })
  .meta({ description: "What it costs, where the built-in list does not know it or is wrong" })
