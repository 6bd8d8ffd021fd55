// The route of deployments: the models that a key may use, where they are served, and how each place fares. No addresses, no credentials.
import type { Deployments, DeploymentStatus, ServedModel } from "@perdure/contract"
import { Hono } from "hono"
import { isProbed, type Deployment, type Model, type Models, type Pool } from "../../inference/index.ts"
import type { HttpEnv } from "../env.ts"
import { answer } from "./answer.ts"

export interface DeploymentsOptions {
  models: Pick<Models, "list" | "wildcards">
  pool: Pick<Pool, "healthOf" | "health">
  configuration: { readonly status: Readonly<Omit<Deployments["configuration"], "needsRestart">> & { needsRestart: readonly string[] } }
}

export function createDeploymentRoutes(options: DeploymentsOptions): Hono<HttpEnv> {
  const routes = new Hono<HttpEnv>()
  routes.get("/v1/deployments", (context) => {
    const { scope } = context.get("principal")
    return answer(readDeployments(options, (name) => scope === null || scope.allowsModel(name)))
  })
  return routes
}

/** What is declared and what was found; a model that may not be asked for is not told of either. */
export function readDeployments({ models, pool, configuration }: DeploymentsOptions, isAllowed: (name: string) => boolean): Deployments {
  const patterns = models.wildcards().map(({ pattern, make }) => make(pattern, "*"))
  const served = [...models.list(), ...patterns].filter(({ name }) => isAllowed(name))
  const deployments = new Map<string, Deployment>()
  for (const each of served.flatMap((model) => model.deployments)) if (!deployments.has(each.id)) deployments.set(each.id, each)
  return {
    models: served.map((model) => servedModel(model, isAllowed)),
    deployments: [...deployments.values()].map((each) => statusOf(each, pool)),
    configuration: { ...configuration.status, needsRestart: [...configuration.status.needsRestart] },
  }
}

function servedModel(model: Model, isAllowed: (name: string) => boolean): ServedModel {
  const { name, ownedBy, aliases = [], regions, fallbacks = [], contextFallbacks = [], sort, hedgeAfterMs } = model
  const deployments = model.deployments.map(({ id, priority = 0, weight = 1 }) => ({ id, priority, weight }))
  return {
    name,
    aliases: aliases.filter(isAllowed),
    ownedBy,
    isPattern: name.includes("*"),
    regions: regions ? [...regions] : null,
    fallbacks: [...fallbacks],
    contextFallbacks: [...contextFallbacks],
    sort: sort ?? null,
    hedgeAfterMs: hedgeAfterMs ?? null,
    deployments: deployments.toSorted((a, b) => a.priority - b.priority),
  }
}

function statusOf(deployment: Deployment, pool: Pick<Pool, "healthOf">): DeploymentStatus {
  const { id, provider, dialect, upstreamModel, does, contextTokensMax, region, tags, limits, origin } = deployment
  const { id: _id, ...health } = pool.healthOf(deployment)
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
    probed: isProbed(deployment),
    origin,
    health,
  }
}
