// List prices of xAI.
import type { ProviderPrices } from "./types.ts"

export const xaiPrices: ProviderPrices = {
  source: "https://docs.x.ai/docs/models",
  checkedOn: "2026-08",
  models: {
    "grok-4.5": { input: 2, output: 6, cachedInput: 0.5, above: { inputTokens: 200_000, input: 4, output: 12, cachedInput: 1 } },
    "grok-4.3": { input: 1.25, output: 2.5, cachedInput: 0.2 },
    "grok-4.20": { input: 1.25, output: 2.5, cachedInput: 0.2 },
    "grok-4-0709": { input: 3, output: 15, cachedInput: 0.75 },
    "grok-4": { input: 3, output: 15, cachedInput: 0.75 },
    "grok-4-1-fast-reasoning": { input: 0.2, output: 0.5, cachedInput: 0.05 },
    "grok-4-1-fast-non-reasoning": { input: 0.2, output: 0.5, cachedInput: 0.05 },
    "grok-4-fast-reasoning": { input: 0.2, output: 0.5, cachedInput: 0.05 },
    "grok-4-fast-non-reasoning": { input: 0.2, output: 0.5, cachedInput: 0.05 },
    "grok-code-fast-1": { input: 0.2, output: 1.5, cachedInput: 0.02 },
    "grok-build-0.1": { input: 1, output: 2, cachedInput: 0.2 },
    "grok-3": { input: 3, output: 15, cachedInput: 0.75 },
    "grok-3-mini": { input: 0.3, output: 0.5, cachedInput: 0.075 },
  },
  perThousandToolCalls: { web_search: 5, x_search: 5, code_interpreter: 5, file_search: 2.5 },
}
