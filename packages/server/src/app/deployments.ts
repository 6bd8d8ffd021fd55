// From the configuration, what runs in this process and what was discovered to the models that clients can ask for.
import { priceFromUsd, type Price } from "../accounting/index.ts"
import { Secret, type Config, type DeploymentConfig, type ProviderConfig } from "../config/index.ts"
import { AppError, type JsonObject } from "../core/index.ts"
import { providerDeployment, type Deployment, type Model } from "../inference/index.ts"

export interface DeclaredModels {
  models: readonly Model[]
  /** Prices that the configuration states, by deployment id. */
  prices: ReadonlyMap<string, Price>
  /** GGUF files to run in this process. */
  ggufFiles: readonly { deployment: Deployment; path: string }[]
}

/** The models of the configuration, in its order; `known` are the built-in and the discovered deployments, which it may name too. */
export function declaredModels(config: Config, known: readonly Deployment[], createdAt: number): DeclaredModels {
  const models: Model[] = []
  const prices = new Map<string, Price>()
  const ggufFiles: { deployment: Deployment; path: string }[] = []
  for (const [name, model] of Object.entries(config.models)) {
    const deployments = model.deployments.map((each) => {
      const deployment = deploymentOf(config, known, name, each, model.origin)
      if (each.price) prices.set(deployment.id, priceFromUsd(each.price))
      if (each.gguf !== null) ggufFiles.push({ deployment, path: each.gguf })
      return deployment
    })
    models.push({ name, createdAt, ownedBy: ownerOf(deployments[0]), deployments })
  }
  return { models, prices, ggufFiles }
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
  const { does, contextTokensMax } = declared
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

function settingsOf({ settings, headers, options }: ProviderConfig): JsonObject {
  return {
    ...revealed(settings),
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
