// List prices of Cohere; a search unit is one query with up to a hundred documents.
import type { ProviderPrices } from "./types.ts"

export const coherePrices: ProviderPrices = {
  source: "https://cohere.com/pricing",
  checkedOn: "2026-06",
  models: {
    "command-a": { input: 2.5, output: 10 },
    "command-r-plus": { input: 2.5, output: 10 },
    "command-r": { input: 0.15, output: 0.6 },
    "command-r7b": { input: 0.0375, output: 0.15 },
    "embed-v4.0": { input: 0.12 },
    "embed-english-v3.0": { input: 0.1 },
    "embed-multilingual-v3.0": { input: 0.1 },
    "rerank-v4.0-pro": { perThousandSearches: 2.5 },
    "rerank-v4.0-fast": { perThousandSearches: 2 },
    "rerank-v3.5": { perThousandSearches: 2 },
    "rerank-english-v3.0": { perThousandSearches: 2 },
    "rerank-multilingual-v3.0": { perThousandSearches: 2 },
  },
}
