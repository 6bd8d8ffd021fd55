// A server that is killed in the middle of a stream: its successor goes on, and readers that come back see no gap and no duplicate.
import { spawn, type ChildProcess } from "node:child_process"
import { once } from "node:events"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest"
import type { WireEvent } from "../../packages/server/src/agents/index.ts"
import { startFakeProvider, type FakeProvider } from "../../packages/server/src/testing/fake-provider.ts"
import { nodeFlags } from "../../packages/server/src/testing/node-flags.ts"
import { open, openAiClient, send } from "../../packages/server/src/testing/response-client.ts"
import { assertStreamInvariants } from "../../packages/server/src/testing/response-fixtures.ts"

interface Child {
  readonly process: ChildProcess
  readonly url: string
  readonly apiKey: string
}

const children: ChildProcess[] = []
let provider: FakeProvider
let directory: string

beforeAll(async () => {
  provider = await startFakeProvider()
})
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "perdure-crash-"))
})
afterEach(async () => {
  for (const child of children.splice(0)) {
    if (child.exitCode !== null || child.signalCode !== null) continue
    const gone = once(child, "exit")
    child.kill("SIGKILL")
    await gone
  }
  await rm(directory, { recursive: true, force: true, maxRetries: 5 })
})
afterAll(async () => {
  await provider[Symbol.asyncDispose]()
})

async function start(attemptsMax = 3): Promise<Child> {
  const script = join(import.meta.dirname, "../../packages/server/src/testing/response-child.ts")
  const child = spawn(process.execPath, [...nodeFlags, script, directory, provider.url, String(attemptsMax)], {
    stdio: ["ignore", "pipe", "inherit"],
  })
  children.push(child)
  const died = once(child, "exit").then(([code]) => Promise.reject(new Error(`the server ended with ${String(code)} before it listened`)))
  const [line] = (await Promise.race([once(child.stdout, "data"), died])) as [Buffer]
  died.catch(() => undefined) // it is killed later
  return { process: child, ...(JSON.parse(line.toString()) as { url: string; apiKey: string }) }
}

async function kill(child: Child): Promise<void> {
  const gone = once(child.process, "exit")
  child.process.kill("SIGKILL")
  await gone
}

interface Outcome {
  events: WireEvent[]
  after: WireEvent[]
  kills: number
  child: Child
}

/** Reads the response of `body`, kills the server after so many events each time, and goes on reading from its successor. */
async function readThroughKills(body: object, killAfter: readonly number[]): Promise<Outcome> {
  let child = await start()
  const events: WireEvent[] = []
  let kills = 0
  for (const count of killAfter) {
    const stream = events.length === 0 ? await open(child, "POST", "/v1/responses", body) : await resume(child, events)
    for (let read = 0; read < count; read++) {
      const event = await stream.next()
      if (!event) break
      events.push(event)
    }
    if (events.at(-1)?.type.startsWith("response.completed")) break
    stream.response.on("error", () => undefined)
    await kill(child)
    kills += 1
    child = await start()
  }
  const stream = await resume(child, events)
  for (let event = await stream.next(); event; event = await stream.next()) events.push(event)
  const after = (await send(child, "GET", `/v1/responses/${responseOf(events).id}?stream=true`)).events
  return { events, after, kills, child }
}

function resume(child: Child, events: readonly WireEvent[]): ReturnType<typeof open> {
  return open(child, "GET", `/v1/responses/${responseOf(events).id}?stream=true&starting_after=${events.at(-1)?.sequence_number ?? -1}`)
}

interface Answered {
  id: string
  status: string
  output: { type: string; status: string; content?: { text: string }[] }[]
}

function responseOf(events: readonly WireEvent[]): Answered {
  return events.findLast((event) => event["response"])?.["response"] as unknown as Answered
}

describe("R24 SIGKILL in the middle of a stream", () => {
  it("perdure/extractive: the answer ends properly, in a new item, and nothing is repeated under the old one", async () => {
    const body = { model: "perdure/extractive", input: "Hello, what are you?", stream: true, background: true }
    const { events, after, kills, child } = await readThroughKills(body, [12, 15])
    expect(kills).toBe(2)
    expect(() => assertStreamInvariants(events)).not.toThrow()
    expect(after).toEqual(events)
    const { status, output } = responseOf(events)
    expect(status).toBe("completed")
    expect(output.map((item) => item.status)).toEqual(["incomplete", "incomplete", "completed"])
    const undisturbed = await openAiClient(child).responses.create({ model: "perdure/extractive", input: "Hello, what are you?" })
    expect(output.at(-1)?.content?.[0]?.text).toBe(undisturbed.output_text)
    for (const cut of output.slice(0, -1)) expect(undisturbed.output_text.startsWith(cut.content?.[0]?.text ?? "?")).toBe(true)
  })

  it("while a context is compacted: there is one item of compaction, and the answer reads its summary", async () => {
    const isSummary = (text: string): boolean => text.includes("You compact a conversation")
    provider.always(({ text }) =>
      isSummary(text) ? { text: "Tuesday.", firstChunkDelayMs: 500 } : { text: ["It is ", "Tuesday."], chunkDelayMs: 50 },
    )
    const grown = [
      { role: "assistant", content: "Much was said. ".repeat(400) },
      { role: "user", content: "When?" },
    ]
    const management = [{ type: "compaction", compact_threshold: 1_000 }]
    const body = { model: "fake-model", input: grown, context_management: management, stream: true, background: true }
    const { events, after, kills } = await readThroughKills(body, [3, 1])
    expect(kills).toBe(2)
    expect(() => assertStreamInvariants(events)).not.toThrow()
    expect(after).toEqual(events)
    const { status, output } = responseOf(events)
    expect(status).toBe("completed")
    expect(output.filter(({ type }) => type === "compaction")).toHaveLength(1)
    expect(output.at(-1)?.content?.[0]?.text).toBe("It is Tuesday.")
    const answers = provider.requests.filter(({ text }) => text.includes("When?") && !isSummary(text))
    for (const { text } of answers) expect(text).toContain("Summary of the conversation until here")
    provider.always({})
  })

  it("a provider over HTTP: a foreground response is finished for whoever comes back", async () => {
    provider.always({ text: Array.from({ length: 30 }, (_, index) => `w${index} `), chunkDelayMs: 20 })
    const { events, after } = await readThroughKills({ model: "fake-model", input: "x", stream: true }, [9])
    expect(() => assertStreamInvariants(events)).not.toThrow()
    expect(after).toEqual(events)
    expect(responseOf(events).status).toBe("completed")
    expect(responseOf(events).output.at(-1)?.content?.[0]?.text).toMatch(/^w0 .*w29 $/)
  })

  it("function calls that were finished are kept: they are not made again", async () => {
    provider.always((request) =>
      JSON.stringify(request.body["messages"]).includes("calls please")
        ? {
            toolCalls: [
              { id: `call_a`, name: "f", arguments: "{}" },
              { id: `call_b`, name: "f", arguments: "{}" },
            ],
            chunkDelayMs: 50,
          }
        : {},
    )
    const tools = [{ type: "function", name: "f", parameters: { type: "object", properties: {} } }]
    const { events } = await readThroughKills({ model: "fake-model", input: "calls please", stream: true, background: true, tools }, [5])
    expect(() => assertStreamInvariants(events)).not.toThrow()
    const completed = events
      .filter((event) => event.type === "response.output_item.done")
      .map((event) => event["item"] as unknown as { call_id: string; status: string })
    const ids = completed.filter((item) => item.status === "completed").map((item) => item.call_id)
    expect(new Set(ids).size).toBe(ids.length)
    expect(ids.length).toBeGreaterThan(0)
  })

  it("a run that is parked because its servers keep dying tells whoever waits for it", async () => {
    const body = { model: "perdure/extractive", input: "Hello, what are you?", stream: true, background: true }
    const first = await start(1)
    const stream = await open(first, "POST", "/v1/responses", body)
    const seen: WireEvent[] = []
    for (let event = await stream.next(); event && seen.push(event) < 10;) event = await stream.next()
    stream.response.on("error", () => undefined)
    await kill(first)
    const second = await start(1)
    const rest = await resume(second, seen)
    const last: WireEvent[] = []
    for (let event = await rest.next(); event; event = await rest.next()) last.push(event)
    expect(last.at(-1)).toMatchObject({ type: "error", message: expect.stringContaining("poisoned") as string })
    expect((await send(second, "GET", `/v1/responses/${responseOf(seen).id}`)).json).toMatchObject({
      status: "failed",
      error: { code: "server_error" },
    })
  })
})
