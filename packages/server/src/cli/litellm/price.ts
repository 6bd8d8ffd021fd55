// What LiteLLM's files say of costs, per million tokens or per piece.
import { createPrices, type Price } from "../../accounting/index.ts"
import type { ConfigInput, ProviderTypeName } from "../../config/index.ts"
import type { Section } from "./section.ts"

type PriceInput = NonNullable<NonNullable<ConfigInput["models"]>[string]["deployments"][number]["price"]>

const perToken = {
  input_cost_per_token: "inputPerMillionUsd",
  output_cost_per_token: "outputPerMillionUsd",
  cache_read_input_token_cost: "cachedInputPerMillionUsd",
  cache_creation_input_token_cost: "cacheWritePerMillionUsd",
  cache_creation_input_token_cost_above_1hr: "cacheWriteLongPerMillionUsd",
  output_cost_per_reasoning_token: "reasoningPerMillionUsd",
  input_cost_per_audio_token: "audioInputPerMillionUsd",
  output_cost_per_audio_token: "audioOutputPerMillionUsd",
} as const

const perPiece = {
  input_cost_per_image: ["perImageUsd", 1],
  output_cost_per_image: ["perImageUsd", 1],
  input_cost_per_character: ["perMillionCharactersUsd", 1_000_000],
  input_cost_per_query: ["perThousandSearchesUsd", 1_000],
  input_cost_per_request: ["perRequestUsd", 1],
} as const

const million = 1_000_000

/** Of `litellm_params` and `model_info`, which may both have them. */
export function priceOf(sections: readonly Section[], isSound: boolean): PriceInput | undefined {
  const price: Record<string, number> = {}
  for (const section of sections) {
    for (const [key, name] of Object.entries(perToken)) put(price, name, section.number(key), million)
    for (const [key, [name, factor]] of Object.entries(perPiece)) put(price, name, section.number(key), factor)
    for (const key of ["input_cost_per_second", "output_cost_per_second"]) {
      if (isSound) put(price, "perSecondUsd", section.number(key), 1)
      else if (section.take(key) !== undefined) section.left(key, "only sound is priced by the second here, not the time that a call takes")
    }
  }
  const above = aboveOf(sections)
  const whole = { ...price, ...(above ? { above } : {}) }
  return Object.keys(whole).length === 0 ? undefined : whole
}

function put(price: Record<string, number>, name: string, value: number | undefined, factor: number): void {
  if (value !== undefined && value >= 0 && price[name] === undefined) price[name] = Number((value * factor).toPrecision(12))
}

/** `input_cost_per_token_above_200k_tokens` and the like; one bound. */
function aboveOf(sections: readonly Section[]): PriceInput["above"] {
  const prices: Record<string, number> = {}
  let bound: number | undefined
  for (const section of sections)
    for (const key of section.unread()) {
      const [, plain = "", thousands] = /^(.+)_above_(\d+)k_tokens$/.exec(key) ?? []
      if (thousands === undefined || !Object.hasOwn(perToken, plain)) continue
      bound ??= Number(thousands) * 1_000
      if (bound === Number(thousands) * 1_000) put(prices, perToken[plain as keyof typeof perToken], section.number(key), million) // own key: checked above
    }
  return bound === undefined || Object.keys(prices).length === 0 ? undefined : { inputTokens: bound, ...prices }
}

/** The listed price of a model by another name: `base_model` of a deployment that has a name of its own. */
export function listedPriceOf(baseModel: string, type: ProviderTypeName): PriceInput | undefined {
  const upstreamModel = baseModel.slice(baseModel.lastIndexOf("/") + 1)
  const price = createPrices({ configured: new Map() }).priceOf({ id: baseModel, provider: type, upstreamModel })
  return (
    price && { ...tokensOf(price), ...(price.above ? { above: { inputTokens: price.above.inputTokens, ...tokensOf(price.above) } } : {}) }
  )
}

function tokensOf(price: Omit<Price, "above">): Record<string, number> {
  const names = {
    input: "inputPerMillionUsd",
    output: "outputPerMillionUsd",
    cachedInput: "cachedInputPerMillionUsd",
    cacheWrite: "cacheWritePerMillionUsd",
    cacheWriteLong: "cacheWriteLongPerMillionUsd",
    reasoning: "reasoningPerMillionUsd",
    audioInput: "audioInputPerMillionUsd",
    audioOutput: "audioOutputPerMillionUsd",
  } as const
  return Object.fromEntries(
    Object.entries(names).flatMap(([key, name]) => {
      const value = price[key as keyof typeof names] // the keys of the object above
      return value === undefined ? [] : [[name, value / million]]
    }),
  )
}
