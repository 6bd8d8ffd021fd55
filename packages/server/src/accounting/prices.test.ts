// Prices and costs: whole micro-dollars, each token once at the price of what it was, unknown flagged.
import { describe, expect, it } from "vitest"
import { fc } from "../testing/fast-check.ts"
import { costOf, createPrices, priceFromConfig, priceFromUsd, type PricedUsage } from "./index.ts"

const prices = createPrices({ configured: new Map([["mine/gpt-4o", { input: 1, output: 2, cachedInput: 3 }]]) })
const priceOf = (upstreamModel: string, provider = "openai", id = `x/${upstreamModel}`) => prices.priceOf({ id, provider, upstreamModel })
const tokens = fc.nat(10_000_000)
const nothing = { inputTokens: 0, outputTokens: 0, cachedTokens: 0 }

describe("prices", () => {
  it("knows a model by its plain, dated and prefixed name", () => {
    const price = { input: 150_000, output: 600_000, cachedInput: 75_000, list: expect.stringMatching(/^\d{4}-\d\d(\.\d)?$/) as string }
    for (const name of ["gpt-4o-mini", "gpt-4o-mini-2024-07-18", "openai/gpt-4o-mini"]) expect(priceOf(name)).toMatchObject(price)
  })

  it("takes the configured price first, nothing for what runs on one's own machine, and knows what it does not know", () => {
    expect(priceOf("gpt-4o", "openai", "mine/gpt-4o")).toEqual({ input: 1, output: 2, cachedInput: 3 })
    for (const provider of ["embedded", "ollama", "llamacpp", "lmstudio"])
      expect(priceOf("anything", provider)).toMatchObject({ input: 0, output: 0, cachedInput: 0 })
    expect([priceOf("toString"), priceOf("gpt-99"), priceOf("gpt-oss:120b-cloud", "ollama"), priceOf("m", "vllm")]).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
    ])
  })

  it.each([
    ["openai", "gpt-5-mini-2025-08-07", 0.25],
    ["azure", "gpt-4.1", 2],
    ["anthropic", "claude-opus-4-5-20251101", 5],
    ["anthropic", "claude-3-5-haiku-latest", 0.8],
    ["vertex", "claude-sonnet-4-5@20250929", 3],
    ["gemini", "models/gemini-2.5-flash", 0.3],
    ["mistral", "mistral-large-latest", 0.5],
    ["mistral", "mistral-large-2411", 2],
    ["cohere", "command-a-03-2025", 2.5],
    ["groq", "openai/gpt-oss-120b", 0.15],
    ["deepseek", "deepseek-v4-pro", 1.32],
    ["xai", "grok-4", 3],
    ["together", "meta-llama/Llama-3.3-70B-Instruct-Turbo", 0.88],
    ["fireworks", "accounts/fireworks/models/kimi-k2p6", 0.95],
    ["bedrock", "anthropic.claude-haiku-4-5-20251001-v1:0", 1.1],
    ["bedrock", "us.anthropic.claude-haiku-4-5-20251001-v1:0", 1.1],
    ["bedrock", "global.anthropic.claude-haiku-4-5-20251001-v1:0", 1],
    ["bedrock", "eu.anthropic.claude-sonnet-4-20250514-v1:0", 3],
    ["bedrock", "anthropic.claude-3-5-sonnet-20241022-v2:0", 3],
    ["bedrock", "openai.gpt-oss-120b-1:0", 0.15],
    ["bedrock", "amazon.nova-lite-v1:0", 0.06],
    ["openrouter", "anthropic/claude-sonnet-4.5", 3],
    ["openrouter", "openai/gpt-4o", 2.5],
  ])("has the list price of %s's %s", (provider, model, inputUsd) => {
    expect(priceOf(model, provider)?.input).toBe(Math.round(inputUsd * 1_000_000))
  })

  it("does not take a newer model for an older one whose name begins its own", () => {
    for (const model of ["anthropic.claude-opus-4-99", "anthropic.claude-opus-4-99-20300101-v1:0"])
      expect(priceOf(model, "bedrock")).toBeUndefined()
    expect(priceOf("gpt-4o-ultra")).toBeUndefined()
  })

  it("can be stated in the configuration with all that a provider may charge for", () => {
    const price = priceFromConfig({
      inputPerMillionUsd: 1,
      cacheWritePerMillionUsd: 1.25,
      above: { inputTokens: 1_000, outputPerMillionUsd: 3 },
      perRequestUsd: 0.005,
      perMillionCharactersUsd: 15,
    })
    expect(price).toEqual({
      input: 1_000_000,
      output: 0,
      cachedInput: 1_000_000,
      cacheWrite: 1_250_000,
      perRequest: 5_000,
      perCharacter: 15,
      above: { inputTokens: 1_000, input: 1_000_000, output: 3_000_000, cachedInput: 1_000_000, cacheWrite: 1_250_000 },
    })
    expect(costOf({ ...nothing, inputTokens: 1_001, outputTokens: 100 }, price).costMicroUsd).toBe(1_001 + 300 + 5_000)
    expect(costOf({ ...nothing, characters: 200 }, price).costMicroUsd).toBe(3_000 + 5_000)
  })
})

describe("costs", () => {
  const price = priceFromUsd({ input: 2.5, output: 10, cachedInput: 1.25 })

  it("charges cached tokens once, at their own price", () => {
    expect(costOf({ inputTokens: 1_000_000, outputTokens: 0, cachedTokens: 400_000 }, price)).toEqual({
      costMicroUsd: 2_000_000,
      costKnown: true,
    })
  })

  it("charges a thought once, within the output, also where it has a price of its own", () => {
    const usage = { ...nothing, outputTokens: 1_000, reasoningTokens: 400 }
    expect(costOf(usage, price).costMicroUsd).toBe(10_000)
    expect(costOf(usage, { ...price, reasoning: 40_000_000 }).costMicroUsd).toBe(600 * 10 + 400 * 40)
  })

  it("are what the provider says that it charged, rather than by the list, but not rather than by a price that is stated", () => {
    const usage = { ...nothing, inputTokens: 1_000_000, toldMicroUsd: 12_345.6 }
    expect(costOf(usage, priceOf("gpt-4o"))).toEqual({ costMicroUsd: 12_346, costKnown: true })
    expect(costOf(usage, undefined)).toEqual({ costMicroUsd: 12_346, costKnown: true })
    expect(costOf(usage, priceOf("gpt-4o", "openai", "mine/gpt-4o"))).toEqual({ costMicroUsd: 1, costKnown: true })
  })

  it("flags an unknown price, unless nothing was used", () => {
    expect(costOf({ inputTokens: 1, outputTokens: 0, cachedTokens: 0 }, undefined)).toEqual({ costMicroUsd: 0, costKnown: false })
    expect(costOf({ ...nothing, imageCount: 1 }, undefined).costKnown).toBe(false)
    expect(costOf(nothing, undefined).costKnown).toBe(true)
  })

  it("flags pieces without a price, unless the provider counted tokens for them", () => {
    expect(costOf({ ...nothing, seconds: 60 }, price)).toEqual({ costMicroUsd: 0, costKnown: false })
    expect(costOf({ ...nothing, inputTokens: 100, seconds: 60 }, price)).toEqual({ costMicroUsd: 250, costKnown: true })
  })

  it("is a whole number between the costs with all and with no tokens cached", () => {
    fc.assert(
      fc.property(tokens, tokens, tokens, (inputTokens, outputTokens, cachedTokens) => {
        const cost = costOf({ inputTokens, outputTokens, cachedTokens }, price).costMicroUsd
        expect(Number.isSafeInteger(cost)).toBe(true)
        expect(cost).toBeLessThanOrEqual(costOf({ inputTokens, outputTokens, cachedTokens: 0 }, price).costMicroUsd)
        expect(cost).toBeGreaterThanOrEqual(costOf({ inputTokens, outputTokens, cachedTokens: inputTokens }, price).costMicroUsd)
      }),
    )
  })

  it("never charges a token twice, however the parts overlap", () => {
    const dear = { input: 1, output: 1, cachedInput: 1, cacheWrite: 1, cacheWriteLong: 1, reasoning: 1, audioInput: 1, audioOutput: 1 }
    const millions = fc.integer({ min: 0, max: 50 }).map((count) => count * 1_000_000)
    const usage = fc.record({
      inputTokens: millions,
      outputTokens: millions,
      cachedTokens: millions,
      cacheWriteTokens: millions,
      cacheWriteLongTokens: millions,
      audioInputTokens: millions,
      audioOutputTokens: millions,
      reasoningTokens: millions,
    })
    fc.assert(
      fc.property(usage, (used) => {
        expect(costOf(used, dear).costMicroUsd).toBe((used.inputTokens + used.outputTokens) / 1_000_000)
      }),
    )
  })

  it("applies the prices of long requests to the whole of them, from one token above on", () => {
    const astra = priceOf("gpt-6-astra")
    expect(costOf({ inputTokens: 272_000, outputTokens: 1_000, cachedTokens: 0 }, astra).costMicroUsd).toBe(2_720_000 + 50_000)
    expect(costOf({ inputTokens: 272_001, outputTokens: 1_000, cachedTokens: 0 }, astra).costMicroUsd).toBe(5_440_020 + 75_000)
  })
})

/** Calculations that providers, or their users with the bill beside it, published. */
describe("published examples", () => {
  const examples: [what: string, provider: string, model: string, usage: Partial<PricedUsage>, usd: number][] = [
    // platform.claude.com pricing: a coding session of 50,000 input and 15,000 output tokens, without and with 40,000 of them read from the cache.
    ["Anthropic's coding session", "anthropic", "claude-opus-4-6", { inputTokens: 50_000, outputTokens: 15_000 }, 0.625],
    ["the same with a cache", "anthropic", "claude-opus-4-6", { inputTokens: 50_000, outputTokens: 15_000, cachedTokens: 40_000 }, 0.445],
    // A Claude Code session of 156 calls: $0.002820 input, $2.41 output, $2.16 cache writes, $11.16 cache reads.
    [
      "a session of Claude Code",
      "anthropic",
      "claude-opus-4-20250514",
      { inputTokens: 188 + 115_000 + 7_440_000, outputTokens: 32_200, cacheWriteTokens: 115_000, cachedTokens: 7_440_000 },
      0.00282 + 2.415 + 2.15625 + 11.16,
    ],
    // Haiku 5.5 above 100,000 tokens of prompt, cache included: every token at the higher price.
    [
      "Anthropic's long prompts",
      "anthropic",
      "claude-haiku-5-5",
      { inputTokens: 150_000, outputTokens: 1_000, cachedTokens: 90_000, cacheWriteTokens: 20_000, cacheWriteLongTokens: 5_000 },
      (40_000 * 0.5 + 90_000 * 0.05 + 15_000 * 0.625 + 5_000 * 1 + 1_000 * 2.5) / 1_000_000,
    ],
    // OpenAI: (prompt - cached) at the input price, cached at its own, completion with its reasoning at the output price.
    [
      "OpenAI's cached prompt",
      "openai",
      "o1",
      { inputTokens: 2_006, outputTokens: 300, cachedTokens: 1_920, reasoningTokens: 256 },
      (86 * 15 + 1_920 * 7.5 + 300 * 60) / 1_000_000,
    ],
    ["GPT-6 Astra above 272,000 tokens: $20 and $75", "openai", "gpt-6-astra", { inputTokens: 1_000_000, outputTokens: 1_000_000 }, 95],
    [
      "OpenAI's audio",
      "openai",
      "gpt-audio",
      { inputTokens: 1_100, audioInputTokens: 1_000, outputTokens: 520, audioOutputTokens: 500 },
      0.06445,
    ],
    ["whisper, $0.006 a minute", "openai", "whisper-1", { seconds: 90 }, 0.009],
    ["tts-1, $15 for a million characters", "openai", "tts-1", { characters: 4_096 }, 0.06144],
    ["embeddings, $0.02 for a million", "openai", "text-embedding-3-small", { inputTokens: 1_000_000 }, 0.02],
    // docs.x.ai, prompt caching: 125 prompt tokens, 98 of them cached, 48 of completion.
    [
      "xAI's cached prompt",
      "xai",
      "grok-4.5",
      { inputTokens: 125, outputTokens: 48, cachedTokens: 98 },
      (27 * 2 + 98 * 0.5 + 48 * 6) / 1_000_000,
    ],
    // Gemini 2.5 Pro: prompts up to and above 200,000 tokens.
    ["Gemini's short prompt", "gemini", "gemini-2.5-pro", { inputTokens: 200_000, outputTokens: 10_000 }, 0.35],
    ["Gemini's long prompt", "gemini", "gemini-2.5-pro", { inputTokens: 200_001, outputTokens: 10_000 }, 0.6500025],
    ["Gemini's audio", "gemini", "gemini-2.5-flash", { inputTokens: 3_200, audioInputTokens: 3_000, outputTokens: 100 }, 0.00331],
    // DeepSeek at peak: cache hits, misses and output apart.
    ["DeepSeek's cache", "deepseek", "deepseek-v4-pro", { inputTokens: 1_000_000, outputTokens: 100_000, cachedTokens: 600_000 }, 0.9504],
    ["Cohere's search units, $2 a thousand", "cohere", "rerank-v3.5", { searchUnits: 3 }, 0.006],
    ["Groq's hour of Whisper, $0.04", "groq", "whisper-large-v3-turbo", { seconds: 3_600 }, 0.04],
    ["Groq's cache, half price", "groq", "openai/gpt-oss-120b", { inputTokens: 1_000_000, cachedTokens: 500_000 }, 0.1125],
    ["Mistral", "mistral", "codestral-latest", { inputTokens: 1_000_000, outputTokens: 1_000_000 }, 1.2],
    ["Together", "together", "meta-llama/Llama-4-Scout-17B-16E-Instruct", { inputTokens: 1_000_000, outputTokens: 1_000_000 }, 0.77],
    [
      "Fireworks",
      "fireworks",
      "accounts/fireworks/models/glm-5p1",
      { inputTokens: 1_000_000, cachedTokens: 1_000_000, outputTokens: 1_000_000 },
      4.66,
    ],
    [
      "Bedrock in a region, a tenth dearer",
      "bedrock",
      "us.anthropic.claude-sonnet-4-5-20250929-v1:0",
      { inputTokens: 3_000, cachedTokens: 1_000, cacheWriteTokens: 1_000, outputTokens: 1_000 },
      (1_000 * 3.3 + 1_000 * 0.33 + 1_000 * 4.125 + 1_000 * 16.5) / 1_000_000,
    ],
  ]

  it.each(examples)("%s", (_what, provider, model, usage, usd) => {
    expect(costOf({ ...nothing, ...usage }, priceOf(model, provider))).toEqual({
      costMicroUsd: Math.round(usd * 1_000_000),
      costKnown: true,
    })
  })
})
