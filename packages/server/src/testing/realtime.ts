// What tests of realtime sessions share: two providers, a gateway with models on them, and clients that are closed after each test.
import { afterAll, afterEach, expect, vi } from "vitest"
import type { ClientOptions } from "ws"
import type { LightRunRecord } from "../accounting/index.ts"
import type { Deployment } from "../inference/index.ts"
import { startFakeRealtime, type FakeRealtime } from "./fake-realtime.ts"
import { startTestGateway, testDeployment, testKey, testModel, testPrincipal, type TestGateway } from "./gateway.ts"
import { openSocket, type SocketClient } from "./socket-client.ts"

export const waiting = { timeout: 20_000, interval: 10 }
const does = { chat: false, embeddings: false, realtime: true }
export const provider = await startFakeRealtime()
export const other = await startFakeRealtime()

export const speaks = (part: Partial<Deployment> = {}): Deployment =>
  testDeployment(provider.url, { upstreamModel: "gpt-realtime", does, ...part })

/** Of one provider that speaks. */
export const voice = [testModel("voice", speaks())]

const azure = { provider: "azure", baseUrl: provider.url.replace("/v1", "") } as const
const models = [
  ...voice,
  testModel("words", testDeployment(provider.url)),
  testModel("claude", speaks({ id: "fake/claude", provider: "anthropic", dialect: "anthropic-messages" })),
  testModel("azure", speaks({ id: "fake/azure", ...azure, upstreamModel: "my voice" })),
  testModel("dated", speaks({ id: "fake/dated", ...azure, settings: { apiVersion: "2025-04-01-preview" } })),
  testModel("two", speaks({ id: "fake/first" }), speaks({ id: "fake/second", baseUrl: other.url, priority: 1 })),
]
/** May ask twice a minute. */
export const briefKey = "sk-brief"
const brief = { ...testPrincipal, id: "key_brief", limits: { requestsPerMinute: 2 } }
export const gateway = await startTestGateway({ models, keys: { [briefKey]: brief } })

const opened: SocketClient[] = []
afterEach(async () => {
  for (const client of opened.splice(0)) client.socket.terminate()
  await vi.waitUntil(() => gateway.server.sockets === 0, waiting)
  gateway.records.length = 0
})
afterAll(async () => {
  await gateway[Symbol.asyncDispose]()
  await provider[Symbol.asyncDispose]()
  await other[Symbol.asyncDispose]()
})

export interface Open {
  query?: string
  headers?: Record<string, string>
  protocols?: string[]
  on?: Pick<TestGateway, "url">
  options?: ClientOptions
}

export async function connect({
  query = "?model=voice",
  headers = {},
  protocols = [],
  on = gateway,
  options = {},
}: Open = {}): Promise<SocketClient> {
  const authorization = protocols.length > 0 ? {} : { authorization: `Bearer ${testKey}` }
  const client = await openSocket(on.url, `/v1/realtime${query}`, { ...options, headers: { ...authorization, ...headers } }, protocols)
  opened.push(client)
  return client
}

/** Connected, with the provider's first event read. */
export async function session(given: Open = {}): Promise<SocketClient> {
  const client = await connect(given)
  expect(await client.next()).toMatchObject({ type: "session.created" })
  return client
}

export const records = (name: string, on = gateway): LightRunRecord[] => on.records.filter((record) => record.name === name)
export const recorded = (name: string, count = 1, on = gateway): Promise<LightRunRecord[]> =>
  vi.waitFor(() => {
    const found = records(name, on)
    expect(found.length).toBeGreaterThanOrEqual(count)
    return found
  }, waiting)
export const got = (from: FakeRealtime, count: number): Promise<(string | Buffer)[]> =>
  vi.waitFor(() => {
    expect(from.last.received.length).toBeGreaterThanOrEqual(count)
    return from.last.received
  }, waiting)
