// What a cancellation is answered with is what the response comes to: whoever is told `cancelled` never reads another end.
import type OpenAI from "openai"
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest"
import type { Store } from "../../../store/index.ts"
import { startFakeProvider, type FakeProvider } from "../../../testing/fake-provider.ts"
import { openAiClient, send } from "../../../testing/response-client.ts"
import { startResponsesServer, type ResponsesServer } from "../../../testing/responses-server.ts"
import { defineTool } from "../../../tools/index.ts"

let letGo: () => void = () => undefined
let called: () => void = () => undefined
const isCalled = new Promise<void>((resolve) => (called = resolve))
const deaf = defineTool({
  name: "deaf",
  description: "Hears no signal",
  parameters: { type: "object", properties: {} },
  effect: "once",
  run: () => {
    called()
    return new Promise<string>((resolve) => (letGo = () => resolve("done")))
  },
})

let provider: FakeProvider
let server: ResponsesServer
let client: OpenAI
/** Flushes of the log that have this text in them wait. */
let held: string | undefined
let heldCount = 0

function holding(store: Store): Store {
  const query: Store["system"]["query"] = async (text, values) => {
    const isHeld = (): boolean =>
      held !== undefined && text.includes("perdure_flush") && values?.some((value) => String(value).includes(held ?? "")) === true
    if (isHeld()) heldCount += 1
    while (isHeld()) await new Promise((resolve) => setTimeout(resolve, 5))
    return store.system.query(text, values)
  }
  const { engine, holdFiles, capabilities, scrubber } = store
  return {
    engine,
    holdFiles,
    capabilities,
    scrubber,
    system: { query, transaction: (work) => store.system.transaction(work) },
    project: (projectId) => store.project(projectId),
    listen: (channel, onPayload) => store.listen(channel, onPayload),
    notify: (channel, payload) => store.notify(channel, payload),
    ping: () => store.ping(),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  }
}

beforeAll(async () => {
  provider = await startFakeProvider()
  server = await startResponsesServer({ providerUrl: provider.url, storeOfRuns: holding, limits: { cancelWaitMs: 60_000 } })
  client = openAiClient(server)
})
afterEach(() => {
  held = undefined
  letGo()
})
afterAll(async () => {
  await server[Symbol.asyncDispose]()
  await provider[Symbol.asyncDispose]()
})

const waiting = { timeout: 20_000, interval: 20 }
const background = { model: "fake-model", input: "Hello", background: true } as const
type Answered = Record<string, unknown>
const stored = async (id: string, from = server): Promise<Answered> => (await send(from, "GET", `/v1/responses/${id}`)).json
const cancel = async (id: string, from = server): Promise<Answered> => (await send(from, "POST", `/v1/responses/${id}/cancel`)).json
const runStatus = async (id: string, from = server): Promise<string | undefined> =>
  (await from.runs.get(from.projectId, id.replace("resp_", "run_")))?.status

describe("R23 the answer to a cancellation", () => {
  it.each([
    ["its last event is on the way to the log", "response.completed"],
    ["its last event is told and the end of its run is on the way", "run.ended"],
  ])("is the whole response when %s", async (_, type) => {
    held = type
    const before = heldCount
    const { id } = await client.responses.create(background)
    await vi.waitFor(() => expect(heldCount).toBeGreaterThan(before), waiting)
    const answer = cancel(id)
    // The cancellation is in the table before the end is.
    const reason = "select cancel_reason is not null as cancelled from runs where id = $1"
    const runId = id.replace("resp_", "run_")
    await vi.waitFor(async () => expect(await server.store.system.query(reason, [runId])).toEqual([{ cancelled: true }]), waiting)
    held = undefined
    expect(await answer).toMatchObject({ id, status: "completed", output: [{ type: "message", status: "completed" }] })
    expect(await stored(id)).toEqual(await answer)
    expect(await runStatus(id)).toBe("completed")
    expect(await cancel(id)).toEqual(await answer)
  })

  it("is the response as it ended, whenever it comes", async () => {
    const ends = await Promise.all(
      Array.from({ length: 24 }, async (_, index) => {
        provider.next(
          index % 2 === 0
            ? { text: ["a ", "b ", "c "], chunkDelayMs: 10 }
            : { text: "long ".repeat(400).split(/(?<= )/), chunkDelayMs: 100 },
        )
        const { id } = await client.responses.create(background)
        await new Promise((resolve) => setTimeout(resolve, index * 12))
        const answer = await cancel(id)
        expect(["cancelled", "completed"]).toContain(answer["status"])
        expect(await stored(id)).toEqual(answer)
        expect(await runStatus(id)).toBe(answer["status"])
        return answer["status"]
      }),
    )
    expect(ends).toContain("cancelled")
  })

  it("tells how it stands while a tool does not let go, and the end comes later", async () => {
    await using other = await startResponsesServer({
      providerUrl: provider.url,
      tools: [deaf],
      limits: { cancelWaitMs: 100, drainMs: 30_000 },
    })
    provider.next({ toolCalls: [{ id: "call_1", name: "deaf", arguments: "{}" }] })
    const tools = [{ type: "mcp", server_label: "perdure", require_approval: "never" }]
    const { id } = await openAiClient(other).responses.create({ ...background, tools } as OpenAI.Responses.ResponseCreateParamsNonStreaming)
    await isCalled
    expect((await cancel(id, other))["status"]).toBe("in_progress")
    expect((await stored(id, other))["status"]).toBe("in_progress")
    letGo()
    await vi.waitFor(async () => expect((await stored(id, other))["status"]).toBe("cancelled"), waiting)
    expect((await cancel(id, other))["status"]).toBe("cancelled")
    expect(await runStatus(id, other)).toBe("cancelled")
  })

  it("nothing reached an error handler", () => {
    expect(server.errors).toEqual([])
  })
})
