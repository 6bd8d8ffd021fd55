// What a call costs by its price: each token once, at the price of what it was; what nobody knows is flagged, never taken for free.
import { usualTier, type Cost, type Price, type PricedUsage, type TierPrices, type TokenPrices } from "./price-types.ts"

export function costOf(usage: PricedUsage, price: Price | undefined): Cost {
  const { toldMicroUsd } = usage
  if (toldMicroUsd !== undefined && isTold(price)) return { costMicroUsd: Math.round(toldMicroUsd), costKnown: true }
  const pieces = countsPieces(usage) ? piecesOf(usage, price) : noPieces
  const fees = usage.toolCalls === undefined ? noFees : feesOf(usage.toolCalls, price)
  const tokens = usage.inputTokens + usage.outputTokens
  if (!price) return { costMicroUsd: 0, costKnown: tokens === 0 && !pieces.used && fees.known }
  const perRequest = tokens > 0 || pieces.used ? (price.perRequest ?? 0) : 0
  const others = pieces.microUsd + fees.microUsd + perRequest
  const ofTier = tierPrices(usage.serviceTier, price)
  const factor = usage.servedIn === undefined ? 1 : price.regions?.[usage.servedIn]
  if (!ofTier || factor === undefined) return { costMicroUsd: Math.round(others), costKnown: tokens === 0 && pieces.priced && fees.known }
  const { above } = ofTier
  const prices = above && usage.inputTokens > above.inputTokens ? above : ofTier
  // Written for longer than what has a price: what is paid is more than this.
  const isWritten = price.list === undefined || prices.cacheWriteLong !== undefined || !usage.cacheWriteLongTokens
  const picoUsd = (inputCost(usage, prices) + outputCost(usage, prices)) * factor
  // Pieces without a price of their own are paid with the tokens, where there are any.
  return { costMicroUsd: Math.round(picoUsd / 1_000_000 + others), costKnown: isWritten && (pieces.priced || tokens > 0) && fees.known }
}

/** The version of the list that a cost is by; null where the configuration states the price, or the provider what it charged. */
export function priceListOf({ toldMicroUsd }: PricedUsage, price: Price | undefined): string | null {
  return toldMicroUsd === undefined ? (price?.list ?? null) : null
}

/** What the provider charged is truer than the list, but not than what the configuration states: that may be another's price. */
function isTold(price: Price | undefined): boolean {
  return price === undefined || price.list !== undefined
}

/** Undefined where nobody knows what that tier costs; what costs nothing costs nothing however it is served. */
function tierPrices(tier: string | undefined, price: Price): TierPrices | undefined {
  if (tier === undefined || tier === usualTier) return price
  const { tiers } = price
  if (tiers && Object.hasOwn(tiers, tier)) return tiers[tier]
  return price.input === 0 && price.output === 0 ? price : undefined
}

function inputCost(usage: PricedUsage, prices: TokenPrices): number {
  const { input, cachedInput, cacheWrite = input, cacheWriteLong = cacheWrite } = prices
  const all = usage.inputTokens
  const cached = within(usage.cachedTokens, all)
  const written = within(usage.cacheWriteTokens, all - cached)
  const long = within(usage.cacheWriteLongTokens, written)
  const fresh = all - cached - written
  const plain = cached * cachedInput + (written - long) * cacheWrite + long * cacheWriteLong + fresh * input
  const isText = usage.audioInputTokens === undefined && usage.imageInputTokens === undefined
  return isText ? plain : plain + mediaInputCost(usage, prices, { cached, fresh })
}

/** What sound and pictures cost beyond text, of what was read from the cache and of the rest. */
function mediaInputCost(usage: PricedUsage, prices: TokenPrices, { cached, fresh }: { cached: number; fresh: number }): number {
  const { input, cachedInput } = prices
  const { audioInput = input, imageInput = input, cachedAudioInput = cachedInput, cachedImageInput = cachedInput } = prices
  const cachedAudio = within(Math.min(usage.cachedAudioTokens ?? 0, usage.audioInputTokens ?? 0), cached)
  const cachedImage = within(Math.min(usage.cachedImageTokens ?? 0, usage.imageInputTokens ?? 0), cached - cachedAudio)
  const audio = within((usage.audioInputTokens ?? 0) - cachedAudio, fresh)
  const image = within((usage.imageInputTokens ?? 0) - cachedImage, fresh - audio)
  return (
    cachedAudio * (cachedAudioInput - cachedInput) +
    cachedImage * (cachedImageInput - cachedInput) +
    audio * (audioInput - input) +
    image * (imageInput - input)
  )
}

function outputCost(usage: PricedUsage, prices: TokenPrices): number {
  const { output, reasoning = output, audioOutput = output, imageOutput = output } = prices
  const { outputTokens } = usage
  const thought = within(usage.reasoningTokens, outputTokens)
  const audio = within(usage.audioOutputTokens, outputTokens - thought)
  const image = within(usage.imageOutputTokens, outputTokens - thought - audio)
  return thought * reasoning + audio * audioOutput + image * imageOutput + (outputTokens - thought - audio - image) * output
}

function within(tokens: number | undefined, most: number): number {
  return tokens === undefined ? 0 : Math.min(Math.max(0, tokens), most)
}

const noPieces = { microUsd: 0, used: false, priced: true }

function countsPieces({ imageCount, seconds, characters, searchUnits }: PricedUsage): boolean {
  return imageCount !== undefined || seconds !== undefined || characters !== undefined || searchUnits !== undefined
}

/** What is counted by the piece; `priced` where each that was used has a price. */
function piecesOf(usage: PricedUsage, price: Price | undefined): typeof noPieces {
  const pieces: [count: number | undefined, each: number | undefined][] = [
    [usage.imageCount, price && perImage(usage, price)],
    [usage.seconds, price?.perSecond],
    [usage.characters, price?.perCharacter],
    [usage.searchUnits, price?.perSearch],
  ]
  const used = pieces.filter(([count = 0]) => count > 0)
  const microUsd = used.reduce((sum, [count = 0, each = 0]) => sum + count * each, 0)
  return { microUsd, used: used.length > 0, priced: used.every(([, each]) => each !== undefined) }
}

function perImage({ imageKind }: PricedUsage, price: Price): number | undefined {
  const { perImageOf } = price
  return imageKind !== undefined && perImageOf && Object.hasOwn(perImageOf, imageKind) ? perImageOf[imageKind] : price.perImage
}

const noFees = { microUsd: 0, known: true }

function feesOf(toolCalls: NonNullable<PricedUsage["toolCalls"]>, price: Price | undefined): typeof noFees {
  const fees = price?.perToolCall ?? {}
  let microUsd = 0
  let known = true
  for (const [tool, count] of Object.entries(toolCalls)) {
    if (count <= 0) continue
    const each = Object.hasOwn(fees, tool) ? fees[tool] : undefined
    if (each === undefined) known = false
    else microUsd += count * each
  }
  return { microUsd, known }
}
