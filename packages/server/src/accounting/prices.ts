// What a call costs: prices by model, and money in whole micro-dollars; an unknown price is flagged, never taken for free.
import { priceList, priceListVersion } from "./price-list.ts"

/** Micro-dollars per million tokens: 150_000 is $0.15. */
export interface Price {
  input: number
  output: number
  /** The price of input where the provider gives no discount. */
  cachedInput: number
}

export interface Prices {
  readonly version: string
  /** The price of a deployment; undefined where nobody knows it. */
  priceOf(deployment: PricedDeployment): Price | undefined
}

export interface PricedDeployment {
  id: string
  provider: string
  upstreamModel: string
}

export interface PricesOptions {
  /** From the configuration, by deployment id. They win. */
  configured: ReadonlyMap<string, Price>
}

const free: Price = { input: 0, output: 0, cachedInput: 0 }

export function createPrices({ configured }: PricesOptions): Prices {
  const known = new Map<string, Price | undefined>()
  const priceOf = (deployment: PricedDeployment): Price | undefined => {
    if (!known.has(deployment.id)) known.set(deployment.id, configured.get(deployment.id) ?? listedPrice(deployment))
    return known.get(deployment.id)
  }
  return { version: priceListVersion, priceOf }
}

export interface Cost {
  costMicroUsd: number
  costKnown: boolean
}

/** Cached tokens are part of the input tokens and are charged once, at their own price. */
export function costOf(usage: { inputTokens: number; outputTokens: number; cachedTokens: number }, price: Price | undefined): Cost {
  if (!price) return { costMicroUsd: 0, costKnown: usage.inputTokens === 0 && usage.outputTokens === 0 }
  const cached = Math.min(usage.cachedTokens, usage.inputTokens)
  const picoUsd = (usage.inputTokens - cached) * price.input + cached * price.cachedInput + usage.outputTokens * price.output
  return { costMicroUsd: Math.round(picoUsd / 1_000_000), costKnown: true }
}

/** Dollars per million tokens, as people write prices. */
export function priceFromUsd(price: { inputPerMillionUsd: number; outputPerMillionUsd: number; cachedInputPerMillionUsd: number }): Price {
  const micro = (usd: number): number => Math.round(usd * 1_000_000)
  return {
    input: micro(price.inputPerMillionUsd),
    output: micro(price.outputPerMillionUsd),
    cachedInput: micro(price.cachedInputPerMillionUsd),
  }
}

/** What runs in this process costs nothing. Dated names (`gpt-4o-mini-2024-07-18`) have the price of their undated one. */
function listedPrice({ provider, upstreamModel }: PricedDeployment): Price | undefined {
  if (provider === "embedded") return free
  const name = upstreamModel.slice(upstreamModel.lastIndexOf("/") + 1).toLowerCase()
  const usd = priceList[name] ?? priceList[name.replace(/-\d{4}-\d{2}-\d{2}$|-\d{8}$/, "")]
  if (!usd) return undefined
  const [input, output, cached = input] = usd
  return priceFromUsd({ inputPerMillionUsd: input, outputPerMillionUsd: output, cachedInputPerMillionUsd: cached })
}
