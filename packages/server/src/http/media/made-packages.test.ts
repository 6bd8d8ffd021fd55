// Pictures, speech and transcripts of real AI SDK packages, of three versions of its specification, asked with the plain openai client.
import { toFile } from "openai"
import { describe, expect, it } from "vitest"
import { defaultLimits, newId } from "../../core/index.ts"
import { createAiSdkModel, type Deployment } from "../../inference/index.ts"
import { startAskedGateway } from "../../testing/asked-gateway.ts"
import { startFakeProvider } from "../../testing/fake-provider.ts"
import { testDeployment, testModel } from "../../testing/gateway.ts"
import { jsonAnswer } from "../../testing/json-answer.ts"

const provider = await startFakeProvider()
const does = { chat: false, embeddings: false, images: true, speech: true, transcription: true }

function packaged(name: string, upstreamModel: string): Deployment {
  const settings = { package: name }
  return testDeployment(provider.url, {
    id: `${name}/${upstreamModel}`,
    provider: "ai-sdk",
    dialect: "ai-sdk",
    upstreamModel,
    does,
    settings,
  })
}

const deployments = {
  v4: packaged("@ai-sdk/openai", "gpt-image-1"),
  v3: packaged("ai-sdk-v3", "m-upstream"),
  v2: packaged("ai-sdk-v2", "m-upstream"),
  voice: packaged("@ai-sdk/openai", "tts-1"),
  ears: packaged("@ai-sdk/openai", "whisper-1"),
}
const { client, record } = await startAskedGateway(provider, {
  models: Object.entries(deployments).map(([name, deployment]) => testModel(name, deployment)),
  natives: new Map(
    Object.values(deployments).map((deployment) => [
      deployment.id,
      createAiSdkModel({
        deployment,
        applicationFolder: import.meta.dirname,
        limits: { ...defaultLimits, firstTokenTimeoutMs: 20_000 },
        newId,
      }),
    ]),
  ),
})

const png = "iVBORw0KGgo="
const picture = (): Promise<File> => toFile(Buffer.from(png, "base64"), "a.png", { type: "image/png" })
const sound = (): Promise<File> => toFile(Buffer.from("RIFFsound"), "a.wav", { type: "audio/wav" })

describe.each(["v4", "v3", "v2"] as const)("a picture of a package of version %s", (model) => {
  it("is made", async () => {
    provider.next(jsonAnswer({ created: 1, data: [{ b64_json: png }] }))
    const made = await client.images.generate({ model, prompt: "a cat", size: "1024x1024" })
    expect(made).toMatchObject({ data: [{ b64_json: png }], output_format: "png" })
    expect(provider.last).toMatchObject({
      path: "/v1/images/generations",
      body: { model: deployments[model].upstreamModel, prompt: "a cat", size: "1024x1024", n: 1 },
    })
    expect(provider.last?.headers.authorization).toBe("Bearer sk-upstream-secret")
    expect(await record()).toMatchObject({ kind: "image", name: "images.generations", outcome: "completed" })
  })

  it("that the provider refuses is told in its words", async () => {
    provider.next(jsonAnswer({ error: { message: "too rude", type: "invalid_request_error", code: "moderation_blocked" } }, 400))
    await expect(client.images.generate({ model, prompt: "x" })).rejects.toMatchObject({
      status: 400,
      message: expect.stringContaining("too rude") as string,
    })
  })
})

describe("pictures of packages", () => {
  it("are changed from version 3 on, and refused before", async () => {
    provider.next(jsonAnswer({ created: 1, data: [{ b64_json: png }], usage: { input_tokens: 20, output_tokens: 30, total_tokens: 50 } }))
    const changed = await client.images.edit({ model: "v4", prompt: "add a hat", image: await picture(), mask: await picture() })
    expect(changed.usage).toMatchObject({ input_tokens: 20, output_tokens: 30 })
    expect(provider.last?.path).toBe("/v1/images/edits")
    expect(provider.last?.text).toMatch(/name="image[^]*name="mask/)
    expect(await record()).toMatchObject({ inputTokens: 20, outputTokens: 30 })
    const old = client.images.edit({ model: "v2", prompt: "add a hat", image: await picture() })
    await expect(old).rejects.toMatchObject({ status: 400, code: "unsupported_value", param: "image" })
    const varied = client.images.createVariation({ model: "v4", image: await picture() })
    await expect(varied).rejects.toMatchObject({ status: 400, code: "unsupported_value", param: "image" })
    const clear = client.images.generate({ model: "v4", prompt: "x", background: "transparent" })
    await expect(clear).rejects.toMatchObject({ status: 400, param: "background" })
  })
})

describe("speech of a package", () => {
  it("is what its provider sends, by what its bytes are", async () => {
    const bytes = Buffer.from("ID3 sound")
    provider.next({ raw: { status: 200, headers: { "content-type": "audio/mpeg" }, body: [bytes] } })
    const spoken = await client.audio.speech.create({
      model: "voice",
      voice: "alloy",
      input: "hello you",
      response_format: "mp3",
      speed: 1.5,
    })
    expect(spoken.headers.get("content-type")).toBe("audio/mpeg")
    expect(Buffer.from(await spoken.arrayBuffer())).toEqual(bytes)
    expect(provider.last).toMatchObject({
      path: "/v1/audio/speech",
      body: { model: "tts-1", voice: "alloy", input: "hello you", speed: 1.5 },
    })
    expect(await record()).toMatchObject({ kind: "audio", name: "audio.speech", outcome: "completed" })
  })

  it("of a package that has no such models is an error", async () => {
    await expect(client.audio.speech.create({ model: "v3", voice: "alloy", input: "hello" })).rejects.toThrow(/has no speech models/)
  })
})

describe("transcripts of a package", () => {
  const segment = (id: number, start: number, end: number, text: string): object => {
    const rest = { seek: 0, tokens: [], temperature: 0, avg_logprob: 0, compression_ratio: 1, no_speech_prob: 0 }
    return { id, start, end, text, ...rest }
  }
  const said = jsonAnswer({
    task: "transcribe",
    language: "english",
    duration: 3.5,
    text: "Hello you. Good bye.",
    segments: [segment(0, 0, 1.25, " Hello you."), segment(1, 3_661.5, 3_662.004, " Good bye.")],
  })

  it("are JSON, with what its provider says of language and time", async () => {
    provider.next(said)
    const whole = await client.audio.transcriptions.create({
      model: "ears",
      file: await sound(),
      response_format: "verbose_json",
      language: "en",
      prompt: "Perdure",
    })
    expect(whole).toMatchObject({
      text: "Hello you. Good bye.",
      language: "en",
      duration: 3.5,
      segments: [
        { id: 0, start: 0, end: 1.25, text: " Hello you." },
        { id: 1, start: 3_661.5 },
      ],
      usage: { type: "duration", seconds: 3.5 },
    })
    expect(provider.last?.text).toMatch(/name="prompt"\r\n\r\nPerdure/)
    expect(await record()).toMatchObject({ name: "audio.transcriptions", outcome: "completed" })
  })

  it("are subtitles", async () => {
    provider.next(said, said)
    const file = await sound()
    const srt = await client.audio.transcriptions.create({ model: "ears", file, response_format: "srt" })
    expect(srt).toBe("1\n00:00:00,000 --> 00:00:01,250\nHello you.\n\n2\n01:01:01,500 --> 01:01:02,004\nGood bye.\n")
    const vtt = await client.audio.transcriptions.create({ model: "ears", file: await sound(), response_format: "vtt" })
    expect(vtt).toBe("WEBVTT\n\n00:00:00.000 --> 00:00:01.250\nHello you.\n\n01:01:01.500 --> 01:01:02.004\nGood bye.\n")
  })

  it("are no subtitles where its provider says no times, and no translations", async () => {
    provider.next(jsonAnswer({ text: "Hello you." }))
    const timed = client.audio.transcriptions.create({ model: "ears", file: await sound(), response_format: "srt" })
    await expect(timed).rejects.toMatchObject({ status: 400, code: "unsupported_value", param: "response_format" })
    const translated = client.audio.translations.create({ model: "ears", file: await sound() })
    await expect(translated).rejects.toMatchObject({ status: 400, code: "unsupported_value" })
  })

  it("that its provider cannot make are told in its words", async () => {
    provider.next(jsonAnswer({ error: { message: "no sound in it", type: "invalid_request_error" } }, 400))
    const asked = client.audio.transcriptions.create({ model: "ears", file: await sound() })
    await expect(asked).rejects.toMatchObject({ status: 400, message: expect.stringContaining("no sound in it") as string })
  })
})
