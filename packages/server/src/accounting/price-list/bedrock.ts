// List prices of Bedrock in us-east-1, on demand in its standard tier (no other has a page that says what it costs), by model id without its date and version; `global.` where that differs.
import { given } from "../given.ts"
import { anthropicPrices } from "./anthropic.ts"
import { scaled } from "./scaled.ts"
import type { ListedPrice, ProviderPrices } from "./types.ts"

/** Claude from 4.5 on costs a tenth more in a region than globally; older models cost the same everywhere. */
const sameEverywhere = ["claude-3-haiku", "claude-3-opus", "claude-3-5-haiku", "claude-3-5-sonnet", "claude-3-7-sonnet"]
const olderClaude = [...sameEverywhere, "claude-opus-4", "claude-opus-4-1", "claude-sonnet-4"]

function claudeModels(): Record<string, ListedPrice> {
  const models: Record<string, ListedPrice> = {}
  for (const [name, { input, output, cachedInput, cacheWrite, cacheWriteLong }] of Object.entries(anthropicPrices.models)) {
    const price = given({ input, output, cachedInput, cacheWrite, cacheWriteLong })
    models[`global.anthropic.${name}`] = price
    models[`anthropic.${name}`] = olderClaude.includes(name) ? price : scaled(price, 1.1)
  }
  return models
}

export const bedrockPrices: ProviderPrices = {
  source: "https://aws.amazon.com/bedrock/pricing/",
  checkedOn: "2026-08",
  models: {
    ...claudeModels(),
    "amazon.nova-micro": { input: 0.035, output: 0.14, cachedInput: 0.00875 },
    "amazon.nova-lite": { input: 0.06, output: 0.24, cachedInput: 0.015 },
    "amazon.nova-pro": { input: 0.8, output: 3.2, cachedInput: 0.2 },
    "amazon.nova-premier": { input: 2.5, output: 12.5, cachedInput: 0.625 },
    "amazon.nova-2-lite": { input: 0.33, output: 2.75, cachedInput: 0.0825 },
    "global.amazon.nova-2-lite": { input: 0.3, output: 2.5, cachedInput: 0.075 },
    "amazon.titan-embed-text": { input: 0.02 },
    "cohere.embed-english": { input: 0.1 },
    "cohere.embed-multilingual": { input: 0.1 },
    "cohere.rerank-v3-5": { perThousandSearches: 2 },
    "deepseek.r1": { input: 1.35, output: 5.4 },
    "meta.llama3-1-8b-instruct": { input: 0.22, output: 0.22 },
    "meta.llama3-1-70b-instruct": { input: 0.72, output: 0.72 },
    "meta.llama3-3-70b-instruct": { input: 0.72, output: 0.72 },
    "meta.llama4-maverick-17b-instruct": { input: 0.24, output: 0.97 },
    "meta.llama4-scout-17b-instruct": { input: 0.17, output: 0.66 },
    "mistral.mistral-large-3-675b-instruct": { input: 0.5, output: 1.5 },
    "openai.gpt-oss-120b": { input: 0.15, output: 0.6 },
    "openai.gpt-oss-20b": { input: 0.07, output: 0.3 },
    "qwen.qwen3-32b": { input: 0.15, output: 0.6 },
    "qwen.qwen3-coder-480b-a35b": { input: 0.45, output: 1.8 },
  },
}
