// List prices of Groq, Together and Fireworks: providers that serve models of others.
import type { ProviderPrices } from "./types.ts"

export const groqPrices: ProviderPrices = {
  source: "https://groq.com/pricing",
  checkedOn: "2026-08",
  models: {
    "llama-3.1-8b-instant": { input: 0.05, output: 0.08 },
    "llama-3.3-70b-versatile": { input: 0.59, output: 0.79 },
    "llama-4-maverick-17b-128e-instruct": { input: 0.2, output: 0.6 },
    "llama-4-scout-17b-16e-instruct": { input: 0.11, output: 0.34 },
    "llama-guard-4-12b": { input: 0.2, output: 0.2 },
    "gpt-oss-120b": { input: 0.15, output: 0.6, cachedInput: 0.075 },
    "gpt-oss-20b": { input: 0.075, output: 0.3, cachedInput: 0.0375 },
    "kimi-k2-instruct": { input: 1, output: 3, cachedInput: 0.5 },
    "kimi-k2-instruct-0905": { input: 1, output: 3, cachedInput: 0.5 },
    "qwen3-32b": { input: 0.29, output: 0.59 },
    "whisper-large-v3": { perSecond: 0.111 / 3_600 },
    "whisper-large-v3-turbo": { perSecond: 0.04 / 3_600 },
  },
  // https://console.groq.com/docs/flex-processing: the price is that of on-demand calls.
  usualTiers: ["flex"],
}

export const togetherPrices: ProviderPrices = {
  source: "https://www.together.ai/pricing",
  checkedOn: "2026-08",
  models: {
    "llama-3.3-70b-instruct-turbo": { input: 0.88, output: 0.88 },
    "llama-4-maverick-17b-128e-instruct-fp8": { input: 0.27, output: 0.85 },
    "llama-4-scout-17b-16e-instruct": { input: 0.18, output: 0.59 },
    "meta-llama-3.1-405b-instruct-turbo": { input: 3.5, output: 3.5 },
    "meta-llama-3.1-70b-instruct-turbo": { input: 0.88, output: 0.88 },
    "meta-llama-3.1-8b-instruct-turbo": { input: 0.18, output: 0.18 },
    "mixtral-8x7b-instruct-v0.1": { input: 0.9, output: 0.9 },
  },
}

export const fireworksPrices: ProviderPrices = {
  source: "https://docs.fireworks.ai/serverless/pricing",
  checkedOn: "2026-08",
  models: {
    "kimi-k2p7-code": { input: 0.95, output: 4, cachedInput: 0.19 },
    "kimi-k2p6": { input: 0.95, output: 4, cachedInput: 0.16 },
    "kimi-k2p5": { input: 0.6, output: 3, cachedInput: 0.1 },
    "deepseek-v4-pro": { input: 1.74, output: 3.48, cachedInput: 0.145 },
    "deepseek-v4-flash": { input: 0.14, output: 0.28, cachedInput: 0.028 },
    "deepseek-v3p2": { input: 0.56, output: 1.68, cachedInput: 0.28 },
    "glm-5p1": { input: 1.4, output: 4.4, cachedInput: 0.26 },
    "glm-5": { input: 1, output: 3.2, cachedInput: 0.2 },
    "glm-4p7": { input: 0.6, output: 2.2, cachedInput: 0.3 },
    "minimax-m2p7": { input: 0.3, output: 1.2, cachedInput: 0.06 },
    "minimax-m2p5": { input: 0.3, output: 1.2, cachedInput: 0.03 },
    "qwen3-vl-30b-a3b-instruct": { input: 0.15, output: 0.6, cachedInput: 0.075 },
    "gpt-oss-120b": { input: 0.15, output: 0.6, cachedInput: 0.015 },
    "gpt-oss-20b": { input: 0.07, output: 0.3, cachedInput: 0.035 },
    "llama-v3p1-8b-instruct": { input: 0.2, output: 0.2 },
  },
}
