// Chat completions over deployments that speak Gemini's, Bedrock's and Cohere's dialects, as clients see them.
import OpenAI from "openai"
import { afterAll, describe, expect, it } from "vitest"
import { startFakeProvider } from "../../testing/fake-provider.ts"
import { startTestGateway, testDeployment, testKey, testModel } from "../../testing/gateway.ts"

const provider = await startFakeProvider()
const origin = new URL(provider.url).origin
const aws = { region: "eu-central-1", accessKeyId: "AKIDEXAMPLE", secretAccessKey: "a-secret" }
const models = [
  testModel("gemini", testDeployment(`${origin}/v1beta`, { provider: "gemini", dialect: "gemini", upstreamModel: "gemini-3-pro-preview" })),
  testModel(
    "bedrock",
    testDeployment(origin, {
      provider: "bedrock",
      dialect: "bedrock-converse",
      upstreamModel: "amazon.nova-pro-v1:0",
      apiKey: null,
      settings: aws,
    }),
  ),
  testModel("cohere", testDeployment(origin, { provider: "cohere", dialect: "cohere", upstreamModel: "command-a-03-2025" })),
]
const gateway = await startTestGateway({ models })
afterAll(async () => {
  await gateway[Symbol.asyncDispose]()
  await provider[Symbol.asyncDispose]()
})
const client = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: testKey, maxRetries: 0 })
const messages: OpenAI.ChatCompletionMessageParam[] = [{ role: "user", content: "hello" }]
const usage = { prompt_tokens: 9, completion_tokens: 4 }

describe.each(["gemini", "bedrock", "cohere"])("a chat completion over %s", (model) => {
  it("is answered whole and streamed, with its usage", async () => {
    provider.next({ text: "Grüße", usage })
    const whole = await client.chat.completions.create({ model, messages })
    expect(whole.choices[0]).toMatchObject({ finish_reason: "stop", message: { role: "assistant", content: "Grüße" } })
    expect(whole.usage).toMatchObject({ prompt_tokens: 9, completion_tokens: 4, total_tokens: 13 })
    provider.next({ text: ["Grü", "ße 👋"], usage, splitBytes: 5 })
    const final = await client.chat.completions.stream({ model, messages, stream_options: { include_usage: true } }).finalChatCompletion()
    expect(final.choices[0]).toMatchObject({ finish_reason: "stop", message: { content: "Grüße 👋" } })
    expect(final.usage).toMatchObject({ prompt_tokens: 9, completion_tokens: 4 })
    expect(gateway.records.at(-1)).toMatchObject({ status: 200, inputTokens: 9, outputTokens: 4 })
  })

  it("C8 calls several tools in one stream", async () => {
    const tools: OpenAI.ChatCompletionTool[] = [
      { type: "function", function: { name: "f", parameters: { type: "object", properties: {} } } },
    ]
    provider.next({
      toolCalls: [
        { id: "call_a", name: "f", arguments: ['{"q":', "1}"] },
        { id: "call_b", name: "f", arguments: '{"q":2}' },
      ],
    })
    const final = await client.chat.completions.stream({ model, messages, tools }).finalChatCompletion()
    const calls = final.choices[0]?.message.tool_calls?.map(
      (call) => call.type === "function" && [call.id, JSON.parse(call.function.arguments)],
    )
    expect(calls).toEqual([
      ["call_a", { q: 1 }],
      ["call_b", { q: 2 }],
    ])
    expect(final.choices[0]?.finish_reason).toBe("tool_calls")
  })

  it("E3 tells too many requests with the provider's wait, before the stream and without it", async () => {
    const error = { status: 429, message: "slow down", headers: { "retry-after": "7" } }
    for (const stream of [false, true]) {
      provider.next({ error })
      const failure = await client.chat.completions.create({ model, messages, stream }).then(
        () => undefined,
        (thrown: unknown) => thrown,
      )
      expect(failure).toBeInstanceOf(OpenAI.RateLimitError)
      expect(failure).toMatchObject({ status: 429, code: "rate_limit_exceeded", message: expect.stringContaining("slow down") as string })
      expect((failure as InstanceType<typeof OpenAI.RateLimitError>).headers.get("retry-after")).toBe("7")
    }
  })

  it("gives what came before an error in the same bytes", async () => {
    provider.next({
      text: ["one ", "two ", "three ", "four ", "five"],
      together: true,
      streamError: { afterFrames: 4, message: "it broke" },
    })
    let said = ""
    const reading = async (): Promise<void> => {
      const stream = await client.chat.completions.create({ model, messages, stream: true })
      for await (const chunk of stream) said += chunk.choices[0]?.delta.content ?? ""
    }
    await expect(reading()).rejects.toBeInstanceOf(OpenAI.APIError)
    expect(said).toMatch(/^one /)
  })

  it("C13 ends a stream that breaks off with an error, and never with [DONE]", async () => {
    provider.next({ text: ["Hal", "lo"], finishReason: null, usage: null, ending: "eof" })
    const response = await fetch(`${gateway.url}/v1/chat/completions`, {
      method: "POST",
      headers: { authorization: `Bearer ${testKey}`, "content-type": "application/json" },
      body: JSON.stringify({ model, messages, stream: true }),
    })
    const text = await response.text()
    expect(text).toContain("Hal")
    expect(text).toContain('"code":"upstream_stream_ended"')
    expect(text).not.toContain("[DONE]")
  })
})

describe("what must come back in the next turn", () => {
  it("C17 is Gemini's signature of a call, which clients give back with the call", async () => {
    const tools: OpenAI.ChatCompletionTool[] = [
      { type: "function", function: { name: "f", parameters: { type: "object", properties: {} } } },
    ]
    provider.next({ toolCalls: [{ id: "call_a", name: "f", arguments: "{}" }], signature: "c2lnbmF0dXJl" })
    const first = await client.chat.completions.create({ model: "gemini", messages, tools })
    const answered = first.choices[0]!.message
    await client.chat.completions.create({
      model: "gemini",
      messages: [...messages, answered, { role: "tool", tool_call_id: "call_a", content: "42" }],
      tools,
    })
    expect(provider.last?.body["contents"]).toMatchObject([
      { role: "user" },
      { role: "model", parts: [{ functionCall: { id: "call_a", name: "f" }, thoughtSignature: "c2lnbmF0dXJl" }] },
      { role: "user", parts: [{ functionResponse: { id: "call_a", name: "f", response: { output: "42" } } }] },
    ])
  })

  it("C17 is the signed reasoning of a model on Bedrock", async () => {
    provider.next({ reasoning: "Two and two.", signature: "c2ln", text: "4" })
    const first = await client.chat.completions.create({ model: "bedrock", messages })
    await client.chat.completions.create({ model: "bedrock", messages: [...messages, first.choices[0]!.message, ...messages] })
    const [, answer] = provider.last!.body["messages"] as { content: unknown }[]
    expect(answer?.content).toEqual([{ reasoningContent: { reasoningText: { text: "Two and two.", signature: "c2ln" } } }, { text: "4" }])
  })
})
