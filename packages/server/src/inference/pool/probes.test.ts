// Probes against servers on real ports: what is asked, how often, and what a plan makes of it.
import { createServer, type Server } from "node:http"
import type { AddressInfo } from "node:net"
import { afterEach, expect, test } from "vitest"
import { defaultLimits, systemClock } from "../../core/index.ts"
import { createModels, createPool, createProbes, createUpstreams, type Deployment, type Model } from "../index.ts"

const cleanUps: AsyncDisposable[] = []
afterEach(async () => {
  for (const each of cleanUps.splice(0).toReversed()) await each[Symbol.asyncDispose]()
})

interface Engine {
  url: string
  asked: string[]
  status: number
  server: Server
}

async function engine(): Promise<Engine> {
  const server = createServer((request, response) => {
    started.asked.push(`${request.method} ${request.url} ${request.headers.authorization ?? "no key"}`)
    response.writeHead(started.status).end("{}")
  })
  const started: Engine = { url: "", asked: [], status: 200, server }
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  started.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}` // listening on TCP
  const close = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve())
      server.closeAllConnections()
    })
  cleanUps.push({ [Symbol.asyncDispose]: close })
  return started
}

function deployment(id: string, baseUrl: string, part: Partial<Deployment> = {}): Deployment {
  const base = { provider: "vllm", dialect: "openai-chat", apiKey: null, contextTokensMax: null, origin: "test" } as const
  return { ...base, id, baseUrl, upstreamModel: "m", does: { chat: true, embeddings: false }, ...part }
}

function probing(deployments: readonly Deployment[], probeTimeoutMs = 5_000) {
  const model: Model = { name: "m", createdAt: 0, ownedBy: "test", deployments }
  const models = createModels({ models: [model] })
  const limits = { ...defaultLimits, probeEveryMs: 60_000, probeTimeoutMs }
  const upstreams = createUpstreams({ limits })
  const pool = createPool({ models, limits, clock: systemClock, rng: () => 0 })
  const probes = createProbes({ deployments: () => deployments, upstreams, pool, limits, now: () => performance.now() })
  cleanUps.push(upstreams, probes)
  return { pool, probes, first: () => pool.plan(model, { needs: "chat" }).first().id }
}

test("engines are asked by their own route, declared providers by their list of models, the others not at all", async () => {
  const [one, two, three] = [await engine(), await engine(), await engine()]
  const { probes, pool } = probing([
    deployment("gpu/a", `${one.url}/v1`, { apiKey: "sk-own" }),
    deployment("gpu/b", `${one.url}/v1`, { apiKey: "sk-own" }),
    deployment("paid/c", `${two.url}/v1`, { provider: "openai", apiKey: "sk-paid", probe: true }),
    deployment("paid/d", `${three.url}/v1`, { provider: "openai" }),
    deployment("gpu/e", `${three.url}/v1`, { probe: false }),
  ])
  await probes.round()
  expect(new Set(one.asked)).toEqual(new Set(["GET /health Bearer sk-own"]))
  expect(new Set(two.asked)).toEqual(new Set(["GET /v1/models Bearer sk-paid"]))
  expect(three.asked).toEqual([])
  expect(Object.fromEntries(pool.health().map(({ id, probe }) => [id, probe?.ok]))).toEqual({
    "gpu/a": true,
    "gpu/b": true,
    "paid/c": true,
  })
})

test("an engine that fails two probes is passed over until one is good, without a call by anybody", async () => {
  const [one, two] = [await engine(), await engine()]
  const { probes, first, pool } = probing([deployment("gpu/a", one.url), deployment("gpu/b", two.url, { priority: 1 })])
  await probes.round()
  one.status = 503
  await probes.round()
  expect(first()).toBe("gpu/a")
  await probes.round()
  expect(first()).toBe("gpu/b")
  expect(pool.health().find(({ id }) => id === "gpu/a")).toMatchObject({
    state: "open",
    openedBy: "probe",
    probe: { ok: false, why: "HTTP 503" },
    attempts: 0,
  })
  one.status = 200
  await probes.round()
  expect(first()).toBe("gpu/a")
})

test("a refused key is an answer, silence and a closed port are not, and no address is told", async () => {
  const [refusing, silent] = [await engine(), await engine()]
  refusing.status = 401
  silent.server.removeAllListeners("request")
  const all = [deployment("gpu/a", refusing.url), deployment("gpu/b", silent.url), deployment("gpu/c", "http://127.0.0.1:1")]
  const { probes, pool } = probing(all, 300)
  await probes.round()
  const found = pool.health().map(({ id, probe }) => [id, [probe?.ok, probe?.why]])
  expect(Object.fromEntries(found)).toEqual({
    "gpu/a": [true, null],
    "gpu/b": [false, "no answer within 300 ms"],
    "gpu/c": [false, "ECONNREFUSED"],
  })
})
