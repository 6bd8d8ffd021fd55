// List prices of Anthropic; Claude at Vertex' global address costs the same.
import { scaled } from "./scaled.ts"
import type { ListedPrice, ListedTierPrices, ProviderPrices } from "./types.ts"

/** Writing to the cache costs 1.25 times the input, for an hour twice; reading a tenth unless said otherwise. */
function tokens(input: number, output: number, cachedInput = input / 10): ListedTierPrices {
  return { input, output, cachedInput, cacheWrite: input * 1.25, cacheWriteLong: input * 2 }
}

/** Batches cost half. Capacity that was bought ahead (`priority`) has no price per token that anybody published. */
function withBatch(price: ListedTierPrices, tiers: ListedPrice["tiers"] = {}): ListedPrice {
  return { ...price, tiers: { batch: scaled(price, 0.5), ...tiers } }
}

/** Until 4.5. */
function older(input: number, output: number): ListedPrice {
  return withBatch(tokens(input, output))
}

/** From Sonnet 4.5 on what is not asked at Vertex' global address costs a tenth more there, in one region as in several. */
function vertexRegional(price: ListedPrice): ListedPrice {
  return { ...price, regionalAddress: 1.1 }
}

/** Every token of a longer prompt has another price. */
function stepped(price: ListedTierPrices, inputTokens: number, above: ListedTierPrices): ListedTierPrices {
  return { ...price, above: { inputTokens, ...above } }
}

/** From Opus and Sonnet 4.6 on the region can be chosen: in the United States everything costs a tenth more. */
function claude(price: ListedTierPrices, { fast }: { fast?: number } = {}): ListedPrice {
  const tiers = fast === undefined ? {} : { fast: scaled(price, fast) }
  return vertexRegional({ ...withBatch(price, tiers), regions: { us: 1.1 } })
}

const sonnet4 = withBatch(stepped(tokens(3, 15), 200_000, tokens(6, 22.5)))

export const anthropicPrices: ProviderPrices = {
  source: "https://platform.claude.com/docs/en/about-claude/pricing",
  checkedOn: "2026-11",
  models: {
    "claude-fable-5-1": claude(tokens(10, 50, 0.25)),
    "claude-mythos-5-1": claude(tokens(10, 50, 0.25)),
    "claude-fable-5": claude(tokens(10, 50)),
    "claude-mythos-5": claude(tokens(10, 50)),
    "claude-opus-5-5": claude(tokens(4, 20, 0.2), { fast: 2 }),
    "claude-opus-5": claude(tokens(5, 25), { fast: 2 }),
    "claude-opus-4-8": claude(tokens(5, 25), { fast: 2 }),
    "claude-opus-4-7": claude(tokens(5, 25), { fast: 6 }),
    "claude-opus-4-6": claude(tokens(5, 25), { fast: 6 }),
    "claude-opus-4-5": vertexRegional(older(5, 25)),
    "claude-opus-4-1": older(15, 75),
    "claude-opus-4-0": older(15, 75),
    "claude-opus-4": older(15, 75),
    "claude-sonnet-5-5": claude(tokens(2, 10, 0.1)),
    "claude-sonnet-5": claude(tokens(2, 10)),
    "claude-sonnet-4-6": claude(tokens(3, 15)),
    "claude-sonnet-4-5": vertexRegional(sonnet4),
    "claude-sonnet-4-0": sonnet4,
    "claude-sonnet-4": sonnet4,
    "claude-3-7-sonnet": older(3, 15),
    "claude-3-5-sonnet": older(3, 15),
    "claude-haiku-5-5": claude(stepped(tokens(0.1, 0.5), 100_000, tokens(0.5, 2.5))),
    "claude-haiku-4-5": vertexRegional(older(1, 5)),
    "claude-3-5-haiku": older(0.8, 4),
    "claude-3-haiku": withBatch({ input: 0.25, output: 1.25, cachedInput: 0.03, cacheWrite: 0.3, cacheWriteLong: 0.5 }),
    "claude-3-opus": older(15, 75),
  },
  // The same page, of third-party platforms: models before Sonnet 4.5 keep their price.
  regionalAddress: 1,
  // A container costs $0.05 an hour, for five minutes at least: no answer tells how long it ran, nor what is left of the free hours of a month.
  perThousandToolCalls: { web_search: 10, web_fetch: 0, code_execution: 50 / 12 },
}
