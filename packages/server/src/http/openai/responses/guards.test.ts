// Guards around the turns of a response: what the model is sent, what the stream and the stored response say, and how a block ends it.
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { defaultLimits } from "../../../core/index.ts"
import { createGuards, createModeration } from "../../../security/index.ts"
import { startFakeProvider, type FakeProvider } from "../../../testing/fake-provider.ts"
import { send } from "../../../testing/response-client.ts"
import { assertStreamInvariants } from "../../../testing/response-fixtures.ts"
import { startResponsesServer, type ResponsesServer } from "../../../testing/responses-server.ts"
import { emailRedactor } from "../../../testing/redactor.ts"

let provider: FakeProvider
let server: ResponsesServer
const models: string[] = []

const redactor = emailRedactor({ restore: true })
const moderation = createModeration({
  name: "mod",
  moderate: async (texts) => texts.map((text) => ({ flagged: text.includes("bad"), categories: ["rude"], scores: {} })),
  inRequest: true,
  inAnswer: true,
  scoreMax: undefined,
  action: { kind: "block" },
  holdBackChars: 10,
  failOpen: false,
})
const guards = createGuards({
  rules: [redactor, moderation].map((guard) => ({ guard, when: {} })),
  limits: defaultLimits,
})

beforeAll(async () => {
  provider = await startFakeProvider()
  server = await startResponsesServer({
    providerUrl: provider.url,
    openGuards: async (context) => {
      models.push(context.model)
      return guards.open({ ...context, tags: [] })
    },
  })
})
afterAll(async () => {
  await server[Symbol.asyncDispose]()
  await provider[Symbol.asyncDispose]()
})

const sent = (): string => JSON.stringify(provider.last?.body["messages"])
const tools = [{ type: "function", name: "mail", parameters: {}, strict: false }]

describe("a response past the guards", () => {
  it("keeps personal data from the model, and gives it back in texts and arguments, streamed in valid order", async () => {
    provider.next({
      text: ["To [EM", "AIL_1], not ", "eve@z.org"],
      toolCalls: [{ id: "call_1", name: "mail", arguments: ['{"to":"[EMAIL', '_1]"}'] }],
    })
    const body = { model: "fake-model", instructions: "Sign as boss@x.org", input: "Write to ada@x.org", tools, stream: true }
    const { events } = await send(server, "POST", "/v1/responses", body)
    expect(sent()).toContain("Sign as [EMAIL_1]")
    expect(sent()).toContain("Write to [EMAIL_2]")
    expect(() => assertStreamInvariants(events)).not.toThrow()
    const response = events.at(-1)?.["response"] as { id: string; output: { content?: { text: string }[]; arguments?: string }[] }
    expect(response.output.map(({ content, arguments: args }) => content?.[0]?.text ?? args)).toEqual([
      "To boss@x.org, not [EMAIL_3]",
      '{"to":"boss@x.org"}',
    ])
    const stored = await send(server, "GET", `/v1/responses/${response.id}`)
    expect(stored.json["output"]).toEqual(response.output)
  })

  it("has what was held back and passes of an answer that breaks off, and not half of what is taken out", async () => {
    const begin = "A harmless beginning, long enough to go out. "
    const said = async (tail: string): Promise<unknown> => {
      provider.next({ text: [begin, tail, "x"], ending: "eof", framesMax: 3 })
      const { events } = await send(server, "POST", "/v1/responses", { model: "fake-model", input: "Hello", stream: true })
      expect(() => assertStreamInvariants(events)).not.toThrow()
      expect(events.at(-1)).toMatchObject({ type: "response.failed" })
      const response = events.at(-1)?.["response"] as { output: { content: { text: string }[] }[] }
      return response.output[0]?.content[0]?.text
    }
    expect(await said("And so ")).toBe(`${begin}And so `)
    expect(await said("To eve@z")).toBe(`${begin}To `)
    expect(await said("And bad ")).not.toContain("bad")
  })

  it("takes out in a later turn what an earlier one was given back", async () => {
    provider.next({ text: "Hello [EMAIL_1]" }, { text: "Again [EMAIL_1]" })
    const first = await send(server, "POST", "/v1/responses", { model: "fake-model", input: "I am ada@x.org" })
    expect(JSON.stringify(first.json["output"])).toContain("Hello ada@x.org")
    const second = await send(server, "POST", "/v1/responses", {
      model: "fake-model",
      input: "Again",
      previous_response_id: first.json["id"],
    })
    expect(sent()).not.toContain("x.org")
    expect(JSON.stringify(second.json["output"])).toContain("Again ada@x.org")
  })

  it("is refused with a status when its request is blocked, and no model is asked", async () => {
    const before = provider.requests.length
    const answer = await send(server, "POST", "/v1/responses", { model: "fake-model", input: "a bad word" })
    expect([answer.status, answer.json]).toMatchObject([400, { error: { code: "content_blocked" } }])
    expect(provider.requests.length).toBe(before)
  })

  it("fails in the middle of its stream when its answer is blocked, and what was blocked is nowhere", async () => {
    provider.next({ text: ["A harmless beginning that is long enough. ", "Then bad things", " follow it."] })
    const { events, text } = await send(server, "POST", "/v1/responses", { model: "fake-model", input: "Hi", stream: true })
    expect(events.at(-1)?.type).toBe("response.failed")
    expect(events.find(({ type }) => type === "error")).toMatchObject({ code: "content_blocked" })
    expect([text.includes("harmless"), text.includes("bad")]).toEqual([true, false])
    const runId = String((events.at(-1)?.["response"] as { id: string } | undefined)?.id).replace("resp", "run")
    const { projectId, runs } = server
    const run = await runs.get(projectId, runId)
    const log = JSON.stringify(await runs.events(projectId, runId, -1, 1_000))
    expect(run?.status).toBe("failed")
    expect(log).toContain('"guards.decided"')
    expect(log).not.toContain("bad things")
  })

  it("guards the model that writes the summary of a compaction", async () => {
    provider.next({ text: "They wrote to [EMAIL_1]" })
    const answer = await send(server, "POST", "/v1/responses/compact", { model: "fake-model", input: "I write to ada@x.org" })
    expect(answer.status).toBe(200)
    expect(sent()).toContain("[EMAIL_1]")
    expect(sent()).not.toContain("ada@x.org")
  })
})
