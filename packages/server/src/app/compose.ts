// The only place that constructs: from a configuration to a server that listens, and back.
import type { Deployments, Usage, UsageQuery } from "@perdure/contract"
import { createUsageSummary, type Admission } from "../accounting/index.ts"
import type { Config } from "../config/index.ts"
import type { ContextServices } from "../context/index.ts"
import { BackgroundTasks } from "../core/index.ts"
import { createApi, createHotRoutes, createHttpServer, hotPaths, readDeployments, usageOf } from "../http/index.ts"
import { createProbes } from "../inference/index.ts"
import type { RunDefinition, Runs } from "../runs/index.ts"
import { createIdentity, type Identity } from "../security/index.ts"
import { openStore, type Store } from "../store/index.ts"
import { sparing, type Metrics } from "../telemetry/index.ts"
import type { Tool } from "../tools/index.ts"
import manifest from "../../package.json" with { type: "json" }
import { composeAlerts, watchedPool } from "./alerts.ts"
import { composeBatches } from "./batches.ts"
import { composeCallMemories } from "./call-memories.ts"
import { openFoundation, openParts, openTelemetry, sharedOf, storeOptions } from "./foundation.ts"
import { composePassThrough } from "./pass-through.ts"
import { composePrompts } from "./prompts.ts"
import { createSchemaFollower } from "./newer-schema.ts"
import { createReadiness } from "./readiness.ts"
import { composeInference, deploymentsOf, type Inference } from "./inference.ts"
import { createConfiguration, type Configuration, type ReloadReport } from "./reload.ts"
import { attachmentsOf, composeResponses } from "./responses.ts"
import { routesOf, upgradeRoutesOf } from "./routes.ts"
import { composeContext, type Shared } from "./services.ts"
import { composeShaping } from "./shaping.ts"
import { warmUp } from "./warm-up.ts"

const { version } = manifest

/** The project of keys and dashboard sessions that nothing else says a project of. */
export const defaultProjectId = "proj_default"

/** What fails again and again is logged once in so long. */
const sayAgainMs = 60_000

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
  /** What the configuration declares and what discovery found, one line each. */
  readonly report: readonly string[]
  /** Of the embedded database: its directory at rest for as long as `work` runs. */
  readonly holdDatabase: Store["holdFiles"]
  /** A dashboard address with a token that works once. */
  loginUrl(): string
  /** Models, where they are served, and how each place fares. */
  deployments(): Deployments
  /** What the project spent. */
  usage(query: UsageQuery): Promise<Usage>
  /** Puts another configuration into force as far as that goes without a restart; rejects with what is wrong with it. */
  reload(load: () => Promise<Config>): Promise<ReloadReport>
  /** Stops intake, drains, closes. */
  close(): Promise<void>
}

export interface Overrides {
  /** Server-side tools, beside those of the configuration. */
  tools?: readonly Tool[]
  /** Called once when the database is lost for good. */
  onFatal?: (error: Error) => void
  /** Called once when a newer version has changed the database so that this process has to stop: `close` it. Without it the server closes itself. */
  onOutdated?: () => void
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
  const telemetry = openTelemetry(config, { version, routes: [...hotPaths, "other"] }, cleanUps)
  const { logger, metrics, observers } = telemetry
  const say = sparing(({ what, error, times }) => logger.error({ what, error, times }, "background work failed"), sayAgainMs)
  const shared = sharedOf(config, say)
  const { store, minilm, discovered } = await openParts(config, logger, overrides.onFatal, cleanUps)
  const alerts = cleanUps.use(composeAlerts(shared, config, { store, metrics, logger }))
  const foundation = await openFoundation(config, shared, { store, metrics, observers, watch: alerts.budgets }, cleanUps)
  const { identity, records, runs } = foundation
  for (const lost of foundation.unrecorded)
    logger.warn({ ...lost }, "a process was killed here: calls that it had begun may be in no record")
  const inference = composeInference(
    shared,
    config,
    { minilm, discovered, observer: watchedPool(observers.pool, alerts), upstream: foundation.admission.upstream },
    cleanUps,
  )
  telemetry.watch(inference.models)
  const shaping = composeShaping(shared, config, { ...foundation, store, inference, minilm }, cleanUps)
  const prompted = await composePrompts(shared, config, { store, models: inference.models }, cleanUps)
  const dropCaches = (): void => shaping.cache.answers.forget()
  const context = cleanUps.use(composeContext(shared, config, { ...foundation, store, inference, minilm, dropCaches }))
  const tools = [...(config.tools as readonly Tool[]), ...(overrides.tools ?? [])] // checked when the configuration was loaded
  const { responses, compact, compactMessages } = composeResponses(shared, { ...foundation, ...shaping, inference, context, tools })
  const workflows = config.workflows as readonly RunDefinition[] // checked when the configuration was loaded
  for (const workflow of workflows) runs.define(workflow)

  const stopping = new AbortController()
  const tasks = stoppedTasks(shared, stopping, cleanUps)
  const background = (name: string, work: () => Promise<unknown>): void => tasks.run(name, work)
  const remembering = composeCallMemories(shared, config, { ...foundation, context, background })
  const { memories } = remembering
  const passing = composePassThrough(shared, config, { ...foundation, inference, logger: logger.child("http") })
  const following = { passing, inference, shaping, prompted, alerts, memories: remembering, logger: logger.child("configuration") }
  const configuration = createConfiguration(config, { ...shared, ...foundation, ...following })
  const schema = createSchemaFollower({ ...shared, store, logger: logger.child("store") })
  const health = {
    ready: createReadiness({ version, store, records, minilm, configuration, schema, data: config.data }),
    metrics: () => metrics.text(),
  }
  const services = { ...prompted, inference, context, responses, compact, tasks, health, configuration }
  const base = {
    ...foundation,
    ...services,
    passThrough: passing.passThrough,
    memories,
    version,
    store,
    workflows: workflows.map(({ name }) => name),
  }
  const shaped = { ...shaping, ...prompted, memories, compactMessages, attachments: attachmentsOf(shared, context) }
  const hotRoutes = createHotRoutes({ ...shared, ...inference, ...foundation, ...shaped, logger: logger.child("http") })
  const batches = cleanUps.use(composeBatches(shared, config, { ...base, hotRoutes }))
  const parts = { ...base, batches }
  const hotNames = Object.keys(hotRoutes).map((path) => `POST ${path}`)
  const serving = { ...shared, identity, logger: logger.child("http") }
  const app = createApi({ ...serving, routes: routesOf(shared, config, parts), hotRoutes: hotNames })
  const upgradeRoutes = upgradeRoutesOf(shared, { ...parts, guards: shaping.guards, logger: serving.logger })
  const server = cleanUps.use(
    createHttpServer({ ...serving, ...config.server, ...passing, app, hotRoutes, upgradeRoutes, metrics: observers.http }),
  )
  const open = (): number => inference.pool.health().filter(({ state }) => state !== "closed").length
  metrics.gauge("perdure_deployments_left_alone", "Deployments whose circuit breaker is not closed", open)
  watchMemory(metrics, context)
  metrics.gauge("perdure_http_requests_in_flight", "Requests that have no complete answer yet", () => server.inFlight)
  metrics.gauge("perdure_http_sockets_open", "WebSockets of clients that are open", () => server.sockets)
  const url = await server.listen(config.server.port, config.server.host)
  logger.info({ url, engine: store.engine, models: inference.models.list().length }, "listening")
  cleanUps.use(probesOf(inference, shared))
  tasks.run("warm-up", () => warmUp({ store, minilm, embeddingModel: config.defaults.embeddingModel }, stopping.signal))
  tasks.run("discovery", async () => inference.rediscovered(await discovered.refresh(stopping.signal)))
  cleanUps.use(await schema.follow(overrides.onOutdated ?? (() => void cleanUps.disposeAsync().catch((error) => say("close", error)))))
  return running({
    url,
    admission: foundation.admission,
    publicUrl: config.server.publicUrl ?? url,
    identity,
    runs,
    inference,
    configuration,
    holdDatabase: store.holdFiles,
    usage: (query) => usageOf({ ...shared, readUsage: createUsageSummary({ store }) }, { projectId: defaultProjectId, user: null }, query),
    report: reportOf(config, discovered.report),
    apiKeyCreated: await firstKey(identity),
    cleanUps,
  })
}

function watchMemory(metrics: Pick<Metrics, "gauge">, { upkeep }: Pick<ContextServices, "upkeep">): void {
  metrics.gauge("perdure_memory_runs_active", "Scopes of memory whose upkeep this process waits for", () => upkeep.numbers.active)
  metrics.gauge("perdure_memory_scopes_due", "Scopes of memory where upkeep was due at the last look", () => upkeep.numbers.due)
  metrics.gauge("perdure_memory_failures", "Runs of upkeep that did not end well, since the start", () => upkeep.numbers.failures)
}

/** Health without a model call; what it finds feeds the plans. */
function probesOf({ models, upstreams, pool }: Inference, { limits, clock }: Shared): AsyncDisposable {
  return createProbes({ deployments: () => deploymentsOf(models), upstreams, pool, limits, now: () => clock.monotonic() })
}

/** Work in the background is told to stop, and awaited, before the parts that it uses are closed. */
function stoppedTasks(shared: Shared, stopping: AbortController, cleanUps: AsyncDisposableStack): BackgroundTasks {
  const tasks = new BackgroundTasks(shared.onError)
  cleanUps.defer(() => {
    stopping.abort()
    return tasks.settled()
  })
  return tasks
}

/** What was asked for by name stands first; where there is some, what was not found besides is no news. */
function reportOf(config: Config, found: readonly string[]): string[] {
  const names = Object.keys(config.models)
  const news = names.length === 0 ? found : found.filter((line) => !line.startsWith("No "))
  const declared =
    names.length === 0 ? [] : [`Configured: ${names.slice(0, 8).join(", ")}${names.length > 8 ? `, and ${names.length - 8} more` : ""}.`]
  return [...declared, ...news, "Built in: perdure/extractive (answers by quoting), perdure/minilm (embeddings)."]
}

interface RunningParts {
  url: string
  /** Where people reach it. */
  publicUrl: string
  identity: Identity
  runs: Runs
  inference: Inference
  admission: Admission
  configuration: Configuration
  holdDatabase: Store["holdFiles"]
  usage: Perdure["usage"]
  report: readonly string[]
  apiKeyCreated: string | undefined
  cleanUps: AsyncDisposableStack
}

function running(parts: RunningParts): Perdure {
  const { url, publicUrl, identity, runs, inference, admission, configuration, holdDatabase, usage, report, apiKeyCreated, cleanUps } =
    parts
  const close = (): Promise<void> => cleanUps.disposeAsync()
  return {
    url,
    port: Number(new URL(url).port),
    ...(apiKeyCreated === undefined ? {} : { apiKeyCreated }),
    projectId: defaultProjectId,
    identity,
    runs,
    report,
    holdDatabase,
    usage,
    loginUrl: () => `${publicUrl}/dashboard/login?token=${identity.createLoginToken(defaultProjectId)}`,
    deployments: () => readDeployments({ ...inference, admission, configuration }, { isAllowed: () => true, isOperator: true }),
    reload: (load) => configuration.reload(load),
    close,
    [Symbol.asyncDispose]: close,
  }
}

/** The first start of an installation has no key, and no other way to get one over HTTP. */
async function firstKey(identity: Identity): Promise<string | undefined> {
  if ((await identity.listKeys(defaultProjectId)).length > 0) return undefined
  return (await identity.createKey(defaultProjectId, "first key")).secret
}
