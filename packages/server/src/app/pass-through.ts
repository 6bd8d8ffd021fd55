// Paths that are passed through to providers, made of the configuration and replaced with it.
import type { Admission, Records } from "../accounting/index.ts"
import type { Config } from "../config/index.ts"
import { createPassThrough, type PassThrough, type PassThroughRoute, type ShellLogger } from "../http/index.ts"
import { providerDeployment } from "../inference/index.ts"
import type { Identity } from "../security/index.ts"
import { settingsOf } from "./deployments.ts"
import type { Inference } from "./inference.ts"
import type { Shared } from "./services.ts"

export interface ComposedPassThrough {
  passThrough: PassThrough
  /** Checks nothing more; what it returns puts the paths of another configuration into force. */
  prepare: (config: Config) => () => void
}

interface Parts {
  identity: Identity
  admission: Admission
  records: Records
  inference: Inference
  logger: ShellLogger
}

export function composePassThrough(shared: Shared, config: Config, parts: Parts): ComposedPassThrough {
  const passThrough = createPassThrough({ ...shared, ...parts, upstreams: parts.inference.upstreams }, routesOf(config))
  const prepare = (next: Config): (() => void) => {
    const routes = routesOf(next)
    return () => passThrough.replace(routes)
  }
  return { passThrough, prepare }
}

function routesOf({ passThrough, providers }: Config): PassThroughRoute[] {
  return passThrough.flatMap(({ provider: name, origin, ...route }): PassThroughRoute[] => {
    const provider = providers[name]
    if (!provider) return []
    const deployment = providerDeployment({
      id: `${name}/pass-through`,
      provider: provider.type,
      baseUrl: provider.baseUrl,
      apiKey: provider.apiKey?.reveal() ?? null,
      settings: settingsOf(provider),
      upstreamModel: "",
      does: { chat: false, embeddings: false },
      contextTokensMax: null,
      origin,
    })
    return [{ ...route, region: provider.region, deployment }]
  })
}
