// List prices of OpenAI; Azure's Global Standard deployments cost the same.
import { scaled } from "./scaled.ts"
import type { ListedPrice, ListedTierPrices, ProviderPrices } from "./types.ts"

interface Tiers {
  /** In fast mode, which was called priority processing: times the usual price, or as it is listed. */
  fast?: number | ListedTierPrices
  ultrafast?: number
  /** At the price of batches. */
  flex?: boolean
}

/** Batches cost half. */
function model(price: ListedTierPrices, { fast, ultrafast, flex = false }: Tiers = {}): ListedPrice {
  const half = scaled(price, 0.5)
  return {
    ...price,
    tiers: {
      batch: half,
      ...(flex ? { flex: half } : {}),
      ...(fast === undefined ? {} : { priority: typeof fast === "number" ? scaled(price, fast) : fast }),
      ...(ultrafast === undefined ? {} : { ultrafast: scaled(price, ultrafast) }),
    },
  }
}

/** At eu.api.openai.com and its like, from the models of March 5, 2026 on. */
function resident(price: ListedPrice): ListedPrice {
  return { ...price, regionalAddress: 1.1 }
}

const longFrom = 272_000

/** From GPT-5.4 on a longer request costs twice its input and half as much again for its output, all of it. */
function family(input: number, output: number, cachedInput: number, cacheWrite?: number): ListedTierPrices {
  const write = cacheWrite === undefined ? {} : { cacheWrite }
  const longWrite = cacheWrite === undefined ? {} : { cacheWrite: cacheWrite * 2 }
  const above = { inputTokens: longFrom, input: input * 2, output: output * 1.5, cachedInput: cachedInput * 2, ...longWrite }
  return { input, output, cachedInput, ...write, above }
}

const gpt4 = { web_search_preview: 25 }
/** What searches of these find is billed as 8,000 tokens of input each. */
const searching = (inputUsd: number): Record<string, number> => ({ ...gpt4, web_search: 10 + 8 * inputUsd })
const all = { flex: true, fast: 2 }
const gpt5 = { input: 1.25, output: 10, cachedInput: 0.125 }
const codex: ListedPrice = { ...gpt5, tiers: { priority: scaled(gpt5, 2) } }
const gpt52 = { input: 1.75, output: 14, cachedInput: 0.175 }
const o3 = { input: 2, output: 8, cachedInput: 0.5 }
const o4mini = { input: 1.1, output: 4.4, cachedInput: 0.275 }
const gpt55: ListedTierPrices = { input: 5, output: 30, cachedInput: 0.5 }
const realtime = {
  input: 4,
  cachedInput: 0.4,
  audioInput: 32,
  cachedAudioInput: 0.4,
  audioOutput: 64,
  imageInput: 5,
  cachedImageInput: 0.5,
}
const realtimeMini: ListedPrice = {
  input: 0.6,
  output: 2.4,
  cachedInput: 0.06,
  audioInput: 10,
  cachedAudioInput: 0.3,
  audioOutput: 20,
  imageInput: 0.8,
  cachedImageInput: 0.08,
}
const gptImage = { input: 5, cachedInput: 1.25, imageInput: 8, cachedImageInput: 2 }

export const openAiPrices: ProviderPrices = {
  source: "https://developers.openai.com/api/docs/pricing (Standard, Batch, Flex, Fast mode, tools)",
  checkedOn: "2026-11",
  models: {
    "gpt-6.2-astra": resident(model(family(8, 40, 0.4, 10), { fast: 2 })),
    "gpt-6.2-sol": resident(model(family(2, 10, 0.1, 2.5), { fast: 2 })),
    "gpt-6.1-sol": resident(model(family(2, 10, 0.1, 2.5), { ...all, ultrafast: 6 })),
    "gpt-6.1-terra": resident(model(family(1, 5, 0.05, 1.25))),
    "gpt-6-astra": resident(model(family(10, 50, 1, 12.5), { ...all, ultrafast: 6 })),
    "gpt-6-sol": resident(model(family(2, 10, 0.2, 2.5), { fast: 2 })),
    "gpt-6-luna": resident(model(family(0.1, 0.5, 0.01, 0.125), all)),
    "gpt-5.6-sol": resident(model(family(4, 20, 0.4, 5), all)),
    "gpt-5.6-terra": resident(model(family(2, 12, 0.2, 2.5), all)),
    "gpt-5.6-luna": resident(model(family(0.2, 1.2, 0.02, 0.25), all)),
    "gpt-5.5": resident(model(gpt55, { flex: true, fast: 2.5 })),
    "gpt-5.5-pro": resident(model({ input: 30, output: 180 }, { flex: true })),
    "gpt-5.4": resident(model(family(2.5, 15, 0.25), all)),
    "gpt-5.4-mini": resident(model({ input: 0.75, output: 4.5, cachedInput: 0.075 }, all)),
    "gpt-5.4-nano": resident(model({ input: 0.2, output: 1.25, cachedInput: 0.02 }, { flex: true })),
    "gpt-5.4-pro": resident(model({ input: 30, output: 180, above: { inputTokens: longFrom, input: 60, output: 270 } }, { flex: true })),
    "gpt-5.3-codex": gpt52,
    "gpt-5.2": model(gpt52, all),
    "gpt-5.2-codex": gpt52,
    "gpt-5.2-pro": model({ input: 21, output: 168 }),
    "gpt-5.1": model(gpt5, all),
    "gpt-5.1-codex": codex,
    "gpt-5.1-codex-max": gpt5,
    "gpt-5.1-codex-mini": { input: 0.25, output: 2, cachedInput: 0.025 },
    "gpt-5": model(gpt5, all),
    "gpt-5-codex": codex,
    "gpt-5-mini": model({ input: 0.25, output: 2, cachedInput: 0.025 }, { flex: true, fast: 1.8 }),
    "gpt-5-nano": model({ input: 0.05, output: 0.4, cachedInput: 0.005 }, { flex: true }),
    "gpt-5-pro": model({ input: 15, output: 120 }),
    "gpt-4.1": {
      ...model({ input: 2, output: 8, cachedInput: 0.5 }, { fast: 1.75 }),
      perThousandToolCalls: gpt4,
    },
    "gpt-4.1-mini": { ...model({ input: 0.4, output: 1.6, cachedInput: 0.1 }, { fast: 1.75 }), perThousandToolCalls: searching(0.4) },
    "gpt-4.1-nano": { ...model({ input: 0.1, output: 0.4, cachedInput: 0.025 }, { fast: 2 }), perThousandToolCalls: gpt4 },
    "gpt-4o": { ...model({ input: 2.5, output: 10, cachedInput: 1.25 }, { fast: 1.7 }), perThousandToolCalls: gpt4 },
    "gpt-4o-mini": {
      ...model({ input: 0.15, output: 0.6, cachedInput: 0.075 }, { fast: { input: 0.25, output: 1, cachedInput: 0.125 } }),
      perThousandToolCalls: searching(0.15),
    },
    "gpt-4-turbo": model({ input: 10, output: 30 }),
    "gpt-4": model({ input: 30, output: 60 }),
    "gpt-3.5-turbo": model({ input: 0.5, output: 1.5 }),
    o1: model({ input: 15, output: 60, cachedInput: 7.5 }),
    "o1-pro": model({ input: 150, output: 600 }),
    o3: model(o3, { flex: true, fast: 1.75 }),
    "o3-mini": model({ input: 1.1, output: 4.4, cachedInput: 0.55 }),
    "o3-pro": model({ input: 20, output: 80 }),
    "o3-deep-research": model({ input: 10, output: 40, cachedInput: 2.5 }),
    "o4-mini": model(o4mini, { flex: true, fast: { input: 2, output: 8, cachedInput: 0.5 } }),
    "o4-mini-deep-research": model({ input: 2, output: 8, cachedInput: 0.5 }),
    "codex-mini-latest": { input: 1.5, output: 6, cachedInput: 0.375 },
    "computer-use-preview": model({ input: 3, output: 12 }),
    "gpt-audio": { input: 2.5, output: 10, audioInput: 32, audioOutput: 64 },
    "gpt-audio-1.5": { input: 2.5, output: 10, audioInput: 32, audioOutput: 64 },
    "gpt-audio-mini": { input: 0.6, output: 2.4, audioInput: 10, audioOutput: 20 },
    "gpt-4o-audio-preview": { input: 2.5, output: 10, audioInput: 40, audioOutput: 80 },
    "gpt-4o-mini-audio-preview": { input: 0.15, output: 0.6, audioInput: 10, audioOutput: 20 },
    "gpt-realtime": { ...realtime, output: 16 },
    "gpt-realtime-1.5": { ...realtime, output: 16 },
    "gpt-realtime-2": { ...realtime, output: 24, regionalAddress: null },
    "gpt-realtime-2.1": { ...realtime, output: 24, regionalAddress: null },
    "gpt-realtime-mini": realtimeMini,
    "gpt-realtime-2.1-mini": { ...realtimeMini, regionalAddress: null },
    "gpt-4o-transcribe": { input: 2.5, output: 10, audioInput: 6 },
    "gpt-4o-mini-transcribe": { input: 1.25, output: 5, audioInput: 3 },
    "whisper-1": { perSecond: 0.006 / 60 },
    "gpt-4o-mini-tts": { input: 0.6, output: 12, audioOutput: 12 },
    "tts-1": { perMillionCharacters: 15 },
    "tts-1-hd": { perMillionCharacters: 30 },
    "gpt-image-2.6-sunburst": { ...gptImage, output: 30, regionalAddress: null },
    "gpt-image-2": { ...gptImage, output: 30, regionalAddress: null },
    "gpt-image-1.5": { ...gptImage, output: 10, imageOutput: 32 },
    "gpt-image-1": { input: 5, output: 40, cachedInput: 1.25, imageInput: 10, cachedImageInput: 2.5 },
    "gpt-image-1-mini": { input: 2, output: 8, cachedInput: 0.2, imageInput: 2.5, cachedImageInput: 0.25 },
    "dall-e-3": {
      perImageOf: {
        "standard 1024x1024": 0.04,
        "standard 1024x1792": 0.08,
        "standard 1792x1024": 0.08,
        "hd 1024x1024": 0.08,
        "hd 1024x1792": 0.12,
        "hd 1792x1024": 0.12,
      },
    },
    "dall-e-2": { perImageOf: { "standard 1024x1024": 0.02, "standard 512x512": 0.018, "standard 256x256": 0.016 } },
    "text-embedding-3-small": model({ input: 0.02 }),
    "text-embedding-3-large": model({ input: 0.13 }),
    "text-embedding-ada-002": model({ input: 0.1 }),
    "omni-moderation-latest": { input: 0, output: 0 },
  },
  // https://developers.openai.com/api/docs/guides/data-residency: 10 % more for models since March 5, 2026 that may be had so.
  regionalAddress: 1,
  // A container of 1 GB, and larger ones, for twenty minutes: since June 2026 each minute is billed, five at least, which no answer tells.
  // What a search finds is billed as input.
  perThousandToolCalls: {
    web_search: 10,
    web_search_preview: 10,
    file_search: 2.5,
    code_interpreter: 30,
    code_interpreter_4g: 120,
    code_interpreter_16g: 480,
    code_interpreter_64g: 1920,
  },
}

/** Its fast tier and its tools have prices of their own, which stand on no page that could be read. */
export const azurePrices: ProviderPrices = {
  source: "https://learn.microsoft.com/azure/foundry/openai/how-to/flex-processing (half of what Standard costs)",
  checkedOn: "2026-11",
  models: Object.fromEntries(
    Object.entries(openAiPrices.models).map(([name, { tiers, perThousandToolCalls: _tools, regionalAddress: _factor, ...price }]) => {
      return [name, tiers?.["flex"] ? { ...price, tiers: { flex: tiers["flex"] } } : price]
    }),
  ),
}
