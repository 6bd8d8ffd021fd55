// Pictures, speech and transcripts of providers with forms of their own, asked with the plain openai client: translated both ways, counted and recorded.
import { toFile } from "openai"
import { describe, expect, it } from "vitest"
import { startAskedGateway } from "../../testing/asked-gateway.ts"
import { startFakeProvider, type FakeAnswer } from "../../testing/fake-provider.ts"
import { rawPost, testDeployment, testModel } from "../../testing/gateway.ts"
import { jsonAnswer } from "../../testing/json-answer.ts"

const provider = await startFakeProvider()
const does = { chat: false, embeddings: false, images: true, speech: true, transcription: true }
const gemini = { provider: "gemini", dialect: "gemini", upstreamModel: "gemini-x", does } as const
const { gateway, client, record } = await startAskedGateway(provider, {
  models: [
    testModel("gemini", testDeployment(provider.url, { id: "fake/gemini", ...gemini })),
    testModel(
      "set",
      testDeployment(provider.url, {
        id: "fake/set",
        ...gemini,
        parameters: { defaults: {}, overrides: { voice: "Puck" }, dropped: ["speed", "timestamp_granularities"] },
      }),
    ),
    testModel(
      "all",
      testDeployment(provider.url, {
        id: "fake/all",
        ...gemini,
        does: { ...does, chat: true },
        parameters: { defaults: { voice: "Kore", quality: "low", language: "de" }, overrides: { size: "1024x1536" }, dropped: [] },
      }),
    ),
    testModel(
      "two",
      testDeployment(provider.url, { id: "fake/first", ...gemini }),
      testDeployment(provider.url, { id: "fake/second", does, priority: 1 }),
    ),
    testModel(
      "canvas",
      testDeployment(provider.url, {
        id: "fake/canvas",
        provider: "bedrock",
        dialect: "bedrock-converse",
        upstreamModel: "amazon.nova-canvas-v1:0",
        does,
        settings: { region: "us-east-1" },
      }),
    ),
    testModel("claude", testDeployment(provider.url, { id: "fake/claude", provider: "anthropic", dialect: "anthropic-messages", does })),
  ],
})

function generated(parts: object[], usageMetadata: object = { promptTokenCount: 7, candidatesTokenCount: 9 }): FakeAnswer {
  return jsonAnswer({ candidates: [{ content: { role: "model", parts }, finishReason: "STOP" }], usageMetadata })
}
const drawn = (data: string): FakeAnswer => generated([{ inlineData: { mimeType: "image/png", data } }])
const samples = Buffer.from([1, 0, 2, 0])
const spoken = generated([{ inlineData: { mimeType: "audio/L16;rate=24000", data: samples.toString("base64") } }])
const picture = (name: string): Promise<File> => toFile(Buffer.from(name), `${name}.png`, { type: "image/png" })
const sound = (): Promise<File> => toFile(Buffer.from("RIFFsound"), "a.mp3")

describe("pictures", () => {
  it("are made, as many as wanted, and told as OpenAI tells them", async () => {
    provider.next(drawn("YQ=="), drawn("Yg=="))
    const made = await client.images.generate({ model: "gemini", prompt: "a cat", n: 2, size: "1536x1024" })
    expect(made.data?.map(({ b64_json }) => b64_json).toSorted()).toEqual(["YQ==", "Yg=="])
    expect(made).toMatchObject({
      output_format: "png",
      usage: { input_tokens: 14, output_tokens: 18, total_tokens: 32, input_tokens_details: { text_tokens: 14, image_tokens: 0 } },
    })
    expect(provider.last).toMatchObject({
      path: "/v1/models/gemini-x:generateContent",
      body: { generationConfig: { responseModalities: ["IMAGE"], imageConfig: { aspectRatio: "3:2" } } },
    })
    expect(await record()).toMatchObject({
      kind: "image",
      name: "images.generations",
      inputTokens: 14,
      outputTokens: 18,
      outcome: "completed",
    })
  })

  it("are asked for without what only OpenAI's models know", async () => {
    provider.next(drawn("YQ=="))
    const only = { style: "vivid", moderation: "low", partial_images: 1, input_fidelity: "high", quality: "high", user: "u" }
    await rawPost(gateway.url, "/v1/images/generations", { model: "gemini", prompt: "a cat", ...only })
    expect(provider.last?.body).toEqual({
      contents: [{ role: "user", parts: [{ text: "a cat" }] }],
      generationConfig: { responseModalities: ["IMAGE"] },
    })
  })

  it("are data URLs for whoever wants addresses", async () => {
    provider.next(drawn("YQ=="))
    const made = await client.images.generate({ model: "gemini", prompt: "a cat", response_format: "url" })
    expect(made.data?.[0]?.url).toBe("data:image/png;base64,YQ==")
  })

  it("are changed from the files of a form, and from addresses in JSON", async () => {
    provider.next(drawn("YQ=="), drawn("YQ=="))
    await client.images.edit({ model: "gemini", prompt: "add a hat", image: [await picture("one"), await picture("two")], n: 1 })
    const inline = (name: string): object => ({ inlineData: { mimeType: "image/png", data: Buffer.from(name).toString("base64") } })
    expect(provider.last?.body["contents"]).toEqual([{ role: "user", parts: [{ text: "add a hat" }, inline("one"), inline("two")] }])
    const images = [{ image_url: `data:image/png;base64,${Buffer.from("one").toString("base64")}` }]
    await rawPost(gateway.url, "/v1/images/edits", { model: "gemini", prompt: "add a hat", images })
    expect(provider.last?.body["contents"]).toEqual([{ role: "user", parts: [{ text: "add a hat" }, inline("one")] }])
  })

  it("are varied, and counted where the provider bills pictures", async () => {
    provider.next(jsonAnswer({ images: ["iVBORw0KGgo=", "iVBORw0KGgo="] }))
    const varied = await client.images.createVariation({ model: "canvas", image: await picture("one"), n: 2, size: "512x512" })
    expect(varied.data).toHaveLength(2)
    expect(provider.last).toMatchObject({
      path: "/v1/model/amazon.nova-canvas-v1%3A0/invoke",
      body: {
        taskType: "IMAGE_VARIATION",
        imageVariationParams: { images: [Buffer.from("one").toString("base64")] },
        imageGenerationConfig: { numberOfImages: 2, width: 512, height: 512 },
      },
    })
    expect(await record()).toMatchObject({ kind: "image", name: "images.variations", inputTokens: 0, outcome: "completed" })
  })

  it("are the last event of a stream without parts, however large", async () => {
    const large = Buffer.alloc(300_000, 7).toString("base64")
    provider.next(drawn(large))
    const events = []
    for await (const event of await client.images.generate({ model: "gemini", prompt: "a cat", stream: true })) events.push(event)
    expect(events).toMatchObject([
      { type: "image_generation.completed", b64_json: large, output_format: "png", usage: { output_tokens: 9 } },
    ])
    expect(await record()).toMatchObject({ outputTokens: 9, outcome: "completed" })
  })

  it("that cannot be had are refused with what could be, before the provider is asked", async () => {
    const before = provider.requests.length
    const mask = client.images.edit({ model: "gemini", prompt: "a hat", image: await picture("one"), mask: await picture("mask") })
    await expect(mask).rejects.toMatchObject({ status: 400, code: "unsupported_value", param: "mask" })
    await expect(client.images.generate({ model: "gemini", prompt: "x", n: 11 })).rejects.toMatchObject({ status: 400, param: "n" })
    await expect(client.images.generate({ model: "gemini", prompt: "x", size: "big" })).rejects.toMatchObject({ param: "size" })
    await expect(client.images.generate({ model: "gemini", prompt: "" })).rejects.toMatchObject({ param: "prompt" })
    const without = await rawPost(gateway.url, "/v1/images/edits", { model: "gemini", prompt: "a hat" })
    expect([without.status, without.text]).toEqual([400, expect.stringContaining("no picture to start from")])
    await expect(client.images.generate({ model: "claude", prompt: "x" })).rejects.toThrow(/cannot make pictures/)
    expect(provider.requests.length).toBe(before)
  })

  it("that the provider holds back are told in OpenAI's words, and cost nothing", async () => {
    provider.next(jsonAnswer({ promptFeedback: { blockReason: "PROHIBITED_CONTENT" }, usageMetadata: { promptTokenCount: 7 } }))
    await expect(client.images.generate({ model: "gemini", prompt: "x" })).rejects.toMatchObject({
      status: 400,
      code: "moderation_blocked",
      type: "image_generation_user_error",
    })
    expect(await record()).toMatchObject({ outcome: "failed", outputTokens: 0 })
  })
})

describe("speech", () => {
  it("is a WAV file, or the samples as they are", async () => {
    provider.next(spoken, spoken, spoken)
    const usual = await client.audio.speech.create({ model: "gemini", voice: "Kore", input: "hello you" })
    expect(usual.headers.get("content-type")).toBe("audio/wav")
    const bytes = Buffer.from(await usual.arrayBuffer())
    expect([bytes.toString("latin1", 0, 4), bytes.readUInt32LE(24), bytes.subarray(44)]).toEqual(["RIFF", 24_000, samples])
    expect(await record()).toMatchObject({ kind: "audio", name: "audio.speech", outputTokens: 9, outcome: "completed" })
    const plain = await client.audio.speech.create({ model: "gemini", voice: "Kore", input: "hello you", response_format: "pcm" })
    expect(Buffer.from(await plain.arrayBuffer())).toEqual(samples)
    const events = await client.audio.speech.create({
      model: "gemini",
      voice: "Kore",
      input: "hello you",
      response_format: "pcm",
      stream_format: "sse",
    })
    expect(await events.text()).toMatch(
      /"type":"speech.audio.delta","audio":"AQACAA=="[^]*"type":"speech.audio.done","usage":\{"input_tokens":7/,
    )
  })

  it("in a format that the provider has not is refused", async () => {
    const asked = client.audio.speech.create({ model: "gemini", voice: "Kore", input: "hello", response_format: "mp3" })
    await expect(asked).rejects.toMatchObject({ status: 400, code: "unsupported_value", param: "response_format" })
  })

  it("has the voice that the configuration forces", async () => {
    provider.next(spoken)
    await client.audio.speech.create({ model: "set", voice: "alloy", input: "hello", speed: 2 })
    expect(provider.last?.body["generationConfig"]).toMatchObject({
      speechConfig: { voiceConfig: { prebuiltVoiceConfig: { voiceName: "Puck" } } },
    })
  })
})

describe("parameters of a deployment for pictures and sounds", () => {
  it("reach the calls that know them, in place of the client's where they are forced, and no others", async () => {
    provider.next(spoken, drawn("YQ=="), generated([{ text: "Hallo." }]), generated([{ text: "Hi." }]))
    await rawPost(gateway.url, "/v1/audio/speech", { model: "all", input: "hello" })
    expect(provider.last?.body["generationConfig"]).toEqual({
      responseModalities: ["AUDIO"],
      speechConfig: { voiceConfig: { prebuiltVoiceConfig: { voiceName: "Kore" } } },
    })
    await client.images.generate({ model: "all", prompt: "a cat", size: "1536x1024" })
    expect(provider.last?.body["generationConfig"]).toEqual({ responseModalities: ["IMAGE"], imageConfig: { aspectRatio: "2:3" } })
    await client.audio.transcriptions.create({ model: "all", file: await sound() })
    expect(JSON.stringify(provider.last?.body["systemInstruction"])).toContain("The language of the recording is: de.")
    await client.chat.completions.create({ model: "all", messages: [{ role: "user", content: "hello" }] })
    expect(Object.keys(provider.last?.body ?? {})).toEqual(["contents"])
  })
})

describe("transcripts", () => {
  const said = generated([{ text: "Guten Tag." }], {
    promptTokenCount: 60,
    candidatesTokenCount: 4,
    promptTokensDetails: [{ modality: "AUDIO", tokenCount: 50 }],
  })

  it("are JSON, text, events, and in English", async () => {
    provider.next(said, said, said, said)
    const whole = await client.audio.transcriptions.create({ model: "gemini", file: await sound(), language: "de", temperature: 0.2 })
    expect(whole).toMatchObject({
      text: "Guten Tag.",
      usage: {
        type: "tokens",
        input_tokens: 60,
        output_tokens: 4,
        total_tokens: 64,
        input_token_details: { audio_tokens: 50, text_tokens: 10 },
      },
    })
    expect(provider.last?.body).toMatchObject({
      contents: [{ parts: [{ inlineData: { mimeType: "audio/mp3", data: Buffer.from("RIFFsound").toString("base64") } }] }],
      generationConfig: { temperature: 0.2 },
    })
    expect(await record()).toMatchObject({ name: "audio.transcriptions", inputTokens: 60, outputTokens: 4 })
    const file = await sound()
    expect(await client.audio.transcriptions.create({ model: "gemini", file, response_format: "text" })).toBe("Guten Tag.\n")
    const events = []
    for await (const event of await client.audio.transcriptions.create({ model: "gemini", file: await sound(), stream: true }))
      events.push(event)
    expect(events).toMatchObject([
      { type: "transcript.text.delta", delta: "Guten Tag." },
      { type: "transcript.text.done", text: "Guten Tag.", usage: { output_tokens: 4 } },
    ])
    await client.audio.translations.create({ model: "gemini", file: await sound() })
    expect(JSON.stringify(provider.last?.body["systemInstruction"])).toContain("in English")
  })

  it.each([[["word"]], [["word", "segment"]]] as const)("have no times of words, asked for by %s", async (times) => {
    const asked = { model: "gemini", file: await sound(), timestamp_granularities: [...times] }
    await expect(client.audio.transcriptions.create(asked)).rejects.toMatchObject({ status: 400, param: "timestamp_granularities" })
  })

  it("are made where the configuration leaves the times out", async () => {
    provider.next(said)
    const asked = { model: "set", file: await sound(), timestamp_granularities: ["word" as const, "segment" as const] }
    expect(await client.audio.transcriptions.create(asked)).toMatchObject({ text: "Guten Tag." })
  })

  it("with times are refused where the provider's are guesses, and forms without a sound", async () => {
    const timed = client.audio.transcriptions.create({ model: "gemini", file: await sound(), response_format: "srt" })
    await expect(timed).rejects.toMatchObject({ status: 400, code: "unsupported_value", param: "response_format" })
    const boundary = { "content-type": "multipart/form-data; boundary=b" }
    const form = '--b\r\ncontent-disposition: form-data; name="model"\r\n\r\ngemini\r\n--b--\r\n'
    const lacking = await rawPost(gateway.url, "/v1/audio/transcriptions", form, boundary)
    expect([lacking.status, lacking.text]).toEqual([400, expect.stringContaining('no file \\"file\\"')])
  })
})

describe("where the first provider fails", () => {
  it("the next one gets the request as it came", async () => {
    provider.next(
      jsonAnswer({ error: { code: 503, message: "overloaded", status: "UNAVAILABLE" } }, 503),
      jsonAnswer({ created: 1, data: [{ b64_json: "aGk=" }] }),
    )
    const made = await client.images.generate({ model: "two", prompt: "a cat", size: "1024x1024" })
    expect(made.data?.[0]?.b64_json).toBe("aGk=")
    expect(provider.last).toMatchObject({
      path: "/v1/images/generations",
      body: { model: "m-upstream", prompt: "a cat", size: "1024x1024" },
    })
  })

  it("the provider's own words are told", async () => {
    provider.next(jsonAnswer({ error: { code: 400, message: "Unknown voice", status: "INVALID_ARGUMENT" } }, 400))
    const asked = client.audio.speech.create({ model: "gemini", voice: "nobody", input: "hello" })
    await expect(asked).rejects.toMatchObject({ status: 400, message: expect.stringContaining("Unknown voice") as string })
  })
})
