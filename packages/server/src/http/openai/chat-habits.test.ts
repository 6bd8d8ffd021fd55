// Chat completions passed to providers with habits of their own: bytes where they may pass, another body where they would be refused or misread.
import { afterAll, beforeEach, describe, expect, it } from "vitest"
import { startFakeProvider, type FakeAnswer, type ReceivedRequest } from "../../testing/fake-provider.ts"
import { startTestGateway, testDeployment, testKey, testModel } from "../../testing/gateway.ts"

const provider = await startFakeProvider()
const of = (type: string, upstreamModel = "m"): ReturnType<typeof testModel> =>
  testModel(type, testDeployment(provider.url, { id: `${type}/${upstreamModel}`, provider: type, upstreamModel }))
const gateway = await startTestGateway({
  models: ["mistral", "groq", "openai-compatible", "ollama", "vllm", "openai"]
    .map((type) => of(type))
    .concat([testModel("thinking", testDeployment(provider.url, { id: "openai/gpt", upstreamModel: "gpt-5.6-terra" }))]),
})
afterAll(async () => {
  await gateway[Symbol.asyncDispose]()
  await provider[Symbol.asyncDispose]()
})
beforeEach(() => void provider.requests.splice(0))

async function post(model: string, body: object): Promise<Response> {
  const headers = { authorization: `Bearer ${testKey}`, "content-type": "application/json" }
  return fetch(`${gateway.url}/v1/chat/completions`, { method: "POST", headers, body: JSON.stringify({ model, ...body }) })
}

interface Message {
  content: unknown
  tool_calls?: { id: string }[]
  tool_call_id?: string
}

const ask = { role: "user", content: "hello" }
const sent = (): Record<string, unknown>[] => provider.requests.map(({ body }) => body)

describe("what a provider would misread", () => {
  it("C18 has the role developer as system where nobody knows it, and as it is elsewhere", async () => {
    const messages = [{ role: "developer", content: "be brief" }, ask]
    for (const model of ["ollama", "vllm", "openai"]) await post(model, { messages })
    expect(sent().map((body) => (body["messages"] as { role: string }[])[0]?.role)).toEqual(["system", "developer", "developer"])
  })

  it("C18 has the limit of the output under the name that a server knows", async () => {
    for (const model of ["openai-compatible", "groq"]) await post(model, { messages: [ask], max_completion_tokens: 9 })
    expect(sent()).toMatchObject([{ max_tokens: 9 }, { max_completion_tokens: 9 }])
    expect(sent()[0]).not.toHaveProperty("max_completion_tokens")
  })

  it("is not told of usage where that is refused, and asked for it elsewhere", async () => {
    for (const model of ["mistral", "ollama"]) await (await post(model, { messages: [ask], stream: true })).text()
    expect(sent()[0]).not.toHaveProperty("stream_options")
    expect(sent()[1]).toMatchObject({ stream_options: { include_usage: true } })
  })

  it("keeps what is unknown to us when the body is changed", async () => {
    await post("mistral", { messages: [ask], stream: true, safe_prompt: true })
    expect(sent()[0]).toMatchObject({ safe_prompt: true, stream: true, model: "m" })
  })
})

describe("what a provider refuses", () => {
  const forbidden = (name: string): FakeAnswer => ({
    error: {
      status: 422,
      body: JSON.stringify({ object: "error", message: { detail: [{ type: "extra_forbidden", loc: ["body", name] }] } }),
    },
  })

  it("is left out, and the provider asked again, when the refusal is about it", async () => {
    provider.next(forbidden("user"))
    const messages = [
      ask,
      {
        role: "assistant",
        content: "Hi",
        reasoning_content: "Hm.",
        tool_calls: [{ id: "call_1", type: "function", function: { name: "f", arguments: "{}" } }],
      },
      { role: "tool", tool_call_id: "call_1", content: "42" },
    ]
    const answer = await post("mistral", { messages, user: "u", seed: 3, tool_choice: "required" })
    expect(answer.status).toBe(200)
    const [first, second] = sent()
    expect(first).toMatchObject({ user: "u", seed: 3 })
    expect(second).toMatchObject({ random_seed: 3, tool_choice: "any" })
    expect(second).not.toHaveProperty("user")
    const [, assistant, result] = (second as unknown as { messages: Message[] }).messages
    expect(assistant?.content).toEqual([
      { type: "thinking", thinking: [{ type: "text", text: "Hm." }] },
      { type: "text", text: "Hi" },
    ])
    expect(assistant).not.toHaveProperty("reasoning_content")
    const [call] = assistant?.tool_calls ?? []
    expect(call?.id).toMatch(/^[A-Za-z0-9]{9}$/)
    expect(result?.tool_call_id).toBe(call?.id)
  })

  it("is asked for no second time when it is about something else", async () => {
    provider.next({ error: { status: 400, message: "temperature must be less than 1.5", type: "invalid_request_error" } })
    const answer = await post("groq", { messages: [{ ...ask, name: "me" }], temperature: 2 })
    expect(answer.status).toBe(400)
    expect(await answer.json()).toMatchObject({ error: { message: "temperature must be less than 1.5" } })
    expect(sent()).toHaveLength(1)
  })
})

describe("a model of OpenAI that thinks", () => {
  const tools = [{ type: "function", function: { name: "f", parameters: { type: "object" } } }]
  const asResponse = ({ path }: ReceivedRequest): FakeAnswer =>
    path.endsWith("/responses")
      ? {
          raw: {
            status: 200,
            headers: { "content-type": "application/json" },
            body: [
              JSON.stringify({
                object: "response",
                status: "completed",
                model: "gpt-5.6-terra",
                output: [{ type: "function_call", call_id: "c1", name: "f", arguments: '{"a":1}' }],
                usage: { input_tokens: 9, output_tokens: 3 },
              }),
            ],
          },
        }
      : { text: "by chat" }

  it("is asked by Responses when it may call tools, and the client sees a chat completion", async () => {
    provider.next(asResponse)
    const answer = await post("thinking", { messages: [ask], tools })
    expect(provider.last?.path).toBe("/v1/responses")
    expect(await answer.json()).toMatchObject({
      object: "chat.completion",
      choices: [{ finish_reason: "tool_calls", message: { tool_calls: [{ id: "c1", function: { name: "f", arguments: '{"a":1}' } }] } }],
      usage: { prompt_tokens: 9, completion_tokens: 3 },
    })
  })

  it("is asked there for the tier, the brevity and the cache that its client asks for", async () => {
    provider.next(asResponse)
    await post("thinking", { messages: [ask], tools, service_tier: "priority", verbosity: "low", prompt_cache_key: "k1" })
    expect(provider.last?.body).toMatchObject({ service_tier: "priority", text: { verbosity: "low" }, prompt_cache_key: "k1" })
  })

  it("is asked by chat completions without tools, and with them when it shall not think", async () => {
    await post("thinking", { messages: [ask] })
    await post("thinking", { messages: [ask], tools, reasoning_effort: "none" })
    expect(provider.requests.map(({ path }) => path)).toEqual(["/v1/chat/completions", "/v1/chat/completions"])
  })
})
