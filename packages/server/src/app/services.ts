// The parts behind the routes, constructed by hand in order: models, then context over one store and one kernel.
import { createPrices, type Prices } from "../accounting/index.ts"
import type { Config } from "../config/index.ts"
import { createContext, type ContextServices } from "../context/index.ts"
import type { Clock, Limits, NewId } from "../core/index.ts"
import {
  createAiSdkModel,
  createCallModel,
  createExtractive,
  createGguf,
  createModels,
  createPool,
  createTokenCounter,
  createTokenizer,
  createUpstreams,
  type CallModel,
  type Deployment,
  type Discovery,
  type EmbeddedEmbeddings,
  type Models,
  type CallableModel,
  type Natives,
  type Pool,
  type PoolObserver,
  type RegisteredModels,
  type TokenCounter,
  type Upstreams,
} from "../inference/index.ts"
import type { Runs } from "../runs/index.ts"
import type { Store } from "../store/index.ts"
import { admitEmbeddings, type Accountable } from "./admitted-embed.ts"
import { declaredModels, modelsNamedAfter } from "./deployments.ts"

/** What every part is handed. */
export interface Shared {
  clock: Clock
  newId: NewId
  limits: Limits
  onError: (what: string, error: unknown) => void
}

export interface Inference {
  models: Models
  upstreams: Upstreams
  natives: Natives
  pool: Pool
  prices: Prices
  callModel: CallModel
  tokenCounter: TokenCounter
  /** Takes the models of a later discovery in place of those of the first. */
  rediscovered: (found: Pick<Discovery, "models">) => void
}

/** The embedded model that answers by quoting: it is handed passages instead of asking for a search. */
export const extractiveModel = "perdure/extractive"

export interface InferenceParts {
  minilm: EmbeddedEmbeddings
  /** What was found in the environment and on this machine. */
  discovered: Pick<Discovery, "models" | "deployments">
  observer: PoolObserver
}

export function composeInference(shared: Shared, config: Config, parts: InferenceParts, cleanUps: AsyncDisposableStack): Inference {
  const { minilm, discovered } = parts
  const extractive = createExtractive({ ...shared, embed: minilm.embed, countTokens: minilm.countTokens })
  const natives = new Map<string, CallableModel>([
    [extractive.deployment.id, extractive],
    [minilm.deployment.id, minilm],
  ])
  const builtIn = [extractive.deployment, minilm.deployment]
  const declared = declaredModels(config, [...builtIn, ...discovered.deployments], shared.clock.now())
  for (const { deployment, path } of declared.ggufFiles)
    natives.set(deployment.id, cleanUps.use(createGguf({ ...shared, deployment, path })))
  for (const deployment of declared.models.flatMap(({ deployments }) => deployments))
    if (deployment.dialect === "ai-sdk")
      natives.set(deployment.id, createAiSdkModel({ ...shared, deployment, applicationFolder: process.cwd() }))
  const named = modelsNamedAfter(builtIn, shared.clock.now())
  const registered = (found: Pick<Discovery, "models">): RegisteredModels => ({ ...declared, found: [...named, ...found.models] })
  const models = createModels({ ...shared, ...registered(discovered) })
  const upstreams = cleanUps.use(createUpstreams(shared))
  const prices = createPrices({ configured: declared.prices })
  const pool = createPool({ ...shared, models, observer: parts.observer, priceOf: (deployment) => usdOf(prices, deployment) })
  const callModel = createCallModel({ ...shared, models, pool, upstreams, natives })
  const rediscovered = (found: Pick<Discovery, "models">): void => models.replace(registered(found))
  const tokenCounter = cleanUps.use(createTokenCounter({ tokenizer: createTokenizer(shared), natives }))
  return { models, upstreams, natives, pool, prices, callModel, tokenCounter, rediscovered }
}

const microUsdPerUsd = 1_000_000

/** As clients state them: dollars per million tokens. */
function usdOf(prices: Prices, deployment: Deployment): { prompt: number; completion: number } | undefined {
  const price = prices.priceOf(deployment)
  return price && { prompt: price.input / microUsdPerUsd, completion: price.output / microUsdPerUsd }
}

export function composeContext(
  shared: Shared,
  config: Config,
  parts: { store: Store; runs: Runs; inference: Inference; minilm: EmbeddedEmbeddings } & Accountable,
): ContextServices {
  const { store, runs, inference, minilm } = parts
  const embedModel = config.defaults.embeddingModel ?? minilm.deployment.id
  const usesMissingMiniLm = embedModel === minilm.deployment.id && minilm.unavailable !== null
  const embedAs = usesMissingMiniLm ? undefined : admitEmbeddings({ ...shared, ...inference, ...parts }, embedModel, "context.embed")
  return createContext({ ...shared, store, runs, embedAs, embedModel, onError: (name, message) => shared.onError(name, message) })
}
