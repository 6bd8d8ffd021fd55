// Anthropic's messages to the Claudes of Vertex and Bedrock: passed as they are inside each cloud's envelope, counted there, and what becomes of faults.
import Anthropic, { type APIError } from "@anthropic-ai/sdk"
import { afterAll, beforeEach, describe, expect, it } from "vitest"
import type { Deployment } from "../../inference/index.ts"
import { awsEvent, awsException } from "../../inference/providers/bedrock/event-stream.fixtures.ts"
import { startFakeAws } from "../../testing/fake-aws.ts"
import { startFakeProvider } from "../../testing/fake-provider.ts"
import { rawPost, startTestGateway, testDeployment, testKey, testModel } from "../../testing/gateway.ts"
import { jsonAnswer } from "../../testing/json-answer.ts"

const cloud = await startFakeProvider()
const other = await startFakeProvider()
const aws = await startFakeAws()
aws.endsAt = Date.now() + 3_600_000
const shared = { AWS_ENDPOINT_URL_STS: aws.url, AWS_SHARED_CREDENTIALS_FILE: "/nowhere", AWS_CONFIG_FILE: "/nowhere" }
const keys = { AWS_ACCESS_KEY_ID: "AKIA1", AWS_SECRET_ACCESS_KEY: "s" }
const base = cloud.url.replace("/v1", "")
const vertexModel = "claude-sonnet-4-5@20250929"
const bedrockModel = "eu.anthropic.claude-sonnet-4-5-20250929-v1:0"
const vertex = (part: Partial<Deployment> = {}): Deployment =>
  testDeployment(`${base}/v1/projects/p/locations/global`, {
    id: "vertex/claude",
    provider: "vertex",
    dialect: "anthropic-vertex",
    upstreamModel: vertexModel,
    ...part,
  })
const bedrock = (part: Partial<Deployment> = {}): Deployment =>
  testDeployment(base, { id: "bedrock/claude", provider: "bedrock", dialect: "bedrock-converse", upstreamModel: bedrockModel, ...part })
/** Without a key. */
const signed = (id: string, settings: Record<string, string>, variables: Record<string, string> = keys): Deployment =>
  bedrock({ id, apiKey: null, settings: { region: "eu-central-1", ...settings, variables: { ...shared, ...variables } } })
const gateway = await startTestGateway({
  models: [
    testModel("vertex", vertex()),
    testModel("bedrock", bedrock()),
    testModel(
      "configured",
      bedrock({ id: "b/configured", parameters: { defaults: {}, overrides: { temperature: 0.25 }, dropped: ["top_k"] } }),
    ),
    testModel(
      "guarded",
      bedrock({ id: "b/guarded", parameters: { defaults: { guardrailConfig: { guardrailIdentifier: "g" } }, overrides: {}, dropped: [] } }),
    ),
    testModel("nova", bedrock({ id: "b/nova", upstreamModel: "eu.amazon.nova-pro-v1:0" })),
    ...["/v1/messages", "/v1/chat/completions"].map((route) =>
      testModel(`role${route}`, signed(`b/role${route}`, { roleArn: `arn:aws:iam::1:role${route}` })),
    ),
    testModel("nobody", signed("b/nobody", {}, { AWS_EC2_METADATA_DISABLED: "true" })),
    testModel("both", bedrock({ id: "b/first" }), testDeployment(other.url, { id: "other/second", priority: 1 })),
  ],
})
const client = new Anthropic({ baseURL: gateway.url, apiKey: testKey, maxRetries: 0 })
afterAll(async () => {
  await gateway[Symbol.asyncDispose]()
  await cloud[Symbol.asyncDispose]()
  await other[Symbol.asyncDispose]()
  await aws[Symbol.asyncDispose]()
})
beforeEach(() => {
  gateway.records.length = 0
  cloud.requests.length = 0
})

const path = "/v1/messages"
/** What a translation would lose or refuse. */
const rich = {
  max_tokens: 50,
  system: [{ type: "text", text: "s", cache_control: { type: "ephemeral", ttl: "1h" } }],
  messages: [
    {
      role: "user",
      content: [{ type: "document", source: { type: "text", media_type: "text/plain", data: "Grüße" }, citations: { enabled: true } }],
    },
    {
      role: "assistant",
      content: [
        { type: "thinking", thinking: "hm", signature: "c2ln" },
        { type: "server_tool_use", id: "srvtoolu_1", name: "x", input: {} },
      ],
    },
    { role: "user", content: "go on" },
  ],
  tools: [{ type: "memory_20250818", name: "memory" }],
  thinking: { type: "enabled", budget_tokens: 1024 },
  future_member: { a: [1.0, 2] },
}
const places = [
  {
    model: "vertex",
    whole: `/v1/projects/p/locations/global/publishers/anthropic/models/${encodeURIComponent(vertexModel)}:rawPredict`,
    live: `/v1/projects/p/locations/global/publishers/anthropic/models/${encodeURIComponent(vertexModel)}:streamRawPredict`,
    added: { anthropic_version: "vertex-2023-10-16" },
    streamed: { stream: true },
  },
  {
    model: "bedrock",
    whole: `/model/${encodeURIComponent(bedrockModel)}/invoke`,
    live: `/model/${encodeURIComponent(bedrockModel)}/invoke-with-response-stream`,
    added: { anthropic_version: "bedrock-2023-05-31" },
    streamed: {},
  },
]

async function record() {
  await expect.poll(() => gateway.records.length, { timeout: 20_000 }).toBe(1)
  return gateway.records[0]
}

function events(...all: readonly object[]): Buffer[] {
  return all.map((event) => awsEvent("chunk", { bytes: Buffer.from(JSON.stringify(event)).toString("base64"), p: "abc" }))
}

function binary(...body: readonly Buffer[]) {
  return { raw: { status: 200, headers: { "content-type": "application/vnd.amazon.eventstream" }, body } }
}

const usage = { input_tokens: 10, cache_read_input_tokens: 5, cache_creation_input_tokens: 3, output_tokens: 1 }
const message = { id: "msg_bdrk_1", type: "message", role: "assistant", model: "claude-x", content: [], stop_reason: null, usage }
const wholeStream = [
  { type: "message_start", message },
  { type: "content_block_start", index: 0, content_block: { type: "text", text: "" } },
  { type: "content_block_delta", index: 0, delta: { type: "text_delta", text: "Grüße 👋🏽" } },
  { type: "content_block_delta", index: 0, delta: { type: "citations_delta", citation: { type: "char_location", cited_text: "G" } } },
  { type: "content_block_stop", index: 0 },
  { type: "message_delta", delta: { stop_reason: "end_turn", stop_sequence: null }, usage: { output_tokens: 12 } },
  { type: "message_stop", "amazon-bedrock-invocationMetrics": { inputTokenCount: 10 } },
]

describe.each(places)("messages to a Claude of $model", ({ model, whole, live, added, streamed }) => {
  it("arrive as they were sent but for the model and the version, and the answer comes back as it is", async () => {
    const answer = { ...message, content: [{ type: "brand_new_block", x: 1 }], stop_reason: "end_turn" }
    cloud.next(jsonAnswer(answer))
    const got = await rawPost(gateway.url, path, { model, ...rich, stream: false }, { "anthropic-version": "2023-06-01" })
    expect(JSON.parse(got.text)).toEqual(answer)
    expect(cloud.last?.path).toBe(whole)
    expect(cloud.last?.body).toEqual({ ...rich, ...added, ...(model === "vertex" ? { stream: false } : {}) })
    expect(cloud.last?.headers["anthropic-version"]).toBeUndefined()
    expect(await record()).toMatchObject({ inputTokens: 18, cachedTokens: 5, outputTokens: 1, outcome: "completed" })
  })

  it("are sent without being read where the bytes allow it, with the model first, last or in the middle", async () => {
    const inner = `"max_tokens": 50,  "messages":[{"role":"user","content":"\\u00e9 1.0"}]`
    const sent = [
      `{"model":"${model}", ${inner}, "stream" : true}`,
      `{${inner} , "stream":true,"model" : "${model}"}`,
      `{${inner},"model":"${model}","stream":true,"temperature":1.0}`,
    ]
    for (const body of sent) {
      cloud.next({ text: "hi" })
      const answer = await fetch(gateway.url + path, {
        method: "POST",
        body,
        headers: { "x-api-key": testKey, "content-type": "application/json" },
      })
      expect(await answer.text()).toContain("message_stop")
      expect(cloud.last?.body).toEqual({ ...(JSON.parse(body) as object), ...added, model: undefined, stream: undefined, ...streamed })
      expect(cloud.last?.text).toContain(inner)
    }
  })

  it("stream thoughts, citations and tools, which Anthropic's own client adds up", async () => {
    cloud.next({ reasoning: ["let me ", "see"], text: ["a", "b"], toolCalls: [{ id: "t1", name: "f", arguments: ['{"a"', ":1}"] }] })
    const got = await client.messages.stream({ model, max_tokens: 50, messages: [{ role: "user", content: "hello" }] }).finalMessage()
    expect(got.content.map(({ type }) => type)).toEqual(["thinking", "text", "tool_use"])
    expect(got.content[0]).toMatchObject({ thinking: "let me see", signature: "c2lnbmVkLWJ5LXRoZS1mYWtl" })
    expect(got.content[2]).toMatchObject({ input: { a: 1 } })
    expect(cloud.last?.path).toBe(live)
    expect(await record()).toMatchObject({ name: "messages", inputTokens: 12, outputTokens: 5, outcome: "completed" })
  })

  it("carry the client's betas where the cloud has them", async () => {
    await client.beta.messages.create({ model, max_tokens: 5, messages: [{ role: "user", content: "x" }], betas: ["one-2025", "two-2026"] })
    if (model === "vertex") expect(cloud.last?.headers["anthropic-beta"]).toBe("one-2025,two-2026")
    else expect(cloud.last?.body["anthropic_beta"]).toEqual(["one-2025", "two-2026"])
  })

  it("are asked once more without betas that the cloud does not know, and from then on without them at once", async () => {
    const refusal = { error: { status: 400, message: "invalid beta flag", type: "ValidationException" } }
    cloud.next(refusal, { text: "hi" })
    const headers = { "anthropic-beta": "made-up-2030" }
    const ask = { model, max_tokens: 5, messages: [{ role: "user", content: "x" }] }
    expect((await rawPost(gateway.url, path, ask, headers)).status).toBe(200)
    expect(cloud.requests).toHaveLength(2)
    expect(cloud.last?.text).not.toContain("made-up")
    expect(cloud.last?.headers["anthropic-beta"]).toBeUndefined()
    cloud.next({ text: "hi" })
    expect((await rawPost(gateway.url, path, ask, headers)).status).toBe(200)
    expect(cloud.requests).toHaveLength(3)
    expect(cloud.last?.headers["anthropic-beta"]).toBeUndefined()
    cloud.next(refusal)
    expect((await rawPost(gateway.url, path, ask, headers)).status).toBe(400)
    expect(cloud.requests).toHaveLength(4)
  })

  it("keep the betas that a refusal does not name", async () => {
    const refusal = (beta: string) => ({
      error: { status: 400, message: `Unexpected value(s) \`${beta}\` for the \`anthropic-beta\` header` },
    })
    cloud.next(refusal("new-2031"), refusal("newer-2032"), { text: "hi" })
    const ask = { model, max_tokens: 5, messages: [{ role: "user", content: "x" }] }
    const headers = { "anthropic-beta": "known-2025,new-2031,newer-2032" }
    expect((await rawPost(gateway.url, path, ask, headers)).status).toBe(200)
    expect(cloud.requests).toHaveLength(3)
    const last = cloud.last
    expect(model === "vertex" ? last?.headers["anthropic-beta"] : last?.body["anthropic_beta"]).toEqual(
      model === "vertex" ? "known-2025" : ["known-2025"],
    )
  })

  it("answer the first request that names more unknown betas than refusals may name", async () => {
    const unknown = ["a-2031", "b-2031", "c-2031", "d-2031", "e-2031"]
    const refusals = unknown
      .slice(0, 4)
      .map((beta) => ({ error: { status: 400, message: `Unexpected value \`${beta}\` of anthropic-beta` } }))
    cloud.next(...refusals, { text: "hi" })
    const ask = { model, max_tokens: 5, messages: [{ role: "user", content: "x" }] }
    const headers = { "anthropic-beta": ["known-2025", ...unknown].join() }
    expect((await rawPost(gateway.url, path, ask, headers)).status).toBe(200)
    expect(cloud.requests).toHaveLength(5)
    const [, , , fourth] = cloud.requests
    expect(fourth?.text + String(fourth?.headers["anthropic-beta"])).toMatch(/known-2025.*d-2031.*e-2031/)
    expect(cloud.last?.text).not.toContain("2031")
    expect(cloud.last?.headers["anthropic-beta"]).toBeUndefined()
  })

  it("take back thoughts of this server's translations: Claude's with its own signature, others not at all", async () => {
    const content = [
      { type: "thinking", thinking: "by converse", signature: "perdure:bedrock-converse:c2ln" },
      { type: "redacted_thinking", data: "perdure:call:c1:x" },
      { type: "thinking", thinking: "by gemini", signature: "perdure:gemini:Zm9y" },
      { type: "text", text: "perdure:gemini: is a text" },
    ]
    const only = [content[2]]
    const user = { role: "user", content: "x" }
    const messages = [user, { role: "assistant", content }, user, { role: "assistant", content: only }, user]
    await rawPost(gateway.url, path, { model, max_tokens: 5, messages })
    const kept = [{ type: "thinking", thinking: "by converse", signature: "c2ln" }, content[3]]
    expect(cloud.last?.body["messages"]).toEqual([user, { role: "assistant", content: kept }, user, user])
  })

  it("are counted by the cloud, and here where it does not count for that model", async () => {
    const ask = { model, messages: [{ role: "user" as const, content: "hello" }] }
    const counted = model === "vertex" ? '{"input_tokens": 14}' : '{"inputTokens": 14}'
    cloud.next({ raw: { status: 200, headers: { "content-type": "application/json" }, body: [counted] } })
    expect(await client.messages.countTokens(ask)).toEqual(expect.objectContaining({ input_tokens: 14 }))
    if (model === "vertex") {
      expect(cloud.last?.path).toMatch(/\/publishers\/anthropic\/models\/count-tokens:rawPredict$/)
      expect(cloud.last?.body).toEqual({ ...ask, ...added, model: vertexModel })
    } else {
      expect(cloud.last?.path).toBe("/model/anthropic.claude-sonnet-4-5-20250929-v1%3A0/count-tokens")
      const { input } = cloud.last!.body as { input: { invokeModel: { body: string } } } // as asserted
      const inner: unknown = JSON.parse(Buffer.from(input.invokeModel.body, "base64").toString())
      expect(inner).toEqual({ messages: ask.messages, ...added, max_tokens: 1 })
    }
    cloud.next({ error: { status: 400, message: "The provided model doesn't support counting tokens.", type: "ValidationException" } })
    const here = await rawPost(gateway.url, `${path}/count_tokens`, ask)
    expect(here.headers["x-perdure-estimated"]).toBe("true")
    expect((JSON.parse(here.text) as { input_tokens: number }).input_tokens).toBeGreaterThan(0)
    expect(gateway.records.map(({ costMicroUsd }) => costMicroUsd)).toEqual([0, 0])
  })
})

describe("Bedrock's stream of messages", () => {
  const said = wholeStream.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`).join("")

  it.each([1, 7, 4096])("comes out as Anthropic's, byte for byte, in reads of %i bytes", async (sizeBytes) => {
    const bytes = Buffer.concat(events(...wholeStream))
    const pieces = Array.from({ length: Math.ceil(bytes.length / sizeBytes) }, (_, at) =>
      bytes.subarray(at * sizeBytes, (at + 1) * sizeBytes),
    )
    cloud.next(binary(...pieces))
    const got = await rawPost(gateway.url, path, { model: "bedrock", ...rich, stream: true })
    expect(got.text).toBe(said)
    expect(got.headers["content-type"]).toMatch(/^text\/event-stream/)
    expect(await record()).toMatchObject({ inputTokens: 18, cachedTokens: 5, outputTokens: 12, outcome: "completed" })
  })

  it("T9 ends with an error event where it is cut, damaged or broken off by an exception", async () => {
    const begun = events(...wholeStream.slice(0, 3))
    const damaged = Buffer.from(events(wholeStream[4]!)[0]!)
    damaged[damaged.length - 1]! ^= 1
    const faults: [Buffer, string][] = [
      [Buffer.alloc(0), "ended its stream in the middle"],
      [damaged, "fails its checksum"],
      [awsException("modelStreamErrorException", { message: "it broke", originalStatusCode: 500 }), "it broke"],
      [events("x" as unknown as object)[0]!, "not JSON"],
    ]
    for (const [fault, told] of faults) {
      gateway.records.length = 0
      cloud.next(binary(...begun, fault))
      const got = await rawPost(gateway.url, path, { model: "bedrock", ...rich, stream: true })
      expect(got.text).toContain("event: error\n")
      expect(got.text).toContain(told)
      expect(got.text).not.toContain("message_stop")
      expect(await record()).toMatchObject({ outcome: "failed" })
    }
  })

  it("T12 falls back across dialects while nothing but the head has come", async () => {
    cloud.next(binary(...events(wholeStream[0]!), awsException("throttlingException", { message: "slow down" })))
    other.next({ text: ["from", " gpt"] })
    const got = await client.messages.stream({ model: "both", max_tokens: 5, messages: [{ role: "user", content: "x" }] }).finalMessage()
    expect(got.content).toMatchObject([{ type: "text", text: "from gpt" }])
  })
})

describe("credentials that end before their time", () => {
  const expired = {
    error: { status: 403, message: "The security token included in the request is expired", type: "ExpiredTokenException" },
  }
  const user = [{ role: "user" as const, content: "x" }]
  const signatures = (): unknown[] => cloud.requests.map(({ headers }) => headers["x-amz-security-token"])

  it.each(["/v1/messages", "/v1/chat/completions"])("are renewed once, and the request of %s is made again", async (route) => {
    const ask = { model: `role${route}`, max_tokens: 5, messages: user }
    cloud.next(expired)
    expect((await rawPost(gateway.url, route, ask)).status).toBe(200)
    const [old, renewed] = signatures()
    expect(old).toMatch(/^role-token-/)
    expect(renewed).toMatch(/^role-token-/)
    expect(renewed).not.toBe(old)
    cloud.next(expired)
    const refused = await rawPost(gateway.url, route, ask)
    expect(refused.status).toBe(502)
    expect(cloud.requests).toHaveLength(3)
  })

  it("fail with what was tried where there are none", async () => {
    const refused = await rawPost(gateway.url, path, { model: "nobody", max_tokens: 5, messages: user })
    expect(refused.status).toBe(502)
    expect(refused.text).toContain("(AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not set; ")
    expect(refused.text).toContain("no profile")
  })
})

describe("a Bedrock deployment", () => {
  const ask = { max_tokens: 5, top_k: 3, messages: [{ role: "user", content: "x" }] }

  it("adds its configured parameters to messages that pass", async () => {
    await rawPost(gateway.url, path, { model: "configured", ...ask, stream: true })
    expect(cloud.last?.body).toEqual({ max_tokens: 5, messages: ask.messages, temperature: 0.25, anthropic_version: "bedrock-2023-05-31" })
  })

  it("is asked by Converse where it is no Claude, or is configured with what Converse alone takes", async () => {
    await rawPost(gateway.url, path, { model: "nova", ...ask })
    expect(cloud.last?.path).toMatch(/nova-pro-v1%3A0\/converse$/)
    await rawPost(gateway.url, path, { model: "guarded", ...ask })
    expect(cloud.last?.path).toMatch(/claude.*\/converse$/)
    expect(cloud.last?.body["guardrailConfig"]).toEqual({ guardrailIdentifier: "g" })
  })

  it("is asked by Converse for other dialects", async () => {
    await rawPost(gateway.url, "/v1/chat/completions", { model: "bedrock", messages: ask.messages })
    expect(cloud.last?.path).toMatch(/\/converse$/)
  })

  it("keeps the kind of its refusals in Anthropic's words", async () => {
    cloud.next({ error: { status: 429, message: "Too many tokens", type: "ThrottlingException" } })
    const error = await client.messages
      .create({ model: "bedrock", max_tokens: 5, messages: [{ role: "user", content: "x" }] })
      .catch((thrown: unknown) => thrown)
    expect((error as APIError).error).toMatchObject({ type: "error", error: { type: "rate_limit_error" } })
  })
})
