// The list of prices: which provider's table holds for a deployment, and under which names a model stands there.
import { anthropicPrices } from "./anthropic.ts"
import { bedrockPrices } from "./bedrock.ts"
import { coherePrices } from "./cohere.ts"
import { deepSeekPrices } from "./deepseek.ts"
import { googlePrices } from "./google.ts"
import { fireworksPrices, groqPrices, togetherPrices } from "./hosts.ts"
import { mistralPrices } from "./mistral.ts"
import { azurePrices, openAiPrices } from "./openai.ts"
import { scaled } from "./scaled.ts"
import type { ListedPrice, ProviderPrices } from "./types.ts"
import { xaiPrices } from "./xai.ts"

export type { ListedPrice, ListedTierPrices, ListedTokenPrices, ProviderPrices } from "./types.ts"

/** Recorded with each change of the list, so that a stored cost can be traced to the list that made it. */
export const priceListVersion = "2026-11.4"

/** The makers of models: their names are theirs alone, also at a provider that passes calls on. */
const makers = [openAiPrices, anthropicPrices, googlePrices, mistralPrices, coherePrices, deepSeekPrices, xaiPrices]

const tables: Readonly<Record<string, readonly ProviderPrices[]>> = {
  openai: [openAiPrices],
  azure: [azurePrices],
  anthropic: [anthropicPrices],
  gemini: [googlePrices],
  vertex: [googlePrices, anthropicPrices],
  bedrock: [bedrockPrices],
  mistral: [mistralPrices],
  cohere: [coherePrices],
  groq: [groqPrices],
  deepseek: [deepSeekPrices],
  xai: [xaiPrices],
  together: [togetherPrices],
  fireworks: [fireworksPrices],
  openrouter: makers,
  "openai-compatible": makers,
  "ai-sdk": makers,
}

/** Servers of one's own machine. */
const ownMachines: ReadonlySet<string> = new Set(["embedded", "ollama", "lmstudio", "llamacpp"])

const nothing: ListedPrice = { input: 0, output: 0 }

/** Undefined where nobody wrote it down. */
export function listedPrice(provider: string, upstreamModel: string): ListedPrice | undefined {
  const model = upstreamModel.toLowerCase()
  if (ownMachines.has(provider)) return /[:-]cloud$/.test(model) ? undefined : nothing
  const names = provider === "bedrock" ? bedrockNames(model) : namesOf(model)
  for (const table of tables[provider] ?? []) {
    const name = names.find((each) => Object.hasOwn(table.models, each))
    const price = name === undefined ? undefined : table.models[name]
    if (price) return completed(price, table)
  }
  return undefined
}

/** With what its provider charges for every model. */
function completed(price: ListedPrice, { usualTiers, perThousandToolCalls, regionalAddress }: ProviderPrices): ListedPrice {
  if (!usualTiers && !perThousandToolCalls && regionalAddress === undefined) return price
  const tiers = Object.fromEntries((usualTiers ?? []).map((name) => [name, price]))
  return {
    ...(regionalAddress === undefined ? {} : { regionalAddress }),
    ...price,
    ...(usualTiers ? { tiers: { ...tiers, ...price.tiers } } : {}),
    ...(perThousandToolCalls ? { perThousandToolCalls: { ...perThousandToolCalls, ...price.perThousandToolCalls } } : {}),
  }
}

/** As it is charged at an address of one region; undefined where nobody published that. */
export function atRegionalAddress(price: ListedPrice): ListedPrice | undefined {
  const { regionalAddress: factor, tiers } = price
  if (factor === undefined || factor === null) return undefined
  if (factor === 1) return price
  const scaledTiers = tiers && Object.fromEntries(Object.entries(tiers).map(([name, tier]) => [name, scaled(tier, factor)]))
  return { ...price, ...scaled(price, factor), ...(scaledTiers ? { tiers: scaledTiers } : {}) }
}

/** A date at the end: 2025-09-30, 20250930, @20250930, 03-2025; or `latest`. */
const dated = /(-\d{4}-\d{2}-\d{2}|[-@]\d{8}|-\d{2}-20\d{2}|[-@:]latest)$/

/** The name itself, then without the path that some providers put before it, then without its date. */
function namesOf(model: string): string[] {
  const short = model.slice(model.lastIndexOf("/") + 1)
  const undated = short.replace(dated, "")
  // OpenRouter writes `claude-sonnet-4.5`.
  return [model, short, undated, ...(undated.startsWith("claude-") ? [undated.replaceAll(".", "-")] : [])]
}

/** `us.anthropic.claude-opus-4-5-20251101-v1:0`: regional profiles have the price of the region, global ones their own or the same. */
function bedrockNames(model: string): string[] {
  const id = model.slice(model.lastIndexOf("/") + 1)
  const bare = [id, id.replace(/(:\d+)+$/, ""), id.replace(/-v\d+(:\d+)*$|-\d+(:\d+)+$/, "")]
  const undated = bare.map((name) => name.replace(/-\d{8}$/, ""))
  const inRegion = undated.map((name) => name.replace(/^(us|eu|apac|jp|au|ca|us-gov)\./, ""))
  return [...bare, ...undated, ...inRegion, ...undated.map((name) => name.replace(/^global\./, ""))]
}
