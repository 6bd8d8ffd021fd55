// Message batches of Anthropic's client against a whole server: made, polled, read, cancelled, listed, deleted.
import Anthropic from "@anthropic-ai/sdk"
import { toFile } from "openai"
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest"
import { startFakeProvider, type FakeAnswer, type ReceivedRequest } from "../testing/fake-provider.ts"
import { startBatchesServer, type BatchesServer } from "../testing/batches-server.ts"

const provider = await startFakeProvider()
let server: BatchesServer
let anthropic: Anthropic

beforeAll(async () => {
  server = await startBatchesServer(provider.url, {
    providers: { acme: { baseUrl: provider.url }, own: { type: "anthropic", baseUrl: provider.url, apiKey: "sk-ant-test" } },
    models: {
      chat: { deployments: [{ provider: "acme", model: "m" }] },
      claude: { deployments: [{ provider: "own", model: "claude-upstream" }] },
    },
  })
  anthropic = new Anthropic({ baseURL: server.perdure.url, apiKey: server.perdure.apiKeyCreated ?? "", maxRetries: 0 })
})
afterAll(async () => {
  await server[Symbol.asyncDispose]()
  await provider[Symbol.asyncDispose]()
})
beforeEach(() => {
  provider.requests.length = 0
  provider.always(echo)
})

function echo({ text }: ReceivedRequest): FakeAnswer {
  return text.includes("refuse me") ? { error: { status: 400, message: "I do not like it" } } : { text: "fine" }
}

function request(custom_id: string, content: string, model = "claude"): Anthropic.Messages.BatchCreateParams.Request {
  return { custom_id, params: { model, max_tokens: 20, messages: [{ role: "user", content }] } }
}

async function endOf(id: string): Promise<Anthropic.Messages.MessageBatch> {
  await expect
    .poll(async () => (await anthropic.messages.batches.retrieve(id)).processing_status, { timeout: 50_000, interval: 50 })
    .toBe("ended")
  return anthropic.messages.batches.retrieve(id)
}

async function resultsOf(id: string): Promise<Anthropic.Messages.MessageBatchIndividualResponse[]> {
  return Array.fromAsync(await anthropic.messages.batches.results(id))
}

describe("a message batch", () => {
  it("is carried out by whichever provider has the model, and its results come in the order of its requests", async () => {
    const requests = [request("a", "one"), request("b", "refuse me"), request("c", "three", "chat"), request("d", "four", "nobody")]
    const batch = await anthropic.messages.batches.create({ requests }, { headers: { "anthropic-beta": "some-beta" } })
    expect(batch).toMatchObject({
      type: "message_batch",
      processing_status: "in_progress",
      request_counts: { processing: 4 },
      ended_at: null,
    })
    const end = await endOf(batch.id)
    expect(end.request_counts).toEqual({ processing: 0, succeeded: 2, errored: 2, canceled: 0, expired: 0 })
    expect(end.results_url).toBe(`${server.perdure.url}/v1/messages/batches/${batch.id}/results`)
    const results = await resultsOf(batch.id)
    expect(results.map(({ custom_id, result }) => [custom_id, result.type])).toEqual([
      ["a", "succeeded"],
      ["b", "errored"],
      ["c", "succeeded"],
      ["d", "errored"],
    ])
    expect(results[0]?.result).toMatchObject({ message: { type: "message", content: [{ type: "text", text: "fine" }] } })
    expect(results[2]?.result).toMatchObject({ message: { type: "message", content: [{ type: "text", text: "fine" }] } })
    expect(results[1]?.result).toMatchObject({ error: { type: "error", error: { type: "invalid_request_error" } } })
    expect(results[3]?.result).toMatchObject({ error: { type: "error", error: { type: "not_found_error" } } })
    expect(provider.requests.find(({ path }) => path.endsWith("/messages"))?.headers["anthropic-beta"]).toBe("some-beta")
  })

  it("is refused in Anthropic's words where its requests are wrong", async () => {
    const create = (requests: unknown): Promise<unknown> => anthropic.messages.batches.create({ requests } as never)
    const refusal = { status: 400, error: { type: "error", error: { type: "invalid_request_error" } } }
    await expect(create([])).rejects.toMatchObject(refusal)
    await expect(create([request("a", "x"), request("a", "y")])).rejects.toMatchObject(refusal)
    await expect(create([request("not an id", "x")])).rejects.toMatchObject(refusal)
    await expect(create([{ custom_id: "a", params: { ...request("a", "x").params, stream: true } }])).rejects.toMatchObject(refusal)
    await expect(anthropic.messages.batches.retrieve("msgbatch_none")).rejects.toMatchObject({
      status: 404,
      error: { error: { type: "not_found_error" } },
    })
  })

  it("can be cancelled, has results then, and can be deleted once it has ended", async () => {
    provider.always(async (received) => {
      await new Promise((resolve) => setTimeout(resolve, 150))
      return echo(received)
    })
    const { id } = await anthropic.messages.batches.create({ requests: Array.from({ length: 100 }, (_, at) => request(`r-${at}`, "hi")) })
    await expect.poll(() => provider.requests.length, { timeout: 20_000 }).toBeGreaterThan(10)
    await expect(anthropic.messages.batches.delete(id)).rejects.toMatchObject({ status: 409 })
    await expect(server.openai.get(`/messages/batches/${id}/results`)).rejects.toMatchObject({ status: 409 })
    expect(await anthropic.messages.batches.cancel(id)).toMatchObject({ processing_status: "canceling" })
    const { request_counts: counts } = await endOf(id)
    expect([counts.succeeded > 0, counts.canceled > 0, counts.succeeded + counts.canceled]).toEqual([true, true, 100])
    expect((await resultsOf(id)).filter(({ result }) => result.type === "canceled")).toHaveLength(counts.canceled)
    expect(await anthropic.messages.batches.delete(id)).toEqual({ id, type: "message_batch_deleted" })
    await expect(anthropic.messages.batches.retrieve(id)).rejects.toMatchObject({ status: 404 })
  })

  it("is listed by pages forwards and backwards, apart from OpenAI's batches", async () => {
    const ids: string[] = []
    for (const name of ["x", "y", "z"]) ids.push((await anthropic.messages.batches.create({ requests: [request(name, "hi")] })).id)
    const newest = ids.toReversed()
    const all: string[] = []
    for await (const { id } of anthropic.messages.batches.list({ limit: 2 })) all.push(id)
    expect(all.slice(0, 3)).toEqual(newest)
    const before = await anthropic.messages.batches.list({ limit: 1, before_id: newest[2] ?? "" })
    expect(before.data.map(({ id }) => id)).toEqual([newest[1]])
    expect(before.has_more).toBe(true)
    expect((await server.openai.batches.list()).data).toEqual([])
    for (const id of ids) await endOf(id)
    // What held the requests goes with their end.
    await expect.poll(async () => (await server.openai.files.list()).data.length, { timeout: 20_000 }).toBe(0)
  })
})

it("keeps its results for their time, and tells afterwards what it was", async () => {
  await using short = await startBatchesServer(provider.url, { limits: { batchResultsKeptMs: 2_000, expirySweepMs: 50 } })
  const client = new Anthropic({ baseURL: short.perdure.url, apiKey: short.perdure.apiKeyCreated ?? "", maxRetries: 0 })
  const { id } = await client.messages.batches.create({ requests: [request("a", "one", "chat"), request("b", "two", "chat")] })
  const now = (): Promise<Anthropic.Messages.MessageBatch> => client.messages.batches.retrieve(id)
  await expect.poll(async () => (await now()).archived_at, { timeout: 50_000, interval: 50 }).not.toBeNull()
  const batch = await now()
  expect(batch).toMatchObject({ processing_status: "ended", request_counts: { succeeded: 2 }, results_url: null })
  expect(Date.parse(batch.archived_at ?? "") - Date.parse(batch.ended_at ?? "")).toBeGreaterThanOrEqual(2_000)
  const headers = { authorization: `Bearer ${short.perdure.apiKeyCreated}` }
  const results = await fetch(`${short.perdure.url}/v1/messages/batches/${id}/results`, { headers })
  expect([results.status, await results.text()]).toEqual([404, expect.stringContaining("were kept for their time, which is over")])

  // Files of OpenAI's form expire at a time that they tell.
  const input = await short.openai.files.create({ file: await toFile(Buffer.from("{}"), "in.jsonl"), purpose: "batch" })
  expect(input.expires_at).toBe(input.created_at + 2)
  await expect
    .poll(() => short.openai.files.retrieve(input.id).catch(({ status }: { status: number }) => status), { timeout: 20_000 })
    .toBe(404)
})
