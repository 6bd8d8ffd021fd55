// Restarts at every place: a run whose log was cut after any row is claimed by another executor and ends as a valid response.
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { defaultLimits, newId, systemClock, type JsonObject } from "../core/index.ts"
import { createRuns, type Run, type Runs } from "../runs/index.ts"
import { startFakeProvider, type FakeAnswer, type FakeProvider, type ReceivedRequest } from "../testing/fake-provider.ts"
import { testDeployment, testModel } from "../testing/gateway.ts"
import { send } from "../testing/response-client.ts"
import { assertStreamInvariants } from "../testing/response-fixtures.ts"
import { startResponsesServer, type ResponsesServer } from "../testing/responses-server.ts"
import { defineTool } from "../tools/index.ts"
import { requestOf } from "./chain.ts"
import { readResponse, readSnapshot } from "./response-reader.ts"
import type { WireEvent } from "./types.ts"

const look = defineTool({
  name: "look",
  description: "Looks",
  parameters: { type: "object", properties: {} },
  effect: "read",
  run: async () => "a cat",
})

const inputs = [
  "What do you see?",
  "Make two calls",
  "This will be cut",
  "This will break",
  "This goes on elsewhere",
  "This has grown",
  "Search for tools",
] as const

interface Seeded {
  readonly original: Run
  /** Copies of the run, the one at `index` with the first `index + 1` events of its log. */
  readonly copies: readonly string[]
}

let provider: FakeProvider
let server: ResponsesServer
let directory: string
const seeded = new Map<string, Seeded>()

/** Of `pair` the first deployment breaks off, and the second answers anew. */
const options = (): Parameters<typeof startResponsesServer>[0] => ({
  providerUrl: provider.url,
  tools: [look],
  dataDirectory: directory,
  limits: { retryBudgetBurst: 1_000 },
  models: [
    testModel(
      "pair",
      testDeployment(provider.url, { id: "fake/one", upstreamModel: "first" }),
      testDeployment(provider.url, { id: "fake/two", upstreamModel: "second", priority: 1 }),
    ),
  ],
})

/** The first server makes the logs and leaves cut copies of them in the queue; the second finds them as after a crash. */
beforeAll(async () => {
  provider = await startFakeProvider(script)
  directory = await mkdtemp(join(tmpdir(), "perdure-restart-"))
  await using first = await startResponsesServer(options())
  // Starts runs and executes none.
  await using gateway = createRuns({ store: first.store, clock: systemClock, newId, limits: defaultLimits, role: "gateway" })
  for (const input of inputs) seeded.set(input, await seed(first, gateway, input))
}, 240_000)
beforeAll(async () => {
  server = await startResponsesServer(options())
}, 120_000)
afterAll(async () => {
  await server[Symbol.asyncDispose]()
  await provider[Symbol.asyncDispose]()
  await rm(directory, { recursive: true, force: true })
})

async function seed({ runs, ...target }: ResponsesServer, gateway: Runs, input: string): Promise<Seeded> {
  const elsewhere = { model: "pair", perdure: { failover: "continue" } }
  const grown = {
    input: [
      { role: "assistant", content: "Much was said. ".repeat(400) },
      { role: "user", content: input },
    ],
    context_management: [{ type: "compaction", compact_threshold: 1_000 }],
  }
  const searching = { tools: [...tools, searchTool], reasoning: { summary: "auto" } }
  const special: Readonly<Record<string, object>> = {
    "This goes on elsewhere": elsewhere,
    "This has grown": grown,
    "Search for tools": searching,
  }
  const more = special[input] ?? {}
  const asked = { model: "fake-model", input, tools, ...more }
  await send(target, "POST", "/v1/responses", asked)
  const newest = (await runs.list(target.projectId, { kind: "response", limit: 1 })).runs[0]
  const original = await runs.ended(target.projectId, newest?.id ?? "", AbortSignal.timeout(30_000))
  const log = (await runs.events(target.projectId, original.id, 0, 1_000)).filter((event) => !event.type.startsWith("run."))
  const { projectId, principal, input: request, label } = original
  const copies: string[] = []
  for (let count = 1; count <= log.length; count++) {
    const events = log.slice(0, count).map(({ type, data, label: each }) => ({ type, data, label: each }))
    copies.push((await gateway.start({ projectId, principal, kind: "response", name: "response", input: request, label, events })).id)
  }
  return { original, copies }
}

/** Answers by what it is sent, so that a turn that is run again is answered as before. */
function script({ body, text }: ReceivedRequest): FakeAnswer {
  const answered = (body["messages"] as { role: string }[]).some((message) => message.role === "tool")
  if (text.includes("You compact a conversation")) return { text: "Much was said." }
  if (text.includes("two calls")) return { reasoning: "hm", text: "Calling. ", toolCalls: [callOf("c1"), callOf("c2")] }
  if (text.includes("Search for")) return { reasoning: "hm", toolCalls: [{ id: "s1", name: "tool_search", arguments: '{"query":"x"}' }] }
  if (text.includes("be cut")) return { text: ["Half ", "an answer"], finishReason: "length" }
  if (text.includes("break")) return { text: ["Some ", "text"], chunkDelayMs: 20, ending: "eof", framesMax: 3 }
  if (text.includes("elsewhere"))
    return body["model"] === "first" ? { text: ["one ", "two "], chunkDelayMs: 20, ending: "eof", framesMax: 3 } : { text: ["uno ", "dos"] }
  return answered ? { text: ["I see ", "a cat."] } : { toolCalls: [{ id: "look_1", name: "look", arguments: "{}" }] }
}

function callOf(id: string): { id: string; name: string; arguments: string } {
  return { id, name: "client_tool", arguments: `{"id":"${id}"}` }
}

const tools = [
  { type: "mcp", server_label: "perdure" },
  { type: "function", name: "client_tool", parameters: { type: "object", properties: {} } },
]

const searchTool = { type: "tool_search", execution: "client", description: "Finds tools", parameters: { type: "object", properties: {} } }

interface Restarted {
  readonly run: Run
  readonly events: readonly WireEvent[]
  readonly snapshot: JsonObject
}

async function read(runId: string): Promise<Restarted> {
  const run = await server.runs.ended(server.projectId, runId, AbortSignal.timeout(50_000))
  const events: WireEvent[] = []
  for await (const { event } of readResponse(server.runs, run, -1, AbortSignal.timeout(50_000))) events.push(event)
  return { run, events, snapshot: await readSnapshot(server.runs, run) }
}

async function restartEverywhere(input: (typeof inputs)[number]): Promise<{ original: Run; restarted: Restarted[] }> {
  const { original, copies } = seeded.get(input) ?? { copies: [] }
  if (!original) throw new Error("nothing was seeded")
  const restarted = await Promise.all(copies.map(read))
  for (const { events, snapshot } of restarted) {
    expect(() => assertStreamInvariants(events)).not.toThrow()
    expect(snapshot).toEqual(events.at(-1)?.["response"])
  }
  return { original, restarted }
}

interface Item {
  type: string
  status: string
  call_id?: string
  content?: { text: string }[]
}
const outputOf = (response: JsonObject): Item[] => response["output"] as unknown as Item[]
const whole = (response: JsonObject): Item[] => outputOf(response).filter((item) => item.status !== "incomplete")

describe("a log cut after any of its rows", () => {
  it("goes on with a tool of this process: the answer is the same and the tool is shown once", async () => {
    const { restarted } = await restartEverywhere("What do you see?")
    expect(restarted.length).toBeGreaterThan(20)
    for (const { run, snapshot } of restarted) {
      expect(run.status).toBe("completed")
      expect(whole(snapshot).map((item) => item.type)).toEqual(["mcp_call", "message"])
      expect(whole(snapshot)[1]?.content?.[0]?.text).toBe("I see a cat.")
    }
  })

  it("keeps finished calls of the client and makes none twice", async () => {
    const { restarted } = await restartEverywhere("Make two calls")
    for (const { run, snapshot } of restarted) {
      expect(run.status).toBe("completed")
      const calls = whole(snapshot).filter((item) => item.type === "function_call")
      expect(new Set(calls.map((item) => item.call_id)).size).toBe(calls.length)
      expect(calls.length).toBeGreaterThanOrEqual(1)
    }
  })

  it("keeps what a search for tools asks for, and shows thoughts as a summary again", async () => {
    const { restarted } = await restartEverywhere("Search for tools")
    for (const { run, events } of restarted) {
      expect(run.status).toBe("completed")
      const items = events
        .filter(({ type }) => type === "response.output_item.done")
        .map((event) => event["item"] as Record<string, unknown>)
      const searches = items.filter(({ type, status }) => type === "tool_search_call" && status === "completed")
      expect(searches).toMatchObject([{ call_id: "s1", execution: "client", arguments: { query: "x" } }])
      expect(items.filter(({ type, status }) => type === "reasoning" && status === "completed")[0]).toMatchObject({
        summary: [{ type: "summary_text", text: "hm" }],
      })
    }
  })

  it("ends a cut answer as incomplete, once", async () => {
    const { restarted } = await restartEverywhere("This will be cut")
    for (const { run, snapshot } of restarted) {
      expect([run.status, snapshot["status"], outputOf(snapshot).at(-1)?.status]).toEqual(["incomplete", "incomplete", "incomplete"])
      expect(snapshot["incomplete_details"]).toEqual({ reason: "max_output_tokens" })
    }
  })

  it("ends a broken answer as failed", async () => {
    const { restarted, original } = await restartEverywhere("This will break")
    expect(requestOf(original).input).toHaveLength(1)
    for (const { run, snapshot, events } of restarted) {
      expect([run.status, snapshot["status"]]).toEqual(["failed", "failed"])
      expect(events.filter((event) => event.type === "error")).toHaveLength(1)
    }
  })

  it("T18 ends an answer that was begun anew elsewhere with one whole message, and repeats nothing under its item", async () => {
    const { restarted, original } = await restartEverywhere("This goes on elsewhere")
    expect(original.status).toBe("completed")
    for (const { run, snapshot, events } of restarted) {
      expect([run.status, snapshot["status"]]).toEqual(["completed", "completed"])
      expect(whole(snapshot).map((item) => item.content?.[0]?.text)).toEqual(["uno dos"])
      expect(events.at(-1)?.type).toBe("response.completed")
    }
  })

  it("shows one item of compaction, and goes on from the same summary", async () => {
    const { restarted, original } = await restartEverywhere("This has grown")
    expect(original.status).toBe("completed")
    expect(restarted.length).toBeGreaterThan(20)
    for (const { run, snapshot } of restarted) {
      expect(run.status).toBe("completed")
      expect(whole(snapshot).map((item) => item.type)).toEqual(["compaction", "mcp_call", "message"])
    }
  })

  it("nothing reached an error handler", () => {
    expect(server.errors).toEqual([])
  })
})
