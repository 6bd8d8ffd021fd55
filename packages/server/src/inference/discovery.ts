// Finds models at start without a configuration: provider keys in the environment, and model servers that listen on this machine. Never a paid call.
import { addressOf, discoverableTypes, providerType, type ProviderTypeName } from "../config/index.ts"
import { messageOf } from "../core/index.ts"
import { doesByName, knownModels } from "./known-models.ts"
import { readModelNames, type ModelList } from "./model-list.ts"
import { providerDeployment } from "./providers/deployment.ts"
import type { Deployment, Model } from "./types.ts"

/** What discovery may know of the environment; `readEnvironment()` of the configuration fits. */
export interface DiscoveryEnvironment {
  providerKeys: readonly { provider: ProviderTypeName; variable: string; key: { reveal(): string }; baseUrl: string | null }[]
  /** The address of Ollama where the environment states one. */
  ollamaUrl: string | null
}

export interface DiscoverOptions {
  environment: DiscoveryEnvironment
  /** The port that this server listens on itself, so that it does not find itself. */
  ownPort: number | null
  createdAt: number
  /** Ports of local servers, for tests. */
  ports?: Partial<Record<LocalServer["id"], number>>
  /** Longest wait for one local server; they are asked at the same time. */
  probeTimeoutMs?: number
}

export interface Discovery {
  /** Under their full name (`openai/gpt-5-mini`) and, where nothing else has it, under the plain one. */
  readonly models: readonly Model[]
  readonly deployments: readonly Deployment[]
  /** What was found and what was looked for, one line each. */
  readonly report: readonly string[]
  /** Reads the providers' own lists; to be called in the background. Local servers keep what was found. */
  refresh(signal: AbortSignal): Promise<Discovery>
}

interface LocalServer {
  id: "ollama" | "lmstudio" | "llamacpp"
  title: string
  port: number
}

const localServers: readonly LocalServer[] = [
  { id: "ollama", title: "Ollama", port: 11_434 },
  { id: "lmstudio", title: "LM Studio", port: 1_234 },
  { id: "llamacpp", title: "llama.cpp", port: 8_080 },
]

const defaultProbeTimeoutMs = 500
const refreshTimeoutMs = 10_000

/** One place that may serve models: who it is, how it is asked, what it answered. */
interface Place {
  id: string
  title: string
  /** Said in the report. */
  where: string
  baseUrl: string
  provider: ProviderTypeName
  apiKey: string | null
  origin: string
  /** An address of the operator's, which may be nearby: asked at start. */
  isOwn: boolean
  /** Names that hold until the place answers. */
  assumed: readonly string[]
  list: ModelList | undefined
}

/** Resolves within the probe's time limit, whatever listens or not. */
export async function discover(options: DiscoverOptions, signal: AbortSignal): Promise<Discovery> {
  const { environment, probeTimeoutMs = defaultProbeTimeoutMs } = options
  const remote = environment.providerKeys.map(providerPlace)
  const local = localPlaces(options)
  const asked = [...local, ...remote.filter(({ isOwn }) => isOwn)]
  await Promise.all(asked.map((place) => ask(place, probeTimeoutMs, signal)))
  return discovery(remote, local, options)
}

function discovery(remote: readonly Place[], local: readonly Place[], options: DiscoverOptions): Discovery {
  const places = [...remote, ...local]
  const deployments = places.flatMap(deploymentsAt)
  return {
    deployments,
    models: modelsOf(deployments, options.createdAt),
    report: [...remote.map(remoteLine), ...localLines(local), ...(remote.length > 0 ? [] : [noKeyLine])],
    refresh: async (signal) => {
      // A provider that is out of reach for a while keeps the names that it had.
      const fresh = remote.map((place) => ({ ...place, assumed: place.list?.outcome === "found" ? place.list.names : place.assumed }))
      await Promise.all(fresh.map((place) => ask(place, refreshTimeoutMs, signal)))
      return discovery(fresh, local, options)
    },
  }
}

const keyVariables = discoverableTypes.flatMap((type) => providerType(type).keyVariables.slice(0, 1))
const namedVariablesMax = 4
const noKeyLine = `No provider key in the environment: none of ${keyVariables.slice(0, namedVariablesMax).join(", ")} and ${keyVariables.length - namedVariablesMax} others is set.`

function providerPlace({ provider, variable, key, baseUrl }: DiscoveryEnvironment["providerKeys"][number]): Place {
  const { title } = providerType(provider)
  const usual = addressOf(provider, undefined) ?? ""
  const address = addressOf(provider, baseUrl ?? undefined) ?? usual
  return {
    id: provider,
    title,
    where: address === usual ? `${variable} is set` : `${variable} is set, at ${new URL(address).host}`,
    baseUrl: address,
    provider: provider === "openai" && !isOpenAi(address) ? "openai-compatible" : provider,
    apiKey: key.reveal(),
    origin: `discovered: ${variable}`,
    isOwn: address !== usual,
    assumed: address === usual ? (knownModels[provider] ?? []) : [],
    list: undefined,
  }
}

/** OpenAI has hosts for regions too; whatever else stands in its variable is another server. */
function isOpenAi(address: string): boolean {
  return new URL(address).hostname.endsWith("api.openai.com")
}

function localPlaces({ environment, ownPort, ports = {} }: DiscoverOptions): Place[] {
  return localServers.flatMap((server) => {
    const port = ports[server.id] ?? server.port
    const stated = server.id === "ollama" && ports.ollama === undefined ? environment.ollamaUrl : null
    if (stated === null && port === ownPort) return []
    const origin = stated ?? `http://127.0.0.1:${port}`
    const place: Place = {
      id: server.id,
      title: server.title,
      where: origin,
      baseUrl: `${origin}/v1`,
      provider: server.id,
      apiKey: null,
      origin: `discovered: ${origin}`,
      isOwn: true,
      assumed: [],
      list: undefined,
    }
    return [place]
  })
}

async function ask(place: Place, timeoutMs: number, signal: AbortSignal): Promise<void> {
  place.list = await readModelNames(place, AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)])).catch((error: unknown) => ({
    outcome: "unreachable" as const,
    why: messageOf(error),
  }))
}

function deploymentsAt({ id, baseUrl, provider, apiKey, origin, assumed, list }: Place): Deployment[] {
  const names = list?.outcome === "found" ? list.names : list?.outcome === "refused" ? [] : assumed
  return names.flatMap((upstreamModel) => {
    const does = doesByName(upstreamModel)
    if (!does) return []
    const name = modelName(upstreamModel)
    return [providerDeployment({ id: `${id}/${name}`, provider, baseUrl, apiKey, upstreamModel, does, contextTokensMax: null, origin })]
  })
}

/** llama.cpp names a model by the path of its file. */
function modelName(upstreamModel: string): string {
  return upstreamModel.replace(/^.*[\\/](?=[^\\/]+\.gguf$)/i, "").replace(/\.gguf$/i, "")
}

function modelsOf(deployments: readonly Deployment[], createdAt: number): Model[] {
  const models = new Map<string, Model>()
  const add = (name: string, deployment: Deployment): void => {
    if (!models.has(name))
      models.set(name, { name, createdAt, ownedBy: deployment.id.split("/")[0] ?? deployment.provider, deployments: [deployment] })
  }
  for (const deployment of deployments) add(deployment.id, deployment)
  for (const deployment of deployments) add(deployment.id.slice(deployment.id.indexOf("/") + 1), deployment)
  return [...models.values()]
}

function remoteLine(place: Place): string {
  const { title, where, list } = place
  const count = counted(deploymentsAt(place).length)
  if (list?.outcome === "found") return `${title}: ${where}; ${count}.`
  if (list?.outcome === "refused") return `${title}: ${where}, but the key is refused (HTTP ${list.status}).`
  if (list)
    return `${title}: ${where}, configured but not reachable (${list.outcome === "unreachable" ? list.why : `it answers no list of models, ${list.why}`}); ${count} assumed.`
  return `${title}: ${where}; ${count} assumed until its own list is read.`
}

function localLines(places: readonly Place[]): string[] {
  const lines = places.flatMap((place) => {
    const { title, where, list } = place
    if (list?.outcome === "found") return [`${title} at ${where}: ${counted(deploymentsAt(place).length)}.`]
    if (list?.outcome === "refused")
      return [`Something at ${where} wants a key (HTTP ${list.status}); declare it in the configuration if it is yours.`]
    return []
  })
  if (lines.length > 0) return lines
  return [`No model server on this machine: looked for ${places.map(({ title, where }) => `${title} at ${where}`).join(", ")}.`]
}

function counted(models: number): string {
  return models === 1 ? "1 model" : `${models} models`
}
