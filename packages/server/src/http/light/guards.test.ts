// Guards around light runs, on real sockets: what upstream sees, what the client gets, in both dialects, whole and streamed.
import { afterAll, beforeEach, describe, expect, it } from "vitest"
import { defaultLimits, sleep, systemClock } from "../../core/index.ts"
import { createAnswerCache } from "../../inference/index.ts"
import { createGuards, createModeration, createRedactor, type Guard, type GuardRule } from "../../security/index.ts"
import { startFakeProvider } from "../../testing/fake-provider.ts"
import { rawPost, startTestGateway, testDeployment, testKey, testModel, type RawAnswer } from "../../testing/gateway.ts"

const openai = await startFakeProvider()
const anthropic = await startFakeProvider()
const answers = createAnswerCache({ limits: defaultLimits, clock: systemClock, onError: () => undefined })
const judged: string[] = []
let judgeDelayMs = 0
let judgeFails = false

const redactor = createRedactor({
  name: "pii",
  entities: ["email", "phone"],
  patterns: [],
  inRequest: true,
  inAnswer: true,
  restore: true,
  action: { kind: "redact" },
})
const moderation = createModeration({
  name: "mod",
  moderate: async (texts, { signal }) => {
    judged.push(...texts)
    if (judgeDelayMs > 0) await sleep(judgeDelayMs, signal)
    if (judgeFails) throw new Error("no judge")
    return texts.map((text) => ({ flagged: text.includes("bad"), categories: ["rude"], scores: {} }))
  },
  inRequest: true,
  inAnswer: true,
  scoreMax: undefined,
  action: { kind: "block" },
  failOpen: false,
  holdBackChars: 10,
})
const router: Guard = {
  name: "router",
  before: (texts) => (texts.some(({ text }) => text.includes("secret")) ? { action: "route", model: "local" } : { action: "allow" }),
}
const rules: GuardRule[] = [
  { guard: redactor, when: { models: ["pii", "pii-claude"] } },
  { guard: moderation, when: { models: ["mod", "mod-claude"] } },
  { guard: router, when: { models: ["routed"] } },
]
const claude = testDeployment(anthropic.url, { id: "fake/claude", provider: "anthropic", dialect: "anthropic-messages" })
const gateway = await startTestGateway({
  models: [
    ...["pii", "mod", "routed", "free"].map((name) => testModel(name, testDeployment(openai.url))),
    testModel("pii-claude", claude),
    testModel("mod-claude", claude),
    testModel("local", testDeployment(openai.url, { id: "fake/local", upstreamModel: "local-upstream" })),
  ],
  guards: createGuards({ rules, limits: { ...defaultLimits, guardMs: 3_000 } }),
  cache: { answers, policyOf: () => undefined },
  limits: { headHoldMs: 700 },
})
afterAll(async () => {
  await gateway[Symbol.asyncDispose]()
  await answers[Symbol.asyncDispose]()
  await openai[Symbol.asyncDispose]()
  await anthropic[Symbol.asyncDispose]()
})
beforeEach(() => {
  gateway.records.length = 0
  gateway.logged.length = 0
  openai.requests.length = 0
  anthropic.requests.length = 0
  judged.length = 0
  judgeDelayMs = 0
  judgeFails = false
})

const chat = "/v1/chat/completions"
const messages = "/v1/messages"
function ask(model: string, text: string, more: object = {}, path = chat): Promise<RawAnswer> {
  return rawPost(gateway.url, path, { model, max_tokens: 50, messages: [{ role: "user", content: text }], ...more })
}
/** The text of an answer in either dialect, whole or streamed. */
function textOf({ text }: RawAnswer): string {
  if (!text.startsWith("data:") && !text.startsWith("event:")) {
    const { choices, content } = JSON.parse(text) as { choices?: { message: { content: string } }[]; content?: { text: string }[] }
    return choices?.[0]?.message.content ?? content?.map((block) => block.text).join("") ?? ""
  }
  const events = [...text.matchAll(/^data: (\{.*)$/gm)].map(
    ([, data = ""]) => JSON.parse(data) as { choices?: { delta?: { content?: string }; text?: string }[]; delta?: { text?: string } },
  )
  return events.map(({ choices, delta }) => choices?.[0]?.delta?.content ?? choices?.[0]?.text ?? delta?.text ?? "").join("")
}
const sentTo = ({ last }: typeof openai): string => JSON.stringify(last?.body["messages"])
async function record() {
  await expect.poll(() => gateway.records.length, { timeout: 20_000 }).toBe(1)
  return gateway.records[0]
}

describe.each([
  ["chat completions", "pii", chat, openai],
  ["messages, passed", "pii-claude", messages, anthropic],
  ["messages, translated", "pii", messages, openai],
] as const)("the redactor on %s", (_, model, path, provider) => {
  it.each([false, true])("keeps personal data from upstream, and gives the client back what is its own (stream: %s)", async (stream) => {
    provider.next({ text: ["Dear [EM", "AIL_1], call ", "+49 30 90", "1820 or [EMAIL", "_1]", "!"] })
    const answer = await ask(model, "I am ada@x.org, not bob@x.org", { stream }, path)
    expect(answer.status).toBe(200)
    expect(sentTo(provider)).toContain("I am [EMAIL_1], not [EMAIL_2]")
    expect(sentTo(provider)).not.toContain("x.org")
    expect(textOf(answer)).toBe("Dear ada@x.org, call [PHONE_1] or ada@x.org!")
    expect(answer.headers["x-perdure-guards"]).toContain("pii;before=redact;email=2")
    const kept = await record()
    expect(kept?.data).toMatchObject({
      guards: [
        { guard: "pii", phase: "before", action: "redact", found: { email: 2 } },
        { guard: "pii", phase: "after", action: "redact", found: { phone: 1 } },
      ],
    })
    expect(JSON.stringify([kept, gateway.logged])).not.toContain("x.org")
    if (stream) for (const write of answer.writes) expect(write).toMatch(/^(?:event: [^\n]+\n)?(?:data: [^\n\r]+|: ping)\n\n$/)
  })

  it.each([false, true])("gives tools the data that they need (stream: %s)", async (stream) => {
    provider.next({ toolCalls: [{ id: "call_1", name: "mail", arguments: ['{"to":"[EMA', 'IL_1]"}'] }] })
    const answer = await ask(model, "mail ada@x.org", { stream }, path)
    expect(answer.status).toBe(200)
    const whole = answer.text.replaceAll("\\", "")
    expect(
      stream
        ? [...answer.text.matchAll(/"(?:arguments|partial_json)":"((?:[^"\\]|\\.)*)"/g)]
            .map(([, part]) => part)
            .join("")
            .replaceAll("\\", "")
        : whole,
    ).toContain('"to":"ada@x.org"')
  })

  it("lets nothing out of what may have become something where the answer breaks off", async () => {
    provider.next({ text: ["Dear reader, write to ", "bob@x", ".org"], ending: "eof", framesMax: provider === openai ? 3 : 5 })
    const answer = await ask(model, "hello", { stream: true }, path)
    expect(answer.text).toContain("error")
    expect(textOf(answer)).toBe("Dear reader, write to ")
    expect(await record()).toMatchObject({ outcome: "failed", error: { code: "upstream_stream_ended" } })
  })

  it("passes what has nothing in it as it came", async () => {
    const [guarded, free] = [
      await ask(model, "hello", { stream: true }, path),
      await ask(model === "pii" ? "free" : "pii-claude", "hello", { stream: true }, path),
    ]
    expect(textOf(guarded)).toBe(textOf(free))
    expect(guarded.headers["x-perdure-guards"]).toBe("pii;before=allow")
  })
})

describe("a guard that blocks", () => {
  it("refuses the request in the client's kind of errors, without a call, and says so in the record", async () => {
    const answer = await ask("mod", "a bad word")
    expect([answer.status, JSON.parse(answer.text)]).toMatchObject([
      400,
      { error: { code: "content_blocked", type: "invalid_request_error", message: expect.stringContaining("mod") as string } },
    ])
    expect(answer.headers["x-perdure-guards"]).toBe("mod;before=block;rude=1")
    const other = await ask("mod", "a bad word", {}, messages)
    expect([other.status, JSON.parse(other.text)]).toMatchObject([400, { type: "error", error: { type: "invalid_request_error" } }])
    expect(openai.requests).toHaveLength(0)
    expect(gateway.records[0]).toMatchObject({
      outcome: "failed",
      status: 400,
      error: { code: "content_blocked" },
      costMicroUsd: 0,
      data: { guards: [{ action: "block", found: { rude: 1 } }] },
    })
    expect(JSON.stringify(gateway.records)).not.toContain("a bad word")
  })

  it("refuses a JSON answer, which is paid all the same", async () => {
    openai.next({ text: "so bad", usage: { prompt_tokens: 1_000, completion_tokens: 100 } })
    const answer = await ask("mod", "hello")
    expect([answer.status, answer.text.includes("so bad"), answer.text.includes("content_blocked")]).toEqual([400, false, true])
    expect(await record()).toMatchObject({ outcome: "failed", error: { code: "content_blocked" }, inputTokens: 1_000, costMicroUsd: 1_200 })
  })

  it.each([chat, messages])("ends a stream with an error and without a good end, and lets go of upstream (%s)", async (path) => {
    const before = openai.abortsCount
    openai.next({
      text: ["A harmless beginning, long enough to go out. ", "Then some", "thing b", "ad comes", " and more", " and more"],
      chunkDelayMs: 400,
    })
    const answer = await ask("mod", "hello", { stream: true }, path)
    expect(answer.status).toBe(200)
    expect(textOf(answer)).toMatch(/^A harmless/)
    expect(answer.text).not.toMatch(/bad|\bb"|message_stop|\[DONE\]/)
    expect(answer.writes.at(-1)).toMatch(path === chat ? /^data: \{"error":.*content_blocked/ : /^event: error\n.*blocked by the guard/)
    expect(await record()).toMatchObject({ outcome: "failed", error: { code: "content_blocked" } })
    await expect.poll(() => openai.abortsCount, { timeout: 20_000 }).toBe(before + 1)
  })

  it.each([
    [chat, "mod", openai],
    ["/v1/completions", "mod", openai],
    [messages, "mod", openai],
    [messages, "mod-claude", anthropic],
  ] as const)(
    "looks at what is held back of an answer that breaks off, and lets out what passes (%s of %s)",
    async (path, model, provider) => {
      const begin = "A harmless beginning, long enough to go out. "
      for (const [tail, expected] of [
        ["And so", `${begin}And so`],
        ["And bad", expect.not.stringContaining("bad") as string],
      ] as const) {
        gateway.records.length = 0
        provider.next({ text: [begin, tail, " is missing"], chunkDelayMs: 300, ending: "eof", framesMax: provider === openai ? 3 : 5 })
        const answer = await ask(model, "hello", { stream: true, prompt: "hello" }, path)
        expect(textOf(answer)).toEqual(expected)
        expect(answer.text).not.toMatch(/message_stop|\[DONE\]|is missing/)
        expect(answer.writes.at(-1)).toMatch(/error/)
        expect(await record()).toMatchObject({ outcome: "failed", error: { code: "upstream_stream_ended" } })
      }
      const data = gateway.records[0]?.data as { guards: object[] }
      expect(data.guards[1]).toMatchObject({ guard: "mod", phase: "after", action: "block" })
    },
  )

  it("refuses with a status what is blocked before anything of it was sent", async () => {
    openai.next({ text: ["bad ", "from the start"] })
    const answer = await ask("mod", "hello", { stream: true })
    expect([answer.status, answer.headers["content-type"]]).toEqual([400, "application/json"])
  })
})

describe("a guard that asks somebody", () => {
  it("holds a stream back while it waits, and loses and reorders nothing", async () => {
    judgeDelayMs = 60
    const words = Array.from({ length: 30 }, (_, index) => `word${index} `)
    openai.next({ text: words, chunkDelayMs: 5, usage: { prompt_tokens: 5, completion_tokens: 30 } })
    const answer = await ask("mod", "hello", { stream: true, stream_options: { include_usage: true } })
    expect(textOf(answer)).toBe(words.join(""))
    expect(answer.writes.at(-1)).toBe("data: [DONE]\n\n")
    expect(answer.writes.at(-2)).toContain('"prompt_tokens":5')
    expect(await record()).toMatchObject({ outcome: "completed", inputTokens: 5, outputTokens: 30 })
    expect(judged.length).toBeGreaterThan(4)
  })

  it("lets nothing pass while it cannot decide", async () => {
    judgeFails = true
    const answer = await ask("mod", "hello")
    expect([answer.status, JSON.parse(answer.text)]).toMatchObject([503, { error: { code: "guard_unavailable" } }])
    expect(answer.headers["retry-after"]).toBe("1")
    expect([openai.requests.length, JSON.stringify(answer)]).toEqual([0, expect.not.stringContaining("no judge")])
  })

  it("is given up when the client leaves, before anything is asked of a provider", async () => {
    judgeDelayMs = 60_000
    const left = new AbortController()
    const body = JSON.stringify({ model: "mod", messages: [{ role: "user", content: "hi" }] })
    const asked = fetch(gateway.url + chat, { method: "POST", headers: { authorization: `Bearer ${testKey}` }, body, signal: left.signal })
    await expect.poll(() => judged.length, { timeout: 20_000 }).toBe(1)
    left.abort()
    await expect(asked).rejects.toThrow(/abort/i)
    expect(await record()).toMatchObject({ outcome: "cancelled", status: 499, deployment: null })
    expect(openai.requests).toHaveLength(0)
  })
})

describe("a guard that routes", () => {
  it("sends the call to another model, and the record keeps what was asked for", async () => {
    const answer = await ask("routed", "a secret")
    expect([answer.status, openai.last?.body["model"], answer.headers["x-perdure-route"]]).toEqual([200, "local-upstream", "fake/local"])
    expect(await record()).toMatchObject({
      model: "routed",
      deployment: "fake/local",
      data: { guards: [{ guard: "router", action: "route" }] },
    })
    expect((await ask("routed", "nothing")).headers["x-perdure-route"]).toBe("fake/m")
  })
})

describe("the cache behind the guards", () => {
  it.each([false, true])("knows no personal data: others share the answer, each with their own data in it (stream: %s)", async (stream) => {
    openai.next({ text: `Dear [EMAIL_1]${stream ? "." : "!"}` })
    const more = { stream, perdure: { cache: "exact" }, seed: stream ? 1 : 2 }
    const [first, second] = [await ask("pii", "greet ada@x.org", more), await ask("pii", "greet bob@y.org", more)]
    expect([first, second].map((each) => each.headers["x-perdure-cache"])).toEqual(["miss", "hit"])
    expect([textOf(first), textOf(second)]).toEqual([`Dear ada@x.org${stream ? "." : "!"}`, `Dear bob@y.org${stream ? "." : "!"}`])
    expect(openai.requests).toHaveLength(1)
  })
})
