// From the configuration, what runs in this process and what was discovered to the models that clients can ask for.
import { priceFromUsd, type Price } from "../accounting/index.ts"
import type { Config, DeploymentConfig } from "../config/index.ts"
import { AppError } from "../core/index.ts"
import type { Deployment, Model } from "../inference/index.ts"

export interface DeclaredModels {
  models: readonly Model[]
  /** Prices that the configuration states, by deployment id. */
  prices: ReadonlyMap<string, Price>
  /** GGUF files to run in this process. */
  ggufFiles: readonly { deployment: Deployment; path: string }[]
}

/** The models of the configuration, in its order; `builtIn` are the deployments that its provider `perdure` names. */
export function declaredModels(config: Config, builtIn: readonly Deployment[], createdAt: number): DeclaredModels {
  const models: Model[] = []
  const prices = new Map<string, Price>()
  const ggufFiles: { deployment: Deployment; path: string }[] = []
  for (const [name, model] of Object.entries(config.models)) {
    const deployments = model.deployments.map((each) => {
      const deployment = deploymentOf(config, builtIn, name, each, model.origin)
      if (each.price) prices.set(deployment.id, priceFromUsd(each.price))
      if (each.gguf !== null) ggufFiles.push({ deployment, path: each.gguf })
      return deployment
    })
    models.push({ name, createdAt, ownedBy: deployments[0]?.provider ?? "perdure", deployments })
  }
  return { models, prices, ggufFiles }
}

/** One model per deployment, under the deployment's own name. */
export function modelsNamedAfter(deployments: readonly Deployment[], createdAt: number): Model[] {
  const serving = deployments.filter(({ does }) => does.chat || does.embeddings)
  return serving.map((deployment) => ({ name: deployment.id, createdAt, ownedBy: deployment.provider, deployments: [deployment] }))
}

function deploymentOf(
  config: Config,
  builtIn: readonly Deployment[],
  model: string,
  declared: DeploymentConfig,
  origin: string,
): Deployment {
  const { does, contextTokensMax } = declared
  if (declared.gguf !== null) {
    const native = { provider: "embedded", dialect: "native", baseUrl: null, apiKey: null } as const
    return { id: `gguf/${model}`, ...native, upstreamModel: declared.model, does, contextTokensMax, origin }
  }
  if (declared.provider === "perdure") return builtInOf(builtIn, declared.model, model, origin)
  const provider = config.providers[declared.provider]
  if (!provider) throw new AppError("config_invalid", `model "${model}": the provider "${declared.provider}" is not declared (${origin})`)
  return {
    id: `${declared.provider}/${declared.model}`,
    provider: "openai",
    dialect: "openai-chat",
    baseUrl: provider.baseUrl,
    apiKey: provider.apiKey?.reveal() ?? null,
    upstreamModel: declared.model,
    does,
    contextTokensMax,
    origin,
  }
}

function builtInOf(builtIn: readonly Deployment[], name: string, model: string, origin: string): Deployment {
  const found = builtIn.find(({ id }) => id === name || id === `perdure/${name}`)
  if (found) return found
  throw new AppError("config_invalid", `model "${model}": "${name}" is not built in (${origin})`, {
    hint: `These are: ${builtIn.map(({ id }) => id).join(", ")}.`,
  })
}
