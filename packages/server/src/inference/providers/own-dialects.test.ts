// Gemini, Vertex, Bedrock and Cohere end to end: model calls, vectors and ranks against a provider on a real port.
import { afterAll, describe, expect, it } from "vitest"
import { defaultLimits, newId, systemClock, type JsonObject } from "../../core/index.ts"
import { startFakeProvider, type FakeScript } from "../../testing/fake-provider.ts"
import { vectorOf } from "../../testing/fake-gemini-answers.ts"
import { startFakeGoogle } from "../../testing/fake-google.ts"
import { createCallModel } from "../call-model.ts"
import { createEmbed } from "../embed.ts"
import { createModels } from "../models.ts"
import { createPool } from "../pool/index.ts"
import type { Deployment, ModelCall, CallEvent } from "../types.ts"
import { createUpstreams } from "../upstreams.ts"
import { signatureHeaders } from "./bedrock/signature.ts"
import { providerDeployment } from "./deployment.ts"
import { embeddingsOf, rerankOf } from "./embeddings.ts"
import { callOf } from "./golden.fixtures.ts"

const provider = await startFakeProvider()
const google = await startFakeGoogle()
const limits = { ...defaultLimits, firstTokenTimeoutMs: 8_000, idleTimeoutMs: 8_000, sameDeploymentRetriesMax: 0 }
const upstreams = createUpstreams({ limits })
afterAll(async () => {
  await upstreams[Symbol.asyncDispose]()
  await provider[Symbol.asyncDispose]()
  await google[Symbol.asyncDispose]()
})
const origin = new URL(provider.url).origin
const anySignal = new AbortController().signal

interface Place {
  name: string
  deployment: Deployment
  /** Where a streamed call goes. */
  path: string
  /** What an overload is called there. */
  overload: { error: { status: number; type?: string } }
}

function place(
  name: string,
  provider: string,
  upstreamModel: string,
  path: string,
  more: { apiKey?: string; settings?: JsonObject; base?: string },
): Place {
  const deployment = providerDeployment({
    id: `${name}/m`,
    provider,
    baseUrl: origin + (more.base ?? ""),
    apiKey: more.apiKey ?? null,
    ...(more.settings ? { settings: more.settings } : {}),
    upstreamModel,
    does: { chat: true, embeddings: true },
    contextTokensMax: null,
    origin: "perdure.yaml:3",
  })
  return { name, deployment, path, overload: { error: { status: 429 } } }
}

const vertexBase = "/v1/projects/p/locations/l"
const vertexSettings = { project: "p", location: "l", credentials: google.serviceAccount }
const awsKey = { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", sessionToken: "temporary" }
const claude = "eu.anthropic.claude-sonnet-4-5-20250929-v1:0"
const places: readonly Place[] = [
  place("gemini", "gemini", "gemini-3-flash-preview", "/v1beta/models/gemini-3-flash-preview:streamGenerateContent?alt=sse", {
    apiKey: "AIza-upstream-secret-upstream",
    base: "/v1beta",
  }),
  place("vertex", "vertex", "gemini-2.5-flash", `${vertexBase}/publishers/google/models/gemini-2.5-flash:streamGenerateContent?alt=sse`, {
    settings: vertexSettings,
    base: vertexBase,
  }),
  place("vertex-claude", "vertex", "claude-haiku-4-5", `${vertexBase}/publishers/anthropic/models/claude-haiku-4-5:streamRawPredict`, {
    settings: vertexSettings,
    base: vertexBase,
  }),
  place("bedrock", "bedrock", claude, `/model/${encodeURIComponent(claude)}/converse-stream`, {
    settings: { region: "eu-central-1", ...awsKey },
  }),
  place("cohere", "cohere", "command-a-03-2025", "/v2/chat", { apiKey: "co-upstream-secret" }),
]

const models = createModels({
  models: places.map(({ name, deployment }) => ({ name, createdAt: 0, ownedBy: "test", deployments: [deployment] })),
})
const pool = createPool({ models, limits, clock: systemClock, rng: () => 0 })
const options = { models, pool, upstreams, natives: new Map(), limits, clock: systemClock, newId }
const callModel = createCallModel(options)

async function heard(part: Partial<ModelCall>, script: FakeScript, signal = anySignal): Promise<CallEvent[]> {
  pool.keep([])
  provider.next(script)
  const events: CallEvent[] = []
  for await (const event of callModel(callOf(part), signal).events) events.push(event)
  return events
}

const textOf = (events: readonly CallEvent[]): string => events.map((event) => (event.type === "text-delta" ? event.text : "")).join("")

describe.each(places)("a model at $name", ({ name, path, overload }) => {
  it("streams text with its usage", async () => {
    const events = await heard(
      { model: name },
      { text: ["Grüße, ", "Köln 👋"], usage: { prompt_tokens: 9, completion_tokens: 4 }, splitBytes: 7 },
    )
    expect(textOf(events)).toBe("Grüße, Köln 👋")
    expect(events.at(-1)).toMatchObject({ type: "finished", reason: "stop", usage: { inputTokens: 9, outputTokens: 4, estimated: false } })
    expect(provider.last?.path).toBe(path)
  })

  it("C8 streams parallel tool calls", async () => {
    const tool = {
      name: "look_up",
      description: "Looks up.",
      parameters: { type: "object", properties: { q: { type: "string" } } },
      strict: null,
    }
    const events = await heard(
      { model: name, tools: [tool] },
      {
        toolCalls: [
          { id: "call_a", name: "look_up", arguments: ['{"q":', '"x"}'] },
          { id: "call_b", name: "look_up", arguments: '{"q":"y"}' },
        ],
      },
    )
    const started = events.flatMap((event) => (event.type === "tool-call-started" ? [[event.index, event.callId, event.name]] : []))
    expect(started).toEqual([
      [0, "call_a", "look_up"],
      [1, "call_b", "look_up"],
    ])
    const argumentsOf = (index: number): unknown =>
      JSON.parse(events.map((event) => (event.type === "tool-call-delta" && event.index === index ? event.arguments : "")).join(""))
    expect([argumentsOf(0), argumentsOf(1)]).toEqual([{ q: "x" }, { q: "y" }])
    expect(events.at(-1)).toMatchObject({ reason: "tool_calls" })
  })

  it("gives reasoning apart from the answer", async () => {
    const events = await heard({ model: name }, { reasoning: ["Let me ", "think"], text: "42" })
    const order = events.map(({ type }) => type).filter((type, index, all) => type !== all[index - 1])
    expect(order).toEqual(["reasoning-delta", "reasoning-ended", "text-delta", "finished"])
  })

  it("E3 reports too many requests, with the time to wait", async () => {
    const { error } = overload
    await expect(
      heard({ model: name }, { error: { ...error, message: "slow down", headers: { "retry-after": "7" } } }),
    ).rejects.toMatchObject({
      code: "rate_limit_exceeded",
      retryable: true,
      retryAfterMs: 7_000,
      message: "slow down",
      answer: { status: 429 },
    })
  })

  it("T13 reports an error inside the stream", async () => {
    // Of more frames, as Gemini's last one makes the answer whole, and nothing after that is read.
    await expect(
      heard({ model: name }, { text: ["Hal", "lo", "!"], streamError: { afterFrames: 2, message: "broke down" } }),
    ).rejects.toMatchObject({
      retryable: true,
      message: expect.stringContaining("broke down") as string,
    })
  })

  it("T9 takes a stream without its end for an error, not for an answer", async () => {
    await expect(heard({ model: name }, { text: ["Hal", "lo"], finishReason: null, usage: null, ending: "eof" })).rejects.toMatchObject({
      code: "upstream_stream_ended",
    })
    await expect(heard({ model: name }, { text: ["Hal", "lo"], finishReason: null, ending: "reset", framesMax: 2 })).rejects.toMatchObject({
      retryable: true,
    })
  })

  it("T7 aborts upstream when the caller leaves", async () => {
    const before = provider.abortsCount
    const stop = new AbortController()
    provider.next({ text: ["a ", "b "], finishReason: null, ending: "hang" })
    const reading = (async () => {
      for await (const event of callModel(callOf({ model: name }), stop.signal).events)
        if (event.type === "text-delta") stop.abort(new Error("enough"))
    })()
    await expect(reading).rejects.toThrow("enough")
    await expect.poll(() => provider.abortsCount, { timeout: 20_000 }).toBe(before + 1)
  })

  it("never shows our key, and takes its refusal for no fault of the client", async () => {
    const message = `key ${places.find((each) => each.name === name)?.deployment.apiKey ?? "AKIDEXAMPLE"} refused at ${origin}`
    const failure = heard({ model: name }, { error: { status: 403, message } })
    await expect(failure).rejects.toMatchObject({ code: "upstream_error", failure: "forbidden", answer: { status: 502 } })
    await expect(failure).rejects.not.toMatchObject({ message: expect.stringMatching(/secret|127\.0\.0\.1/) as string })
  })
})

describe("what a request carries", () => {
  it("to Gemini is the key in Google's header", async () => {
    await heard({ model: "gemini" }, {})
    expect(provider.last?.headers["x-goog-api-key"]).toBe("AIza-upstream-secret-upstream")
    expect(provider.last?.headers.authorization).toBeUndefined()
  })

  it("to Bedrock is a signature that fits what arrived", async () => {
    await heard({ model: "bedrock" }, {})
    const { headers, path, text } = provider.last!
    const date = String(headers["x-amz-date"])
    const at = Date.parse(date.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, "$1-$2-$3T$4:$5:$6Z"))
    const own = { "content-type": String(headers["content-type"]) }
    const expected = signatureHeaders({ method: "POST", origin, path, headers: own, body: text }, awsKey, {
      region: "eu-central-1",
      service: "bedrock",
      at,
    })
    expect(headers.authorization).toBe(expected["authorization"])
    expect(headers["x-amz-security-token"]).toBe("temporary")
    expect(headers.accept).toBe("application/vnd.amazon.eventstream")
  })

  it("to Bedrock with an API key is that key, and no signature", async () => {
    const { deployment } = place("b", "bedrock", "cohere.embed-v4:0", "", { apiKey: "bedrock-key", settings: { region: "r", ...awsKey } })
    await embeddingsOf(options, deployment, { texts: ["a"], dimensions: null, purpose: null, user: null }, anySignal)
    expect(provider.last?.headers.authorization).toBe("Bearer bedrock-key")
    expect(provider.last?.headers["x-amz-date"]).toBeUndefined()
  })

  it("to Vertex is an access token, one for all deployments of the account", async () => {
    const before = google.grants.length
    await heard({ model: "vertex" }, {})
    const first = provider.last?.headers.authorization
    expect(first).toMatch(/^Bearer ya29\./)
    await heard({ model: "vertex-claude" }, {})
    expect(provider.last?.headers.authorization).toBe(first)
    expect(google.grants.length - before).toBeLessThanOrEqual(1)
    expect(google.grants[0]).toMatchObject({
      iss: "perdure@p.iam.gserviceaccount.com",
      scope: "https://www.googleapis.com/auth/cloud-platform",
    })
  })

  it("to Vertex fails as a fault of the credentials where no token is given", async () => {
    const { deployment } = place("v", "vertex", "gemini-2.5-flash", "", {
      settings: { ...vertexSettings, credentials: google.refusedAccount },
      base: vertexBase,
    })
    const asked = embeddingsOf(options, deployment, { texts: ["a"], dimensions: null, purpose: null, user: null }, anySignal)
    await expect(asked).rejects.toMatchObject({
      code: "upstream_error",
      failure: "credentials",
      message: expect.stringContaining("invalid_grant") as string,
      hint: expect.stringContaining("settings.credentials") as string,
    })
  })
})

describe("vectors", () => {
  const texts = Array.from({ length: 130 }, (_, index) => `text ${index}`)
  const titan = place("titan", "bedrock", "amazon.titan-embed-text-v2:0", "", { apiKey: "k", settings: { region: "r" } }).deployment
  const cohereThere = place("co", "bedrock", "cohere.embed-english-v3", "", { apiKey: "k", settings: { region: "r" } }).deployment
  const makers = [
    ["Gemini", places[0]!.deployment, 2, null],
    ["Vertex", { ...places[1]!.deployment, upstreamModel: "text-embedding-005" }, 1, 930],
    ["Cohere", places[4]!.deployment, 2, 930],
    ["Titan on Bedrock", titan, 130, 930],
    ["Cohere on Bedrock", cohereThere, 2, null],
  ] as const

  it.each(makers)("of many texts come in their order from %s, in as many requests as it wants", async (_, deployment, requests, tokens) => {
    const before = provider.requests.length
    const { vectors, usage } = await embeddingsOf(options, deployment, { texts, dimensions: null, purpose: "query", user: null }, anySignal)
    expect(vectors).toEqual(texts.map(vectorOf))
    expect(provider.requests.length - before).toBe(requests)
    expect(usage).toMatchObject(tokens === null ? { estimated: true } : { inputTokens: tokens, estimated: false })
  })

  it("are asked for with their dimensions and what they are for", async () => {
    const ask = (deployment: Deployment, purpose: "query" | null) =>
      embeddingsOf(options, deployment, { texts: ["a"], dimensions: 256, purpose, user: null }, anySignal)
    await ask(places[0]!.deployment, "query")
    expect(provider.last?.body).toEqual({
      requests: [
        {
          model: "models/gemini-3-flash-preview",
          content: { parts: [{ text: "a" }] },
          taskType: "RETRIEVAL_QUERY",
          outputDimensionality: 256,
        },
      ],
    })
    await ask({ ...places[1]!.deployment, upstreamModel: "gemini-embedding-001" }, null)
    expect(provider.last?.path).toBe(`${vertexBase}/publishers/google/models/gemini-embedding-001:predict`)
    expect(provider.last?.body).toEqual({
      instances: [{ content: "a", task_type: "RETRIEVAL_DOCUMENT" }],
      parameters: { outputDimensionality: 256 },
    })
    await ask(places[4]!.deployment, "query")
    expect(provider.last?.body).toEqual({
      model: "command-a-03-2025",
      texts: ["a"],
      input_type: "search_query",
      embedding_types: ["float"],
      output_dimension: 256,
    })
    await ask(titan, null)
    expect(provider.last?.path).toBe("/model/amazon.titan-embed-text-v2%3A0/invoke")
    expect(provider.last?.body).toEqual({ inputText: "a", dimensions: 256 })
  })

  it("inside the server have unit length, and fewer than the texts are an error", async () => {
    const [vector] = (await createEmbed(options, "cohere")(["abc"], anySignal, "query")).vectors
    expect(Math.hypot(...vector!)).toBeCloseTo(1, 5)
    const few = { raw: { status: 200, headers: { "content-type": "application/json" }, body: ['{"embeddings":{"float":[[1,2]]}}'] } }
    provider.next(few)
    const asked = embeddingsOf(
      options,
      places[4]!.deployment,
      { texts: ["a", "b"], dimensions: null, purpose: null, user: null },
      anySignal,
    )
    await expect(asked).rejects.toMatchObject({ message: expect.stringContaining("embeddings for 1 of 2 texts") as string })
  })
})

describe("ranks", () => {
  const call = { query: "köln", documents: ["bonn", "kölle", "aachen"], resultsMax: 2, tokensPerDocumentMax: 100 }

  it("come best first, with the searches that are billed", async () => {
    const { results, usage } = await rerankOf(options, places[4]!.deployment, call, anySignal)
    expect(results.map(({ index }) => index)).toEqual([1, 0])
    expect(usage).toMatchObject({ searchUnits: 1, inputTokens: 0, estimated: false })
    expect(provider.last?.path).toBe("/v2/rerank")
    expect(provider.last?.body).toEqual({
      model: "command-a-03-2025",
      query: "köln",
      documents: call.documents,
      top_n: 2,
      max_tokens_per_doc: 100,
    })
  })

  it("come from Bedrock, whose answer is put in order here", async () => {
    const { deployment } = place("r", "bedrock", "cohere.rerank-v3-5:0", "", { apiKey: "k", settings: { region: "r" } })
    const { results } = await rerankOf(options, deployment, call, anySignal)
    expect(results.map(({ index }) => index)).toEqual([2, 1, 0])
    expect(provider.last?.body).toMatchObject({ query: "köln", top_n: 2, api_version: 2 })
  })

  it("are refused where the provider has none", async () => {
    await expect(rerankOf(options, places[0]!.deployment, call, anySignal)).rejects.toMatchObject({ code: "feature_unavailable" })
  })
})
