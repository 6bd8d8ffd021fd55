// Secrets for browsers, with real keys in a real database: what they open, what not, and how long.
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest"
import { createAdmission, createPrices, type LightRunRecord } from "../../accounting/index.ts"
import { defaultLimits, newId, type Clock } from "../../core/index.ts"
import { createModels, createPool, createUpstreams } from "../../inference/index.ts"
import { createIdentity, type Identity } from "../../security/index.ts"
import { openTestStore, type TestStore } from "../../testing/database.ts"
import { startFakeRealtime, type FakeRealtime } from "../../testing/fake-realtime.ts"
import { testDeployment, testModel } from "../../testing/gateway.ts"
import { createLocalLedger } from "../../testing/local-ledger.ts"
import { openSocket, refusalOf, type SocketClient } from "../../testing/socket-client.ts"
import { createApi } from "../api.ts"
import { createHttpServer, type HttpServer } from "../server.ts"
import { realtimeRoutes } from "./client-secrets.ts"
import { realtimePath, realtimeRoute } from "./route.ts"

const project = "proj_default"
const waiting = { timeout: 20_000, interval: 10 }
let now = Date.now()
const clock: Clock = { now: () => now, monotonic: () => performance.now() }
let database: TestStore
let identity: Identity
let provider: FakeRealtime
let server: HttpServer
let url: string
let key: { id: string; secret: string }
const records: LightRunRecord[] = []

beforeAll(async () => {
  database = await openTestStore("pglite")
  const limits = defaultLimits
  const logger = { error: () => undefined }
  identity = await createIdentity({ store: database.store, clock, newId, limits, onError: () => undefined })
  provider = await startFakeRealtime()
  const does = { chat: false, embeddings: false, realtime: true }
  const models = createModels({
    models: [
      testModel("voice", testDeployment(provider.url, { upstreamModel: "gpt-realtime", does })),
      testModel("other", testDeployment(provider.url, { id: "fake/o", upstreamModel: "gpt-other", does })),
      testModel("words", testDeployment(provider.url, { id: "fake/w" })),
    ],
  })
  const price = { input: 1, output: 1, cachedInput: 1 }
  const realtime = realtimeRoute({
    identity,
    models,
    pool: createPool({ models, limits, clock }),
    upstreams: createUpstreams({ limits }),
    admission: createAdmission({ limits, clock, ledger: createLocalLedger(() => now), rules: [], assumedPrice: price }),
    records: { add: (record) => records.push(record) > 0 },
    prices: createPrices({ configured: new Map() }),
    limits,
    clock,
    newId,
    logger,
  })
  const shared = { identity, limits, clock, newId, logger }
  const app = createApi({ ...shared, routes: [realtimeRoutes({ ...shared, models })] })
  server = createHttpServer({ ...shared, app, hotRoutes: {}, upgradeRoutes: { [realtimePath]: realtime } })
  url = await server.listen(0, "127.0.0.1")
  key = await identity.createKey(project, "first")
})
afterAll(async () => {
  await server.close()
  await provider[Symbol.asyncDispose]()
  await identity[Symbol.asyncDispose]()
  await database[Symbol.asyncDispose]()
})

interface Secret {
  value: string
  expires_at: number
  session: Record<string, unknown>
}

interface Answer {
  status: number
  json: Secret & { error: Record<string, unknown> }
}

async function ask(body: object, authorization = `Bearer ${key.secret}`, path = "client_secrets"): Promise<Answer> {
  const headers = { authorization, "content-type": "application/json" }
  const answer = await fetch(`${url}/v1/realtime/${path}`, { method: "POST", headers, body: JSON.stringify(body) })
  return { status: answer.status, json: (await answer.json()) as Answer["json"] }
}

const voice = { session: { type: "realtime", model: "voice" } }
const secretOf = async (body: object = voice): Promise<Secret> => {
  const { status, json } = await ask(body)
  expect(status).toBe(200)
  return json
}

async function connect(value: string, query = ""): Promise<SocketClient> {
  return openSocket(url, `${realtimePath}${query}`, {}, ["realtime", `openai-insecure-api-key.${value}`])
}

describe("a client secret", () => {
  it("opens sessions of its model in the name of its key, from a browser, as often as wanted", async () => {
    const { value, expires_at, session } = await secretOf()
    expect(value).toMatch(/^ek_/) // OpenAI's browser client takes no other without a warning
    expect(expires_at).toBe(Math.floor((now + 600_000) / 1000))
    expect(session).toMatchObject({
      type: "realtime",
      model: "voice",
      object: "realtime.session",
      id: expect.stringMatching(/^sess_/) as string,
    })
    for (const query of ["?model=voice", ""]) {
      using client = await connect(value, query)
      expect(await client.next()).toMatchObject({ type: "session.created" })
      expect(provider.last.url).toBe("/v1/realtime?model=gpt-realtime")
      expect(JSON.stringify(provider.last.headers)).not.toContain("ek_")
    }
    await vi.waitFor(() => expect(records.length).toBeGreaterThanOrEqual(2), waiting)
    expect(records.at(-1)).toMatchObject({ principal: key.id, projectId: project, model: "voice" })
  })

  it("carries settings of the session, which go to the provider first and nobody can read out of it", async () => {
    const settings = { type: "realtime", model: "voice", instructions: "Speak like a pirate.", audio: { output: { voice: "marin" } } }
    const { value } = await secretOf({ session: settings })
    expect(Buffer.from(value.slice(8), "base64url").toString("latin1")).not.toContain("pirate")
    using client = await connect(value)
    client.send({ type: "response.create" })
    await vi.waitFor(() => expect(provider.last.received).toHaveLength(2), waiting)
    const { model: _bound, ...rest } = settings
    expect(JSON.parse(provider.last.received[0] as string)).toEqual({ type: "session.update", session: rest })
  })

  it("of a session that transcribes opens one that does", async () => {
    const { value, session } = await secretOf({ session: { type: "transcription", model: "voice" } })
    expect(session).toMatchObject({ object: "realtime.transcription_session" })
    using client = await connect(value)
    await client.next()
    expect(provider.last.url).toBe("/v1/realtime?intent=transcription")
  })

  it("opens nothing else: no other model, no other route, no further secret", async () => {
    const { value } = await secretOf()
    using client = await connect(value, "?model=other")
    expect(await client.next()).toMatchObject({ type: "error", error: { code: "model_not_allowed" } })
    expect(await ask(voice, `Bearer ${value}`)).toMatchObject({ status: 403, json: { error: { code: "endpoint_not_allowed" } } })
  })

  it("is over after its time, which sessions that are open outlive", async () => {
    const { value, expires_at } = await secretOf({ ...voice, expires_after: { anchor: "created_at", seconds: 10 } })
    using client = await connect(value)
    await client.next()
    const before = now
    now = expires_at * 1000 + 1_000
    const options = { headers: { authorization: `Bearer ${value}` } }
    const { status, error } = await refusalOf(url, realtimePath, options)
    expect([status, error["code"], String(error["message"])]).toEqual([
      401,
      "invalid_api_key",
      expect.stringContaining("expired") as string,
    ])
    await new Promise((resolve) => setTimeout(resolve, 1_200)) // two looks at all open connections
    client.send({ type: "still.here" })
    await vi.waitFor(() => expect(provider.last.received).toHaveLength(1), waiting)
    now = before
  })

  it("ends with its key, and so do its sessions", async () => {
    const own = await identity.createKey(project, "own")
    const { json } = await ask(voice, `Bearer ${own.secret}`)
    using client = await connect(json.value)
    await client.next()
    await identity.revokeKey(project, own.id)
    expect(await client.next()).toMatchObject({ type: "error", error: { code: "invalid_api_key" } })
    expect((await client.closed).code).toBe(1008)
    expect((await refusalOf(url, realtimePath, { headers: { authorization: `Bearer ${json.value}` } })).status).toBe(401)
  })

  it("of a blocked key says that its key is blocked, and opens again with it", async () => {
    const own = await identity.createKey(project, "held")
    const { json } = await ask(voice, `Bearer ${own.secret}`)
    await identity.updateKey(project, own.id, { blocked: true })
    const { status, error } = await refusalOf(url, realtimePath, { headers: { authorization: `Bearer ${json.value}` } })
    expect([status, error["code"], error["message"]]).toEqual([
      401,
      "invalid_api_key",
      expect.stringContaining("the API key that this client secret was made with is blocked") as string,
    ])
    // Whoever made one up is told nothing of keys.
    const made = await refusalOf(url, realtimePath, { headers: { authorization: `Bearer ${json.value.slice(0, -3)}AAA` } })
    expect(made.error["message"]).not.toContain("blocked")
    await identity.updateKey(project, own.id, { blocked: false })
    using client = await connect(json.value)
    expect(await client.next()).toMatchObject({ type: "session.created" })
  })

  it("that was changed or made up is none", async () => {
    const { value } = await secretOf()
    for (const text of [`${value.slice(0, -3)}AAA`, "ek_", "ek_68af296e8e408191a1120ab6383263c2", value.slice(3)])
      expect((await refusalOf(url, realtimePath, { headers: { authorization: `Bearer ${text}` } })).status).toBe(401)
  })

  it.each([
    ["without a model", { session: { type: "realtime" } }, 400, "session.model"],
    ["for an unknown model", { session: { model: "no-such" } }, 404, "model"],
    ["for a model of another kind", { session: { model: "words" } }, 400, "model"],
    ["for longer than two hours", { ...voice, expires_after: { seconds: 7_201 } }, 400, "expires_after.seconds"],
    ["with settings that fit into no header", { session: { model: "voice", instructions: "x".repeat(5_000) } }, 400, "session"],
  ])("is refused %s", async (_name, body, status, param) => {
    expect(await ask(body)).toMatchObject({ status, json: { error: { param } } })
  })

  it("cannot be made by a key for a model that it may not use", async () => {
    const narrow = await identity.createKey(project, "narrow", { scope: { models: ["other"], endpoints: [] } })
    expect(await ask(voice, `Bearer ${narrow.secret}`)).toMatchObject({ status: 403, json: { error: { code: "model_not_allowed" } } })
  })
})

it("calls over WebRTC are refused with what to do instead", async () => {
  const { status, json } = await ask({}, `Bearer ${key.secret}`, "calls")
  expect([status, json.error["code"], String(json.error["message"])]).toEqual([
    501,
    "feature_unavailable",
    expect.stringContaining("/v1/realtime?model=") as string,
  ])
})
