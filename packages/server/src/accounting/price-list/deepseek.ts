// List prices of DeepSeek at its peak hours; outside them it charges half, so that a sum is never too low.
import type { ProviderPrices } from "./types.ts"

const flash = { input: 0.3, output: 1.2, cachedInput: 0.006 }

export const deepSeekPrices: ProviderPrices = {
  source: "https://api-docs.deepseek.com/quick_start/pricing",
  checkedOn: "2026-10",
  models: {
    "deepseek-flash": flash,
    "deepseek-v4-flash": flash,
    "deepseek-v4-pro": { input: 1.32, output: 3.96, cachedInput: 0.044 },
  },
}
