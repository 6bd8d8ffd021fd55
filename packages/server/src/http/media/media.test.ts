// Pictures, sounds, moderation and ranking through the gateway with the plain openai client: passed on as they are, counted and recorded.
import { toFile } from "openai"
import { describe, expect, it } from "vitest"
import { startAskedGateway } from "../../testing/asked-gateway.ts"
import { startFakeProvider, type FakeAnswer } from "../../testing/fake-provider.ts"
import { rawPost, testDeployment, testModel } from "../../testing/gateway.ts"
import { jsonAnswer } from "../../testing/json-answer.ts"

const provider = await startFakeProvider()
const all = { chat: false, embeddings: false, images: true, speech: true, transcription: true, moderation: true, rerank: true }
const { gateway, client, record } = await startAskedGateway(provider, {
  models: [
    testModel("chat-only", testDeployment(provider.url, { id: "fake/chat" })),
    testModel("media", testDeployment(provider.url, { id: "fake/media", does: all })),
    testModel(
      "set",
      testDeployment(provider.url, {
        id: "fake/set",
        does: all,
        parameters: {
          defaults: { language: "de", timestamp_granularities: ["word", "segment"], voice: "alloy" },
          overrides: { response_format: "json" },
          dropped: ["prompt"],
        },
      }),
    ),
    testModel(
      "two",
      testDeployment(provider.url, { id: "fake/first", does: all }),
      testDeployment(provider.url, { id: "fake/second", does: all, priority: 1 }),
    ),
    testModel(
      "cohere",
      testDeployment(provider.url.replace(/\/v1$/, ""), { id: "fake/cohere", provider: "cohere", dialect: "cohere", does: all }),
    ),
  ],
})

describe("images", () => {
  it("are made, with the provider's own parameters and the tokens that it counted", async () => {
    provider.next(jsonAnswer({ created: 1, data: [{ b64_json: "aGk=" }], usage: { input_tokens: 7, output_tokens: 9, total_tokens: 16 } }))
    const made = await client.images.generate({ model: "media", prompt: "a cat", size: "1024x1024", quality: "low" })
    expect(made.data?.[0]?.b64_json).toBe("aGk=")
    expect(provider.last).toMatchObject({
      path: "/v1/images/generations",
      body: { model: "m-upstream", prompt: "a cat", size: "1024x1024" },
    })
    expect(await record()).toMatchObject({
      kind: "image",
      name: "images.generations",
      inputTokens: 7,
      outputTokens: 9,
      outcome: "completed",
    })
  })

  it("are changed from a form whose files arrive byte for byte", async () => {
    const bytes = Buffer.from(Array.from({ length: 70_000 }, (_, index) => index % 256))
    provider.next(jsonAnswer({ created: 1, data: [{ url: "https://example.test/x.png" }] }))
    await client.images.edit({ model: "media", prompt: "add a hat", image: await toFile(bytes, "cat.png", { type: "image/png" }) })
    const { text, headers, path } = provider.last ?? { text: "", headers: {}, path: "" }
    expect(path).toBe("/v1/images/edits")
    expect(String(headers["content-type"])).toMatch(/^multipart\/form-data; boundary=/)
    expect(text).toContain('name="model"\r\n\r\nm-upstream\r\n')
    expect(text).toContain("add a hat")
    expect(await record()).toMatchObject({ name: "images.edits", outcome: "completed" })
  })

  it("stream as events, though the last one is larger than what is kept of the end", async () => {
    const data = JSON.stringify({
      type: "image_generation.completed",
      b64_json: Buffer.alloc(150_000, 7).toString("base64"),
      usage: { input_tokens: 7, output_tokens: 9 },
    })
    const event = `event: image_generation.completed\ndata: ${data}\n\n`
    const pieces = Array.from({ length: Math.ceil(event.length / 9_000) }, (_, index) => event.slice(index * 9_000, (index + 1) * 9_000))
    provider.next({ raw: { status: 200, headers: { "content-type": "text/event-stream" }, body: pieces } })
    const whole = await rawPost(gateway.url, "/v1/images/generations", { model: "media", prompt: "x", stream: true })
    expect(whole.text === event).toBe(true)
    expect(await record()).toMatchObject({ inputTokens: 7, outputTokens: 9, outcome: "completed" })
    provider.next({ raw: { status: 200, headers: { "content-type": "text/event-stream" }, body: pieces.slice(0, -1) } })
    const cut = await rawPost(gateway.url, "/v1/images/generations", { model: "media", prompt: "x", stream: true })
    expect(cut.text.slice(-300)).toContain('"code":"upstream_stream_ended"')
  })

  it("stream as events, and end with an error where the last one is missing", async () => {
    const event = (type: string): string => `event: ${type}\ndata: ${JSON.stringify({ type, b64_json: "aGk=" })}\n\n`
    const stream = (...body: string[]): FakeAnswer => ({ raw: { status: 200, headers: { "content-type": "text/event-stream" }, body } })
    provider.next(stream(event("image_generation.partial_image"), event("image_generation.completed")))
    const whole = await rawPost(gateway.url, "/v1/images/generations", { model: "media", prompt: "x", stream: true })
    expect(whole.text).toContain("image_generation.completed")
    provider.next(stream(event("image_generation.partial_image")))
    const cut = await rawPost(gateway.url, "/v1/images/generations", { model: "media", prompt: "x", stream: true })
    expect(cut.text).toMatch(/"code":"upstream_stream_ended"[^]*\n\n$/)
  })
})

describe("sounds", () => {
  it("are spoken, as bytes, and counted by the characters of the text", async () => {
    const sound = Buffer.from([0, 255, 1, 254, 0, 13, 10])
    provider.next({ raw: { status: 200, headers: { "content-type": "audio/mpeg" }, body: [sound.subarray(0, 3), sound.subarray(3)] } })
    const spoken = await client.audio.speech.create({ model: "media", voice: "alloy", input: "hello you" })
    expect(spoken.headers.get("content-type")).toBe("audio/mpeg")
    expect(Buffer.from(await spoken.arrayBuffer())).toEqual(sound)
    expect(await record()).toMatchObject({ kind: "audio", name: "audio.speech", outcome: "completed" })
  })

  it("are written down", async () => {
    provider.next(jsonAnswer({ text: "hello", usage: { type: "tokens", input_tokens: 14, output_tokens: 3 } }))
    const file = await toFile(Buffer.from("RIFFsound"), "a.wav", { type: "audio/wav" })
    expect((await client.audio.transcriptions.create({ model: "media", file })).text).toBe("hello")
    expect(provider.last?.text).toContain("RIFFsound")
    expect(await record()).toMatchObject({ name: "audio.transcriptions", inputTokens: 14, outputTokens: 3 })
  })
})

describe("what a request says of routing", () => {
  const boundary = { "content-type": "multipart/form-data; boundary=b" }
  const part = (name: string, value: string): string => `--b\r\ncontent-disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`

  it.each([0, 1, 2])("is obeyed from a field of a form, and never goes upstream (place %i)", async (place) => {
    const fields = [part("model", "two"), part("prompt", "a cat")]
    const own = part("perdure", '{"only":["fake/second"]}')
    provider.next(jsonAnswer({ data: [] }))
    const got = await rawPost(gateway.url, "/v1/images/edits", `${fields.toSpliced(place, 0, own).join("")}--b--\r\n`, boundary)
    expect([got.status, got.headers["x-perdure-route"]]).toEqual([200, "fake/second"])
    expect(provider.last?.text).toBe(`${part("model", "m-upstream")}${part("prompt", "a cat")}--b--\r\n`)
  })

  it("is obeyed from a header, and from the body where there is JSON", async () => {
    const header = { "x-perdure-routing": '{"only":["fake/second"]}' }
    provider.next(jsonAnswer({ data: [] }), jsonAnswer({ data: [] }))
    const body = { model: "two", prompt: "a cat" }
    const byHeader = await rawPost(gateway.url, "/v1/images/generations", body, header)
    const byBody = await rawPost(gateway.url, "/v1/images/generations", { ...body, perdure: { only: ["fake/second"] } })
    expect([byHeader, byBody].map(({ headers }) => headers["x-perdure-route"])).toEqual(["fake/second", "fake/second"])
    expect(provider.last?.body).toEqual({ model: "m-upstream", prompt: "a cat" })
  })

  it("is refused where it cannot be read", async () => {
    const form = `${part("model", "two")}${part("perdure", "{only")}--b--\r\n`
    const got = await rawPost(gateway.url, "/v1/images/edits", form, boundary)
    expect([got.status, JSON.parse(got.text)]).toMatchObject([400, { error: { code: "invalid_json", param: "perdure" } }])
  })
})

describe("moderation and ranking", () => {
  it("take the model that can do it where the request names none", async () => {
    provider.next(jsonAnswer({ id: "modr", model: "m", results: [{ flagged: false }] }))
    expect((await client.moderations.create({ input: "hi" })).results[0]?.flagged).toBe(false)
    expect(provider.last?.body).toMatchObject({ model: "m-upstream", input: "hi" })
    expect(await record()).toMatchObject({ kind: "moderation", model: "media" })
  })

  it("rank documents, passed on to providers that know Jina's form", async () => {
    const answer = { results: [{ index: 1, relevance_score: 0.9 }], usage: { total_tokens: 21 } }
    provider.next(jsonAnswer(answer))
    const got = await rawPost(gateway.url, "/v1/rerank", { model: "media", query: "q", documents: ["a", "b"] })
    expect(JSON.parse(got.text)).toEqual(answer)
    expect(await record()).toMatchObject({ kind: "rerank", inputTokens: 21 })
  })

  it("rank documents with Cohere in its own form", async () => {
    provider.next(jsonAnswer({ results: [{ index: 1, relevance_score: 0.9 }], meta: { billed_units: { search_units: 1 } } }))
    const body = { model: "cohere", query: "q", documents: ["a", { text: "b" }], top_n: 1, return_documents: true }
    const got = await rawPost(gateway.url, "/v1/rerank", body)
    expect(JSON.parse(got.text)).toMatchObject({
      model: "cohere",
      results: [{ index: 1, relevance_score: 0.9, document: { text: "b" } }],
      meta: { billed_units: { search_units: 1 } },
    })
    expect(provider.last).toMatchObject({ path: "/v2/rerank", body: { model: "m-upstream", documents: ["a", "b"], top_n: 1 } })
  })
})

describe("errors", () => {
  it("name what a model cannot do, what a form lacks, and what the provider said", async () => {
    const cannot = await rawPost(gateway.url, "/v1/images/generations", { model: "chat-only", prompt: "x" })
    expect([cannot.status, cannot.text]).toEqual([400, expect.stringMatching(/cannot make images.*media/)])
    const boundary = { "content-type": "multipart/form-data; boundary=b" }
    const form = '--b\r\ncontent-disposition: form-data; name="prompt"\r\n\r\nx\r\n--b--\r\n'
    const lacking = await rawPost(gateway.url, "/v1/images/edits", form, boundary)
    expect([lacking.status, lacking.text]).toEqual([400, expect.stringContaining('has no field \\"model\\"')])
    provider.next(
      jsonAnswer({ error: { message: "too rude", type: "image_generation_user_error", code: "moderation_blocked", param: null } }, 400),
    )
    const blocked = await rawPost(gateway.url, "/v1/images/generations", { model: "media", prompt: "x" })
    expect([blocked.status, blocked.text]).toEqual([400, expect.stringContaining("moderation_blocked")])
  })
})

describe("parameters of a deployment", () => {
  it("are further fields of a form, in place of those that it has where they are forced, and the file stays as it is", async () => {
    provider.next(jsonAnswer({ text: "hi" }))
    const file = await toFile(Buffer.from("RIFF\r\n--not-a-boundary"), "a.wav")
    await client.audio.transcriptions.create({ model: "set", file, prompt: "names", response_format: "verbose_json" })
    const form = provider.last?.text ?? ""
    const fields = [...form.matchAll(/name="([^"]+)"\r\n\r\n([^\r]*)\r\n/g)].map(([, name, value]) => `${name}=${value}`)
    expect(fields.toSorted()).toEqual(
      [
        "language=de",
        "model=m-upstream",
        "response_format=json",
        "timestamp_granularities[]=segment",
        "timestamp_granularities[]=word",
      ].toSorted(),
    )
    expect(form).toContain("RIFF\r\n--not-a-boundary\r\n--")
    provider.next(jsonAnswer({ text: "hi" }))
    await client.audio.transcriptions.create({ model: "set", file, language: "en", timestamp_granularities: ["word"] })
    expect(provider.last?.text).not.toContain("segment")
    expect(provider.last?.text).toMatch(/name="language"\r\n\r\nen\r\n/)
  })

  it("are members of JSON", async () => {
    provider.next({ raw: { status: 200, headers: { "content-type": "audio/mpeg" }, body: ["x"] } })
    await client.audio.speech.create({ model: "set", input: "hello", voice: "nova", response_format: "wav" })
    expect(provider.last?.body).toMatchObject({ voice: "nova", response_format: "json", language: "de" })
  })
})
