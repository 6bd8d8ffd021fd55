// List prices of OpenAI; Azure's Global Standard deployments cost the same.
import type { ListedPrice, ProviderPrices } from "./types.ts"

const longFrom = 272_000

/** From GPT-5.4 on a longer request costs twice its input and half as much again for its output, all of it. */
function family(input: number, output: number, cachedInput: number, cacheWrite?: number): ListedPrice {
  const write = cacheWrite === undefined ? {} : { cacheWrite }
  const longWrite = cacheWrite === undefined ? {} : { cacheWrite: cacheWrite * 2 }
  const above = { inputTokens: longFrom, input: input * 2, output: output * 1.5, cachedInput: cachedInput * 2, ...longWrite }
  return { input, output, cachedInput, ...write, above }
}

export const openAiPrices: ProviderPrices = {
  source: "https://developers.openai.com/api/docs/pricing (Standard)",
  checkedOn: "2026-11",
  models: {
    "gpt-6.2-astra": family(8, 40, 0.4, 10),
    "gpt-6.2-sol": family(2, 10, 0.1, 2.5),
    "gpt-6.1-sol": family(2, 10, 0.1, 2.5),
    "gpt-6.1-terra": family(1, 5, 0.05, 1.25),
    "gpt-6-astra": family(10, 50, 1, 12.5),
    "gpt-6-sol": family(2, 10, 0.2, 2.5),
    "gpt-6-luna": family(0.1, 0.5, 0.01, 0.125),
    "gpt-5.6-sol": family(4, 20, 0.4, 5),
    "gpt-5.6-terra": family(2, 12, 0.2, 2.5),
    "gpt-5.6-luna": family(0.2, 1.2, 0.02, 0.25),
    "gpt-5.5": { input: 5, output: 30, cachedInput: 0.5 },
    "gpt-5.5-pro": { input: 30, output: 180 },
    "gpt-5.4": family(2.5, 15, 0.25),
    "gpt-5.4-mini": { input: 0.75, output: 4.5, cachedInput: 0.075 },
    "gpt-5.4-nano": { input: 0.2, output: 1.25, cachedInput: 0.02 },
    "gpt-5.4-pro": { input: 30, output: 180, above: { inputTokens: longFrom, input: 60, output: 270 } },
    "gpt-5.3-codex": { input: 1.75, output: 14, cachedInput: 0.175 },
    "gpt-5.2": { input: 1.75, output: 14, cachedInput: 0.175 },
    "gpt-5.2-codex": { input: 1.75, output: 14, cachedInput: 0.175 },
    "gpt-5.2-pro": { input: 21, output: 168 },
    "gpt-5.1": { input: 1.25, output: 10, cachedInput: 0.125 },
    "gpt-5.1-codex": { input: 1.25, output: 10, cachedInput: 0.125 },
    "gpt-5.1-codex-max": { input: 1.25, output: 10, cachedInput: 0.125 },
    "gpt-5.1-codex-mini": { input: 0.25, output: 2, cachedInput: 0.025 },
    "gpt-5": { input: 1.25, output: 10, cachedInput: 0.125 },
    "gpt-5-codex": { input: 1.25, output: 10, cachedInput: 0.125 },
    "gpt-5-mini": { input: 0.25, output: 2, cachedInput: 0.025 },
    "gpt-5-nano": { input: 0.05, output: 0.4, cachedInput: 0.005 },
    "gpt-5-pro": { input: 15, output: 120 },
    "gpt-4.1": { input: 2, output: 8, cachedInput: 0.5 },
    "gpt-4.1-mini": { input: 0.4, output: 1.6, cachedInput: 0.1 },
    "gpt-4.1-nano": { input: 0.1, output: 0.4, cachedInput: 0.025 },
    "gpt-4o": { input: 2.5, output: 10, cachedInput: 1.25 },
    "gpt-4o-mini": { input: 0.15, output: 0.6, cachedInput: 0.075 },
    "gpt-4-turbo": { input: 10, output: 30 },
    "gpt-4": { input: 30, output: 60 },
    "gpt-3.5-turbo": { input: 0.5, output: 1.5 },
    o1: { input: 15, output: 60, cachedInput: 7.5 },
    "o1-pro": { input: 150, output: 600 },
    o3: { input: 2, output: 8, cachedInput: 0.5 },
    "o3-mini": { input: 1.1, output: 4.4, cachedInput: 0.55 },
    "o3-pro": { input: 20, output: 80 },
    "o3-deep-research": { input: 10, output: 40, cachedInput: 2.5 },
    "o4-mini": { input: 1.1, output: 4.4, cachedInput: 0.275 },
    "o4-mini-deep-research": { input: 2, output: 8, cachedInput: 0.5 },
    "codex-mini-latest": { input: 1.5, output: 6, cachedInput: 0.375 },
    "computer-use-preview": { input: 3, output: 12 },
    "gpt-audio": { input: 2.5, output: 10, audioInput: 32, audioOutput: 64 },
    "gpt-audio-mini": { input: 0.6, output: 2.4, audioInput: 10, audioOutput: 20 },
    "gpt-4o-audio-preview": { input: 2.5, output: 10, audioInput: 40, audioOutput: 80 },
    "gpt-4o-mini-audio-preview": { input: 0.15, output: 0.6, audioInput: 10, audioOutput: 20 },
    "gpt-realtime": { input: 4, output: 16, cachedInput: 0.4, audioInput: 32, audioOutput: 64 },
    "gpt-realtime-2": { input: 4, output: 24, cachedInput: 0.4, audioInput: 32, audioOutput: 64 },
    "gpt-realtime-mini": { input: 0.6, output: 2.4, cachedInput: 0.06, audioInput: 10, audioOutput: 20 },
    "gpt-4o-transcribe": { input: 2.5, output: 10, audioInput: 6 },
    "gpt-4o-mini-transcribe": { input: 1.25, output: 5, audioInput: 3 },
    "whisper-1": { perSecond: 0.006 / 60 },
    "gpt-4o-mini-tts": { input: 0.6, output: 12, audioOutput: 12 },
    "tts-1": { perMillionCharacters: 15 },
    "tts-1-hd": { perMillionCharacters: 30 },
    // Output is the tokens of images; pictures that are sent along cost more than the text price that is taken here.
    "gpt-image-1": { input: 5, output: 40, cachedInput: 1.25 },
    "gpt-image-1-mini": { input: 2, output: 8, cachedInput: 0.2 },
    "gpt-image-1.5": { input: 5, output: 32, cachedInput: 1.25 },
    "text-embedding-3-small": { input: 0.02 },
    "text-embedding-3-large": { input: 0.13 },
    "text-embedding-ada-002": { input: 0.1 },
    "omni-moderation-latest": { input: 0, output: 0 },
  },
}
