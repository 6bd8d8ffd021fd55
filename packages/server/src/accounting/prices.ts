// The prices of deployments: what the configuration states, else what the list knows.
import { listedPrice, priceListVersion } from "./price-list/index.ts"
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
    const name = `${deployment.provider} ${deployment.upstreamModel}`
    if (!known.has(name)) {
      if (known.size >= rememberedMax) known.clear()
      const listed = listedPrice(deployment.provider, deployment.upstreamModel)
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
