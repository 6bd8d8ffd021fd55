// The route of deployments: the models that a key may use, where they are served, and how each place fares. No credentials, and addresses for operators alone.
import type { ConfiguredParameters, DeploymentPrice, Deployments, DeploymentStatus, ServedModel } from "@perdure/contract"
import { Hono } from "hono"
import { basename, isAbsolute } from "node:path"
import type { Admission, Price, Prices } from "../../accounting/index.ts"
import type { JsonObject } from "../../core/index.ts"
import { isProbed, type Deployment, type Model, type Models, type Pool } from "../../inference/index.ts"
import type { HttpEnv } from "../env.ts"
import { answer } from "./answer.ts"

export interface DeploymentsOptions {
  models: Pick<Models, "list" | "wildcards">
  pool: Pick<Pool, "healthOf">
  prices: Pick<Prices, "priceOf">
  admission: Pick<Admission, "upstream">
  configuration: { readonly status: Readonly<Omit<Deployments["configuration"], "needsRestart">> & { needsRestart: readonly string[] } }
}

export function createDeploymentRoutes(options: DeploymentsOptions): Hono<HttpEnv> {
  const routes = new Hono<HttpEnv>()
  routes.get("/v1/deployments", (context) => {
    const { scope, kind } = context.get("principal")
    const isAllowed = (name: string): boolean => scope === null || scope.allowsModel(name)
    return answer(readDeployments(options, { isAllowed, isOperator: kind === "session" }))
  })
  return routes
}

export interface DeploymentsReader {
  /** A model that may not be asked for is not told of. */
  isAllowed: (name: string) => boolean
  /** Whether addresses may be told: to those who run the server. */
  isOperator: boolean
}

/** What is declared and what was found. */
export function readDeployments(options: DeploymentsOptions, { isAllowed, isOperator }: DeploymentsReader): Deployments {
  const { models, configuration } = options
  const patterns = models.wildcards().map(({ pattern, make }) => make(pattern, "*"))
  const served = [...models.list(), ...patterns].filter(({ name }) => isAllowed(name))
  const deployments = new Map<string, Deployment>()
  for (const each of served.flatMap((model) => model.deployments)) if (!deployments.has(each.id)) deployments.set(each.id, each)
  return {
    models: served.map((model) => servedModel(model, isAllowed)),
    deployments: [...deployments.values()].map((each) => statusOf(each, options, isOperator)),
    configuration: { ...configuration.status, needsRestart: [...configuration.status.needsRestart] },
  }
}

function servedModel(model: Model, isAllowed: (name: string) => boolean): ServedModel {
  const { name, ownedBy, aliases = [], regions, fallbacks = [], contextFallbacks = [], contentFallbacks = [], sort, hedgeAfterMs } = model
  const deployments = model.deployments.map(({ id, priority = 0, weight = 1, parameters, retry, fallbackOn }) => {
    const failures = { retry: retry ? retryShown(retry) : null, fallbackOn: fallbackOn ? [...fallbackOn] : null }
    return { id, priority, weight, parameters: parameters ? shown(parameters) : null, ...failures }
  })
  return {
    name,
    aliases: aliases.filter(isAllowed),
    ownedBy,
    isPattern: name.includes("*"),
    regions: regions ? [...regions] : null,
    fallbacks: fallbacks.filter(isAllowed),
    contextFallbacks: contextFallbacks.filter(isAllowed),
    contentFallbacks: contentFallbacks.filter(isAllowed),
    sort: sort ?? null,
    hedgeAfterMs: hedgeAfterMs ?? null,
    deployments: deployments.toSorted((a, b) => a.priority - b.priority),
  }
}

function retryShown({ attempts, on, counts, first }: NonNullable<Deployment["retry"]>): ConfiguredRetry {
  return {
    ...(attempts === undefined ? {} : { attempts }),
    ...(on ? { on: [...on] } : {}),
    ...(counts ? { counts: { ...counts } } : {}),
    ...(first === undefined ? {} : { first }),
  }
}

type ConfiguredRetry = NonNullable<ServedModel["deployments"][number]["retry"]>

function shown({ defaults, overrides, dropped }: NonNullable<Deployment["parameters"]>): ConfiguredParameters {
  return { defaults: values(defaults), overrides: values(overrides), dropped: [...dropped] }
}

function values(object: JsonObject): ConfiguredParameters["defaults"] {
  return object as ConfiguredParameters["defaults"] // plain JSON, without members that are undefined
}

function statusOf(deployment: Deployment, { pool, prices, admission }: DeploymentsOptions, isOperator: boolean): DeploymentStatus {
  const { id, provider, dialect, upstreamModel, does, contextTokensMax, region, tags, limits, origin } = deployment
  const { id: _id, lastError, ...health } = pool.healthOf(deployment)
  const price = prices.priceOf(deployment)
  const refusal = admission.upstream.refusal(deployment, undefined)
  return {
    id,
    provider,
    dialect,
    upstreamModel,
    does: Object.entries(does).flatMap(([name, can]) => (can === true ? [name] : [])),
    contextTokensMax,
    region: region ?? null,
    tags: [...(tags ?? [])],
    limits: limits ?? null,
    price: price ? priceInUsd(price) : null,
    probed: isProbed(deployment),
    origin: isAbsolute(origin) ? basename(origin) : origin, // where it lies on this machine is nobody's business
    health: {
      ...health,
      usedUp: refusal?.reason === "used up" ? { limit: refusal.limit, until: refusal.resetsAt } : null,
      lastError: lastError && (isOperator ? lastError : withoutFault(lastError)),
    },
  }
}

function withoutFault({ code, failure, at }: LastError): LastError {
  return { code, failure, at }
}

type LastError = NonNullable<DeploymentStatus["health"]["lastError"]>

type TierPrices = NonNullable<Price["tiers"]>[string]

const microUsdPerUsd = 1_000_000

function priceInUsd(price: Price): DeploymentPrice {
  const { perRequest, perImage, perSecond, perCharacter, perSearch, tiers, perToolCall } = price
  return {
    ...withAbove(price),
    ...(perRequest === undefined ? {} : { perRequestUsd: perRequest / microUsdPerUsd }),
    ...(perImage === undefined ? {} : { perImageUsd: perImage / microUsdPerUsd }),
    ...(perSecond === undefined ? {} : { perSecondUsd: perSecond / microUsdPerUsd }),
    ...(perCharacter === undefined ? {} : { perMillionCharactersUsd: perCharacter }),
    ...(perSearch === undefined ? {} : { perThousandSearchesUsd: perSearch / 1_000 }),
    ...(tiers ? { tiers: eachOf(tiers, withAbove) } : {}),
    ...(perToolCall ? { perThousandToolCallsUsd: eachOf(perToolCall, (microUsd) => microUsd / 1_000) } : {}),
  }
}

function withAbove({ above, ...price }: TierPrices): TokensInUsd & Pick<DeploymentPrice, "above"> {
  return { ...tokensInUsd(price), ...(above ? { above: { inputTokens: above.inputTokens, ...tokensInUsd(above) } } : {}) }
}

function tokensInUsd({ input, output, cachedInput }: Pick<TierPrices, "input" | "output" | "cachedInput">): TokensInUsd {
  return {
    inputPerMillionUsd: input / microUsdPerUsd,
    outputPerMillionUsd: output / microUsdPerUsd,
    cachedInputPerMillionUsd: cachedInput / microUsdPerUsd,
  }
}

type TokensInUsd = Pick<DeploymentPrice, "inputPerMillionUsd" | "outputPerMillionUsd" | "cachedInputPerMillionUsd">

function eachOf<From, To>(named: Readonly<Record<string, From>>, change: (value: From) => To): Record<string, To> {
  return Object.fromEntries(Object.entries(named).map(([name, value]) => [name, change(value)]))
}
