// What a call costs: prices by model, and money in whole micro-dollars; an unknown price is flagged, never taken for free.
import { given } from "./given.ts"
import { listedPrice, priceListVersion, type ListedPrice, type ListedTokenPrices } from "./price-list/index.ts"

/** Micro-dollars per million tokens: 150_000 is $0.15. */
export interface TokenPrices {
  input: number
  output: number
  /** The price of input where the provider gives no discount. */
  cachedInput: number
  /** Input written to the provider's cache; what is absent costs what plain tokens cost, the long one what the short one costs. */
  cacheWrite?: number
  cacheWriteLong?: number
  reasoning?: number
  audioInput?: number
  audioOutput?: number
}

export interface Price extends TokenPrices {
  /** Of every token of a request whose input is longer. */
  above?: TokenPrices & { inputTokens: number }
  /** Micro-dollars each; may be fractions. */
  perRequest?: number
  perImage?: number
  perSecond?: number
  perCharacter?: number
  perSearch?: number
  /** Version of the list that it is from; absent where the configuration states it. */
  list?: string
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

export interface Cost {
  costMicroUsd: number
  costKnown: boolean
}

/** What a call used. Input tokens include those that were cached, written to a cache, or audio; output tokens those that were thought, or audio. */
export interface PricedUsage {
  inputTokens: number
  outputTokens: number
  cachedTokens: number
  reasoningTokens?: number
  cacheWriteTokens?: number
  /** Of the written ones, those that stay for an hour. */
  cacheWriteLongTokens?: number
  audioInputTokens?: number
  audioOutputTokens?: number
  imageCount?: number
  characters?: number
  seconds?: number
  searchUnits?: number
}

export type PricedPieces = Pick<PricedUsage, "imageCount" | "characters" | "seconds" | "searchUnits">

/** Each token is charged once, at the price of what it was. */
export function costOf(usage: PricedUsage, price: Price | undefined): Cost {
  const pieces = countsPieces(usage) ? piecesOf(usage, price) : noPieces
  const tokens = usage.inputTokens + usage.outputTokens
  if (!price) return { costMicroUsd: 0, costKnown: tokens === 0 && !pieces.used }
  const { above } = price
  const prices = above && usage.inputTokens > above.inputTokens ? above : price
  const picoUsd = inputCost(usage, prices) + outputCost(usage, prices)
  const perRequest = tokens > 0 || pieces.used ? (price.perRequest ?? 0) : 0
  // Pieces without a price of their own are paid with the tokens, where there are any.
  return { costMicroUsd: Math.round(picoUsd / 1_000_000 + pieces.microUsd + perRequest), costKnown: pieces.priced || tokens > 0 }
}

function inputCost(
  usage: PricedUsage,
  { input, cachedInput, cacheWrite = input, cacheWriteLong = cacheWrite, audioInput = input }: TokenPrices,
): number {
  let rest = usage.inputTokens
  const some = (tokens: number | undefined): number => {
    const taken = Math.min(Math.max(0, tokens ?? 0), rest)
    rest -= taken
    return taken
  }
  const cached = some(usage.cachedTokens)
  const written = some(usage.cacheWriteTokens)
  const long = Math.min(usage.cacheWriteLongTokens ?? 0, written)
  const audio = some(usage.audioInputTokens)
  return cached * cachedInput + (written - long) * cacheWrite + long * cacheWriteLong + audio * audioInput + rest * input
}

function outputCost(usage: PricedUsage, { output, reasoning = output, audioOutput = output }: TokenPrices): number {
  const { outputTokens } = usage
  const thought = Math.min(usage.reasoningTokens ?? 0, outputTokens)
  const audio = Math.min(usage.audioOutputTokens ?? 0, outputTokens - thought)
  return thought * reasoning + audio * audioOutput + (outputTokens - thought - audio) * output
}

const noPieces = { microUsd: 0, used: false, priced: true }

function countsPieces({ imageCount, seconds, characters, searchUnits }: PricedUsage): boolean {
  return imageCount !== undefined || seconds !== undefined || characters !== undefined || searchUnits !== undefined
}

/** What is counted by the piece; `priced` where each that was used has a price. */
function piecesOf(usage: PricedUsage, price: Price | undefined): typeof noPieces {
  const pieces: [count: number | undefined, each: number | undefined][] = [
    [usage.imageCount, price?.perImage],
    [usage.seconds, price?.perSecond],
    [usage.characters, price?.perCharacter],
    [usage.searchUnits, price?.perSearch],
  ]
  const used = pieces.filter(([count = 0]) => count > 0)
  const microUsd = used.reduce((sum, [count = 0, each = 0]) => sum + count * each, 0)
  return { microUsd, used: used.length > 0, priced: used.every(([, each]) => each !== undefined) }
}

/** From dollars, as people and providers write prices. */
export function priceFromUsd(listed: ListedPrice): Price {
  const tokens = tokenPrices(listed)
  const { above, perRequest, perImage, perSecond, perMillionCharacters, perThousandSearches } = listed
  const pieces = {
    perRequest: scaled(perRequest, 1_000_000),
    perImage: scaled(perImage, 1_000_000),
    perSecond: scaled(perSecond, 1_000_000),
    perCharacter: scaled(perMillionCharacters, 1),
    perSearch: scaled(perThousandSearches, 1_000),
  }
  if (!above) return { ...tokens, ...given(pieces) }
  return { ...tokens, ...given(pieces), above: { ...tokens, ...tokenPrices({ ...listed, ...above }), inputTokens: above.inputTokens } }
}

function tokenPrices({ input = 0, output = 0, cachedInput = input, ...others }: ListedTokenPrices): TokenPrices {
  const { cacheWrite, cacheWriteLong, reasoning, audioInput, audioOutput } = others
  const micro = (usd: number | undefined): number | undefined => (usd === undefined ? undefined : Math.round(usd * 1_000_000))
  const rest = {
    cacheWrite: micro(cacheWrite),
    cacheWriteLong: micro(cacheWriteLong),
    reasoning: micro(reasoning),
    audioInput: micro(audioInput),
    audioOutput: micro(audioOutput),
  }
  return { input: micro(input) ?? 0, output: micro(output) ?? 0, cachedInput: micro(cachedInput) ?? 0, ...given(rest) }
}

function scaled(usd: number | undefined, factor: number): number | undefined {
  return usd === undefined ? undefined : usd * factor
}
