// Pictures and sounds of providers whose chats are OpenAI's and whose forms for these are not, asked with the plain openai client.
import { toFile } from "openai"
import { describe, expect, it } from "vitest"
import { startAskedGateway } from "../../testing/asked-gateway.ts"
import { startFakeProvider } from "../../testing/fake-provider.ts"
import { testDeployment, testModel } from "../../testing/gateway.ts"
import { jsonAnswer } from "../../testing/json-answer.ts"

const provider = await startFakeProvider()
const does = { chat: false, embeddings: false, images: true, speech: true, transcription: true }
const { client, record } = await startAskedGateway(provider, {
  models: ["fireworks", "mistral", "openrouter", "together", "xai"].map((type) =>
    testModel(type, testDeployment(provider.url, { id: `fake/${type}`, provider: type, upstreamModel: `${type}/m`, does })),
  ),
})

const picture = (): Promise<File> => toFile(Buffer.from("one"), "one.png", { type: "image/png" })

describe("pictures", () => {
  it("of Fireworks are as many requests, and come as OpenAI's", async () => {
    const made = jsonAnswer({ base64: ["data:image/png;base64,iVBORw0KGgo="], finishReason: "SUCCESS", seed: 1 })
    provider.next(made, made)
    const further = { num_inference_steps: 8, guidance_scale: 2 }
    const { data } = await client.images.generate({ model: "fireworks", prompt: "a cat", n: 2, size: "1024x1536", ...further })
    expect(data).toEqual([{ b64_json: "iVBORw0KGgo=" }, { b64_json: "iVBORw0KGgo=" }])
    expect(provider.last?.path).toBe("/v1/workflows/fireworks/m/text_to_image")
    expect(provider.last?.body).toEqual({ prompt: "a cat", aspect_ratio: "2:3", ...further })
    expect(await record()).toMatchObject({ kind: "image", outcome: "completed" })
  })

  it.each(["together", "xai", "openrouter"])("of %s are not changed with a mask, nor varied, and nothing is sent", async (model) => {
    const before = provider.requests.length
    const masked = client.images.edit({ model, prompt: "a hat", image: await picture(), mask: await picture() })
    await expect(masked).rejects.toMatchObject({ status: 400, code: "unsupported_value", param: "mask" })
    const varied = client.images.createVariation({ model, image: await picture() })
    await expect(varied).rejects.toMatchObject({ status: 400, code: "unsupported_value", param: "image" })
    const none = client.post("/images/edits", { body: { model, prompt: "a hat" } })
    await expect(none).rejects.toMatchObject({ status: 400, code: "missing_required_parameter", param: "image" })
    expect(provider.requests.length).toBe(before)
  })
})

describe("speech of Mistral", () => {
  it("is the sound itself, or events, and costs the characters that were spoken", async () => {
    const spoken = jsonAnswer({ audio_data: Buffer.from("ID3sound").toString("base64") })
    provider.next(spoken, spoken)
    const said = await client.audio.speech.create({ model: "mistral", voice: "gb_jane_neutral", input: "hello you" })
    expect(said.headers.get("content-type")).toBe("audio/mpeg")
    expect(await said.text()).toBe("ID3sound")
    expect(provider.last).toMatchObject({
      path: "/v1/audio/speech",
      body: { model: "mistral/m", input: "hello you", voice_id: "gb_jane_neutral", response_format: "mp3" },
    })
    expect(await record()).toMatchObject({ kind: "audio", name: "audio.speech", outcome: "completed" })
    const streamed = await client.audio.speech.create({ model: "mistral", voice: "v", input: "hello", stream_format: "sse" })
    expect(await streamed.text()).toContain("speech.audio.done")
  })
})

describe("speech of xAI", () => {
  it("comes from its own endpoint, in the language that is set, without a model, and costs the characters", async () => {
    provider.next({ raw: { status: 200, headers: { "content-type": "audio/mpeg" }, body: ["ID3sound"] } })
    const said = await client.audio.speech.create({ model: "xai", voice: "eve", input: "hello you", response_format: "mp3" })
    expect(said.headers.get("content-type")).toBe("audio/mpeg")
    expect(await said.text()).toBe("ID3sound")
    expect(provider.last?.path).toBe("/v1/tts")
    expect(provider.last?.body).toEqual({ text: "hello you", language: "auto", voice_id: "eve", output_format: { codec: "mp3" } })
    expect(await record()).toMatchObject({ kind: "audio", name: "audio.speech", outcome: "completed" })
  })
})

describe("transcripts of Mistral", () => {
  it("have the times of words or of segments, and are not asked for both", async () => {
    const file = await toFile(Buffer.from("ID3sound"), "a.mp3")
    const times = ["word" as const, "segment" as const]
    const asked = client.audio.transcriptions.create({ model: "mistral", file, timestamp_granularities: times })
    await expect(asked).rejects.toMatchObject({ status: 400, code: "unsupported_value", param: "timestamp_granularities" })
  })

  it.each(["text", "srt", "vtt"] as const)("are no %s, and nothing is sent", async (format) => {
    const before = provider.requests.length
    const file = await toFile(Buffer.from("ID3sound"), "a.mp3")
    const asked = client.audio.transcriptions.create({ model: "mistral", file, response_format: format })
    await expect(asked).rejects.toMatchObject({ status: 400, code: "unsupported_value", param: "response_format" })
    await expect(client.audio.translations.create({ model: "mistral", file })).rejects.toMatchObject({ code: "unsupported_value" })
    expect(provider.requests.length).toBe(before)
  })
})

describe("transcripts of OpenRouter", () => {
  const said = jsonAnswer({
    text: "Guten Tag.",
    usage: { seconds: 9.2, input_tokens: 83, output_tokens: 30, total_tokens: 113, cost: 0.0005 },
  })

  it("are JSON and text, and have no times", async () => {
    provider.next(said, said)
    const file = await toFile(Buffer.from("ID3sound"), "a.mp3")
    const whole = await client.audio.transcriptions.create({ model: "openrouter", file, language: "de" })
    expect(whole).toMatchObject({ text: "Guten Tag.", usage: { input_tokens: 83, output_tokens: 30 } })
    expect(provider.last).toMatchObject({
      path: "/v1/audio/transcriptions",
      body: { model: "openrouter/m", input_audio: { data: Buffer.from("ID3sound").toString("base64"), format: "mp3" }, language: "de" },
    })
    expect(await record()).toMatchObject({ kind: "audio", inputTokens: 83, outputTokens: 30 })
    const text = await client.audio.transcriptions.create({ model: "openrouter", file, response_format: "text" })
    expect(text).toBe("Guten Tag.\n")
    const timed = client.audio.transcriptions.create({ model: "openrouter", file, response_format: "srt" })
    await expect(timed).rejects.toMatchObject({ status: 400, code: "unsupported_value", param: "response_format" })
  })
})
