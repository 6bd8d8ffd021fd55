// The parts that context needs, composed for tests: store, kernel, context and its routes on a real HTTP server, with keys of two projects.
import type { LightRunRecord } from "../accounting/index.ts"
import { createContext, type ContextDependencies, type ContextServices, type Embed } from "../context/index.ts"
import { defaultLimits, newId, systemClock, type Clock, type Limits } from "../core/index.ts"
import { createApi, createHttpServer } from "../http/index.ts"
import { conversationRoutes } from "../http/openai/conversations.ts"
import { filesRoutes } from "../http/openai/files.ts"
import { uploadRoutes } from "../http/openai/uploads.ts"
import { vectorStoreRoutes } from "../http/openai/vector-stores.ts"
import { blockRoutes } from "../http/perdure/blocks.ts"
import { changeRoutes } from "../http/perdure/changes.ts"
import { mcpRoutes } from "../http/perdure/mcp.ts"
import { memoryUpkeepRoutes } from "../http/perdure/memory-upkeep.ts"
import { memoryRoutes } from "../http/perdure/memories.ts"
import { memoryCurationRoutes } from "../http/perdure/memory-curation.ts"
import { scopeRoutes } from "../http/perdure/scopes.ts"
import { stateRoutes } from "../http/perdure/states.ts"
import { memoryWithoutFacts } from "./memory-settings.ts"
import { createRuns, type Runs } from "../runs/index.ts"
import { createGate, createIdentity, openSealer, type Grant, type Identity } from "../security/index.ts"
import { apiKeys, openStore, type Store } from "../store/index.ts"
import { copyMigrated, openTestStore, type TestEngine } from "./database.ts"

export interface ContextServer extends AsyncDisposable {
  readonly url: string
  readonly projectId: string
  readonly apiKey: string
  readonly otherKey: string
  readonly identity: Identity
  readonly store: Store
  readonly runs: Runs
  readonly context: ContextServices
  /** Records of light runs, in order. */
  readonly records: LightRunRecord[]
  /** What reached an error handler. */
  readonly errors: unknown[]
}

export interface ContextServerOptions {
  /** A database of its own on that engine; PGlite when absent. */
  readonly engine?: TestEngine
  /** PGlite in that directory instead, which stays. */
  readonly dataDirectory?: string
  readonly limits?: Partial<Limits>
  readonly grants?: readonly Grant[]
  readonly embed?: Embed | undefined
  /** The database of another server, as a second process has it. */
  readonly databaseUrl?: string
  /** What is derived from memories; nothing when absent. */
  readonly memory?: ContextDependencies["memory"]
  /** A clock that a test moves; the system's when absent. */
  readonly clock?: Clock
  /** Of the weights of the embedding model; unknown when absent. */
  readonly weightsHash?: string
  /** Behave as if pgvector were missing. */
  readonly vector?: boolean
}

const everything: Grant = { to: "*", allow: ["memory.write:*", "memory.delete:*", "file.write:*", "conversation.write:*"], origin: "test" }

export async function startContextServer(options: ContextServerOptions = {}): Promise<ContextServer> {
  const cleanUps = new AsyncDisposableStack()
  const errors: unknown[] = []
  const records: LightRunRecord[] = []
  const onError = (...what: unknown[]): void => void errors.push(what)
  // On a busy machine a short lease would be lost, which is reported as an error.
  const limits = { ...defaultLimits, leaseMs: 20_000, ...options.limits }
  const shared = { clock: options.clock ?? systemClock, newId, limits, onError }
  const store = await openDatabase(options, limits, cleanUps)
  await apiKeys.ensureProject(store.system, "proj_other", "other")
  const identity = cleanUps.use(await createIdentity({ ...shared, store }))
  const runs = cleanUps.use(createRuns({ ...shared, store }))
  const embed = "embed" in options ? options.embed : wordVectors
  const context = cleanUps.use(
    createContext({
      ...shared,
      store,
      runs,
      sealer: await openSealer(store),
      embedAs: embed && (() => embed),
      embedModel: "words",
      weightsHash: options.weightsHash ?? null,
      memory: options.memory ?? memoryWithoutFacts,
    }),
  )
  const record = (row: LightRunRecord): void => void records.push(row)
  const gate = createGate({ grants: options.grants ?? [everything] })
  const deps = { ...shared, ...context, record, gate }
  const routes = [
    filesRoutes(deps),
    uploadRoutes(deps),
    vectorStoreRoutes(deps),
    memoryUpkeepRoutes(deps),
    memoryCurationRoutes(deps),
    memoryRoutes(deps),
    mcpRoutes({ ...deps, version: "1" }),
    scopeRoutes(deps),
    conversationRoutes(deps),
    changeRoutes(deps),
    blockRoutes(deps),
    stateRoutes(deps),
  ]
  const logger = { error: onError }
  const app = createApi({ ...shared, identity, routes, logger })
  const server = cleanUps.use(createHttpServer({ ...shared, identity, app, hotRoutes: {}, logger }))
  const url = await server.listen(0, "127.0.0.1")
  const key = await identity.createKey("proj_default", "key")
  const other = await identity.createKey("proj_other", "other")
  const parts = {
    url,
    projectId: "proj_default",
    apiKey: key.secret,
    otherKey: other.secret,
    identity,
    store,
    runs,
    context,
    records,
    errors,
  }
  return { ...parts, [Symbol.asyncDispose]: () => cleanUps.disposeAsync() }
}

/** A real if crude embedding: words hashed into 64 places, at unit length. Equal words give near vectors; it is deterministic. */
export const wordVectors: Embed = (texts) => Promise.resolve(texts.map(wordVector))

function wordVector(text: string): Float32Array {
  const vector = new Float32Array(64)
  for (const word of text.toLowerCase().match(/\p{L}+/gu) ?? []) {
    let hash = 7
    for (const character of word) hash = (hash * 31 + (character.codePointAt(0) ?? 0)) % 65_521
    vector[hash % 64] = (vector[hash % 64] ?? 0) + 1
  }
  const length = Math.hypot(...vector) || 1
  return vector.map((value) => value / length)
}

async function openDatabase(options: ContextServerOptions, limits: Limits, cleanUps: AsyncDisposableStack): Promise<Store> {
  const { dataDirectory, databaseUrl, engine = "pglite", vector } = options
  if (databaseUrl !== undefined) return cleanUps.use(await openStore({ databaseUrl, limits }))
  if (dataDirectory !== undefined) {
    await copyMigrated(dataDirectory)
    return cleanUps.use(await openStore({ dataDirectory, limits, testing: { fsync: false } }))
  }
  // Without pgvector the schema is another one, so the prepared database does not do.
  const bare = vector === false ? { fresh: true, testing: { vector } } : {}
  return cleanUps.use(await openTestStore(engine, { limits, ...bare })).store
}
