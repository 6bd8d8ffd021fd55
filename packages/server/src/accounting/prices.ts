// The prices of deployments: what the configuration states, else what the list knows.
import { atRegionalAddress, listedPrice, priceListVersion } from "./price-list/index.ts"
import { priceFromUsd } from "./price-from-usd.ts"
import type { Price } from "./price-types.ts"

export interface Prices {
  readonly version: string
  /** The price of a deployment; undefined where nobody knows it. */
  priceOf(deployment: PricedDeployment): Price | undefined
}

export interface PricedDeployment {
  id: string
  provider: string
  upstreamModel: string
  baseUrl?: string | null
  settings?: Readonly<Record<string, unknown>>
}

export interface PricesOptions {
  /** From the configuration, by deployment id. They win. */
  configured: ReadonlyMap<string, Price>
}

/** Deployments of one process; a configuration that is reloaded for months must not grow it. */
const rememberedMax = 10_000

export function createPrices({ configured }: PricesOptions): Prices {
  const known = new Map<string, Price | undefined>()
  const find = (deployment: PricedDeployment): Price | undefined => {
    const own = configured.get(deployment.id)
    if (own) return own
    const isRegional = hasRegionalAddress(deployment)
    const name = `${deployment.provider} ${isRegional ? "regional" : ""} ${deployment.upstreamModel}`
    if (!known.has(name)) {
      if (known.size >= rememberedMax) known.clear()
      const usual = listedPrice(deployment.provider, deployment.upstreamModel)
      const listed = usual && isRegional ? atRegionalAddress(usual) : usual
      known.set(name, listed && { ...priceFromUsd(listed), list: priceListVersion })
    }
    return known.get(name)
  }
  /** The way without building a name: deployments of one registry are the same objects from call to call. */
  const found = new WeakMap<PricedDeployment, { price: Price | undefined }>()
  const priceOf = (deployment: PricedDeployment): Price | undefined => {
    const before = found.get(deployment)
    if (before) return before.price
    const price = find(deployment)
    found.set(deployment, { price })
    return price
  }
  return { version: priceListVersion, priceOf }
}

/** Where a provider computes in one region because of the address that is asked: OpenAI's hosts of regions, what is not Vertex' global one. */
function hasRegionalAddress({ provider, baseUrl, settings }: PricedDeployment): boolean {
  if (provider === "vertex") return typeof settings?.["location"] === "string" && settings["location"].toLowerCase() !== "global"
  return typeof baseUrl === "string" && /^https:\/\/[a-z]{2}\.api\.openai\.com(?:[:/]|$)/i.test(baseUrl)
}
