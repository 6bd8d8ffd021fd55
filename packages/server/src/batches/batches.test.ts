// Batches of OpenAI's client against a whole server: from the upload of their lines to the download of their results.
import type OpenAI from "openai"
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest"
import { startFakeProvider, type FakeAnswer, type ReceivedRequest } from "../testing/fake-provider.ts"
import {
  chatLine,
  endOfBatch,
  makeBatch,
  resultsOf,
  startBatchesServer,
  uploadLines,
  type BatchesServer,
} from "../testing/batches-server.ts"

const provider = await startFakeProvider()
let server: BatchesServer
let openai: OpenAI

beforeAll(async () => {
  server = await startBatchesServer(provider.url, { limits: { batchLinesMax: 200 } })
  openai = server.openai
})
afterAll(async () => {
  await server[Symbol.asyncDispose]()
  await provider[Symbol.asyncDispose]()
})
beforeEach(() => {
  provider.requests.length = 0
  provider.always(echo)
})

function contentOf({ body }: ReceivedRequest): string {
  return (body["messages"] as { content: string }[] | undefined)?.at(-1)?.content ?? ""
}

function echo(request: ReceivedRequest): FakeAnswer {
  return { text: `re: ${contentOf(request)}`, usage: { prompt_tokens: 7, completion_tokens: 3, cached_tokens: 2 } }
}

const lines = (count: number): ReturnType<typeof chatLine>[] => Array.from({ length: count }, (_, at) => chatLine(`c-${at}`, `q-${at}`))

describe("a batch of chat completions", () => {
  it("is carried out, and its results are in a file in the order of its lines", async () => {
    const batch = await openai.batches.create({
      input_file_id: await uploadLines(openai, lines(25)),
      endpoint: "/v1/chat/completions",
      completion_window: "24h",
      metadata: { purpose: "test" },
      output_expires_after: { anchor: "created_at", seconds: 7_200 },
    })
    expect(batch).toMatchObject({ object: "batch", status: "validating", metadata: { purpose: "test" }, completion_window: "24h" })
    const end = await endOfBatch(openai, batch.id)
    expect(end).toMatchObject({
      status: "completed",
      model: "chat",
      request_counts: { total: 25, completed: 25, failed: 0 },
      usage: { input_tokens: 175, output_tokens: 75, total_tokens: 250, input_tokens_details: { cached_tokens: 50 } },
      error_file_id: null,
    })
    const results = await resultsOf(openai, end.output_file_id)
    expect(results.map(({ custom_id }) => custom_id)).toEqual(lines(25).map(({ custom_id }) => custom_id))
    expect(results[3]).toMatchObject({ error: null, response: { status_code: 200, body: { object: "chat.completion" } } })
    expect(JSON.stringify(results[3]?.response?.body)).toContain("re: q-3")
    const file = await openai.files.retrieve(end.output_file_id ?? "")
    expect(file).toMatchObject({ purpose: "batch_output", expires_at: file.created_at + 7_200 })
    expect(provider.requests).toHaveLength(25)
  })

  it("gives what was refused an error file, with the answer as a call would have had it", async () => {
    provider.always((request) => (contentOf(request) === "bad" ? { error: { status: 400, message: "no such thing" } } : echo(request)))
    const batch = await makeBatch(openai, [
      chatLine("a", "good"),
      chatLine("b", "bad"),
      { ...chatLine("c", "x"), body: { model: "nope", messages: [] } },
    ])
    const end = await endOfBatch(openai, batch.id)
    expect(end).toMatchObject({ status: "completed", request_counts: { total: 3, completed: 1, failed: 2 } })
    expect((await resultsOf(openai, end.output_file_id)).map(({ custom_id }) => custom_id)).toEqual(["a"])
    const errors = await resultsOf(openai, end.error_file_id)
    expect(errors.map(({ custom_id, response }) => [custom_id, response?.status_code])).toEqual([
      ["b", 400],
      ["c", 404],
    ])
    expect(errors[0]?.response?.body).toMatchObject({ error: { message: expect.stringContaining("no such thing") as string } })
  })
})

describe("a batch", () => {
  it.each<[OpenAI.BatchCreateParams["endpoint"] | "/v1/messages", Record<string, unknown>, Record<string, unknown>]>([
    ["/v1/responses", { model: "chat", input: "hi" }, { object: "response", status: "completed" }],
    ["/v1/completions", { model: "chat", prompt: "hi", max_tokens: 9 }, { object: "text_completion" }],
    ["/v1/embeddings", { model: "vectors", input: "hi" }, { object: "list" }],
    ["/v1/messages", { model: "chat", max_tokens: 9, messages: [{ role: "user", content: "hi" }] }, { type: "message", role: "assistant" }],
  ])("calls %s", async (url, body, expected) => {
    const end = await endOfBatch(
      openai,
      (await makeBatch(openai, [{ custom_id: "only", method: "POST", url, body }], url as OpenAI.BatchCreateParams["endpoint"])).id,
    )
    expect(end.status).toBe("completed")
    const [result] = await resultsOf(openai, end.output_file_id ?? end.error_file_id)
    expect(result?.response).toMatchObject({ status_code: 200, body: expected })
  })

  it("of lines that are wrong carries out none and lists what is wrong with each", async () => {
    const wrong = [
      chatLine("a", "fine"),
      chatLine("a", "again"),
      "{ no json",
      { ...chatLine("b", "x"), method: "GET" },
      "",
      { ...chatLine("c", "x"), url: "/v1/embeddings" },
      { method: "POST", url: "/v1/chat/completions", body: { model: "chat" } },
      { ...chatLine("d", "x"), body: { messages: [] } },
      chatLine("e", "x", { stream: true }),
    ]
    const end = await endOfBatch(openai, (await makeBatch(openai, wrong)).id)
    expect(end).toMatchObject({ status: "failed", output_file_id: null, request_counts: { total: 0 } })
    expect(end.errors?.data?.map(({ line, code, param }) => [line, code, param])).toEqual([
      [2, "duplicate_custom_id", "custom_id"],
      [3, "invalid_json_line", null],
      [4, "invalid_method", "method"],
      [6, "invalid_url", "url"],
      [7, "missing_required_parameter", "custom_id"],
      [8, "missing_required_parameter", "body.model"],
      [9, "unsupported_value", "body.stream"],
    ])
    expect(provider.requests).toHaveLength(0)
  })

  it("with more lines than are allowed fails, and so does one without any", async () => {
    const many = await endOfBatch(openai, (await makeBatch(openai, lines(201))).id)
    expect(many.errors?.data).toEqual([expect.objectContaining({ code: "too_many_requests", line: 201 })])
    const none = await endOfBatch(openai, (await makeBatch(openai, [" "])).id)
    expect(none.errors?.data).toEqual([expect.objectContaining({ code: "empty_file" })])
  })

  it("is refused at once without its file, with a file of another purpose, for another endpoint or window", async () => {
    const create = (more: object): Promise<unknown> =>
      openai.batches.create({ input_file_id: "file_none", endpoint: "/v1/chat/completions", completion_window: "24h", ...more })
    await expect(create({})).rejects.toMatchObject({ status: 404, param: "input_file_id" })
    const input_file_id = await uploadLines(openai, lines(1))
    await expect(create({ input_file_id, endpoint: "/v1/rerank" })).rejects.toMatchObject({ status: 400, param: "endpoint" })
    await expect(create({ input_file_id, completion_window: "1h" })).rejects.toMatchObject({ status: 400, param: "completion_window" })
    const other = await openai.files.create({ file: new File(["x"], "x.txt"), purpose: "assistants" })
    await expect(create({ input_file_id: other.id })).rejects.toMatchObject({ status: 400, param: "input_file_id" })
  })

  it("that is cancelled keeps the results that it has and says of the rest that it was cancelled", async () => {
    provider.always(async (request) => {
      if (Number(contentOf(request).slice(2)) >= 20) await new Promise((resolve) => setTimeout(resolve, 200))
      return echo(request)
    })
    const { id } = await makeBatch(openai, lines(200))
    await expect.poll(async () => (await openai.batches.retrieve(id)).request_counts?.completed, { timeout: 20_000 }).toBeGreaterThan(10)
    expect(await openai.batches.cancel(id)).toMatchObject({ status: "cancelling", cancelling_at: expect.any(Number) as number })
    const end = await endOfBatch(openai, id)
    expect(end).toMatchObject({ status: "cancelled", cancelled_at: expect.any(Number) as number })
    const results = await resultsOf(openai, end.output_file_id)
    const left = await resultsOf(openai, end.error_file_id)
    expect(results.length).toBe(end.request_counts?.completed)
    expect(results.length + left.length).toBe(200)
    expect(new Set(left.map(({ error }) => error?.code))).toEqual(new Set(["batch_cancelled"]))
    expect(await openai.batches.cancel(id)).toMatchObject({ status: "cancelled" })
  })

  it("is listed page by page, newest first, and is a run of its kind with its counts", async () => {
    const made = [await makeBatch(openai, lines(1)), await makeBatch(openai, lines(2)), await makeBatch(openai, lines(3))]
    const ids = made.map(({ id }) => id)
    const first = await openai.batches.list({ limit: 2 })
    expect(first.data.map(({ id }) => id)).toEqual([ids[2], ids[1]])
    const all: string[] = []
    for await (const { id } of openai.batches.list({ limit: 2 })) all.push(id)
    expect(all.slice(0, 3)).toEqual(ids.toReversed())
    await endOfBatch(openai, ids[2] ?? "")
    const { projectId, runs } = server.perdure
    const runId = `run_${ids[2]?.slice("batch_".length)}`
    const run = await runs.ended(projectId, runId, AbortSignal.timeout(20_000))
    expect(run).toMatchObject({ kind: "batch", status: "completed", title: "/v1/chat/completions of in.jsonl" })
    const progress = { total: 3, completed: 3, failed: 0 }
    expect(await runs.get(projectId, runId)).toMatchObject({ progress })
    expect((await runs.list(projectId, { kind: "batch", limit: 1 })).runs).toEqual([expect.objectContaining({ id: runId, progress })])
    const events = await runs.events(projectId, runId, 0, 100)
    expect(events.filter(({ type }) => type === "batch.progress").at(-1)?.data).toEqual(progress)
  })
})

/** The latest light runs of chats. */
async function chatRuns(): Promise<{ principal: string; error: { code: string } | null }[]> {
  const headers = { authorization: `Bearer ${server.perdure.apiKeyCreated ?? ""}` }
  const answer = await fetch(`${server.perdure.url}/v1/runs?kind=chat&limit=30`, { headers })
  return ((await answer.json()) as { runs: { principal: string; error: { code: string } | null }[] }).runs
}

describe("a line of a batch", () => {
  it("waits while its provider has no room, and is tried again where the provider fails", async () => {
    let refusals = 0
    provider.always((request) => {
      if (refusals >= 4) return echo(request)
      refusals += 1
      if (refusals % 2 === 0) return { error: { status: 500, message: "boom" } }
      return { error: { status: 429, message: "slow down", headers: { "retry-after": "1" } } }
    })
    const end = await endOfBatch(openai, (await makeBatch(openai, lines(6))).id)
    expect(end).toMatchObject({ status: "completed", request_counts: { total: 6, completed: 6, failed: 0 } })
  })

  it("fails where its provider fails each time", async () => {
    provider.always((request) => (contentOf(request) === "q-1" ? { error: { status: 500, message: "boom" } } : echo(request)))
    const end = await endOfBatch(openai, (await makeBatch(openai, lines(3))).id)
    expect(end.request_counts).toEqual({ total: 3, completed: 2, failed: 1 })
    const [error] = await resultsOf(openai, end.error_file_id)
    expect([error?.custom_id, error?.response?.status_code]).toEqual(["c-1", 500])
    expect(provider.requests.filter((request) => contentOf(request) === "q-1")).toHaveLength(4)
  })

  it("is called in the name of the key that made its batch: within its limits, on its bill, and not once it is revoked", async () => {
    const { identity, projectId, url } = server.perdure
    const key = await identity.createKey(projectId, "batcher", { limits: { concurrent: 2 } })
    const own = openai.withOptions({ apiKey: key.secret, baseURL: `${url}/v1` })
    let [underWay, underWayMax] = [0, 0]
    provider.always(async (request) => {
      underWayMax = Math.max(underWayMax, (underWay += 1))
      await new Promise((resolve) => setTimeout(resolve, 100))
      underWay -= 1
      return echo(request)
    })
    const { id } = await makeBatch(own, lines(150))
    await expect.poll(async () => (await openai.batches.retrieve(id)).request_counts?.completed, { timeout: 20_000 }).toBeGreaterThan(5)
    await identity.revokeKey(projectId, key.id)
    const end = await endOfBatch(openai, id)
    expect(end).toMatchObject({ status: "failed", errors: { data: [{ code: "invalid_api_key" }] } })
    const left = await resultsOf(openai, end.error_file_id)
    expect((await resultsOf(openai, end.output_file_id)).length + left.length).toBe(150)
    expect(left[0]?.error?.code).toBe("invalid_api_key")
    expect(underWayMax).toBeLessThanOrEqual(2)
    expect((await chatRuns()).map(({ principal }) => principal)).toContain(key.id)
  })

  it("waits for a budget that is used up, and is called once it is raised", async () => {
    const { identity, projectId, url } = server.perdure
    const key = await identity.createKey(projectId, "poor", { limits: { budgetUsd: 0.001 } })
    const own = openai.withOptions({ apiKey: key.secret, baseURL: `${url}/v1` })
    const cheap = lines(20).map((_, at) => chatLine(`c-${at}`, `q-${at}`, { max_tokens: 5 }))
    const { id } = await makeBatch(own, cheap)
    const refused = async (): Promise<boolean> =>
      (await chatRuns()).some(({ principal, error }) => principal === key.id && error?.code === "insufficient_quota")
    await expect.poll(async () => (await openai.batches.retrieve(id)).request_counts?.completed, { timeout: 20_000 }).toBeGreaterThan(0)
    await expect.poll(refused, { timeout: 20_000 }).toBe(true)
    const waiting = await openai.batches.retrieve(id)
    expect([waiting.status, waiting.request_counts?.failed]).toEqual(["in_progress", 0])
    expect(waiting.request_counts?.completed).toBeLessThan(20)
    await identity.updateKey(projectId, key.id, { limits: { budgetUsd: 100 } })
    expect((await endOfBatch(openai, id)).request_counts).toEqual({ total: 20, completed: 20, failed: 0 })
  })

  it("that can never fit a limit, or that its key may not call, has the refusal as its answer", async () => {
    const { identity, projectId, url } = server.perdure
    const settings = { limits: { tokensPerMinute: 2_000 }, scope: { models: ["chat"] } }
    const own = openai.withOptions({ apiKey: (await identity.createKey(projectId, "small", settings)).secret, baseURL: `${url}/v1` })
    const forbidden = { ...chatLine("forbidden", "x"), body: { model: "other", messages: [{ role: "user", content: "x" }] } }
    const fitting = chatLine("fits", "x", { max_tokens: 5 })
    const end = await endOfBatch(openai, (await makeBatch(own, [chatLine("large", "x", { max_tokens: 9_000 }), forbidden, fitting])).id)
    expect(end.request_counts).toEqual({ total: 3, completed: 1, failed: 2 })
    const errors = await resultsOf(openai, end.error_file_id)
    expect(errors.map(({ custom_id, response }) => [custom_id, response?.status_code])).toEqual([
      ["large", 429],
      ["forbidden", 403],
    ])
  })
})

describe("a batch that ends before its lines", () => {
  it("expired: finished lines keep their results, the others say so", async () => {
    await using other = await startBatchesServer(provider.url, { limits: { batchLifeMs: 2_000 } })
    provider.always((request) => (contentOf(request) === "q-0" ? echo(request) : { hang: true }))
    const { id } = await makeBatch(other.openai, lines(30))
    const end = await endOfBatch(other.openai, id)
    expect(end).toMatchObject({ status: "expired", expired_at: expect.any(Number) as number, request_counts: { total: 30, completed: 1 } })
    expect((await resultsOf(other.openai, end.output_file_id)).map(({ custom_id }) => custom_id)).toEqual(["c-0"])
    const left = await resultsOf(other.openai, end.error_file_id)
    expect([left.length, new Set(left.map(({ error }) => error?.code))]).toEqual([29, new Set(["batch_expired"])])
    const { projectId, runs } = other.perdure
    const run = await runs.ended(projectId, id.replace("batch_", "run_"), AbortSignal.timeout(20_000))
    expect(run).toMatchObject({ status: "incomplete", output: { status: "expired" } })
  })

  it("because its run was cancelled: it is cancelled too, with what it has", async () => {
    provider.always((request) => (Number(contentOf(request).slice(2)) < 5 ? echo(request) : { hang: true }))
    const { id } = await makeBatch(openai, lines(30))
    await expect.poll(async () => (await openai.batches.retrieve(id)).request_counts?.completed, { timeout: 20_000 }).toBe(5)
    const { projectId, runs } = server.perdure
    await runs.cancel(projectId, id.replace("batch_", "run_"), "enough")
    const end = await endOfBatch(openai, id)
    expect(end).toMatchObject({ status: "cancelled", request_counts: { total: 30, completed: 5 } })
    expect(await resultsOf(openai, end.output_file_id)).toHaveLength(5)
    expect(await resultsOf(openai, end.error_file_id)).toHaveLength(25)
  })

  it("because its file was deleted: it fails, and says which", async () => {
    await using other = await startBatchesServer(provider.url)
    const input = await uploadLines(other.openai, lines(3))
    const created = other.openai.batches.create({ input_file_id: input, endpoint: "/v1/chat/completions", completion_window: "24h" })
    const { id } = await created
    await other.openai.files.delete(input)
    const end = await endOfBatch(other.openai, id)
    // It may have been read by then.
    if (end.status === "failed") expect(end.errors?.data?.[0]?.message).toContain(input)
    else expect(end.request_counts).toMatchObject({ total: 3, completed: 3 })
  })
})
