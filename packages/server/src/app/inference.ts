// Inference, constructed by hand: the registry of models, the pool, prices, and how all of it follows a configuration that is loaded again.
import { createPrices, type Admission, type Prices } from "../accounting/index.ts"
import type { Config } from "../config/index.ts"
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
  type CallableModel,
  type CallModel,
  type Deployment,
  type Discovery,
  type EmbeddedEmbeddings,
  type Models,
  type Natives,
  type Pool,
  type PoolObserver,
  type TokenCounter,
  type Upstreams,
} from "../inference/index.ts"
import { declaredModels, modelsNamedAfter, type DeclaredModels } from "./deployments.ts"
import type { Shared } from "./services.ts"

export interface Inference {
  models: Models
  upstreams: Upstreams
  natives: Natives
  pool: Pool
  prices: Prices
  callModel: CallModel
  tokenCounter: TokenCounter
  /** Takes the models of a later discovery in place of those of the first. */
  rediscovered: (found: Found) => void
  /** Checks the models and providers of another configuration; what it returns puts them into force. Throws `config_invalid`. */
  prepare: (config: Config) => () => void
}

interface Prepared extends DeclaredModels {
  begin: () => void
}

type Found = Pick<Discovery, "models" | "deployments">

export interface InferenceParts {
  minilm: EmbeddedEmbeddings
  /** What was found in the environment and on this machine. */
  discovered: Found
  observer: PoolObserver
  /** What may be used of deployments. */
  upstream: Admission["upstream"]
}

export function composeInference(shared: Shared, config: Config, parts: InferenceParts, cleanUps: AsyncDisposableStack): Inference {
  const { minilm } = parts
  const extractive = createExtractive({ ...shared, embed: minilm.embed, countTokens: minilm.countTokens })
  const natives = new Map<string, CallableModel>([
    [extractive.deployment.id, extractive],
    [minilm.deployment.id, minilm],
  ])
  const builtIn = [extractive.deployment, minilm.deployment]
  const createdAt = shared.clock.now()
  const own = new OwnModels(shared, natives, cleanUps)
  let found = parts.discovered
  /** What runs in this process is made when the models come into force, or on demand after that. */
  const declare = (next: Config): Prepared => {
    const made: Deployment[] = []
    let inForce = false
    const onDeployment = (each: Deployment): void => {
      if (inForce) own.serve(each)
      else made.push(each)
    }
    const prepared = declaredModels(next, [...builtIn, ...found.deployments], { createdAt, onDeployment })
    const begin = (): void => {
      inForce = true
      for (const each of made) own.serve(each)
      for (const { deployment, path } of prepared.ggufFiles) own.load(deployment, path)
    }
    return { ...prepared, begin }
  }
  let declared = declare(config)
  declared.begin()
  let priced = createPrices({ configured: declared.prices })
  const registered = () => ({ ...declared, found: [...modelsNamedAfter(builtIn, createdAt), ...found.models] })

  const models = createModels({ ...shared, ...registered() })
  const upstreams = cleanUps.use(createUpstreams(shared))
  const prices: Prices = {
    get version() {
      return priced.version
    },
    priceOf: (deployment) => priced.priceOf(deployment),
  }
  const { observer, upstream } = parts
  const pool = createPool({ ...shared, models, observer, upstream, priceOf: (deployment) => usdOf(prices, deployment) })
  upstream.know({ candidatesOf: (name) => candidatesOf(models, name), priceOf: (deployment) => prices.priceOf(deployment) })
  const callModel = createCallModel({ ...shared, models, pool, upstreams, natives })
  const tokenCounter = cleanUps.use(createTokenCounter({ tokenizer: createTokenizer(shared), natives }))
  const apply = (): void => {
    models.replace(registered())
    const deployments = deploymentsOf(models)
    pool.keep(deployments)
    upstreams.keep(deployments)
  }
  const rediscovered = (next: Found): void => {
    found = next
    models.replace(registered())
  }
  const prepare = (next: Config): (() => void) => {
    const prepared = declare(next)
    return () => {
      declared = prepared
      declared.begin()
      priced = createPrices({ configured: declared.prices })
      apply()
    }
  }
  apply()
  return { models, upstreams, natives, pool, prices, callModel, tokenCounter, rediscovered, prepare }
}

/** Of all models that have a name, and one for each pattern: where those are that clients ask for by it. */
export function deploymentsOf(models: Pick<Models, "list" | "wildcards">): Deployment[] {
  const made = models.wildcards().map(({ pattern, make }) => make(pattern, "*"))
  return [...models.list(), ...made].flatMap(({ deployments }) => deployments)
}

/** Those that a call of the model may come to: its own, and those of the models that stand in for it. */
function candidatesOf(models: Pick<Models, "get">, name: string): Deployment[] {
  const model = models.get(name)
  if (!model) return []
  const others = [model.fallbacks, model.contextFallbacks, model.contentFallbacks].flatMap((names) => names ?? [])
  return [...model.deployments, ...others.flatMap((other) => models.get(other)?.deployments ?? [])]
}

/** What is called in this process instead of over HTTP: GGUF files, provider packages. */
class OwnModels {
  readonly #shared: Shared
  readonly #natives: Map<string, CallableModel>
  readonly #cleanUps: AsyncDisposableStack
  readonly #files = new Map<string, string>()

  constructor(shared: Shared, natives: Map<string, CallableModel>, cleanUps: AsyncDisposableStack) {
    this.#shared = shared
    this.#natives = natives
    this.#cleanUps = cleanUps
  }

  /** A package may be given another key or address, so each declaration makes its own. */
  serve(deployment: Deployment): void {
    if (deployment.dialect !== "ai-sdk") return
    this.#natives.set(deployment.id, createAiSdkModel({ ...this.#shared, deployment, applicationFolder: process.cwd() }))
  }

  /** A file that is no longer declared stays loaded until the end: calls may be under way on it. */
  load(deployment: Deployment, path: string): void {
    if (this.#files.get(deployment.id) === path) return
    this.#files.set(deployment.id, path)
    this.#natives.set(deployment.id, this.#cleanUps.use(createGguf({ ...this.#shared, deployment, path })))
  }
}

const microUsdPerUsd = 1_000_000

/** As clients state them: dollars per million tokens. */
function usdOf(prices: Prices, deployment: Deployment): { prompt: number; completion: number } | undefined {
  const price = prices.priceOf(deployment)
  return price && { prompt: price.input / microUsdPerUsd, completion: price.output / microUsdPerUsd }
}
