// Guards around calls whose answers have no texts of a model: they see what is embedded, drawn, spoken and ranked.
import { afterAll, beforeEach, describe, expect, it } from "vitest"
import { defaultLimits, sleep } from "../../core/index.ts"
import { createGuards, type Guard } from "../../security/index.ts"
import { startFakeProvider } from "../../testing/fake-provider.ts"
import { rawPost, startTestGateway, testDeployment, testModel, type RawAnswer } from "../../testing/gateway.ts"
import { emailRedactor } from "../../testing/redactor.ts"

const provider = await startFakeProvider()
const redactor = emailRedactor({ restore: true })
/** Takes its time. */
const judge: Guard = {
  name: "judge",
  before: async (texts) => {
    await sleep(1)
    if (texts.some(({ text }) => text.includes("bad"))) return { action: "block", message: "bad" }
    return texts.some(({ text }) => text.includes("secret")) ? { action: "route", model: "local" } : { action: "allow" }
  },
}
const all = { chat: true, embeddings: true, images: true, speech: true, transcription: true, moderation: true, rerank: true }
const gateway = await startTestGateway({
  models: [
    testModel("m", testDeployment(provider.url, { does: all })),
    testModel("narrow", testDeployment(provider.url, { does: all })),
    testModel("local", testDeployment(provider.url, { id: "fake/local", upstreamModel: "local-upstream", does: all })),
  ],
  guards: createGuards({
    rules: [
      { guard: redactor, when: { models: ["m"] } },
      { guard: { ...judge, name: "narrow" }, when: { models: ["narrow"], endpoints: ["rerank", "chat"] } },
      { guard: judge, when: { models: ["m"] } },
    ],
    limits: defaultLimits,
  }),
})
afterAll(async () => {
  await gateway[Symbol.asyncDispose]()
  await provider[Symbol.asyncDispose]()
})
beforeEach(() => {
  provider.requests.length = 0
  gateway.records.length = 0
  provider.always({
    raw: { status: 200, headers: { "content-type": "application/json" }, body: ['{"data":[],"results":[],"usage":{"prompt_tokens":1}}'] },
  })
})

const form = { "content-type": "multipart/form-data; boundary=b" }
const part = (name: string, value: string, more = ""): string =>
  `--b\r\ncontent-disposition: form-data; name="${name}"${more}\r\n\r\n${value}\r\n`
const edit = (prompt: string): string =>
  `${part("model", "m")}${part("image", `bytes of ${prompt}`, '; filename="a.png"')}${part("prompt", prompt)}--b--\r\n`
const ways = [
  ["embeddings", (text: string) => rawPost(gateway.url, "/v1/embeddings", { model: "m", input: ["x", text] })],
  ["a picture", (text: string) => rawPost(gateway.url, "/v1/images/generations", { model: "m", prompt: text })],
  ["a changed picture", (text: string) => rawPost(gateway.url, "/v1/images/edits", edit(text), form)],
  ["speech", (text: string) => rawPost(gateway.url, "/v1/audio/speech", { model: "m", input: text, voice: "v" })],
  ["ranking", (text: string) => rawPost(gateway.url, "/v1/rerank", { model: "m", query: "q", documents: ["x", { text }] })],
] as const satisfies readonly (readonly [string, (text: string) => Promise<RawAnswer>])[]

describe.each(ways)("guards around %s", (what, ask) => {
  it("take out what may not leave, and say so", async () => {
    const answer = await ask("mail ada@example.com")
    expect([answer.status, answer.headers["x-perdure-guards"]]).toEqual([200, "pii;before=redact;email=1, judge;before=allow"])
    expect(provider.last?.text).toContain("mail [EMAIL_1]")
    // Files are not looked into.
    expect(provider.last?.text.includes("ada@example.com")).toBe(what === "a changed picture")
  })

  it("refuse, without a call and with a record", async () => {
    const answer = await ask("bad")
    expect([answer.status, answer.text]).toEqual([400, expect.stringContaining("content_blocked")])
    await expect.poll(() => gateway.records, { timeout: 20_000 }).toMatchObject([{ outcome: "failed", error: { code: "content_blocked" } }])
    expect(provider.requests).toEqual([])
  })

  it("send it to another model", async () => {
    expect((await ask("secret")).headers["x-perdure-route"]).toBe("fake/local")
    expect(provider.last?.text).toContain("local-upstream")
  })
})

it("a judgement that somebody asks for is of the text as it is", async () => {
  expect((await rawPost(gateway.url, "/v1/moderations", { model: "m", input: "bad ada@example.com" })).status).toBe(200)
  expect(provider.last?.body["input"]).toBe("bad ada@example.com")
})

it("a guard may be for some kinds of calls only", async () => {
  const guardsOf = async (path: string, body: object): Promise<string | undefined> =>
    (await rawPost(gateway.url, path, { model: "narrow", ...body })).headers["x-perdure-guards"]
  expect(await guardsOf("/v1/rerank?x=1", { query: "q", documents: ["x"] })).toBe("narrow;before=allow")
  expect(await guardsOf("/v1/chat/completions", { messages: [{ role: "user", content: "x" }] })).toBe("narrow;before=allow")
  expect(await guardsOf("/v1/embeddings", { input: "x" })).toBeUndefined()
})
