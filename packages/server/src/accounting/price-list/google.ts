// List prices of Gemini, by the Developer API; Vertex' global endpoint costs the same.
import { scaled } from "./scaled.ts"
import type { ListedPrice, ListedTierPrices, ProviderPrices } from "./types.ts"

/** Half for what may wait, but for what a batch reads from the cache; 1.8 times for what goes first. */
function tiers(price: ListedTierPrices): NonNullable<ListedPrice["tiers"]> {
  const { cachedInput, cachedAudioInput, above } = price
  const half = scaled(price, 0.5)
  const cached = { ...(cachedInput === undefined ? {} : { cachedInput }), ...(cachedAudioInput === undefined ? {} : { cachedAudioInput }) }
  const long = above?.cachedInput === undefined || !half.above ? {} : { above: { ...half.above, cachedInput: above.cachedInput } }
  return { flex: half, batch: { ...half, ...cached, ...long }, priority: scaled(price, 1.8) }
}

/** From version 3 on each query of a search is paid; previews are had at Vertex' global address alone. */
function gemini3(price: ListedTierPrices): ListedPrice {
  return { ...price, tiers: tiers(price), regionalAddress: null, perThousandToolCalls: { google_search: 14, google_search_prompt: 0 } }
}

/** What is out of preview costs a tenth more at any other address of Vertex, since July 2026. */
function released3(price: ListedTierPrices): ListedPrice {
  return { ...gemini3(price), regionalAddress: 1.1 }
}

/** Before, each request that was grounded by searches, however many. */
const byPrompt = { google_search: 0, google_search_prompt: 35 }

function gemini25(price: ListedTierPrices): ListedPrice {
  return { ...price, tiers: tiers(price), perThousandToolCalls: byPrompt }
}

const pro3 = gemini3({
  input: 2,
  output: 12,
  cachedInput: 0.2,
  above: { inputTokens: 200_000, input: 4, output: 18, cachedInput: 0.4 },
})

export const googlePrices: ProviderPrices = {
  source: "https://ai.google.dev/gemini-api/docs/pricing (Paid tier: Standard, Batch, Flex, Priority)",
  checkedOn: "2026-11",
  models: {
    // Half of it until the end of 2026; 1.5, 7.5 and 0.15 from then on.
    "gemini-3.8-flash": released3({ input: 0.75, output: 3.75, cachedInput: 0.075 }),
    "gemini-3.6-flash": released3({ input: 1.5, output: 7.5, cachedInput: 0.15 }),
    "gemini-3.5-flash": released3({ input: 1.5, output: 9, cachedInput: 0.15 }),
    "gemini-3.5-flash-lite": released3({ input: 0.3, output: 2.5, cachedInput: 0.03 }),
    "gemini-3.1-pro-preview": pro3,
    "gemini-3-pro-preview": pro3,
    "gemini-3-flash-preview": gemini3({ input: 0.5, output: 3, cachedInput: 0.05, audioInput: 1, cachedAudioInput: 0.1 }),
    "gemini-3.1-flash-lite": released3({ input: 0.25, output: 1.5, cachedInput: 0.025, audioInput: 0.5, cachedAudioInput: 0.05 }),
    "gemini-3-pro-image-preview": { input: 2, output: 12, imageOutput: 120, regionalAddress: null },
    "gemini-3.1-flash-image-preview": { input: 0.5, output: 3, imageOutput: 60, regionalAddress: null },
    "gemini-3.1-flash-lite-image": { input: 0.25, output: 1.5, imageOutput: 30, regionalAddress: null },
    "gemini-2.5-pro": gemini25({
      input: 1.25,
      output: 10,
      cachedInput: 0.125,
      above: { inputTokens: 200_000, input: 2.5, output: 15, cachedInput: 0.25 },
    }),
    "gemini-2.5-flash": gemini25({ input: 0.3, output: 2.5, cachedInput: 0.03, audioInput: 1, cachedAudioInput: 0.1 }),
    "gemini-2.5-flash-lite": gemini25({ input: 0.1, output: 0.4, cachedInput: 0.01, audioInput: 0.3, cachedAudioInput: 0.03 }),
    "gemini-2.5-flash-image": { input: 0.3, output: 2.5, imageOutput: 30 },
    "gemini-2.5-flash-preview-tts": { input: 0.5, output: 10, audioOutput: 10 },
    "gemini-2.5-pro-preview-tts": { input: 1, output: 20, audioOutput: 20 },
    "gemini-2.0-flash": {
      input: 0.1,
      output: 0.4,
      cachedInput: 0.025,
      audioInput: 0.7,
      cachedAudioInput: 0.175,
      perThousandToolCalls: byPrompt,
    },
    "gemini-2.0-flash-lite": { input: 0.075, output: 0.3 },
    "gemini-embedding-001": { input: 0.15 },
    "imagen-4.0-generate-001": { perImage: 0.04 },
    "imagen-4.0-fast-generate-001": { perImage: 0.02 },
    "imagen-4.0-ultra-generate-001": { perImage: 0.06 },
  },
  // https://cloud.google.com/vertex-ai/generative-ai/pricing, by notes that cite it: before version 3 every address costs the same.
  regionalAddress: 1,
}
