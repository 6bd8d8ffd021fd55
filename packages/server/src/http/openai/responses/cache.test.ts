// The answer cache under responses: each model call of a turn is looked up, streams come again in their pieces, and nothing crosses who may see it.
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { z } from "zod"
import type { JsonObject } from "../../../core/index.ts"
import type { CachePolicy } from "../../../inference/index.ts"
import { letterEmbedding } from "../../../inference/cache/cache.fixtures.ts"
import { startFakeProvider, type FakeProvider } from "../../../testing/fake-provider.ts"
import { openAiClient, send, type RawAnswer } from "../../../testing/response-client.ts"
import { assertStreamInvariants } from "../../../testing/response-fixtures.ts"
import { startResponsesServer, type ResponsesServer } from "../../../testing/responses-server.ts"
import { testDeployment, testModel } from "../../../testing/gateway.ts"
import { defineTool } from "../../../tools/index.ts"

let provider: FakeProvider
let server: ResponsesServer
const orders: string[] = []

const order = defineTool({
  name: "order",
  description: "Orders a thing",
  parameters: z.object({ thing: z.string() }),
  effect: "idempotent",
  run: async ({ thing }) => {
    orders.push(thing)
    return { ordered: thing }
  },
})

const policy: CachePolicy = { mode: "exact", scope: "principal", ttlMs: 60_000, similarityMin: 0.95, temperatureMax: 1 }
const policies = new Map<string, CachePolicy>([
  ["cached", policy],
  ["shared", { ...policy, scope: "project" }],
  ["alike", { ...policy, mode: "semantic" }],
])

beforeAll(async () => {
  provider = await startFakeProvider()
  const at = testDeployment(provider.url, { id: "fake/gpt" })
  server = await startResponsesServer({
    providerUrl: provider.url,
    models: [...policies.keys()].map((name) => testModel(name, at)),
    cache: { policyOf: (model) => policies.get(model), embedding: letterEmbedding() },
    tools: [order],
  })
})
afterAll(async () => {
  await server[Symbol.asyncDispose]()
  await provider[Symbol.asyncDispose]()
})

/** Questions of two tests are never the same. */
let asked = 0
const question = (): string => `Question number ${(asked += 1)}`

interface Asked {
  answer: RawAnswer
  /** Requests that reached the provider meanwhile. */
  calls: number
}

async function ask(body: JsonObject, by: { url: string; apiKey: string } = server, headers: Record<string, string> = {}): Promise<Asked> {
  const before = provider.requests.length
  const answer = await send(by, "POST", "/v1/responses", { model: "cached", ...body }, headers)
  return { answer, calls: provider.requests.length - before }
}

const said = ({ answer }: Asked): unknown => [answer.status, answer.headers["x-perdure-cache"]]
const outputOf = ({ json }: RawAnswer): unknown[] =>
  (json["output"] as { content: { text: string }[] }[]).flatMap(({ content }) => content.map(({ text }) => text))
const bills = async ({ headers }: RawAnswer): Promise<JsonObject[]> => {
  const run = String(headers["x-perdure-run-id"])
  const events = await server.runs.events(server.projectId, run, 0, 1_000)
  return events.filter(({ type }) => type === "usage.recorded").map(({ data }) => data as JsonObject)
}
const keyOf = async (projectId: string): Promise<{ url: string; apiKey: string }> => {
  const { secret } = await server.identity.createKey(projectId, "another key")
  return { url: server.url, apiKey: secret }
}

describe("a response whose model call was made before", () => {
  it("is not made again: the same words and usage, nothing on the bill, and a header that says it", async () => {
    provider.next({ text: "Only once.", usage: { prompt_tokens: 9, completion_tokens: 3 } })
    const input = question()
    const first = await ask({ input })
    const second = await ask({ input, metadata: { other: "yes" }, user: "somebody else" })
    expect([said(first), said(second), second.calls]).toEqual([[200, "miss"], [200, "hit"], 0])
    expect([outputOf(first.answer), outputOf(second.answer)]).toEqual([["Only once."], ["Only once."]])
    expect(second.answer.json["usage"]).toEqual(first.answer.json["usage"])
    expect(second.answer.json["id"]).not.toBe(first.answer.json["id"])
    expect(second.answer.headers).toMatchObject({ age: "0", "x-perdure-route": "fake/gpt", "x-perdure-cost-micro-usd": "0" })
    expect(await bills(first.answer)).toMatchObject([{ inputTokens: 9, outputTokens: 3, costMicroUsd: 3 }])
    expect(await bills(second.answer)).toMatchObject([
      {
        inputTokens: 0,
        outputTokens: 0,
        costMicroUsd: 0,
        costKnown: true,
        cache: { result: "hit", saved: { inputTokens: 9, outputTokens: 3, costMicroUsd: 3 } },
      },
    ])
  })

  it("streams it in the same pieces, whichever way it was asked first", async () => {
    const text = ["In ", "these ", "very ", "pieces", "."]
    provider.next({ text, reasoning: ["Let ", "me see"] })
    const input = question()
    const first = await ask({ input, stream: true })
    const second = await ask({ input, stream: true })
    const third = await ask({ input })
    expect([said(first), said(second), said(third), second.calls + third.calls]).toEqual([[200, "miss"], [200, "hit"], [200, "hit"], 0])
    const deltas = ({ answer: { events } }: Asked): unknown[] =>
      events.filter(({ type }) => type === "response.output_text.delta").map(({ delta }) => delta)
    expect([deltas(first), deltas(second)]).toEqual([text, text])
    expect(() => assertStreamInvariants(second.answer.events)).not.toThrow()
    expect(second.answer.events.map(({ type }) => type)).toEqual(first.answer.events.map(({ type }) => type))
  })

  it("is one of the official client, streamed and not", async () => {
    provider.next({ text: ["Hello ", "again"] })
    const client = openAiClient(server)
    const body = { model: "cached", input: question(), store: false } as const
    const { data: first, response: head } = await client.responses.create(body).withResponse()
    const { data: second, response } = await client.responses.create(body).withResponse()
    expect([first.output_text, second.output_text]).toEqual(["Hello again", "Hello again"])
    expect([head.headers.get("x-perdure-cache"), response.headers.get("x-perdure-cache")]).toEqual(["miss", "hit"])
    const stream = client.responses.stream(body)
    expect((await stream.finalResponse()).output_text).toBe("Hello again")
    const parsed = await client.responses.parse({ ...body, text: { format: { type: "text" } } })
    expect(parsed.output_text).toBe("Hello again")
  })

  it("goes through a loop of tools without a model, while the tools run", async () => {
    provider.next({ toolCalls: [{ id: "call_1", name: "order", arguments: ['{"thing":', '"tea"}'] }] }, { text: "Ordered." })
    const body = { input: question(), tools: [{ type: "mcp", server_label: "perdure" }] }
    const first = await ask(body)
    const second = await ask(body)
    expect([first.calls, second.calls, orders]).toEqual([2, 0, ["tea", "tea"]])
    expect([said(first), said(second)]).toEqual([
      [200, "miss"],
      [200, "hit"],
    ])
    expect(await bills(second.answer)).toMatchObject([
      { costMicroUsd: 0, turn: 1 },
      { costMicroUsd: 0, turn: 2 },
    ])
  })

  it("continues a conversation like any", async () => {
    provider.next({ text: "One." }, { text: "Two." })
    const input = question()
    await ask({ input })
    const second = await ask({ input })
    const third = await ask({ previous_response_id: String(second.answer.json["id"]), input: "And then?" })
    expect([outputOf(third.answer), third.calls]).toEqual([["Two."], 1])
    const messages = provider.last?.body["messages"] as { role: string; content: string }[]
    expect(messages.map(({ content }) => content)).toEqual([input, "One.", "And then?"])
  })

  it("at the same time waits for the one that is under way", async () => {
    provider.next({ text: "Slow.", delayMs: 300 })
    const input = question()
    const all = await Promise.all([ask({ input }), ask({ input }), ask({ input })])
    expect(all.map(({ answer }) => outputOf(answer))).toEqual([["Slow."], ["Slow."], ["Slow."]])
    expect(all.map(({ answer }) => answer.headers["x-perdure-cache"])).toEqual(expect.arrayContaining(["hit", "miss"]))
    expect(provider.requests.filter(({ text }) => text.includes(input))).toHaveLength(1)
  })

  it("is one that means the same, where the model says so; never one that calls a tool", async () => {
    provider.next({ text: "At noon." })
    const first = await ask({ model: "alike", input: "When does the shop close today?" })
    const alike = await ask({ model: "alike", input: "When today does the shop close?" })
    expect([said(first), said(alike), outputOf(alike.answer)]).toEqual([[200, "miss"], [200, "semantic"], ["At noon."]])
    const tools = [{ type: "function", name: "look", parameters: {}, strict: false }]
    provider.next({ toolCalls: [{ id: "call_1", name: "look", arguments: ["{}"] }] }, { text: "Nothing." })
    await ask({ model: "alike", input: "Look at that big red door", tools })
    const other = await ask({ model: "alike", input: "Look at that red big door", tools })
    expect([said(other), outputOf(other.answer)]).toEqual([[200, "miss"], ["Nothing."]])
  })
})

describe("what a request says of the cache", () => {
  it("asks for it where the model has none, leaves it out, and has the answer made anew", async () => {
    const input = question()
    const body = { model: "fake-model", input }
    expect(said(await ask(body))).toEqual([200, undefined])
    const wished = { ...body, perdure: { cache: "exact" } }
    expect([said(await ask(wished)), said(await ask(wished))]).toEqual([
      [200, "miss"],
      [200, "hit"],
    ])
    provider.next({ text: "Fresh." })
    const fresh = await ask(wished, server, { "cache-control": "no-cache" })
    expect([said(fresh), outputOf(fresh.answer)]).toEqual([[200, "miss"], ["Fresh."]])
    provider.next({ text: "Fresher." })
    const anew = await ask({ ...body, perdure: { cache: { mode: "exact", refresh: true } } })
    expect([said(anew), outputOf(anew.answer)]).toEqual([[200, "miss"], ["Fresher."]])
    expect(outputOf((await ask(wished)).answer)).toEqual(["Fresher."])
    const off = await ask({ input, perdure: { cache: "off" } })
    expect([said(off), off.calls]).toEqual([[200, "bypass"], 1])
  })

  it("is told of a stream, and holds for one in the background", async () => {
    const input = question()
    await ask({ input })
    const background = await ask({ input, background: true })
    await expect
      .poll(async () => (await send(server, "GET", `/v1/responses/${String(background.answer.json["id"])}`)).json["status"])
      .toBe("completed")
    expect(await bills(background.answer)).toMatchObject([{ cache: { result: "hit" } }])
  })
})

describe("what is never given", () => {
  it("to another key of the project, unless the model says so, and never to another project", async () => {
    const other = await keyOf(server.projectId)
    const stranger = await keyOf("proj_stranger")
    for (const [model, calls] of [
      ["cached", 1],
      ["shared", 0],
    ] as const) {
      const body = { model, input: question() }
      await ask(body)
      expect((await ask(body, other)).calls).toBe(calls)
      const strange = await ask(body, stranger)
      expect([said(strange), strange.calls]).toEqual([[200, "miss"], 1])
    }
  })

  it("what was said with memory before the model", async () => {
    const caller = { projectId: server.projectId, principal: server.keyId }
    await server.context.memories.remember(caller, { scope: "user:ada", text: "I like otters." })
    const body = { model: "shared", input: "What do I like?", perdure: { memory: { scope: "user:ada", remember: false } } }
    const first = await ask(body)
    const second = await ask(body)
    expect([said(first), said(second), second.calls]).toEqual([[200, "bypass"], [200, "bypass"], 1])
  })

  it("a failure, a filtered answer or a cut one", async () => {
    for (const [script, status] of [
      [{ error: { status: 400, message: "no" } }, 400],
      [{ text: "half", finishReason: "content_filter" }, 200],
      [{ text: ["half", " way"], ending: "eof", framesMax: 2 } as const, 502],
    ] as const) {
      const input = question()
      provider.next(script, { text: "Whole." })
      const first = await ask({ input })
      expect([first.answer.status, outputOf((await ask({ input })).answer)]).toEqual([status, ["Whole."]])
    }
  })

  it("a warmer request than the model's policy lets pass", async () => {
    const body = { input: question(), temperature: 1.5 }
    expect([said(await ask(body)), (await ask(body)).calls]).toEqual([[200, "bypass"], 1])
  })
})
