// List prices of Gemini, by the Developer API; Vertex' global endpoint costs the same.
import type { ListedPrice, ProviderPrices } from "./types.ts"

const pro3: ListedPrice = {
  input: 2,
  output: 12,
  cachedInput: 0.2,
  above: { inputTokens: 200_000, input: 4, output: 18, cachedInput: 0.4 },
}

export const googlePrices: ProviderPrices = {
  source: "https://ai.google.dev/gemini-api/docs/pricing (Paid tier, Standard)",
  checkedOn: "2026-10",
  models: {
    // Half of it until the end of 2026; 1.5, 7.5 and 0.15 from then on.
    "gemini-3.8-flash": { input: 0.75, output: 3.75, cachedInput: 0.075 },
    "gemini-3.6-flash": { input: 1.5, output: 7.5, cachedInput: 0.15 },
    "gemini-3.5-flash": { input: 1.5, output: 9, cachedInput: 0.15 },
    "gemini-3.5-flash-lite": { input: 0.3, output: 2.5, cachedInput: 0.03 },
    "gemini-3.1-pro-preview": pro3,
    "gemini-3-pro-preview": pro3,
    "gemini-3-flash-preview": { input: 0.5, output: 3, cachedInput: 0.05, audioInput: 1 },
    "gemini-3.1-flash-lite": { input: 0.25, output: 1.5, cachedInput: 0.025, audioInput: 0.5 },
    "gemini-2.5-pro": {
      input: 1.25,
      output: 10,
      cachedInput: 0.125,
      above: { inputTokens: 200_000, input: 2.5, output: 15, cachedInput: 0.25 },
    },
    "gemini-2.5-flash": { input: 0.3, output: 2.5, cachedInput: 0.03, audioInput: 1 },
    "gemini-2.5-flash-lite": { input: 0.1, output: 0.4, cachedInput: 0.01, audioInput: 0.3 },
    "gemini-2.5-flash-image": { input: 0.3, output: 30 },
    "gemini-2.5-flash-preview-tts": { input: 0.5, output: 10, audioOutput: 10 },
    "gemini-2.5-pro-preview-tts": { input: 1, output: 20, audioOutput: 20 },
    "gemini-2.0-flash": { input: 0.1, output: 0.4, cachedInput: 0.025, audioInput: 0.7 },
    "gemini-2.0-flash-lite": { input: 0.075, output: 0.3 },
    "gemini-embedding-001": { input: 0.15 },
  },
}
