// From the configuration, what runs in this process and what was discovered to the models that clients can ask for.
import { priceFromConfig, type Price } from "../accounting/index.ts"
import { Secret, type Config, type DeploymentConfig, type ModelConfig, type ProviderConfig } from "../config/index.ts"
import { AppError, isJsonObject, type JsonObject } from "../core/index.ts"
import { doesByName, providerDeployment, type Deployment, type Model, type Wildcard } from "../inference/index.ts"

export interface DeclaredModels {
  models: readonly Model[]
  /** Of names with a `*`; each model is made when somebody asks for it. */
  wildcards: readonly Wildcard[]
  /** Prices that the configuration states, by deployment id. */
  prices: ReadonlyMap<string, Price>
  /** GGUF files to run in this process. */
  ggufFiles: readonly { deployment: Deployment; path: string }[]
}

export interface DeclareOptions {
  createdAt: number
  /** Told of each deployment that is made, those that patterns make on demand included. */
  onDeployment?: (deployment: Deployment) => void
}

/** The models of the configuration, in its order; `known` are the built-in and the discovered deployments, which it may name too. */
export function declaredModels(config: Config, known: readonly Deployment[], { createdAt, onDeployment }: DeclareOptions): DeclaredModels {
  const models: Model[] = []
  const wildcards: Wildcard[] = []
  const prices = new Map<string, Price>()
  const ggufFiles: { deployment: Deployment; path: string }[] = []
  const modelOf = (name: string, model: ModelConfig): Model => {
    const deployments = model.deployments.map((each) => {
      const deployment = deploymentOf(config, known, name, each, model.origin)
      if (each.price && prices.size < pricesMax) prices.set(deployment.id, priceFromConfig(each.price))
      onDeployment?.(deployment)
      if (each.gguf !== null) ggufFiles.push({ deployment, path: each.gguf })
      return deployment
    })
    return { name, createdAt, ownedBy: ownerOf(deployments[0]), deployments, ...choiceOf(model) }
  }
  for (const [name, model] of Object.entries(config.models)) {
    if (!name.includes("*")) models.push(modelOf(name, model))
    else wildcards.push({ pattern: name, make: (asked, rest) => modelOf(asked, insteadOfStar(model, rest)) })
  }
  for (const { pattern, make } of wildcards) make(pattern, "*") // what is wrong with it shall be known now
  return { models, wildcards, prices, ggufFiles }
}

const chatOnly = { chat: true, embeddings: false }
/** Clients can ask for more names by a pattern than anybody declares. */
const pricesMax = 10_000

function insteadOfStar(model: ModelConfig, rest: string): ModelConfig {
  const deployments = model.deployments.map((each) => {
    const name = each.model.replace("*", () => rest)
    return { ...each, model: name, does: each.does ?? doesByName(name) ?? chatOnly }
  })
  return { ...model, deployments }
}

/** What the registry and the pool are told of a model, beside its deployments. */
function choiceOf({ aliases, regions, fallbacks, contextFallbacks, contentFallbacks, sort, hedgeAfterMs }: ModelConfig): Partial<Model> {
  return {
    ...(aliases.length > 0 ? { aliases } : {}),
    ...(regions ? { regions } : {}),
    ...(fallbacks.length > 0 ? { fallbacks } : {}),
    ...(contextFallbacks.length > 0 ? { contextFallbacks } : {}),
    ...(contentFallbacks.length > 0 ? { contentFallbacks } : {}),
    ...(sort ? { sort } : {}),
    ...(hedgeAfterMs === null ? {} : { hedgeAfterMs }),
  }
}

/** One model per deployment, under the deployment's own name. */
export function modelsNamedAfter(deployments: readonly Deployment[], createdAt: number): Model[] {
  const serving = deployments.filter(({ does }) => Object.values(does).includes(true))
  return serving.map((deployment) => ({ name: deployment.id, createdAt, ownedBy: ownerOf(deployment), deployments: [deployment] }))
}

/** The provider by the name that the configuration or discovery gave it; `provider` only says how it is spoken to. */
function ownerOf(deployment: Deployment | undefined): string {
  return deployment?.id.split("/")[0] ?? "perdure"
}

function deploymentOf(config: Config, known: readonly Deployment[], model: string, declared: DeploymentConfig, origin: string): Deployment {
  const deployment = placeOf(config, known, model, declared, origin)
  const { weight, priority, tags, region, limits, timeouts, retry, fallbackOn, parameters, headers, probe } = declared
  const organisation = config.providers[declared.provider]?.organisation ?? null
  return {
    ...deployment,
    ...(weight === 1 ? {} : { weight }),
    ...(priority === 0 ? {} : { priority }),
    ...(tags.length > 0 ? { tags } : {}),
    ...(region === null ? {} : { region }),
    ...(organisation === null ? {} : { organisation }),
    ...(limits ? { limits } : {}),
    ...(Object.keys(timeouts).length > 0 ? { timeouts } : {}),
    ...(retry === null ? {} : { retry }),
    ...(fallbackOn === null ? {} : { fallbackOn }),
    ...(parameters === null ? {} : { parameters }),
    ...withHeaders(deployment, headers),
    ...(probe === null ? {} : { probe }),
  }
}

function placeOf(config: Config, known: readonly Deployment[], model: string, declared: DeploymentConfig, origin: string): Deployment {
  const { contextTokensMax } = declared
  const does = declared.does ?? chatOnly
  if (declared.gguf !== null) {
    const native = { provider: "embedded", dialect: "native", baseUrl: null, apiKey: null } as const
    return { id: `gguf/${model}`, ...native, upstreamModel: declared.model, does, contextTokensMax, origin }
  }
  const id = declared.model.startsWith("perdure/") ? declared.model : `${declared.provider}/${declared.model}`
  const provider = config.providers[declared.provider]
  if (!provider) return knownDeployment(known, id, { model, origin, contextTokensMax, dialect: declared.dialect })
  return providerDeployment({
    id,
    provider: provider.type,
    baseUrl: provider.baseUrl,
    apiKey: provider.apiKey?.reveal() ?? null,
    settings: settingsOf(provider),
    upstreamModel: declared.model,
    dialect: declared.dialect,
    does,
    contextTokensMax,
    origin,
  })
}

/** Its own over those of its provider. */
function withHeaders({ settings = {} }: Deployment, headers: DeploymentConfig["headers"]): Pick<Deployment, "settings"> {
  if (Object.keys(headers).length === 0) return {}
  const further = isJsonObject(settings["headers"]) ? settings["headers"] : {}
  return { settings: { ...settings, headers: { ...further, ...revealed(headers) } } }
}

/** What a deployment is told of its provider. */
export function settingsOf({ settings, variables, headers, options }: ProviderConfig): JsonObject {
  return {
    ...revealed(settings),
    ...(Object.keys(variables).length > 0 ? { variables: revealed(variables) } : {}),
    ...(Object.keys(headers).length > 0 ? { headers: revealed(headers) } : {}),
    ...(Object.keys(options).length > 0 ? { options: revealed(options) } : {}),
  }
}

function revealed(values: Readonly<Record<string, string | number | boolean | Secret>>): JsonObject {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, value instanceof Secret ? value.reveal() : value]))
}

/** What is built in, or another model of a provider that was discovered. */
function knownDeployment(
  known: readonly Deployment[],
  id: string,
  { model, origin, contextTokensMax, dialect }: Pick<DeploymentConfig, "model" | "contextTokensMax" | "dialect"> & { origin: string },
): Deployment {
  const same = known.find((deployment) => deployment.id === id)
  if (same?.dialect === "native") return { ...same, contextTokensMax: contextTokensMax ?? same.contextTokensMax }
  if (same) return providerDeployment({ ...same, dialect, contextTokensMax: contextTokensMax ?? same.contextTokensMax })
  const prefix = id.slice(0, id.indexOf("/") + 1)
  const sibling = known.find((deployment) => deployment.id.startsWith(prefix) && deployment.dialect !== "native")
  if (sibling) return providerDeployment({ ...sibling, id, upstreamModel: id.slice(prefix.length), dialect, contextTokensMax, origin })
  throw new AppError("config_invalid", `model "${model}": there is no deployment "${id}" (${origin})`, {
    hint: `These were found: ${known.map((deployment) => deployment.id).join(", ")}. Declare its provider, or set its key in the environment.`,
  })
}
