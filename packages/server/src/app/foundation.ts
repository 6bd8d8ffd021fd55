// What everything else stands on, opened at a start: the database, identity, the gate, records, the kernel, log and metrics.
import { databaseDirectory, readEnvironment, type Config } from "../config/index.ts"
import { newId, systemClock } from "../core/index.ts"
import { discover, openEmbeddedEmbeddings, type Discovery, type EmbeddedEmbeddings, type Models } from "../inference/index.ts"
import { createRuns, type Runs } from "../runs/index.ts"
import { createIdentity, openKeyWrapping, openSealer, type Identity, type KeyWrapping, type Sealer } from "../security/index.ts"
import { freeBytes, openStore, type OpenStoreOptions, type Store } from "../store/index.ts"
import { createLogger, createMetrics, type Logger, type Metrics } from "../telemetry/index.ts"
import { openAccounting, type Accounting, type AccountingParts } from "./accounting.ts"
import { masterKeys } from "./encryption.ts"
import { createReplaceableGate, type ReplaceableGate } from "./gate.ts"
import { createObservers, type Observers, type ObserversOptions } from "./observe.ts"
import type { Shared } from "./services.ts"

export interface Opened {
  store: Store
  minilm: EmbeddedEmbeddings
  discovered: Discovery
}

/** Discovery that is switched off. */
const nothing: Discovery = { models: [], deployments: [], report: [], refresh: async () => nothing }

/** The slow parts of a start, at the same time. */
export async function openParts(config: Config, logger: Logger, onFatal: OnFatal, cleanUps: AsyncDisposableStack): Promise<Opened> {
  const search = { environment: readEnvironment(), ownPort: config.server.port, createdAt: systemClock.now() }
  const [store, minilm, discovered] = await Promise.allSettled([
    openStore({ ...storeOptions(config), logger: logger.child("store"), ...(onFatal ? { onFatal } : {}) }),
    openEmbeddedEmbeddings(),
    config.discovery ? discover(search, new AbortController().signal) : nothing,
  ])
  if (store.status === "fulfilled") cleanUps.use(store.value)
  if (minilm.status === "fulfilled") cleanUps.use(minilm.value)
  return { store: valueOf(store), minilm: valueOf(minilm), discovered: valueOf(discovered) }
}

export type OnFatal = ((error: Error) => void) | undefined

export interface Foundation extends Accounting {
  identity: Identity
  gate: ReplaceableGate
  runs: Runs
  sealer: Sealer
  wrapping: KeyWrapping
}

export async function openFoundation(
  config: Config,
  shared: Shared,
  parts: AccountingParts,
  cleanUps: AsyncDisposableStack,
): Promise<Foundation> {
  const { store, observers } = parts
  const sealer = await openSealer(store)
  // Before anything is written: another key's database is left as it is.
  const wrapping = await openKeyWrapping(store, sealer, masterKeys(config.encryption))
  const secureCookies = config.server.publicUrl?.startsWith("https:") ?? false
  const identity = cleanUps.use(
    await createIdentity({ ...shared, store, secureCookies, onError: (error) => shared.onError("identity", error) }),
  )
  const gate = createReplaceableGate(config.grants)
  const accounting = await openAccounting(config, shared, parts, cleanUps)
  const role = config.roles.includes("executor") ? "all" : "gateway"
  const runs = cleanUps.use(createRuns({ ...shared, ...observers, store, role }))
  return { identity, gate, ...accounting, runs, sealer, wrapping }
}

export interface Telemetry {
  logger: Logger
  metrics: Metrics
  observers: Observers
  /** The registry does not exist yet when the first part counts; known models come with it. */
  watch(models: Models): void
}

export function openTelemetry(
  config: Config,
  options: { version: string; routes: readonly string[] },
  cleanUps: AsyncDisposableStack,
): Telemetry {
  const { level } = config.logging
  const logger = createLogger({ level: level === "trace" ? "debug" : level })
  let models: Models | undefined
  const metrics = cleanUps.use(createMetrics({ ...options, isKnownModel: (name) => models?.get(name) !== undefined }))
  metrics.gauge("perdure_disk_free_bytes", "Free space on the disk of the data directory", () => freeBytes(config.data))
  metrics.gauge("perdure_resident_memory_bytes", "Resident memory of this process", () => process.memoryUsage.rss())
  const providerOf: ObserversOptions["providerOf"] = (id) =>
    models
      ?.list()
      .flatMap(({ deployments }) => deployments)
      .find((deployment) => deployment.id === id)?.provider ?? "other"
  const observers = createObservers(metrics.events, { providerOf: remembered(providerOf), logger: logger.child("inference") })
  return { logger, metrics, observers, watch: (registry) => (models = registry) }
}

/** A deployment keeps its provider, and there are few of them. */
function remembered<T>(look: (id: string | null) => T): (id: string | null) => T {
  const known = new Map<string | null, T>()
  return (id) => {
    if (!known.has(id) && known.size < providersMax) known.set(id, look(id))
    return known.get(id) ?? look(id)
  }
}

const providersMax = 10_000

export function sharedOf(config: Config, onError: Shared["onError"]): Shared {
  return { clock: systemClock, newId, limits: config.limits, onError }
}

export function storeOptions(config: Config): OpenStoreOptions {
  const where = config.database.url === null ? { dataDirectory: databaseDirectory(config) } : { databaseUrl: config.database.url.reveal() }
  return { ...where, limits: config.limits }
}

function valueOf<T>(result: PromiseSettledResult<T>): T {
  if (result.status === "rejected") throw result.reason
  return result.value
}
