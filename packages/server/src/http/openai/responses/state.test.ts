// Responses that outlive their connection: stored, background, resumed, cancelled, chained, deleted, and apart by project.
import OpenAI from "openai"
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest"
import type { LightRunRecord } from "../../../accounting/index.ts"
import type { WireEvent } from "../../../agents/index.ts"
import { startFakeProvider, type FakeProvider } from "../../../testing/fake-provider.ts"
import { openAiClient, open, send } from "../../../testing/response-client.ts"
import { assertStreamInvariants } from "../../../testing/response-fixtures.ts"
import { startResponsesServer, type ResponsesServer } from "../../../testing/responses-server.ts"
import { wholeProject } from "../../../context/index.ts"

let provider: FakeProvider
let server: ResponsesServer
let client: OpenAI

beforeAll(async () => {
  provider = await startFakeProvider()
  server = await startResponsesServer({ providerUrl: provider.url })
  client = openAiClient(server)
})
afterAll(async () => {
  await server[Symbol.asyncDispose]()
  await provider[Symbol.asyncDispose]()
})

const words = (count: number): string[] => Array.from({ length: count }, (_, index) => `w${index} `)
const slow = { text: words(40), chunkDelayMs: 25 }
const waiting = { timeout: 20_000, interval: 20 }
const idOf = (event: WireEvent | undefined): string => (event?.["response"] as unknown as { id: string } | undefined)?.id ?? ""

describe("background", () => {
  it("R21 is answered as queued and completes with nobody connected", async () => {
    provider.next(slow)
    const response = await client.responses.create({ model: "fake-model", input: "Hello", background: true })
    expect(response).toMatchObject({ status: "queued", background: true, output: [], usage: null })
    await vi.waitFor(async () => expect((await client.responses.retrieve(response.id)).status).toBe("completed"), waiting)
    expect((await client.responses.retrieve(response.id)).output_text).toBe(words(40).join(""))
  })

  it("R21 without store is refused", async () => {
    const { status, json } = await send(server, "POST", "/v1/responses", {
      model: "fake-model",
      input: "x",
      background: true,
      store: false,
    })
    expect([status, json["error"]]).toMatchObject([400, { param: "background", type: "invalid_request_error" }])
  })

  it("R3 R21 may be streamed, begins queued, and T7 does not end when its reader leaves", async () => {
    provider.next(slow)
    const stream = await open(server, "POST", "/v1/responses", { model: "fake-model", input: "Hello", background: true, stream: true })
    const first = [await stream.next(), await stream.next(), await stream.next(), await stream.next()]
    expect(first.map((event) => event?.type)).toEqual([
      "response.created",
      "response.queued",
      "response.in_progress",
      "response.output_item.added",
    ])
    const id = idOf(first[0])
    stream.request.destroy()
    await vi.waitFor(async () => expect((await client.responses.retrieve(id)).status).toBe("completed"), waiting)
    expect((await client.responses.retrieve(id)).output_text).toBe(words(40).join(""))
    expect(provider.abortsCount).toBe(0)
  })

  it("R22 R24 a reader that comes back gets what follows its last number, from any number", async () => {
    provider.next(slow)
    const created = await client.responses.create({ model: "fake-model", input: "Hello", background: true })
    const seen: WireEvent[] = []
    for (let connection = 0; seen.at(-1)?.type !== "response.completed"; connection++) {
      expect(connection).toBeLessThan(60)
      const after = seen.at(-1)?.sequence_number
      const path = `/v1/responses/${created.id}?stream=true${after === undefined ? "" : `&starting_after=${after}`}`
      const stream = await open(server, "GET", path)
      for (let count = 0; count < 7; count++) {
        const event = await stream.next()
        if (!event) break
        seen.push(event)
      }
      stream.request.destroy()
    }
    expect(() => assertStreamInvariants(seen)).not.toThrow()
    const all = (await send(server, "GET", `/v1/responses/${created.id}?stream=true`)).events
    expect(all).toEqual(seen)
    for (const after of [0, 5, all.length - 2, all.length - 1, all.length + 10]) {
      const rest = await send(server, "GET", `/v1/responses/${created.id}?stream=true&starting_after=${after}`)
      expect(rest.events).toEqual(all.slice(after + 1))
      expect(rest.text.endsWith("data: [DONE]\n\n")).toBe(true)
    }
  })

  it("R22 the client's stream helper rebuilds the response from its id", async () => {
    const { id } = await client.responses.create({ model: "fake-model", input: "Hello" })
    const final = await client.responses.stream({ response_id: id, starting_after: 4 }).finalResponse()
    expect(final.output_text).toBe("Hello from the fake provider.")
  })

  it("R22 starting_after needs a stream and a number", async () => {
    const { id } = await client.responses.create({ model: "fake-model", input: "Hello" })
    const plain = await send(server, "GET", `/v1/responses/${id}?starting_after=3`)
    expect([plain.status, plain.json["error"]]).toMatchObject([400, { param: "starting_after" }])
    expect((await send(server, "GET", `/v1/responses/${id}?stream=true&starting_after=x`)).status).toBe(400)
  })
})

describe("cancelling", () => {
  it("R23 ends a background response, again and again, and its stream with what there was", async () => {
    provider.next(slow)
    const stream = await open(server, "POST", "/v1/responses", { model: "fake-model", input: "Hello", background: true, stream: true })
    const seen: WireEvent[] = []
    for (let count = 0; count < 8; count++) seen.push((await stream.next()) as WireEvent)
    const id = idOf(seen[0])
    const aborts = provider.abortsCount
    expect((await client.responses.cancel(id)).status).toBe("cancelled")
    for (let event = await stream.next(); event; event = await stream.next()) seen.push(event)
    expect(() => assertStreamInvariants(seen)).not.toThrow()
    expect(seen.at(-1)).toMatchObject({ type: "response.incomplete", response: { status: "cancelled", error: null } })
    expect((await client.responses.cancel(id)).status).toBe("cancelled")
    expect((await client.responses.retrieve(id)).status).toBe("cancelled")
    expect((await send(server, "GET", `/v1/responses/${id}?stream=true`)).events).toEqual(seen)
    await vi.waitFor(() => expect(provider.abortsCount).toBe(aborts + 1), waiting)
  })

  it("R23 a response that completed stays completed", async () => {
    const { id } = await client.responses.create({ model: "fake-model", input: "Hello", background: true })
    await vi.waitFor(async () => expect((await client.responses.retrieve(id)).status).toBe("completed"), waiting)
    expect((await client.responses.cancel(id)).status).toBe("completed")
  })

  it("R23 refuses a foreground response", async () => {
    const { id } = await client.responses.create({ model: "fake-model", input: "Hello" })
    await expect(client.responses.cancel(id)).rejects.toMatchObject({
      status: 400,
      message: expect.stringContaining("background") as string,
    })
  })
})

describe("T7 a foreground client that leaves", () => {
  const left = async (id: string): Promise<void> => {
    await vi.waitFor(async () => expect((await client.responses.retrieve(id)).status).toBe("cancelled"), waiting)
  }

  it("in the middle of the stream ends the call and the tokens so far are billed", async () => {
    provider.next(slow)
    const aborts = provider.abortsCount
    const stream = await open(server, "POST", "/v1/responses", { model: "fake-model", input: "Hello", stream: true })
    const id = idOf(await stream.next())
    for (let count = 0; count < 6; count++) await stream.next()
    stream.request.destroy()
    await left(id)
    await vi.waitFor(() => expect(provider.abortsCount).toBe(aborts + 1), waiting)
    const run = await server.runs.get(server.projectId, id.replace("resp_", "run_"))
    expect(run?.usage.outputTokens).toBeGreaterThan(0)
    expect(run?.usage.costMicroUsd).toBeGreaterThan(0)
  })

  it.each([
    ["before the first token of a stream", true],
    ["of a call without stream", false],
  ])("%s ends the call", async (_name, stream) => {
    let reached: () => void = () => undefined
    const upstream = new Promise<void>((resolve) => (reached = resolve))
    provider.next(() => {
      reached()
      return { hang: true }
    })
    const aborts = provider.abortsCount
    const controller = new AbortController()
    const metadata = { marker: `leaves-${stream}` }
    const call = client.responses.create({ model: "fake-model", input: "Hello", stream, metadata }, { signal: controller.signal })
    await upstream
    controller.abort()
    await expect(call).rejects.toThrow("aborted")
    await vi.waitFor(() => expect(provider.abortsCount).toBe(aborts + 1), waiting)
    await vi.waitFor(async () => {
      const { runs } = await server.runs.list(server.projectId, { kind: "response", limit: 1 })
      expect(runs[0]?.status).toBe("cancelled")
    }, waiting)
  })
})

describe("chains", () => {
  it("R25 a response goes on from the input and the output of the one before, in order", async () => {
    provider.next({ text: "First answer" }, { text: "Second answer" }, { text: "Third" })
    const first = await client.responses.create({ model: "fake-model", input: "One", instructions: "Only for the first" })
    const second = await client.responses.create({ model: "fake-model", input: "Two", previous_response_id: first.id })
    const third = await client.responses.create({
      model: "fake-model",
      input: "Three",
      previous_response_id: second.id,
      instructions: "New",
    })
    expect(third.previous_response_id).toBe(second.id)
    expect(provider.last?.body["messages"]).toEqual([
      { role: "system", content: "New" },
      { role: "user", content: "One" },
      { role: "assistant", content: "First answer" },
      { role: "user", content: "Two" },
      { role: "assistant", content: "Second answer" },
      { role: "user", content: "Three" },
    ])
  })

  it("R25 a response that is about to end may be continued at once", async () => {
    provider.next({ text: words(10), chunkDelayMs: 25 }, { text: "Next" })
    const first = await client.responses.create({ model: "fake-model", input: "One", background: true })
    const second = await client.responses.create({ model: "fake-model", input: "Two", previous_response_id: first.id })
    expect(second.output_text).toBe("Next")
  })

  it("R25 an unknown or foreign response is previous_response_not_found", async () => {
    for (const previous of ["resp_00000000000000000000000000000000", "resp_nonsense", "x"]) {
      const call = client.responses.create({ model: "fake-model", input: "x", previous_response_id: previous })
      await expect(call).rejects.toMatchObject({ status: 400, code: "previous_response_not_found", param: "previous_response_id" })
    }
  })

  it("a link that was deleted is named", async () => {
    const first = await client.responses.create({ model: "fake-model", input: "One" })
    const second = await client.responses.create({ model: "fake-model", input: "Two", previous_response_id: first.id })
    await client.responses.delete(first.id)
    const call = client.responses.create({ model: "fake-model", input: "x", previous_response_id: second.id })
    await expect(call).rejects.toMatchObject({ code: "previous_response_not_found", message: expect.stringContaining(first.id) as string })
  })

  it("a chain longer than its limit is refused with the limit", async () => {
    await using short = await startResponsesServer({ providerUrl: provider.url, limits: { chainResponsesMax: 2 } })
    const ask = openAiClient(short)
    let previous: string | null = null
    for (let link = 0; link < 3; link++) {
      const response: OpenAI.Responses.Response = await ask.responses.create({
        model: "fake-model",
        input: "x",
        previous_response_id: previous,
      })
      previous = response.id
    }
    const call = ask.responses.create({ model: "fake-model", input: "x", previous_response_id: previous })
    await expect(call).rejects.toMatchObject({
      status: 400,
      code: "context_length_exceeded",
      message: expect.stringContaining("2 responses") as string,
    })
  })

  it("an item can be referred to by its id", async () => {
    provider.next({ text: "Remember me" })
    const first = await client.responses.create({ model: "fake-model", input: "One" })
    const reference = { type: "item_reference" as const, id: first.output[0]?.id ?? "" }
    await client.responses.create({ model: "fake-model", input: [reference, { role: "user", content: "Two" }] })
    expect(provider.last?.body["messages"]).toEqual([
      { role: "assistant", content: "Remember me" },
      { role: "user", content: "Two" },
    ])
    await expect(
      client.responses.create({ model: "fake-model", input: [{ type: "item_reference", id: "msg_unknown" }] }),
    ).rejects.toMatchObject({ status: 400, param: "input[0].id" })
  })

  it("a conversation gives its items and takes input and output", async () => {
    const conversation = await server.context.conversations.create(wholeProject(server.projectId))
    provider.next({ text: "Hi Ada" }, { text: "Ada" })
    await client.responses.create({ model: "fake-model", input: "I am Ada", conversation: conversation.id })
    const second = await client.responses.create({ model: "fake-model", input: "Who am I?", conversation: { id: conversation.id } })
    expect(second.conversation).toEqual({ id: conversation.id })
    expect(provider.last?.body["messages"]).toEqual([
      { role: "user", content: "I am Ada" },
      { role: "assistant", content: "Hi Ada" },
      { role: "user", content: "Who am I?" },
    ])
    expect(await server.context.conversations.allItems(wholeProject(server.projectId), conversation.id)).toHaveLength(4)
    await expect(client.responses.create({ model: "fake-model", input: "x", conversation: "conv_none" })).rejects.toMatchObject({
      status: 404,
      param: "conversation",
    })
  })
})

describe("input items", () => {
  it("R27 are listed newest first or in order, page by page", async () => {
    const input = ["a", "b", "c", "d", "e"].map((content) => ({ role: "user" as const, content }))
    const { id } = await client.responses.create({ model: "fake-model", input })
    const text = (item: object): string => ("content" in item ? (item.content as { text: string }[])[0]?.text : undefined) ?? ""
    const all: string[] = []
    for await (const item of client.responses.inputItems.list(id, { limit: 2, order: "asc" })) all.push(text(item))
    expect(all).toEqual(["a", "b", "c", "d", "e"])
    const page = await client.responses.inputItems.list(id, { limit: 2 })
    expect(page.data.map(text)).toEqual(["e", "d"])
    const { json } = await send(server, "GET", `/v1/responses/${id}/input_items?limit=2`)
    expect(json).toMatchObject({ object: "list", has_more: true, first_id: page.data[0]?.id, last_id: page.data[1]?.id })
  })

  it("a page limit out of range and an unknown cursor are refused with their name", async () => {
    const { id } = await client.responses.create({ model: "fake-model", input: "x" })
    const tooMany = await send(server, "GET", `/v1/responses/${id}/input_items?limit=1000`)
    expect([tooMany.status, tooMany.json["error"]]).toMatchObject([400, { param: "limit" }])
    const unknown = await send(server, "GET", `/v1/responses/${id}/input_items?after=msg_none`)
    expect([unknown.status, unknown.json["error"]]).toMatchObject([400, { param: "after" }])
  })

  it("R27 input tokens are counted without a model call", async () => {
    const before = provider.requests.length
    const { object, input_tokens } = await client.responses.inputTokens.count({ model: "fake-model", input: "Hello there" })
    expect([object, input_tokens > 0, provider.requests.length]).toEqual(["response.input_tokens", true, before])
  })

  it("R27 counts the chain before, instructions and tools, and says that a name without a known tokenizer is estimated", async () => {
    const count = async (body: object): Promise<number> => {
      const { status, headers, json } = await send(server, "POST", "/v1/responses/input_tokens", { model: "fake-model", ...body })
      expect([status, headers["x-perdure-tokens-estimated"]]).toEqual([200, "true"])
      return json["input_tokens"] as number
    }
    const { id } = await client.responses.create({ model: "fake-model", input: "Some words that stand in the chain before." })
    const alone = await count({ input: "Go on." })
    const tool = { type: "function", name: "look", description: "Looks something up", parameters: { type: "object" } }
    for (const more of [{ previous_response_id: id }, { instructions: "Be brief and kind." }, { tools: [tool] }])
      expect(await count({ input: "Go on.", ...more })).toBeGreaterThan(alone + 3)
    const unknown = await send(server, "POST", "/v1/responses/input_tokens", { model: "no-such", input: "x" })
    expect([unknown.status, unknown.json["error"]]).toMatchObject([404, { code: "model_not_found" }])
  })
})

describe("keeping and losing", () => {
  it("a deleted response is gone for every route", async () => {
    const { id } = await client.responses.create({ model: "fake-model", input: "x" })
    const deleted = await send(server, "DELETE", `/v1/responses/${id}`)
    expect([deleted.status, deleted.json]).toEqual([200, { id, object: "response", deleted: true }])
    for (const [method, path] of [
      ["GET", ""],
      ["GET", "?stream=true"],
      ["GET", "/input_items"],
      ["POST", "/cancel"],
      ["DELETE", ""],
    ] as const) {
      const { status, json } = await send(server, method, `/v1/responses/${id}${path}`)
      expect([status, json["error"]]).toMatchObject([404, { code: "not_found", type: "invalid_request_error" }])
    }
  })

  it("a response that is not stored works and cannot be retrieved or continued", async () => {
    const response = await client.responses.create({ model: "fake-model", input: "x", store: false })
    expect(response).toMatchObject({ status: "completed", store: false })
    await expect(client.responses.retrieve(response.id)).rejects.toMatchObject({ status: 404 })
    const next = client.responses.create({ model: "fake-model", input: "y", previous_response_id: response.id })
    await expect(next).rejects.toMatchObject({ code: "previous_response_not_found" })
  })

  it("a response that is not stored leaves the record of its cost and none of its words", async () => {
    const records: LightRunRecord[] = []
    await using forgetful = await startResponsesServer({ providerUrl: provider.url, recordLightRun: (record) => records.push(record) })
    for (const stream of [false, true]) {
      provider.next({ text: "hushed answer", usage: { prompt_tokens: 5, completion_tokens: 3 } })
      const { status } = await send(forgetful, "POST", "/v1/responses", {
        model: "fake-model",
        input: "hushed question",
        store: false,
        stream,
      })
      expect(status).toBe(200)
    }
    await vi.waitFor(() => expect(records).toHaveLength(2), waiting)
    for (const record of records)
      expect(record).toMatchObject({
        kind: "chat",
        name: "response",
        outcome: "completed",
        inputTokens: 5,
        outputTokens: 3,
        model: "fake-model",
      })
    expect(JSON.stringify(records)).not.toContain("hushed")
    await vi.waitFor(async () => expect((await forgetful.runs.list(forgetful.projectId, {})).runs).toEqual([]), waiting)
    expect(forgetful.errors).toEqual([])
  })

  it("another project sees nothing of a response, by any route", async () => {
    const { id, output } = await client.responses.create({ model: "fake-model", input: "secret", background: true })
    const key = await server.identity.createKey("proj_other", "other")
    const other = { url: server.url, apiKey: key.secret }
    for (const [method, path] of [
      ["GET", ""],
      ["GET", "?stream=true"],
      ["GET", "/input_items"],
      ["POST", "/cancel"],
      ["DELETE", ""],
    ] as const) {
      const { status, text } = await send(other, method, `/v1/responses/${id}${path}`)
      expect(status).toBe(404)
      expect(text).not.toContain("secret")
    }
    const chained = await send(other, "POST", "/v1/responses", { model: "fake-model", input: "x", previous_response_id: id })
    expect([chained.status, chained.json["error"]]).toMatchObject([400, { code: "previous_response_not_found" }])
    const referred = await send(other, "POST", "/v1/responses", {
      model: "fake-model",
      input: [{ type: "item_reference", id: output[0]?.id ?? "msg_x" }],
    })
    expect(referred.status).toBe(400)
    expect((await client.responses.retrieve(id)).id).toBe(id)
  })

  it("T16 the same idempotency key is the same run, and another request under it a conflict", async () => {
    const before = provider.requests.length
    const options = { headers: { "Idempotency-Key": "key-1" } }
    const first = await client.responses.create({ model: "fake-model", input: "once" }, options)
    const again = await client.responses.create({ model: "fake-model", input: "once" }, options)
    expect(again).toEqual(first)
    expect(provider.requests.length).toBe(before + 1)
    await expect(client.responses.create({ model: "fake-model", input: "other" }, options)).rejects.toMatchObject({ status: 409 })
    const key = await server.identity.createKey(server.projectId, "second")
    const second = await new OpenAI({ apiKey: key.secret, baseURL: `${server.url}/v1`, maxRetries: 0 }).responses.create(
      { model: "fake-model", input: "once" },
      options,
    )
    expect(second.id).not.toBe(first.id)
  })

  it("T16 a key whose connection broke gives an answer when it is sent again, not the run that was cancelled for it", async () => {
    provider.next(slow, { text: "the answer" })
    const options = { headers: { "Idempotency-Key": "key-broken" } }
    const stream = await client.responses.create({ model: "fake-model", input: "broken", stream: true }, options)
    let id = ""
    for await (const event of stream) {
      if (event.type === "response.created") id = event.response.id
      if (event.type === "response.output_text.delta") break // closes the connection
    }
    await vi.waitFor(async () => expect((await client.responses.retrieve(id)).status).toBe("cancelled"), waiting)
    const again = await client.responses.create({ model: "fake-model", input: "broken", stream: false }, options)
    expect(again.output_text).toBe("the answer")
    expect(again.id).not.toBe(id)
    expect((await client.responses.create({ model: "fake-model", input: "broken", stream: false }, options)).id).toBe(again.id)
  })

  it("R20 include_obfuscation is accepted and changes nothing", async () => {
    const stream = await client.responses.create({
      model: "fake-model",
      input: "x",
      stream: true,
      stream_options: { include_obfuscation: true },
    })
    for await (const event of stream) expect(event).not.toHaveProperty("obfuscation")
  })

  it("nothing reached an error handler", () => {
    expect(server.errors).toEqual([])
  })
})
