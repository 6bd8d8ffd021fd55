// A gateway on a real port for tests: the shell with its hot path, fixed keys, and its records kept in a list.
import type { Hono } from "hono"
import { connect } from "node:net"
import { createMessagesCompaction } from "../agents/index.ts"
import { createAdmission, createPrices, type LightRunRecord, type LimitRule } from "../accounting/index.ts"
import { defaultLimits, newId, systemClock, type Clock, type Limits } from "../core/index.ts"
import {
  createApi,
  createHotRoutes,
  createHttpServer,
  createPassThrough,
  healthRoutes,
  modelRoutes,
  realtimePath,
  realtimeRoute,
  type HotRouteOptions,
  type HttpEnv,
  type HttpServer,
  type PassThroughRoute,
} from "../http/index.ts"
import {
  createCallModel,
  createModels,
  createPool,
  createTokenCounter,
  createTokenizer,
  createUpstreams,
  type Deployment,
  type Model,
  type Natives,
} from "../inference/index.ts"
import type { Identity, Principal } from "../security/index.ts"
import { createLocalLedger } from "./local-ledger.ts"

export const testKey = "sk-test"
export const testPrincipal: Principal = {
  id: "key_test",
  projectId: "proj_test",
  kind: "key",
  name: "test",
  scope: null,
  limits: null,
  tags: [],
  user: null,
}

/** Knows the given keys and nothing else. */
export function fixedIdentity(keys: Readonly<Record<string, Principal>> = { [testKey]: testPrincipal }): Identity {
  const unused = (): never => {
    throw new Error("not part of this test")
  }
  return {
    authenticate: (headers) => keys[(headers.authorization ?? String(headers["x-api-key"] ?? "")).replace(/^Bearer /, "")],
    principalOfKey: (id) => Object.values(keys).find((principal) => principal.id === id),
    expiredAt: () => undefined,
    isBlocked: () => false,
    principalOf: (_, id) => Object.values(keys).find((principal) => principal.id === id),
    createClientSecret: unused,
    clientSecretOf: () => undefined,
    createKey: unused,
    listKeys: unused,
    getKey: unused,
    updateKey: unused,
    rotateKey: unused,
    revokeKey: unused,
    keyOfSecret: unused,
    keyPage: unused,
    createLoginToken: unused,
    exchangeLoginToken: unused,
    csrfOf: unused,
    [Symbol.asyncDispose]: () => Promise.resolve(),
  }
}

export function testDeployment(baseUrl: string, part: Partial<Deployment> = {}): Deployment {
  return {
    id: "fake/m",
    provider: "openai",
    dialect: "openai-chat",
    baseUrl,
    apiKey: "sk-upstream-secret",
    upstreamModel: "m-upstream",
    does: { chat: true, embeddings: true },
    contextTokensMax: null,
    origin: "test.yaml:1",
    ...part,
  }
}

export function testModel(name: string, ...deployments: Deployment[]): Model {
  return { name, createdAt: 1_700_000_000_000, ownedBy: "test", deployments }
}

/** A test that lets its provider fail wants the next call to reach it all the same, and each call to reach it once. */
const forgiving: Partial<Limits> = {
  sameDeploymentRetriesMax: 0,
  breakerFailuresMax: 1_000_000,
  breakerRequestsMin: 1_000_000,
  breakerOpenMs: 1,
  breakerOpenMsMax: 1,
  breakerLastResortMs: 0,
  coolDownMs: 0,
  coolDownMsMax: 0,
  quotaCoolDownMs: 0,
}

export interface TestGatewayOptions {
  models: readonly Model[]
  natives?: Natives
  limits?: Partial<Limits>
  routes?: readonly Hono<HttpEnv>[]
  rules?: readonly LimitRule[]
  /** Of each limit, by a process before this one. */
  usedBefore?: number
  /** For tests in which a window ends. */
  clock?: Clock
  /** Beside `testKey`, by their text. */
  keys?: Readonly<Record<string, Principal>>
  guards?: HotRouteOptions["guards"]
  cache?: HotRouteOptions["cache"]
  memories?: HotRouteOptions["memories"]
  passThrough?: readonly PassThroughRoute[]
}

export interface TestGateway extends AsyncDisposable {
  url: string
  records: LightRunRecord[]
  logged: object[]
  server: HttpServer
  /** Takes a key back. */
  forget(key: string): void
}

export async function startTestGateway({
  models,
  natives = new Map(),
  limits: some = {},
  routes = [],
  rules = [],
  usedBefore = 0,
  clock = systemClock,
  keys = {},
  guards,
  cache,
  memories,
  passThrough: passed = [],
}: TestGatewayOptions): Promise<TestGateway> {
  const limits = { ...defaultLimits, ...forgiving, ...some }
  const registry = createModels({ models })
  const upstreams = createUpstreams({ limits })
  const records: LightRunRecord[] = []
  const logged: object[] = []
  const logger = { error: (fields: object) => void logged.push(fields) }
  const known: Record<string, Principal> = { [testKey]: testPrincipal, ...keys }
  const identity = fixedIdentity(known)
  const prices = createPrices({ configured: new Map([["fake/m", { input: 1_000_000, output: 2_000_000, cachedInput: 100_000 }]]) })
  const add = (record: LightRunRecord): boolean => records.push(record) > 0
  const admission = createAdmission({
    limits,
    clock,
    ledger: createLocalLedger(() => clock.now(), usedBefore),
    rules,
    assumedPrice: { input: 1_000_000, output: 2_000_000, cachedInput: 100_000 },
  })
  const tokenCounter = createTokenCounter({
    tokenizer: createTokenizer({ limits, onError: (error) => void logged.push({ error }) }),
    natives,
  })
  const pool = createPool({ models: registry, limits, clock, upstream: admission.upstream })
  const candidatesOf = (name: string): readonly Deployment[] => registry.get(name)?.deployments ?? []
  admission.upstream.know({ candidatesOf, priceOf: (deployment) => prices.priceOf(deployment) })
  const inference = { models: registry, pool, admission, upstreams, prices, limits, clock, newId, logger }
  const compactMessages = createMessagesCompaction({
    ...inference,
    callModel: () => createCallModel({ ...inference, natives }),
    quotesPassages: () => false,
    countTokens: () => Promise.resolve({ tokens: 1, estimated: true }),
    costOf: ({ usage }) => ({ costMicroUsd: usage.outputTokens, costKnown: true, priceList: null }),
    recordLightRun: add,
  })
  const hotRoutes = createHotRoutes({
    ...inference,
    compactMessages,
    tokenCounter,
    natives,
    records: { add },
    ...(guards ? { guards } : {}),
    ...(cache ? { cache } : {}),
    ...(memories ? { memories } : {}),
  })
  const health = healthRoutes({ ready: () => Promise.resolve({ status: "ok" }), metrics: () => Promise.resolve("up 1\n") })
  const app = createApi({
    identity,
    routes: [health, modelRoutes(registry), ...routes],
    limits,
    newId,
    logger,
    hotRoutes: Object.keys(hotRoutes).map((path) => `POST ${path}`),
  })
  const upgradeRoutes = { [realtimePath]: realtimeRoute({ ...inference, identity, records: { add }, guards }) }
  const passThrough = createPassThrough({ ...inference, identity, records: { add } }, passed)
  const server = createHttpServer({ identity, passThrough, hotRoutes, upgradeRoutes, app, limits, clock, newId, logger })
  const url = await server.listen(0, "127.0.0.1")
  const close = async (): Promise<void> => {
    await server.close()
    await upstreams[Symbol.asyncDispose]()
    await tokenCounter[Symbol.asyncDispose]()
  }
  const forget = (key: string): void => void delete known[key]
  return { url, records, logged, server, forget, [Symbol.asyncDispose]: close }
}

export interface RawAnswer {
  status: number
  headers: Record<string, string>
  /** The HTTP chunks: one per write of the server. */
  writes: string[]
  text: string
}

/** Speaks HTTP over a bare socket, so that single writes can be seen. Resolves when the server has ended the answer. */
export function rawPost(url: string, path: string, body: unknown, headers: Readonly<Record<string, string>> = {}): Promise<RawAnswer> {
  const { hostname, port } = new URL(url)
  const text = typeof body === "string" ? body : JSON.stringify(body)
  const all = {
    host: `${hostname}:${port}`,
    authorization: `Bearer ${testKey}`,
    "content-type": "application/json",
    "content-length": Buffer.byteLength(text),
    connection: "close",
    ...headers,
  }
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`)
  return new Promise((resolve, reject) => {
    const received: Buffer[] = []
    const socket = connect(Number(port), hostname, () => socket.write(`POST ${path} HTTP/1.1\r\n${lines.join("")}\r\n${text}`))
    socket.on("data", (chunk) => received.push(chunk))
    socket.on("error", reject)
    socket.on("close", () => resolve(parseAnswer(Buffer.concat(received))))
  })
}

function parseAnswer(bytes: Buffer): RawAnswer {
  const headEnd = bytes.indexOf("\r\n\r\n")
  const [statusLine = "", ...lines] = bytes.toString("latin1", 0, headEnd).split("\r\n")
  const headers = Object.fromEntries(
    lines.map((line) => [line.slice(0, line.indexOf(":")).toLowerCase(), line.slice(line.indexOf(":") + 2)]),
  )
  const body = bytes.subarray(headEnd + 4)
  const writes = headers["transfer-encoding"] === "chunked" ? chunksOf(body) : [body.toString()]
  return { status: Number(statusLine.split(" ")[1]), headers, writes, text: writes.join("") }
}

function chunksOf(body: Buffer): string[] {
  const chunks: string[] = []
  for (let at = 0; at < body.length;) {
    const lineEnd = body.indexOf("\r\n", at)
    if (lineEnd < 0) break
    const size = Number.parseInt(body.toString("latin1", at, lineEnd), 16)
    if (!(size > 0)) break
    chunks.push(body.toString("utf8", lineEnd + 2, lineEnd + 2 + size))
    at = lineEnd + 2 + size + 2
  }
  return chunks
}
