// Which deployments of a model may serve a request at all: what it can do, regions, tags, names, prices. Never relaxed.
import { AppError } from "../../core/index.ts"
import type { Deployment, Model } from "../types.ts"
import type { PlanRequest } from "./types.ts"

/** Dollars per million tokens; undefined where nobody knows. */
export type PriceOf = (deployment: Deployment) => { prompt: number; completion: number } | undefined

/** What filters the deployments of this model and of its fallbacks. */
export interface Filter {
  request: PlanRequest
  /** Of the model that was asked for; they bind its fallbacks too. */
  regions: readonly string[] | undefined
  priceOf: PriceOf
}

export function isEligible(deployment: Deployment, model: Model, { request, regions, priceOf }: Filter): boolean {
  if (deployment.does[request.needs] !== true) return false
  if (request.usable && !request.usable(deployment)) return false
  if (!isAllowedRegion(deployment, regions) || !isAllowedRegion(deployment, model.regions)) return false
  if (!isAllowedRegion(deployment, request.regions) || !isAllowedRegion(deployment, request.residency)) return false
  if (request.only && !request.only.some((name) => isNamed(deployment, name))) return false
  if (request.ignore?.some((name) => isNamed(deployment, name)) === true) return false
  if (request.tags && !request.tags.every((tag) => deployment.tags?.includes(tag) === true)) return false
  return request.maxPrice === undefined || isCheapEnough(deployment, request.maxPrice, priceOf)
}

/** By its whole id, or by its provider: the part before the first slash. */
export function isNamed({ id }: Deployment, name: string): boolean {
  return id === name || (id.startsWith(name) && id[name.length] === "/")
}

/** `eu` allows `eu` and `eu-west-1`. What runs in this process leaves it for no region; what says no region is in none. */
export function isAllowedRegion({ dialect, region }: Deployment, allowed: readonly string[] | undefined): boolean {
  if (allowed === undefined || dialect === "native") return true
  if (region === undefined) return false
  return allowed.some((each) => region === each || region.startsWith(`${each}-`))
}

function isCheapEnough(deployment: Deployment, { prompt, completion }: NonNullable<PlanRequest["maxPrice"]>, priceOf: PriceOf): boolean {
  const price = priceOf(deployment)
  if (!price) return false
  return (prompt === undefined || price.prompt <= prompt) && (completion === undefined || price.completion <= completion)
}

/** Says which of the conditions nothing meets: residency first, since it is not the client's to change. */
export function nothingEligible(model: Model, filter: Filter): AppError {
  const { request, regions } = filter
  const able = model.deployments.filter((deployment) => deployment.does[request.needs] === true)
  const inRegions = able.filter((each) => [regions, model.regions, request.residency].every((allowed) => isAllowedRegion(each, allowed)))
  if (able.length > 0 && inRegions.length === 0)
    return new AppError("policy_denied", `no deployment of "${model.name}" is in a region in which this request may be served`, {
      param: "model",
      hint: `Allowed: ${[...new Set([...(regions ?? []), ...(request.residency ?? [])])].join(", ")}.`,
    })
  const asked = Object.entries({
    regions: request.regions,
    only: request.only,
    ignore: request.ignore,
    tags: request.tags,
    max_price: request.maxPrice,
  }).filter(([, value]) => value !== undefined)
  const [first] = asked
  if (first === undefined)
    return new AppError("feature_unavailable", `the model "${model.name}" has no deployment that can serve this request`, {
      param: "model",
    })
  const named = asked.map(([key, value]) => `${wireName(key)} ${JSON.stringify(value)}`).join(", ")
  return new AppError("unsupported_value", `no deployment of "${model.name}" meets ${named.slice(0, 500)}`, {
    param: `perdure.${wireName(first[0])}`,
    hint: `Its deployments: ${able.slice(0, 12).map(described).join(", ")}.`,
  })
}

function wireName(key: string): string {
  return key === "regions" ? "region" : key
}

function described({ id, region, tags }: Deployment): string {
  const more = [...(region === undefined ? [] : [region]), ...(tags ?? [])]
  return more.length === 0 ? id : `${id} (${more.join(", ")})`
}
