// Guards on what was heard: transcripts and translations as JSON with segments and words, as text, as subtitles, as a stream however it is cut.
import { afterAll, beforeEach, describe, expect, it } from "vitest"
import { defaultLimits, sleep } from "../../core/index.ts"
import { createGuards, createRedactor, type Guard } from "../../security/index.ts"
import { startFakeProvider } from "../../testing/fake-provider.ts"
import { rawPost, startTestGateway, testDeployment, testModel, type RawAnswer } from "../../testing/gateway.ts"

const provider = await startFakeProvider()
const redactor = createRedactor({
  name: "pii",
  entities: ["email", "card"],
  patterns: [],
  inRequest: true,
  inAnswer: true,
  restore: false,
  action: { kind: "redact" },
})
/** Takes its time, and looks at windows. */
const judge: Guard = {
  name: "judge",
  after: async (text) => {
    await sleep(1)
    return text.includes("bad") ? { action: "block", message: "not this" } : { action: "allow" }
  },
  stream: { holdBackChars: 8 },
}
const does = { chat: false, embeddings: false, transcription: true }
const gateway = await startTestGateway({
  models: [testModel("ears", testDeployment(provider.url, { does })), testModel("plain", testDeployment(provider.url, { does }))],
  limits: { heldAnswerBytesMax: 2_000 },
  guards: createGuards({
    rules: [redactor, judge].map((guard) => ({ guard, when: { models: ["ears"] } })),
    limits: defaultLimits,
  }),
})
afterAll(async () => {
  await gateway[Symbol.asyncDispose]()
  await provider[Symbol.asyncDispose]()
})
beforeEach(() => void (gateway.records.length = 0))

const part = (name: string, value: string, more = ""): string =>
  `--b\r\ncontent-disposition: form-data; name="${name}"${more}\r\n\r\n${value}\r\n`
const form = { "content-type": "multipart/form-data; boundary=b" }

function hear(type: string, body: readonly string[], { model = "ears", path = "transcriptions", prompt = "" } = {}): Promise<RawAnswer> {
  provider.next({ raw: { status: 200, headers: { "content-type": type }, body } })
  const fields = `${part("model", model)}${prompt === "" ? "" : part("prompt", prompt)}`
  return rawPost(gateway.url, `/v1/audio/${path}`, `${fields}${part("file", "RIFF", '; filename="a.wav"')}--b--\r\n`, form)
}
const heard = (answer: object, more = {}): Promise<RawAnswer> => hear("application/json", [JSON.stringify(answer)], more)
const jsonOf = ({ text }: RawAnswer): unknown => JSON.parse(text)

describe.each(["transcriptions", "translations"])("guards on %s", (path) => {
  it("take out of the text what may not be shown, and say so", async () => {
    const answer = await heard({ text: "write to ada@example.com", usage: { type: "duration", seconds: 3 } }, { path })
    expect(jsonOf(answer)).toEqual({ text: "write to [EMAIL_1]", usage: { type: "duration", seconds: 3 } })
    await expect.poll(() => gateway.records, { timeout: 20_000 }).toMatchObject([{ outcome: "completed" }])
    expect(JSON.stringify(gateway.records)).toContain('"email":1')
  })

  it("block it", async () => {
    const answer = await heard({ text: "a bad word" }, { path })
    expect([answer.status, answer.text]).toEqual([400, expect.stringContaining("content_blocked")])
  })

  it("see the words that the request brings", async () => {
    await heard({ text: "fine" }, { path, prompt: "names: ada@example.com" })
    expect(provider.last?.text).toContain("names: [EMAIL_1]")
    expect(provider.last?.text).toContain("RIFF")
  })
})

describe("a transcript in pieces", () => {
  const segment = (text: string): object => ({ id: 0, start: 0, end: 1, text, tokens: [1, 2] })

  it("passes byte for byte where nothing is found", async () => {
    const body = '{"text" : "hello you", "segments": [{"text":"hello"},{"text":" you"}], "words":[{"word":"hello"}]}'
    expect((await hear("application/json", [body])).text).toBe(body)
  })

  it("keeps segments that say the same as the text, and no words that would spell it", async () => {
    const answer = await heard({
      text: "Mail ada@example.com. Thanks.",
      segments: [segment("Mail ada@example.com."), segment(" Thanks.")],
      words: [{ word: "ada@example.com" }],
      logprobs: [{ token: "ada" }],
    })
    expect(jsonOf(answer)).toEqual({
      text: "Mail [EMAIL_1]. Thanks.",
      segments: [
        { ...segment("Mail [EMAIL_1]."), tokens: [] },
        { ...segment(" Thanks."), tokens: [] },
      ],
    })
  })

  it("has no segments where what was found spans two of them", async () => {
    const answer = await heard({ text: "Mail ada@example.com.", segments: [segment("Mail ada@"), segment("example.com.")] })
    expect(jsonOf(answer)).toEqual({ text: "Mail [EMAIL_1].", segments: [] })
    expect(answer.text).not.toContain("ada")
  })

  it("is refused whole where it is larger than guards can look at", async () => {
    const answer = await heard({ text: "word ".repeat(1_000) })
    expect([answer.status, answer.text]).toEqual([502, expect.stringContaining("guards cannot look at")])
    expect((await heard({ text: "word ".repeat(1_000) }, { model: "plain" })).status).toBe(200)
  })
})

describe("a transcript that is no JSON", () => {
  const srt = "1\n00:00:00,000 --> 00:00:02,000\nWrite to ada@example.com\n\n2\n00:00:02,000 --> 00:00:04,500\nplease, soon\n"
  const vtt = "WEBVTT\n\n00:00.000 --> 00:02.000\nMy card is 4111 1111\n\n00:02.000 --> 00:04.500\n1111 1111 thanks\n"

  it.each([
    ["text", "text/plain", "Write to ada@example.com\n", "Write to [EMAIL_1]\n"],
    ["subtitles", "text/plain; charset=utf-8", srt, srt.replace("ada@example.com", "[EMAIL_1]")],
    ["subtitles without a find", "application/x-subrip", srt.replace("ada@", "ada at "), srt.replace("ada@", "ada at ")],
  ])("%s", async (_name, type, given, expected) => {
    const answer = await hear(type, [given])
    expect([answer.status, answer.headers["content-type"], answer.text]).toEqual([200, type, expected])
  })

  it("subtitles in which a find spans two cues become one cue, never shown as they were", async () => {
    const answer = await hear("text/vtt", [vtt])
    expect(answer.text).toBe("WEBVTT\n\n00:00.000 --> 00:04.500\nMy card is [CARD_1] thanks\n")
    const blocked = await hear("text/vtt", [vtt.replace("thanks", "bad")])
    expect([blocked.status, blocked.text]).toEqual([400, expect.stringContaining("content_blocked")])
  })
})

describe("a streamed transcript", () => {
  const event = (data: object): string => `data: ${JSON.stringify(data)}\n\n`
  const delta = (text: string): string => event({ type: "transcript.text.delta", delta: text, logprobs: [{ token: text }] })
  const done = (text: string): string =>
    event({ type: "transcript.text.done", text, usage: { type: "tokens", input_tokens: 5, output_tokens: 4 } })
  const eventsOf = ({ text }: RawAnswer): Record<string, unknown>[] =>
    text
      .split("\n\n")
      .filter((frame) => frame.startsWith("data: {"))
      .map((frame) => JSON.parse(frame.slice(6)) as Record<string, unknown>)
  const deltasOf = (answer: RawAnswer): string =>
    eventsOf(answer)
      .filter(({ type }) => type === "transcript.text.delta")
      .map(({ delta: text }) => text)
      .join("")

  it.each([1, 7, 1_000])("is held back as far as it may become something, cut into writes of %i bytes", async (size) => {
    const all = [delta("Write to ada@exam"), delta("ple.com or to "), delta("Bob."), done("Write to ada@example.com or to Bob.")].join("")
    const body = all.match(new RegExp(`[^]{1,${size}}`, "g")) ?? []
    const answer = await hear("text/event-stream", body)
    expect(deltasOf(answer)).toBe("Write to [EMAIL_1] or to Bob.")
    const last = eventsOf(answer).at(-1)
    expect(last).toMatchObject({ type: "transcript.text.done", text: "Write to [EMAIL_1] or to Bob.", usage: { output_tokens: 4 } })
    expect(answer.text).not.toMatch(/ada@|logprobs/)
    await expect.poll(() => gateway.records, { timeout: 20_000 }).toMatchObject([{ outcome: "completed", inputTokens: 5, outputTokens: 4 }])
  })

  it("is blocked with a status while nothing of it is out, and else with an error event and no good end", async () => {
    const early = await hear("text/event-stream", [delta("a bad word"), done("a bad word")])
    expect([early.status, early.text]).toEqual([400, expect.stringContaining("content_blocked")])
    const late = await hear("text/event-stream", [delta("a long and harmless beginning of it, "), delta("then a bad word"), done("")])
    expect(late.status).toBe(200)
    expect(late.text).toContain("content_blocked")
    expect(late.text).not.toMatch(/bad word|transcript\.text\.done/)
  })

  it("with segments of speakers is looked at in each", async () => {
    const body = [
      event({ type: "transcript.text.segment", id: "seg_1", speaker: "A", text: "I am ada@example.com" }),
      done("I am ada@example.com"),
    ]
    const answer = await hear("text/event-stream", body)
    expect(eventsOf(answer)).toMatchObject([
      { type: "transcript.text.segment", speaker: "A", text: "I am [EMAIL_1]" },
      { type: "transcript.text.done", text: "I am [EMAIL_1]" },
    ])
  })

  it("that breaks off has no good end", async () => {
    const answer = await hear("text/event-stream", [delta("a long and harmless beginning of it, and more")])
    expect(answer.text).toContain("upstream_stream_ended")
    expect(answer.text).not.toContain("transcript.text.done")
  })
})
