// Tests of the routes of runs, keys and usage over a real server: store, kernel, identity and HTTP.
import { createClient, type Client, type RunEvent, type RunSummary } from "@perdure/client"
import { mkdtemp } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import type { LightRunRecord } from "../../accounting/index.ts"
import { newId } from "../../core/index.ts"
import { userLabel } from "../../security/index.ts"
import { startDashboardServer, type DashboardServer } from "../../testing/dashboard-server.ts"

let server: DashboardServer
let client: Client

beforeAll(async () => {
  server = await startDashboardServer({ directory: await mkdtemp(join(tmpdir(), "perdure-no-dashboard-")), workflows: ["greet"] })
  client = createClient({ baseUrl: server.url, apiKey: server.apiKey })
  server.runs.define({
    kind: "workflow",
    name: "greet",
    version: "1",
    style: "replay",
    async execute(context, input) {
      await context.step("look-up", async () => ({ found: true }), { effect: "read" })
      const word = await context.waitForSignal<string>("word")
      return { greeting: `${word} ${JSON.stringify(input)}` }
    },
  })
})

afterAll(async () => {
  await server[Symbol.asyncDispose]()
})

async function startGreeting(projectId = server.projectId): Promise<string> {
  const request = { kind: "workflow", name: "greet", input: { who: "Ada" }, label: userLabel("ada") } as const
  return (await server.runs.start({ ...request, projectId, principal: server.keyId })).id
}

function record(more: Partial<LightRunRecord> = {}): LightRunRecord {
  const usage = { inputTokens: 100, outputTokens: 20, cachedTokens: 0, reasoningTokens: 0, costMicroUsd: 55, costKnown: true }
  const who = { projectId: server.projectId, principal: server.keyId, user: null }
  const times = { startedAt: Date.now(), durationMs: 80, firstTokenMs: 30 }
  const what = {
    kind: "chat",
    name: "chat.completions",
    model: "small",
    deployment: "d",
    outcome: "completed",
    status: 200,
    error: null,
  } as const
  const data = { request: { messages: [{ role: "user", content: "Hi" }] } }
  const rest = { streamed: true, requestBytes: 10, responseBytes: 10, label: userLabel("ada") as unknown as LightRunRecord["label"], data }
  return { id: newId("run"), ...who, ...what, ...times, ...usage, ...rest, ...more }
}

async function collect(events: AsyncIterable<RunEvent>): Promise<RunEvent[]> {
  const all: RunEvent[] = []
  for await (const event of events) all.push(event)
  return all
}

async function until<T>(read: () => Promise<T | undefined>): Promise<T> {
  for (;;) {
    const value = await read()
    if (value !== undefined) return value
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

function get(path: string, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(server.url + path, { headers: { authorization: `Bearer ${server.apiKey}`, ...headers } })
}

describe("runs over HTTP", () => {
  it("are streamed from their first event to their end, while they are still going on", async () => {
    const id = await startGreeting()
    const stream = collect(client.runs.stream(id, { signal: AbortSignal.timeout(30_000) }))
    await client.runs.signal(id, "word", "Hello")
    const events = await stream
    expect(events.map((event) => event.seq)).toEqual(events.map((_, index) => index + 1))
    expect(events.at(0)?.type).toBe("run.started")
    expect(events.at(-1)?.type).toBe("run.ended")
    expect(await client.runs.get(id)).toMatchObject({
      status: "completed",
      output: { greeting: 'Hello {"who":"Ada"}' },
      lastSeq: events.length,
    })
  })

  it("tell whoever is signed in at what address a provider was not reached, and keys everything else", async () => {
    const reachFault = { provider: "ollama", address: "10.0.0.9:11434", cause: "nothing listens at 10.0.0.9:11434", next: "start it" }
    const failed = record({
      outcome: "failed",
      status: 502,
      error: { code: "upstream_error", message: "x" },
      data: { reachFault, attempts: 2 },
    })
    server.records.add(failed)
    const path = `/v1/runs/${failed.id}/events`
    await server.records.flush()
    const login = await fetch(`${server.url}/dashboard/login?token=${server.identity.createLoginToken(server.projectId)}`)
    const cookie = (login.headers.get("set-cookie") ?? "").split(";")[0] ?? ""
    const seen = await (await fetch(`${server.url}${path}`, { headers: { cookie } })).text()
    const [byKey, streamed] = [await (await get(path)).text(), await (await get(`/v1/runs/${failed.id}/stream`)).text()]
    expect(seen).toContain("10.0.0.9:11434")
    expect(byKey + streamed).not.toContain("10.0.0.9")
    expect(JSON.parse(byKey)).toMatchObject({ events: [{ data: { data: { attempts: 2 } } }] })
  })

  it("go on after the sequence number that a reader names, by header before address, and answer 204 when nothing more comes", async () => {
    const id = await startGreeting()
    await client.runs.signal(id, "word", "Hi")
    const all = await collect(client.runs.stream(id, { signal: AbortSignal.timeout(30_000) }))
    const frames = await (await get(`/v1/runs/${id}/stream?after=1`, { "last-event-id": "2" })).text()
    expect(frames.match(/^id: \d+$/gm)).toEqual(all.slice(2).map((event) => `id: ${event.seq}`))
    expect(frames.trimEnd().endsWith("event: end\ndata: {}")).toBe(true)
    expect((await get(`/v1/runs/${id}/stream?after=${all.length}`)).status).toBe(204)
    expect((await get(`/v1/runs/${id}/stream`, { "last-event-id": "x1" })).status).toBe(400)
  })

  it("show what was put before the model of a response", async () => {
    const manifest = { budgetTokens: 2_000, tokens: 12, entries: [{ id: "mem_1", section: "quotes" }], cut: [] }
    server.runs.define({ kind: "response", name: "given", version: "1", style: "data", execute: async () => ({ ok: true }) })
    const events = [{ type: "context.assembled", data: manifest }]
    const request = { kind: "response", name: "given", input: {}, label: userLabel("ada"), events } as const
    const { id } = await server.runs.start({ ...request, projectId: server.projectId, principal: server.keyId })
    await server.runs.ended(server.projectId, id, AbortSignal.timeout(20_000))
    expect((await client.runs.get(id)).context).toEqual(manifest)
    expect("context" in (await client.runs.get(await startGreeting()))).toBe(false)
  })

  it("give their events in pages", async () => {
    const id = await startGreeting()
    await client.runs.signal(id, "word", "Hi")
    const all = await collect(client.runs.stream(id, { signal: AbortSignal.timeout(30_000) }))
    const first = await client.runs.events(id, { limit: 2 })
    expect([first.events.map((event) => event.seq), first.next]).toEqual([[1, 2], 2])
    const rest = await client.runs.events(id, { after: 2 })
    expect([rest.events.length, rest.next]).toEqual([all.length - 2, null])
  })

  it("are shown as traces of no more events than those may have, which say that they are not whole", async () => {
    const directory = await mkdtemp(join(tmpdir(), "perdure-no-dashboard-"))
    await using other = await startDashboardServer({ directory, limits: { traceEventsMax: 2 } })
    other.runs.define({
      kind: "workflow",
      name: "look",
      version: "1",
      style: "replay",
      async execute(context) {
        for (const key of ["a", "b", "c"]) await context.step(key, async () => key, { effect: "read" })
        return null
      },
    })
    const request = { kind: "workflow", name: "look", input: null, label: userLabel("ada"), projectId: other.projectId } as const
    const { id } = await other.runs.start({ ...request, principal: other.keyId })
    await expect.poll(async () => (await other.runs.get(other.projectId, id))?.status, { timeout: 60_000 }).toBe("completed")
    const asked = await fetch(`${other.url}/v1/runs/${id}/spans`, { headers: { authorization: `Bearer ${other.apiKey}` } })
    const { spans, complete } = (await asked.json()) as { spans: object[]; complete: boolean } // as the contract says
    expect(complete).toBe(false)
    expect(spans).toHaveLength(2) // the run and its first step
  })

  it("can be cancelled once, and say so when they have ended already", async () => {
    const id = await startGreeting()
    await until(async () => ((await client.runs.get(id)).status === "waiting" ? true : undefined))
    expect((await client.runs.cancel(id, "not needed")).outcome).toBe("cancelled")
    expect((await client.runs.cancel(id)).outcome).toBe("already_ended")
  })

  it("can be resolved only when they are in doubt", async () => {
    const id = await startGreeting()
    await expect(client.runs.resolve(id, { decision: "again" })).rejects.toMatchObject({ status: 409, code: "conflict" })
    await client.runs.cancel(id)
  })

  it("are started once per idempotency key, and another request under that key is a conflict", async () => {
    const start = async (body: object): Promise<{ status: number; id: string }> => {
      const headers = { authorization: `Bearer ${server.apiKey}`, "content-type": "application/json", "idempotency-key": "greet-1" }
      const answer = await fetch(`${server.url}/v1/runs`, { method: "POST", headers, body: JSON.stringify(body) })
      return { status: answer.status, id: ((await answer.json()) as { id: string }).id }
    }
    const both = await Promise.all([
      start({ workflow: "greet", input: { a: 1, b: 2 } }),
      start({ workflow: "greet", input: { b: 2, a: 1 } }),
    ])
    expect(both).toEqual([
      { status: 200, id: both[0].id },
      { status: 200, id: both[0].id },
    ])
    expect((await start({ workflow: "greet", input: { a: 2 } })).status).toBe(409)
  })

  it("of another project are not found, by any route", async () => {
    const id = await startGreeting("proj_other")
    for (const path of [`/v1/runs/${id}`, `/v1/runs/${id}/events`, `/v1/runs/${id}/stream`]) expect((await get(path)).status).toBe(404)
    await expect(client.runs.cancel(id)).rejects.toMatchObject({ code: "not_found" })
    await expect(client.runs.signal(id, "word", "x")).rejects.toMatchObject({ code: "not_found" })
    expect((await client.runs.list({ limit: 100 })).runs.map((run) => run.id)).not.toContain(id)
  })

  it("refuse what they do not know, and name it", async () => {
    await expect(client.runs.get("run_nope")).rejects.toMatchObject({ status: 404, code: "not_found" })
    expect(await (await get("/v1/runs?staus=failed")).json()).toMatchObject({ error: { code: "unknown_parameter", param: "staus" } })
    expect((await get("/v1/runs?limit=1000")).status).toBe(400)
  })
})

describe("light runs", () => {
  it("stand in the list beside durable ones, newest first, page by page without gap or duplicate", async () => {
    for (let index = 0; index < 4; index++) {
      server.records.add(record({ name: `call ${index}` }))
      await startGreeting()
    }
    await server.records.flush()
    const whole = (await client.runs.list({ limit: 100 })).runs.map((run) => run.id)
    const paged: string[] = []
    let before: string | undefined
    do {
      const page = await client.runs.list({ limit: 3, before })
      paged.push(...page.runs.map((run) => run.id))
      before = page.next ?? undefined
    } while (before !== undefined)
    expect(paged).toEqual(whole)
    expect(whole).toEqual([...whole].sort().reverse())
    expect(new Set((await client.runs.list({ limit: 8 })).runs.map((run) => run.kind))).toEqual(new Set(["chat", "workflow"]))
  })

  it("are one event, in pages and in streams", async () => {
    const light = record({ outcome: "failed", status: 502, error: { code: "upstream_error", message: "it broke" } })
    server.records.add(light)
    await server.records.flush()
    const run = await client.runs.get(light.id)
    expect(run).toMatchObject({ status: "failed", lastSeq: 1, error: { code: "upstream_error" }, input: { messages: [{ content: "Hi" }] } })
    expect((await client.runs.events(light.id)).events).toMatchObject([
      { seq: 1, type: "run.ended", data: { status: "failed", httpStatus: 502 } },
    ])
    expect(await collect(client.runs.stream(light.id, { signal: AbortSignal.timeout(30_000) }))).toHaveLength(1)
  })

  it("are found by kind, by outcome, by the id that a client holds, and never among children", async () => {
    const light = record({ kind: "embedding", name: "embeddings" })
    server.records.add(light)
    await server.records.flush()
    expect((await client.runs.list({ kind: "embedding" })).runs.map((run) => run.id)).toEqual([light.id])
    expect((await client.runs.list({ kind: "embedding", status: "failed" })).runs).toEqual([])
    expect((await client.runs.list({ search: light.id.replace("run_", "resp_") })).runs.map((run) => run.id)).toEqual([light.id])
    expect((await client.runs.get(light.id.replace("run_", "chatcmpl_"))).id).toBe(light.id)
    expect((await client.runs.list({ parentId: "run_none" })).runs).toEqual([])
  })
})

describe("the live list", () => {
  it("tells the newest runs at once, then each change, light ones too", async () => {
    const known = await startGreeting()
    const stop = new AbortController()
    const seen: RunSummary[] = []
    const reading = (async () => {
      for await (const run of client.runs.changes({ signal: stop.signal })) seen.push(run)
    })()
    await until(async () => seen.find((run) => run.id === known))
    const light = record()
    server.records.add(light)
    await client.runs.signal(known, "word", "Hi")
    await until(async () => seen.find((run) => run.id === known && run.status === "completed"))
    await until(async () => seen.find((run) => run.id === light.id))
    stop.abort()
    await reading
    expect(server.errors).toEqual([])
  })
})

describe("the live list under load", () => {
  it("tells every one of many light runs that end at once", async () => {
    const stop = new AbortController()
    const seen = new Set<string>()
    const reading = (async () => {
      for await (const run of client.runs.changes({ signal: stop.signal })) seen.add(run.id)
    })()
    await until(async () => (seen.size > 0 ? true : undefined))
    const burst = Array.from({ length: 350 }, () => record())
    for (const light of burst) server.records.add(light)
    await until(async () => (burst.every((light) => seen.has(light.id)) ? true : undefined))
    stop.abort()
    await reading
    expect(server.errors).toEqual([])
  })
})

describe("keys and usage", () => {
  it("list, create and revoke; a revoked key opens nothing", async () => {
    const made = await client.keys.create({ name: "billing" })
    expect((await client.keys.list()).keys.find((key) => key.id === made.id)).toMatchObject({ name: "billing", revokedAt: null })
    const own = createClient({ baseUrl: server.url, apiKey: made.secret })
    await own.runs.list()
    expect(await client.keys.revoke(made.id)).toEqual({ id: made.id, revoked: true })
    await expect(own.runs.list()).rejects.toMatchObject({ status: 401 })
    await expect(client.keys.revoke("key_nope")).rejects.toMatchObject({ code: "not_found" })
  })

  it("end the live list of a key that is revoked", async () => {
    const made = await client.keys.create({ name: "watcher" })
    const answer = await fetch(`${server.url}/v1/runs/stream`, { headers: { authorization: `Bearer ${made.secret}` } })
    await startGreeting()
    await client.keys.revoke(made.id)
    const after = await startGreeting()
    expect(await answer.text()).not.toContain(after)
  })

  it("sum what ran, by model and in all", async () => {
    server.records.add(record({ model: "counted", inputTokens: 7, costMicroUsd: 11 }))
    server.records.add(record({ model: "counted", inputTokens: 5, costMicroUsd: 0, costKnown: false, outcome: "failed" }))
    await server.records.flush()
    const usage = await client.usage({ groupBy: "model" })
    expect(usage.rows.find((row) => row.group === "counted")).toMatchObject({
      runs: 2,
      failedRuns: 1,
      inputTokens: 12,
      costMicroUsd: 11,
      costKnown: false,
    })
    expect(usage.total.runs).toBe(usage.rows.reduce((sum, row) => sum + row.runs, 0))
    expect((await get("/v1/usage?since=5&until=5")).status).toBe(400)
  })
})
