// The parts that the dashboard needs, composed for tests: store, kernel, identity, records and the routes on a real HTTP server.
import type { Hono } from "hono"
import { createRecords, createSpendReader, createUsageSummary, type LightRunRecord, type Records } from "../accounting/index.ts"
import { defaultLimits, newId, systemClock, type Limits } from "../core/index.ts"
import { createApi, createHttpServer, healthRoutes, type HttpEnv } from "../http/index.ts"
import {
  createDashboardRoutes,
  createFeedbackRoutes,
  createKeyRoutes,
  createLightRuns,
  createRunRoutes,
  createUsageRoutes,
} from "../http/perdure/index.ts"
import { liteLlmKeyRoutes, liteLlmPeopleRoutes } from "../http/litellm/index.ts"
import { createRuns, type Runs } from "../runs/index.ts"
import { createGate, createIdentity, type Grant, type Identity } from "../security/index.ts"
import type { Store } from "../store/index.ts"
import { openTestStore } from "./database.ts"

export interface DashboardServer extends AsyncDisposable {
  url: string
  projectId: string
  apiKey: string
  keyId: string
  store: Store
  runs: Runs
  records: Records
  identity: Identity
  /** What reached an error handler. */
  errors: unknown[]
}

export interface DashboardServerOptions {
  /** The built dashboard. */
  directory: string
  projectId?: string
  /** Names of workflows that can be started over HTTP. */
  workflows?: readonly string[]
  grants?: readonly Grant[]
  limits?: Partial<Limits>
}

const manageKeys: Grant = { to: "*", allow: ["keys.manage:*"], origin: "test" }

export async function startDashboardServer(options: DashboardServerOptions): Promise<DashboardServer> {
  const { directory, projectId = "proj_default", workflows = [], grants = [manageKeys], limits } = options
  const cleanUps = new AsyncDisposableStack()
  const errors: unknown[] = []
  const onError = (...what: unknown[]): void => void errors.push(what)
  const shared = { clock: systemClock, newId, limits: { ...defaultLimits, ...limits }, onError }
  const { store } = cleanUps.use(await openTestStore("pglite"))
  const identity = cleanUps.use(await createIdentity({ ...shared, store }))
  const gate = createGate({ grants })
  const records = cleanUps.use(createRecords({ ...shared, store, onDropped: onError }))
  const runs = cleanUps.use(createRuns({ ...shared, store }))
  const changes = {
    passThrough: { paths: () => [] },
    ...shared,
    identity,
    gate,
    record: (record: LightRunRecord) => void records.add(record),
  }
  const routes: Hono<HttpEnv>[] = [
    createRunRoutes({ ...shared, runs, workflows, lightRuns: createLightRuns(store) }),
    createFeedbackRoutes({ ...shared, store, runs, lightRuns: createLightRuns(store) }),
    createKeyRoutes(changes),
    liteLlmKeyRoutes({ ...changes, readSpend: createSpendReader({ store }) }),
    liteLlmPeopleRoutes({ ...changes, readSpend: createSpendReader({ store }), readUsage: createUsageSummary({ store }) }),
    createUsageRoutes({ readUsage: createUsageSummary({ store }), clock: systemClock }),
    createDashboardRoutes({ identity, directory }),
    healthRoutes({ ready: () => Promise.resolve({ status: "ok" }), metrics: () => Promise.resolve("") }),
  ]
  const logger = { error: onError }
  const app = createApi({ ...shared, identity, routes, logger })
  const server = cleanUps.use(createHttpServer({ ...shared, identity, app, hotRoutes: {}, logger }))
  const url = await server.listen(0, "127.0.0.1")
  const key = await identity.createKey(projectId, "first key")
  const dispose = (): Promise<void> => cleanUps.disposeAsync()
  return { url, projectId, apiKey: key.secret, keyId: key.id, store, runs, records, identity, errors, [Symbol.asyncDispose]: dispose }
}
