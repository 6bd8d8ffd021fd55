// What is charged otherwise than by plain tokens: service tiers, regions, pictures, cached sound and calls of hosted tools.
import { describe, expect, it } from "vitest"
import { costOf, createPrices, priceFromConfig, priceFromUsd, type PricedUsage } from "./index.ts"

const prices = createPrices({ configured: new Map() })
const priceOf = (upstreamModel: string, provider: string) => prices.priceOf({ id: upstreamModel, provider, upstreamModel })
const nothing = { inputTokens: 0, outputTokens: 0, cachedTokens: 0 }
const used = { inputTokens: 10_000, outputTokens: 1_000, cachedTokens: 4_000 }

function costUsd(provider: string, model: string, usage: Partial<PricedUsage>): { usd: number; known: boolean } {
  const { costMicroUsd, costKnown } = costOf({ ...nothing, ...usage }, priceOf(model, provider))
  return { usd: costMicroUsd / 1_000_000, known: costKnown }
}

describe("service tiers", () => {
  const million = { inputTokens: 1_000_000, outputTokens: 1_000_000 }
  it.each<[what: string, provider: string, model: string, usage: Partial<PricedUsage>, usd: number]>([
    // developers.openai.com pricing and openai.com/api-fast-mode, below 272,000 tokens.
    ["OpenAI's flex, half", "openai", "gpt-5", { ...million, serviceTier: "flex" }, 0.625 + 5],
    ["fast mode of GPT-5.4, $5, $0.50 and $30", "openai", "gpt-5.4", { ...used, serviceTier: "priority" }, 0.03 + 0.002 + 0.03],
    ["fast mode of GPT-5 mini", "openai", "gpt-5-mini", { ...million, serviceTier: "priority" }, 0.45 + 3.6],
    ["fast mode of GPT-4.1", "openai", "gpt-4.1-2025-04-14", { ...million, serviceTier: "priority" }, 3.5 + 14],
    ["fast mode of GPT-4o", "openai", "gpt-4o", { ...million, serviceTier: "priority" }, 4.25 + 17],
    ["fast mode of o4-mini", "openai", "o4-mini", { ...million, serviceTier: "priority" }, 2 + 8],
    ["ultrafast Astra, six times", "openai", "gpt-6-astra", { ...used, serviceTier: "ultrafast" }, 0.36 + 0.024 + 0.3],
    // Batch and flex take half off whichever rate applies.
    ["flex above 272,000 tokens", "openai", "gpt-6-astra", { ...million, serviceTier: "flex" }, 10 + 37.5],
    ["the usual tier by its name", "openai", "gpt-5", { ...million, serviceTier: "default" }, 1.25 + 10],
    ["Azure's flex, half", "azure", "gpt-5.4", { ...used, serviceTier: "flex" }, 0.0075 + 0.0005 + 0.0075],
    // platform.claude.com pricing: batches cost half; caching stacks.
    ["Anthropic's batch", "anthropic", "claude-opus-4-6", { ...million, serviceTier: "batch" }, 2.5 + 12.5],
    [
      "Anthropic's batch with what it writes to the cache",
      "anthropic",
      "claude-sonnet-4-6",
      {
        inputTokens: 3_000_000,
        cachedTokens: 1_000_000,
        cacheWriteTokens: 2_000_000,
        cacheWriteLongTokens: 1_000_000,
        serviceTier: "batch",
      },
      0.15 + 1.875 + 3,
    ],
    ["fast mode of Opus 5.5", "anthropic", "claude-opus-5-5", { ...million, serviceTier: "fast" }, 8 + 40],
    ["fast mode of Opus 4.6, $30 and $150", "anthropic", "claude-opus-4-6", { ...million, serviceTier: "fast" }, 30 + 150],
    ["only in the United States, a tenth more", "anthropic", "claude-opus-4-6", { ...million, servedIn: "us" }, 5.5 + 27.5],
    ["fast mode there", "anthropic", "claude-opus-5", { ...million, serviceTier: "fast", servedIn: "us" }, 11 + 55],
    // ai.google.dev: flex half, priority 1.8 times; a batch reads the cache at the usual price.
    ["Gemini's flex", "gemini", "gemini-2.5-flash", { ...million, serviceTier: "flex" }, 0.15 + 1.25],
    ["Gemini's priority", "gemini", "gemini-3.1-pro-preview", { ...used, serviceTier: "priority" }, 0.0216 + 0.00144 + 0.0216],
    ["Gemini's batch and the cache", "gemini", "gemini-2.5-pro", { ...used, serviceTier: "batch" }, 0.00375 + 0.0005 + 0.005],
    // console.groq.com/docs/flex-processing: as on demand.
    ["Groq's flex, the usual price", "groq", "llama-3.3-70b-versatile", { ...million, serviceTier: "flex" }, 0.59 + 0.79],
  ])("%s", (_what, provider, model, usage, usd) => {
    const cost = costUsd(provider, model, usage)
    expect(cost.usd).toBeCloseTo(usd, 6)
    expect(cost.known).toBe(true)
  })

  it.each([
    ["openai", "gpt-6.2-sol", "flex"],
    ["openai", "gpt-5", "scale"],
    ["anthropic", "claude-opus-4-6", "priority"],
    ["anthropic", "claude-haiku-4-5", "fast"],
    ["azure", "gpt-5", "priority"],
    ["bedrock", "amazon.nova-lite-v1:0", "flex"],
    ["openai", "gpt-5", "constructor"],
  ])("flags %s's %s in a tier that has no published price, %s, and never takes the usual one", (provider, model, serviceTier) => {
    expect(costUsd(provider, model, { ...used, serviceTier })).toEqual({ usd: 0, known: false })
    expect(costUsd(provider, model, { ...nothing, serviceTier })).toEqual({ usd: 0, known: true })
  })

  it("flags a region without a known factor", () => {
    expect(costUsd("anthropic", "claude-haiku-4-5", { ...used, servedIn: "us" }).known).toBe(false)
    expect(costUsd("anthropic", "claude-opus-4-6", { ...used, servedIn: "eu" }).known).toBe(false)
  })

  it("cost nothing where the machine is one's own", () => {
    expect(costUsd("ollama", "qwen3", { ...used, serviceTier: "flex" })).toEqual({ usd: 0, known: true })
  })

  it("are stated in the configuration, with their own prices of longer requests", () => {
    const price = priceFromConfig({
      inputPerMillionUsd: 2,
      outputPerMillionUsd: 8,
      tiers: { flex: { inputPerMillionUsd: 1, outputPerMillionUsd: 4, above: { inputTokens: 5_000, inputPerMillionUsd: 1.5 } } },
      regionFactors: { eu: 1.1 },
      perThousandToolCallsUsd: { web_search: 10 },
      perImageOfUsd: { "hd 1024x1024": 0.08 },
      perImageUsd: 0.04,
    })
    const asked = { ...nothing, inputTokens: 1_000, outputTokens: 1_000 }
    expect(costOf({ ...asked, serviceTier: "flex" }, price)).toEqual({ costMicroUsd: 5_000, costKnown: true })
    expect(costOf({ ...asked, inputTokens: 10_000, serviceTier: "flex" }, price).costMicroUsd).toBe(19_000)
    expect(costOf({ ...asked, servedIn: "eu", toolCalls: { web_search: 2 } }, price).costMicroUsd).toBe(11_000 + 20_000)
    expect(costOf({ ...asked, serviceTier: "priority" }, price)).toEqual({ costMicroUsd: 0, costKnown: false })
    expect(costOf({ ...nothing, imageCount: 2, imageKind: "hd 1024x1024" }, price).costMicroUsd).toBe(160_000)
    expect(costOf({ ...nothing, imageCount: 2, imageKind: "standard 1024x1024" }, price).costMicroUsd).toBe(80_000)
  })
})

describe("addresses of one region", () => {
  const million = { ...nothing, inputTokens: 100_000, outputTokens: 100_000 }
  const eu = "https://eu.api.openai.com/v1"
  const world = "https://api.openai.com/v1"
  function chargedUsd(deployment: Omit<Parameters<typeof prices.priceOf>[0], "id">, usage: Partial<PricedUsage> = {}) {
    const { costMicroUsd, costKnown } = costOf({ ...million, ...usage }, prices.priceOf({ id: "d", ...deployment }))
    return costKnown ? costMicroUsd / 1_000_000 : undefined
  }

  it.each([
    // developers.openai.com data residency: models since March 5, 2026.
    ["OpenAI's of newer models cost a tenth more", { provider: "openai", upstreamModel: "gpt-5.4", baseUrl: eu }, 0.275 + 1.65],
    ["its usual one does not", { provider: "openai", upstreamModel: "gpt-5.4", baseUrl: world }, 0.25 + 1.5],
    ["the same host by another provider's type", { provider: "openai-compatible", upstreamModel: "gpt-5.4", baseUrl: eu }, 0.275 + 1.65],
    ["older models cost the same there", { provider: "openai", upstreamModel: "gpt-4.1", baseUrl: eu }, 0.2 + 0.8],
    // platform.claude.com pricing, third-party platforms: from Sonnet 4.5 on.
    [
      "Vertex' for newer Claudes",
      { provider: "vertex", upstreamModel: "claude-haiku-4-5@20251001", settings: { location: "us-east5" } },
      0.66,
    ],
    ["in several regions too", { provider: "vertex", upstreamModel: "claude-haiku-4-5", settings: { location: "eu" } }, 0.66],
    ["not its global one", { provider: "vertex", upstreamModel: "claude-haiku-4-5", settings: { location: "global" } }, 0.6],
    ["nor for older ones", { provider: "vertex", upstreamModel: "claude-opus-4-1", settings: { location: "us-east5" } }, 1.5 + 7.5],
    ["Vertex' for newer Geminis", { provider: "vertex", upstreamModel: "gemini-3.5-flash", settings: { location: "us" } }, 0.165 + 0.99],
    ["not for older ones", { provider: "vertex", upstreamModel: "gemini-2.5-flash", settings: { location: "us-central1" } }, 0.03 + 0.25],
  ] as const)("%s", (_what, deployment, usd) => {
    expect(chargedUsd(deployment)).toBeCloseTo(usd, 6)
  })

  it("scale every tier, above a length too, and never pieces", () => {
    const deployment = { provider: "openai", upstreamModel: "gpt-5.4", baseUrl: eu }
    expect(chargedUsd(deployment, { serviceTier: "flex" })).toBeCloseTo((0.275 + 1.65) / 2, 6)
    expect(chargedUsd(deployment, { inputTokens: 300_000 })).toBeCloseTo(1.65 + 2.475, 6)
    expect(chargedUsd(deployment, { ...nothing, toolCalls: { web_search: 1 } })).toBeCloseTo(0.01, 6)
  })

  it("have no price where nobody published it, and stated prices are taken as they are", () => {
    expect(chargedUsd({ provider: "openai", upstreamModel: "gpt-image-2", baseUrl: eu })).toBeUndefined()
    expect(chargedUsd({ provider: "vertex", upstreamModel: "gemini-3.1-pro-preview", settings: { location: "us" } })).toBeUndefined()
    const stated = createPrices({ configured: new Map([["d", priceFromConfig({ inputPerMillionUsd: 1, outputPerMillionUsd: 1 })]]) })
    const price = stated.priceOf({ id: "d", provider: "openai", upstreamModel: "gpt-5.4", baseUrl: eu })
    expect(costOf(million, price)).toEqual({ costMicroUsd: 200_000, costKnown: true })
  })
})

describe("what is written to a cache for long", () => {
  const written = { inputTokens: 10_000, cacheWriteTokens: 8_000, cacheWriteLongTokens: 5_000 }

  it("is flagged where the list has a price for short times alone, and counted at that", () => {
    expect(costUsd("openai", "gpt-6-sol", written)).toEqual({ usd: 0.024, known: false })
    expect(costUsd("openai", "gpt-6-sol", { ...written, cacheWriteLongTokens: 0 })).toEqual({ usd: 0.024, known: true })
    expect(costUsd("anthropic", "claude-sonnet-4-5", written)).toEqual({ usd: 0.006 + 0.01125 + 0.03, known: true })
  })
})

describe("calls of hosted tools", () => {
  it.each<[what: string, provider: string, model: string, toolCalls: Record<string, number>, usd: number]>([
    ["OpenAI's web search, $10 a thousand", "openai", "gpt-5", { web_search: 3 }, 0.03],
    ["its preview beside models that do not think, $25", "openai", "gpt-4.1", { web_search_preview: 1 }, 0.025],
    ["with 8,000 tokens of input each beside GPT-4.1 mini", "openai", "gpt-4.1-mini", { web_search: 1 }, 0.01 + 0.0032],
    ["file search, $2.50", "openai", "gpt-5", { file_search: 2 }, 0.005],
    ["a container of 1 GB, $0.03, and one of 4 GB", "openai", "gpt-5", { code_interpreter: 1, code_interpreter_4g: 1 }, 0.15],
    ["Anthropic's web search, $10; fetching is free", "anthropic", "claude-sonnet-4-5", { web_search: 2, web_fetch: 5 }, 0.02],
    ["Anthropic's container for code, five minutes of $0.05 an hour", "anthropic", "claude-sonnet-4-5", { code_execution: 1 }, 0.004167],
    ["Gemini 3: $14 a thousand queries", "gemini", "gemini-3.1-pro-preview", { google_search: 3, google_search_prompt: 1 }, 0.042],
    ["Gemini 2.5: $35 a thousand prompts", "gemini", "gemini-2.5-flash", { google_search: 3, google_search_prompt: 1 }, 0.035],
    ["xAI's, $5", "xai", "grok-4", { web_search: 1, x_search: 1 }, 0.01],
  ])("%s", (_what, provider, model, toolCalls, usd) => {
    const cost = costUsd(provider, model, { toolCalls })
    expect(cost.usd).toBeCloseTo(usd, 6)
    expect(cost.known).toBe(true)
  })

  it("are paid beside the tokens, whatever the tier, and flagged where one has no price", () => {
    const flex = { ...used, serviceTier: "flex", toolCalls: { web_search: 1 } }
    expect(costUsd("openai", "gpt-5", flex).usd).toBeCloseTo(0.01 + 0.00375 + 0.00025 + 0.005, 6)
    expect(costUsd("openai", "gpt-5", { ...used, toolCalls: { web_search: 1, teleport: 1 } })).toEqual({ usd: 0.028, known: false })
    expect(costUsd("openai", "gpt-99", { toolCalls: { web_search: 1 } })).toEqual({ usd: 0, known: false })
    expect(costUsd("openai", "gpt-5", { ...used, toolCalls: { teleport: 0 } }).known).toBe(true)
    expect(costUsd("azure", "gpt-5", { ...used, toolCalls: { web_search: 1 } }).known).toBe(false)
  })
})

describe("pictures and sound", () => {
  it.each<[what: string, provider: string, model: string, usage: Partial<PricedUsage>, usd: number]>([
    // developers.openai.com/api/docs/models: text $5 and $1.25 cached, pictures $10 and $2.50, output $40.
    [
      "gpt-image-1 with a picture sent along",
      "openai",
      "gpt-image-1",
      { inputTokens: 1_000, imageInputTokens: 800, cachedTokens: 500, cachedImageTokens: 400, outputTokens: 1_056, imageCount: 1 },
      (100 * 5 + 100 * 1.25 + 400 * 10 + 400 * 2.5 + 1_056 * 40) / 1_000_000,
    ],
    ["gpt-image-1, medium, 1024 x 1024: $0.042", "openai", "gpt-image-1", { outputTokens: 1_056, imageCount: 1 }, 0.04224],
    [
      "gpt-image-1.5, whose words cost less than its pictures",
      "openai",
      "gpt-image-1.5",
      { inputTokens: 100, outputTokens: 1_100, imageOutputTokens: 1_000, imageCount: 1 },
      (100 * 5 + 100 * 10 + 1_000 * 32) / 1_000_000,
    ],
    [
      "gpt-image-1-mini",
      "openai",
      "gpt-image-1-mini",
      { inputTokens: 300, imageInputTokens: 200, outputTokens: 1_000 },
      (200 + 500 + 8_000) / 1_000_000,
    ],
    ["DALL-E 3 by quality and size", "openai", "dall-e-3", { imageCount: 2, imageKind: "hd 1024x1792" }, 0.24],
    ["DALL-E 2", "openai", "dall-e-2", { imageCount: 3, imageKind: "standard 256x256" }, 0.048],
    // ai.google.dev: 1,290 tokens of picture are $0.039.
    ["Gemini's picture", "gemini", "gemini-2.5-flash-image", { outputTokens: 1_290, imageOutputTokens: 1_290, imageCount: 1 }, 0.0387],
    ["Gemini 3's picture, $0.134", "gemini", "gemini-3-pro-image-preview", { outputTokens: 1_120, imageOutputTokens: 1_120 }, 0.1344],
    ["Imagen 4", "openai-compatible", "imagen-4.0-generate-001", { imageCount: 2 }, 0.08],
    // Cached sound of a session has a price of its own.
    [
      "gpt-realtime-mini",
      "openai",
      "gpt-realtime-mini",
      { inputTokens: 1_000, audioInputTokens: 700, cachedTokens: 600, cachedAudioTokens: 500, outputTokens: 100, audioOutputTokens: 80 },
      (200 * 0.6 + 100 * 0.06 + 200 * 10 + 500 * 0.3 + 20 * 2.4 + 80 * 20) / 1_000_000,
    ],
    [
      "Gemini's cached sound",
      "gemini",
      "gemini-2.5-flash",
      { inputTokens: 1_000, audioInputTokens: 1_000, cachedTokens: 600, cachedAudioTokens: 600 },
      (400 * 1 + 600 * 0.1) / 1_000_000,
    ],
  ])("%s", (_what, provider, model, usage, usd) => {
    const cost = costUsd(provider, model, usage)
    expect(cost.usd).toBeCloseTo(usd, 6)
    expect(cost.known).toBe(true)
  })

  it("are flagged where their quality and size have no price", () => {
    expect(costUsd("openai", "dall-e-3", { imageCount: 1, imageKind: "hd 17x17" })).toEqual({ usd: 0, known: false })
  })

  it("take the dearer part where it is not told which of the cached tokens were sound", () => {
    const price = priceFromUsd({ input: 1, cachedInput: 0.1, audioInput: 10 })
    const usage = { ...nothing, inputTokens: 1_000, audioInputTokens: 600, cachedTokens: 500 }
    expect(costOf(usage, price).costMicroUsd).toBe(500 * 0.1 + 500 * 10)
  })
})
