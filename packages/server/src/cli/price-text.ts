// The price of a deployment in one line: tokens and pieces, then long requests and tiers, then the tools that its provider runs.
import type { DeploymentPrice, DeploymentStatus } from "@perdure/contract"

export function priceText({ price, upstreamModel }: Pick<DeploymentStatus, "price" | "upstreamModel">): string {
  if (price === null) return upstreamModel.includes("*") ? "price by model" : "price unknown"
  const { tiers = {}, perThousandToolCallsUsd = {} } = price
  const tools = Object.entries(perThousandToolCallsUsd).filter(([, each]) => each > 0)
  const parts = [
    usualText(price),
    ...aboveText(price),
    ...Object.entries(tiers).flatMap(([name, tokens]) => [
      `${name} ${tokensText(tokens)}`,
      ...aboveText(tokens).map((text) => `${name} ${text}`),
    ]),
    ...(tools.length > 0 ? [`per 1,000 calls ${tools.map(([name, each]) => `${name} ${usd(each)}`).join(", ")}`] : []),
  ]
  return parts.join("; ")
}

type Tokens = Pick<DeploymentPrice, "inputPerMillionUsd" | "outputPerMillionUsd" | "cachedInputPerMillionUsd">

function usualText(price: DeploymentPrice): string {
  const pieces: [each: number | undefined, of: string][] = [
    [price.perRequestUsd, "request"],
    [price.perImageUsd, "image"],
    [price.perSecondUsd, "second"],
    [price.perMillionCharactersUsd, "M characters"],
    [price.perThousandSearchesUsd, "1,000 searches"],
  ]
  const listed = pieces.flatMap(([each, of]) => (each === undefined ? [] : [`${usd(each)} / ${of}`]))
  if (price.inputPerMillionUsd === 0 && price.outputPerMillionUsd === 0) return listed.join(", ") || "free"
  return [`${tokensText(price)} / M tokens in, cached, out`, ...listed].join(", ")
}

/** Of the whole of a request whose input is longer. */
function aboveText({ above }: Pick<DeploymentPrice, "above">): string[] {
  return above ? [`above ${above.inputTokens.toLocaleString("en")} tokens in ${tokensText(above)}`] : []
}

function tokensText({ inputPerMillionUsd, cachedInputPerMillionUsd, outputPerMillionUsd }: Tokens): string {
  return [inputPerMillionUsd, cachedInputPerMillionUsd, outputPerMillionUsd].map(usd).join(" ")
}

/** `$0.15`, `$0.0375`, `$10` */
function usd(value: number): string {
  const [whole, part = ""] = value.toFixed(4).split(".")
  const cents = part.replace(/0{1,2}$/, "")
  return cents === "00" ? `$${whole}` : `$${whole}.${cents}`
}
