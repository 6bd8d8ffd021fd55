// List prices of Mistral.
import type { ProviderPrices } from "./types.ts"

export const mistralPrices: ProviderPrices = {
  source: "https://mistral.ai/pricing#api-pricing",
  checkedOn: "2026-08",
  models: {
    "mistral-large": { input: 0.5, output: 1.5, cachedInput: 0.05 },
    "mistral-large-2512": { input: 0.5, output: 1.5, cachedInput: 0.05 },
    "mistral-large-2411": { input: 2, output: 6 },
    "mistral-medium": { input: 0.4, output: 2 },
    "mistral-medium-3": { input: 0.4, output: 2 },
    "mistral-medium-2508": { input: 0.4, output: 2 },
    "mistral-small": { input: 0.15, output: 0.6, cachedInput: 0.015 },
    "mistral-small-2603": { input: 0.15, output: 0.6, cachedInput: 0.015 },
    "mistral-small-2506": { input: 0.1, output: 0.3 },
    "ministral-14b-2512": { input: 0.2, output: 0.2, cachedInput: 0.02 },
    "ministral-8b-2512": { input: 0.15, output: 0.15 },
    "ministral-3b-2512": { input: 0.1, output: 0.1, cachedInput: 0.01 },
    "magistral-medium": { input: 2, output: 5 },
    "magistral-small": { input: 0.5, output: 1.5 },
    codestral: { input: 0.3, output: 0.9, cachedInput: 0.03 },
    "codestral-2508": { input: 0.3, output: 0.9, cachedInput: 0.03 },
    "devstral-2512": { input: 0.4, output: 2, cachedInput: 0.04 },
    "pixtral-large": { input: 2, output: 6 },
    "pixtral-12b": { input: 0.15, output: 0.15 },
    "open-mistral-nemo": { input: 0.15, output: 0.15 },
    "mistral-saba": { input: 0.2, output: 0.6 },
    "voxtral-small-2507": { input: 0.1, output: 0.3 },
    "mistral-embed": { input: 0.1 },
    "codestral-embed": { input: 0.15 },
    "mistral-moderation": { input: 0.1 },
  },
}
