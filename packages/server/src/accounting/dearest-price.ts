// A price that no candidate of a call exceeds, whatever is asked of it: what is reserved before it is known who serves it.
import type { Price, PricedDeployment, Prices, TokenPrices } from "./prices.ts"

/** Undefined where the price of one candidate is unknown. */
export function dearestPrice({ priceOf }: Pick<Prices, "priceOf">, candidates: readonly PricedDeployment[]): Price | undefined {
  const all = candidates.map((deployment) => priceOf(deployment))
  const known = all.filter((price) => price !== undefined)
  if (known.length < all.length || known.length === 0) return undefined
  return known.reduce((a, b) => (a === b ? a : dearer(a, b)))
}

function dearer(a: Price, b: Price): Price {
  const { above: aboveA, list: _listA, ...plainA } = a
  const { above: aboveB, list: _listB, ...plainB } = b
  const plain = { ...highest(plainA, plainB), ...highest(spelledOut(a), spelledOut(b)) }
  if (!aboveA && !aboveB) return plain
  const longer = { ...highest(spelledOut(aboveA ?? a), spelledOut(aboveB ?? b)) }
  const inputTokens = Math.min(aboveA?.inputTokens ?? Infinity, aboveB?.inputTokens ?? Infinity)
  return { ...plain, above: { ...highest(spelledOut(plain), longer), inputTokens } }
}

/** With the prices that are left out because they are those of plain tokens. */
function spelledOut({
  input,
  output,
  cachedInput,
  cacheWrite = input,
  cacheWriteLong = cacheWrite,
  ...others
}: TokenPrices): Required<TokenPrices> {
  const { reasoning = output, audioInput = input, audioOutput = output } = others
  return { input, output, cachedInput, cacheWrite, cacheWriteLong, reasoning, audioInput, audioOutput }
}

function highest<P extends { [name in keyof P]?: number }>(a: P, b: P): P {
  const names = new Set([...Object.keys(a), ...Object.keys(b)]) as Set<keyof P>
  return Object.fromEntries([...names].map((name) => [name, Math.max(a[name] ?? 0, b[name] ?? 0)])) as P
}
