// The only place that constructs: from a configuration to a server that listens, and back.
import { createRecords, type Records } from "../accounting/index.ts"
import { databaseDirectory, readEnvironment, type Config } from "../config/index.ts"
import { BackgroundTasks, newId, systemClock } from "../core/index.ts"
import { createApi, createHotRoutes, createHttpServer } from "../http/index.ts"
import { discover, openEmbeddedEmbeddings, type Discovery, type EmbeddedEmbeddings } from "../inference/index.ts"
import { createRuns, type RunDefinition, type Runs } from "../runs/index.ts"
import { createGate, createIdentity, type Gate, type Identity } from "../security/index.ts"
import { openStore, type OpenStoreOptions, type Store } from "../store/index.ts"
import type { Tool } from "../tools/index.ts"
import manifest from "../../package.json" with { type: "json" }
import { createReadiness } from "./readiness.ts"
import { routesOf } from "./routes.ts"
import { composeContext, composeInference, composeResponses, type Shared } from "./services.ts"

const { version } = manifest
const silent = { error: (_fields: object, _message: string): void => undefined }

/** Discovery that is switched off. */
const nothing: Discovery = { models: [], deployments: [], report: [], refresh: async () => nothing }

/** The project of keys and dashboard sessions that nothing else says a project of. */
export const defaultProjectId = "proj_default"

/** A server that listens. */
export interface Perdure extends AsyncDisposable {
  readonly url: string
  readonly port: number
  /** The key that was created because there was none; shown once. */
  readonly apiKeyCreated?: string
  readonly projectId: string
  readonly identity: Identity
  /** The kernel, for programs that embed the server: start, read and steer runs. */
  readonly runs: Runs
  /** What discovery found, one line each. */
  readonly report: readonly string[]
  /** A dashboard address with a token that works once. */
  loginUrl(): string
  /** Stops intake, drains, closes. */
  close(): Promise<void>
}

export interface Overrides {
  /** Server-side tools, beside those of the configuration. */
  tools?: readonly Tool[]
  /** Called once when the database is lost for good. */
  onFatal?: (error: Error) => void
}

export async function createPerdure(config: Config, overrides: Overrides = {}): Promise<Perdure> {
  const cleanUps = new AsyncDisposableStack()
  try {
    return await compose(config, overrides, cleanUps)
  } catch (error) {
    await cleanUps.disposeAsync()
    throw error
  }
}

/** The store with its keys, without a server: for commands while nothing runs. */
export async function openKeys(config: Config): Promise<{ projectId: string; identity: Identity } & AsyncDisposable> {
  const cleanUps = new AsyncDisposableStack()
  const shared = sharedOf(config, () => undefined)
  const store = cleanUps.use(await openStore(storeOptions(config)))
  const identity = cleanUps.use(await createIdentity({ ...shared, store, onError: () => undefined }))
  return { projectId: defaultProjectId, identity, [Symbol.asyncDispose]: () => cleanUps.disposeAsync() }
}

async function compose(config: Config, overrides: Overrides, cleanUps: AsyncDisposableStack): Promise<Perdure> {
  const logger = silent
  const shared = sharedOf(config, (what, error) => logger.error({ what, error }, "background work failed"))
  const { store, minilm, discovered } = await openParts(config, overrides, cleanUps)
  const foundation = await openFoundation(config, shared, store, cleanUps)
  const { identity, records, runs } = foundation
  const inference = composeInference(shared, config, { minilm, discovered }, cleanUps)
  const context = cleanUps.use(composeContext(shared, config, { store, runs, inference, minilm }))
  const responses = composeResponses(shared, {
    ...foundation,
    inference,
    context,
    tools: [...(config.tools as readonly Tool[]), ...(overrides.tools ?? [])],
  })
  const workflows = config.workflows as readonly RunDefinition[] // checked when the configuration was loaded
  for (const workflow of workflows) runs.define(workflow)

  const stopping = new AbortController()
  const tasks = new BackgroundTasks(shared.onError)
  cleanUps.defer(() => {
    stopping.abort()
    return tasks.settled()
  })
  const health = { ready: createReadiness({ version, store, records, minilm }), metrics: async () => "" }
  const names = workflows.map(({ name }) => name)
  const parts = {
    ...foundation,
    version,
    workflows: names,
    store,
    inference,
    context,
    responses,
    tasks,
    health,
    countTokens: minilm.countTokens,
  }
  const hotRoutes = createHotRoutes({ ...shared, ...inference, records, logger })
  const hotNames = Object.keys(hotRoutes).map((path) => `POST ${path}`)
  const app = createApi({ ...shared, identity, routes: routesOf(shared, config, parts), logger, hotRoutes: hotNames })
  const server = cleanUps.use(createHttpServer({ ...shared, identity, app, hotRoutes, logger }))
  const url = await server.listen(config.server.port, config.server.host)
  tasks.run("discovery", async () => inference.rediscovered(await discovered.refresh(stopping.signal)))
  return running({ url, identity, runs, report: discovered.report, apiKeyCreated: await firstKey(identity), cleanUps })
}

interface Opened {
  store: Store
  minilm: EmbeddedEmbeddings
  discovered: Discovery
}

/** The slow parts of a start, at the same time. */
async function openParts(config: Config, overrides: Overrides, cleanUps: AsyncDisposableStack): Promise<Opened> {
  const { signal } = new AbortController()
  const [store, minilm, discovered] = await Promise.allSettled([
    openStore(storeOptions(config, overrides)),
    openEmbeddedEmbeddings(),
    config.discovery
      ? discover({ environment: readEnvironment(), ownPort: config.server.port, createdAt: systemClock.now() }, signal)
      : nothing,
  ])
  if (store.status === "fulfilled") cleanUps.use(store.value)
  if (minilm.status === "fulfilled") cleanUps.use(minilm.value)
  return { store: valueOf(store), minilm: valueOf(minilm), discovered: valueOf(discovered) }
}

function valueOf<T>(result: PromiseSettledResult<T>): T {
  if (result.status === "rejected") throw result.reason
  return result.value
}

interface Foundation {
  identity: Identity
  gate: Gate
  records: Records
  runs: Runs
}

async function openFoundation(config: Config, shared: Shared, store: Store, cleanUps: AsyncDisposableStack): Promise<Foundation> {
  const identity = cleanUps.use(await createIdentity({ ...shared, store, onError: (error) => shared.onError("identity", error) }))
  const gate = createGate({ grants: config.grants })
  const onDropped = (count: number, reason: string, error?: unknown): void => shared.onError(`${count} records dropped: ${reason}`, error)
  const records = cleanUps.use(createRecords({ ...shared, store, onDropped }))
  const runs = cleanUps.use(createRuns({ ...shared, store, role: config.roles.includes("executor") ? "all" : "gateway" }))
  return { identity, gate, records, runs }
}

interface RunningParts {
  url: string
  identity: Identity
  runs: Runs
  report: readonly string[]
  apiKeyCreated: string | undefined
  cleanUps: AsyncDisposableStack
}

function running({ url, identity, runs, report, apiKeyCreated, cleanUps }: RunningParts): Perdure {
  const close = (): Promise<void> => cleanUps.disposeAsync()
  return {
    url,
    port: Number(new URL(url).port),
    ...(apiKeyCreated === undefined ? {} : { apiKeyCreated }),
    projectId: defaultProjectId,
    identity,
    runs,
    report,
    loginUrl: () => `${url}/dashboard/login?token=${identity.createLoginToken(defaultProjectId)}`,
    close,
    [Symbol.asyncDispose]: close,
  }
}

/** The first start of an installation has no key, and no other way to get one over HTTP. */
async function firstKey(identity: Identity): Promise<string | undefined> {
  if ((await identity.listKeys(defaultProjectId)).length > 0) return undefined
  return (await identity.createKey(defaultProjectId, "first key")).secret
}

function sharedOf(config: Config, onError: Shared["onError"]): Shared {
  return { clock: systemClock, newId, limits: config.limits, onError }
}

function storeOptions(config: Config, overrides: Overrides = {}): OpenStoreOptions {
  const where = config.database.url === null ? { dataDirectory: databaseDirectory(config) } : { databaseUrl: config.database.url.reveal() }
  return { ...where, limits: config.limits, ...(overrides.onFatal ? { onFatal: overrides.onFatal } : {}) }
}
