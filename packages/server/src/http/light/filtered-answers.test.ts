// What a provider's content filter refuses goes to a model that stands by for it: by its status, inside a 200, translated or passed; and is told where none does.
import { afterAll, beforeEach, describe, expect, it } from "vitest"
import { startFakeProvider, type FakeAnswer } from "../../testing/fake-provider.ts"
import { rawPost, startTestGateway, testDeployment, testModel } from "../../testing/gateway.ts"

const strict = await startFakeProvider()
const tolerant = await startFakeProvider({ text: ["as ", "you wish"] })
const root = strict.url.replace(/\/v1$/, "")
const places = {
  gpt: testDeployment(strict.url, { id: "strict/gpt" }),
  claude: testDeployment(root, { id: "strict/claude", provider: "anthropic", dialect: "anthropic-messages" }),
  gemini: testDeployment(`${root}/v1beta`, { id: "strict/gemini", provider: "gemini", dialect: "gemini" }),
}
const names = Object.keys(places) as (keyof typeof places)[]
const gateway = await startTestGateway({
  models: [
    ...names.map((name) => testModel(`${name}-alone`, places[name])),
    ...names.map((name) => ({ ...testModel(name, places[name]), contentFallbacks: ["tolerant"] })),
    testModel("tolerant", testDeployment(tolerant.url, { id: "tolerant/m" })),
  ],
})
afterAll(async () => {
  await gateway[Symbol.asyncDispose]()
  await strict[Symbol.asyncDispose]()
  await tolerant[Symbol.asyncDispose]()
})
beforeEach(() => {
  gateway.records.length = 0
  tolerant.requests.length = 0
})

const paths = { chat: "/v1/chat/completions", messages: "/v1/messages" } as const
const ask = (model: string, stream: boolean, of: keyof typeof paths = "chat", more: object = {}) =>
  rawPost(gateway.url, paths[of], { model, stream, max_tokens: 50, messages: [{ role: "user", content: "hello" }], ...more })
const byStatus: FakeAnswer = {
  error: { status: 400, message: "The response was filtered.", type: "invalid_request_error", code: "content_filter" },
}
const inside: FakeAnswer = { text: [], finishReason: "content_filter", usage: { prompt_tokens: 40, completion_tokens: 0 } }
/** Gemini ends with a part of its text, however little it is. */
const insideOf = (name: string): FakeAnswer => (name.startsWith("gemini") ? { ...inside, text: [""] } : inside)
const cases = names.flatMap((name) =>
  (["chat", "messages"] as const).flatMap((of) => [true, false].map((stream) => [name, of, stream] as const)),
)

describe("what a filter refuses", () => {
  it.each([true, false])("by its status goes to the model that stands by (stream: %s)", async (stream) => {
    strict.next(byStatus)
    const { status, text, headers } = await ask("gpt", stream)
    expect([status, headers["x-perdure-route"]]).toEqual([200, "tolerant/m"])
    expect(text).toContain("you wish")
  })

  it.each(cases)("inside a 200 of %s goes there too, asked by %s (stream: %s), and both are paid", async (name, of, stream) => {
    strict.next(insideOf(name))
    const { status, text, headers } = await ask(name, stream, of)
    expect([status, headers["x-perdure-route"]]).toEqual([200, "tolerant/m"])
    expect(text).toContain("you wish")
    expect(text).not.toMatch(/content_filter|"stop_reason":"refusal"/)
    await expect.poll(() => gateway.records.length, { timeout: 20_000 }).toBe(1)
    expect(gateway.records[0]).toMatchObject({ outcome: "completed", deployment: "tolerant/m", inputTokens: 52, data: { attempts: 2 } })
  })

  it.each(names)("of %s is told as it is where no model stands by, or none is wanted", async (name) => {
    for (const answer of [await told(`${name}-alone`), await told(name, { perdure: { fallbacks: false } })])
      expect(answer).toMatchObject([200, "content_filter"])
    expect(tolerant.requests).toEqual([])
  })

  it("by its status is told with its code where no model stands by", async () => {
    strict.next(byStatus)
    const { status, text } = await ask("gpt-alone", false)
    expect([status, JSON.parse(text)]).toMatchObject([400, { error: { code: "content_filter" } }])
  })

  it("after the first words of a stream stays where it is: they have been read", async () => {
    strict.next({ ...inside, text: ["some ", "words"] })
    const { text, headers } = await ask("gpt", true)
    expect(headers["x-perdure-route"]).toBe("strict/gpt")
    expect(text).toContain("content_filter")
  })
})

async function told(model: string, more: object = {}): Promise<unknown[]> {
  strict.next(insideOf(model))
  const { status, text } = await ask(model, false, "chat", more)
  const { choices } = JSON.parse(text) as { choices: { finish_reason: string }[] }
  return [status, choices[0]?.finish_reason]
}
