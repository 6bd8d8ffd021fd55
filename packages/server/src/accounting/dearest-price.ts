// A price that no candidate of a call exceeds, whatever is asked of it: what is reserved before it is known who serves it.
import type { Price, TierPrices, TokenPrices } from "./price-types.ts"
import type { PricedDeployment, Prices } from "./prices.ts"

/** Undefined where the price of one candidate is unknown. */
export function dearestPrice({ priceOf }: Pick<Prices, "priceOf">, candidates: readonly PricedDeployment[]): Price | undefined {
  const all = candidates.map((deployment) => priceOf(deployment))
  const known = all.filter((price) => price !== undefined)
  if (known.length < all.length || known.length === 0) return undefined
  return known.reduce((a, b) => (a === b ? a : dearer(a, b)))
}

function dearer(a: Price, b: Price): Price {
  const { perImageOf: imagesA, tiers: tiersA, ...othersA } = a
  const { perImageOf: imagesB, tiers: tiersB, ...othersB } = b
  const images = imagesA || imagesB ? { perImageOf: dearerImages(a, b) } : {}
  const tiers = tiersA || tiersB ? { tiers: dearerTiers(a, b) } : {}
  return { ...piecesOf(othersA, othersB), ...dearerTokens(a, b), ...images, ...tiers }
}

/** One that a candidate does not know it serves as usual, or is not asked for. */
function dearerTiers(a: Price, b: Price): NonNullable<Price["tiers"]> {
  const names = new Set([...Object.keys(a.tiers ?? {}), ...Object.keys(b.tiers ?? {})])
  return Object.fromEntries([...names].map((name) => [name, dearerTokens(a.tiers?.[name] ?? a, b.tiers?.[name] ?? b)]))
}

function dearerImages(a: Price, b: Price): NonNullable<Price["perImageOf"]> {
  const names = new Set([...Object.keys(a.perImageOf ?? {}), ...Object.keys(b.perImageOf ?? {})])
  const each = (price: Price, name: string): number => price.perImageOf?.[name] ?? price.perImage ?? 0
  return Object.fromEntries([...names].map((name) => [name, Math.max(each(a, name), each(b, name))]))
}

function dearerTokens(a: TierPrices, b: TierPrices): TierPrices {
  const { above: aboveA } = a
  const { above: aboveB } = b
  const plain = highest(spelledOut(a), spelledOut(b))
  if (!aboveA && !aboveB) return plain
  const longer = highest(spelledOut(aboveA ?? a), spelledOut(aboveB ?? b))
  const inputTokens = Math.min(aboveA?.inputTokens ?? Infinity, aboveB?.inputTokens ?? Infinity)
  return { ...plain, above: { ...highest(plain, longer), inputTokens } }
}

function piecesOf(a: Price, b: Price): Partial<Price> {
  const pieces = ({ perRequest, perImage, perSecond, perCharacter, perSearch }: Price): Record<string, number> =>
    Object.fromEntries(
      Object.entries({ perRequest, perImage, perSecond, perCharacter, perSearch }).filter(
        (piece): piece is [string, number] => piece[1] !== undefined,
      ),
    )
  return highest(pieces(a), pieces(b))
}

/** With the prices that are left out because they are those of plain tokens. */
function spelledOut(prices: TokenPrices): Required<TokenPrices> {
  const { input, output, cachedInput, cacheWrite = input, cacheWriteLong = cacheWrite, reasoning = output } = prices
  const { audioInput = input, cachedAudioInput = cachedInput, audioOutput = output } = prices
  const { imageInput = input, cachedImageInput = cachedInput, imageOutput = output } = prices
  return {
    input,
    output,
    cachedInput,
    cacheWrite,
    cacheWriteLong,
    reasoning,
    audioInput,
    cachedAudioInput,
    audioOutput,
    imageInput,
    cachedImageInput,
    imageOutput,
  }
}

function highest<P extends { [name in keyof P]?: number }>(a: P, b: P): P {
  const names = new Set([...Object.keys(a), ...Object.keys(b)]) as Set<keyof P>
  return Object.fromEntries([...names].map((name) => [name, Math.max(a[name] ?? 0, b[name] ?? 0)])) as P
}
