// What clients of each dialect see when a provider misbehaves: never a clean end of an answer that is not whole. Prints the table: alone,
// and with a second deployment that may take the answer over, which continues a prefix or cannot.
import { writeFile } from "node:fs/promises"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { awsEvent } from "../../packages/server/src/inference/providers/bedrock/event-stream.fixtures.ts"
import {
  startFakeProvider,
  type FakeAnswer,
  type FakeScript,
  type ReceivedRequest,
} from "../../packages/server/src/testing/fake-provider.ts"
import { startPerdure, temporaryDirectory, type StartedServer } from "../support/server.ts"
import { faultsConfig, upstreams, variants, type Upstream } from "./faults-config.ts"

interface Fault {
  name: string
  script: FakeScript
  /** Calls at once, where a machine that is busy otherwise would not keep up with as many as usual. */
  atOnce?: number
  /** Of the deployment that shows it, where it is only waited for. One that is well has all the time that a busy machine may need. */
  timeouts?: string
  /** Only where an answer is streamed, or only where it is not. */
  only?: "stream" | "whole"
  /** The answer becomes whole all the same. */
  harmless?: boolean
  /** Some of the answer has come when it strikes: only what can take an answer over helps then. */
  inTheMiddle?: boolean
  /** What the whole answer may take is over: nobody takes over. */
  outOfTime?: boolean
}

// Some dialects begin with up to four frames before the first word.
const text = ["one ", "two ", "three ", "four ", "and ", "so ", "on ", "and on"]
const html: FakeAnswer = { raw: { status: 200, headers: { "content-type": "text/html" }, body: ["<html>welcome</html>"] } }

/** A stream of one frame: as events for everyone but Bedrock, whose frames are binary. */
const oneFrame =
  (event: string | Buffer, binary: Buffer) =>
  ({ path }: ReceivedRequest): FakeAnswer =>
    path.endsWith("/converse-stream")
      ? { raw: { status: 200, headers: { "content-type": "application/vnd.amazon.eventstream" }, body: [binary] } }
      : { raw: { status: 200, headers: { "content-type": "text/event-stream" }, body: [event] } }
const delta = (words: string): Buffer => awsEvent("contentBlockDelta", { contentBlockIndex: 0, delta: { text: words } })

/** Its checksum is that of another one. */
const damagedFrame = Buffer.concat([delta("one ").subarray(0, -4), delta("two ").subarray(-4)])
const hugeFrame = delta("y".repeat(40_000_000))
const hugeEvent = Buffer.from(`data: {"x":"${"y".repeat(40_000_000)}`)

/** Refuses each call once. The text of a call says which it is. */
function flapping(): FakeScript {
  const refused = new Set<string>()
  return ({ text: asked }) => {
    const call = /call \d+/.exec(asked)?.[0] ?? ""
    if (refused.has(call)) return { text }
    refused.add(call)
    return { error: { status: 503, message: "flapping" } }
  }
}

const faults: readonly Fault[] = [
  { name: "slow", script: { text, delayMs: 800, chunkDelayMs: 200 }, harmless: true },
  { name: "never answers", script: { hang: true }, timeouts: "firstTokenMs: 3000" },
  { name: "falls silent", script: { text, ending: "hang", framesMax: 6 }, timeouts: "idleMs: 6000", only: "stream", inTheMiddle: true },
  { name: "reset in a frame", script: { text, ending: "reset", framesMax: 6 }, only: "stream", inTheMiddle: true },
  { name: "EOF without the last event", script: { text, ending: "eof", framesMax: 6 }, only: "stream", inTheMiddle: true },
  {
    name: "endless stream",
    script: { text: Array.from({ length: 2_000 }, () => "again "), chunkDelayMs: 100 },
    only: "stream",
    outOfTime: true,
  },
  {
    name: "error in the stream",
    script: { text, chunkDelayMs: 40, streamError: { afterFrames: 6, message: "broken in the middle", code: "server_error" } },
    only: "stream",
    inTheMiddle: true,
  },
  {
    name: "error in the same bytes",
    script: { text, together: true, streamError: { afterFrames: 6, message: "broken in the middle", code: "server_error" } },
    only: "stream",
    inTheMiddle: true,
  },
  { name: "5xx flap", script: flapping(), atOnce: 19, harmless: true },
  { name: "5xx for good", script: { error: { status: 500, message: "broken" } } },
  {
    name: "truncated JSON",
    script: { raw: { status: 200, headers: { "content-type": "application/json" }, body: ['{"id":"x","choices":[{"mess'] } },
    only: "whole",
  },
  {
    name: "malformed frame",
    script: oneFrame('data: {"id":"x","choices":[{"del\n\n', damagedFrame),
    only: "stream",
  },
  { name: "wrong content type", script: html },
  {
    name: "huge chunk",
    script: oneFrame(hugeEvent, hugeFrame),
    atOnce: 3,
    only: "stream",
  },
  { name: "429 storm", script: { error: { status: 429, message: "slow down" } } },
]

type Dialect = "chat completions" | "completions" | "messages" | "responses"
const dialects: readonly Dialect[] = ["chat completions", "completions", "messages", "responses"]
const paths: Readonly<Record<Dialect, string>> = {
  "chat completions": "/v1/chat/completions",
  completions: "/v1/completions",
  messages: "/v1/messages",
  responses: "/v1/responses",
}

interface Cell {
  ask: Ask
  spareModel: (typeof variants)[number]
}

let calls = 0

/** `fault`: whose models are asked. */
async function outcomeOf(
  { url, apiKey }: StartedServer,
  fault: number,
  { ask: { dialect, model, stream }, spareModel }: Cell,
): Promise<string> {
  const words = `call ${(calls += 1)}`
  const asked = {
    "chat completions": { messages: [{ role: "user", content: words }], max_tokens: 50 },
    completions: { prompt: words, max_tokens: 50 },
    messages: { messages: [{ role: "user", content: words }], max_tokens: 50 },
    responses: { input: words },
  }[dialect]
  const perdure = spareModel === "" ? {} : { perdure: { failover: "continue" } }
  const answer = await fetch(url + paths[dialect], {
    method: "POST",
    headers: { authorization: `Bearer ${apiKey}`, "content-type": "application/json" },
    body: JSON.stringify({ model: `f${fault}-${model}${spareModel}`, stream, ...asked, ...perdure }),
  })
  // A connection that is cut is an end that no client takes for a good one.
  const body = await answer.text().catch(() => "connection cut")
  if (!answer.ok) return `HTTP ${answer.status}`
  if (body === "connection cut") return body
  return stream ? streamOutcome(body) : wholeOutcome(dialect, body)
}

function streamOutcome(body: string): string {
  if (/"type":"response\.failed"/.test(body)) return "response.failed"
  if (/event: error\n|data: \{"error"/.test(body)) return "error event"
  return /\[DONE\]|message_stop|"type":"response\.completed"/.test(body) ? completed(body) : "no end"
}

function wholeOutcome(dialect: Dialect, body: string): string {
  const answer = JSON.parse(body) as { status?: string }
  if (dialect === "responses" && answer.status !== "completed") return answer.status ?? "no status"
  return completed(body)
}

/** Whose words it holds: those of the spare deployment alone, behind those of the first in the same item, or in an item of their own. */
function completed(body: string): string {
  if (!body.includes("five ")) return "completed"
  if (!/one |again /.test(body)) return "completed elsewhere"
  return /"status":"incomplete"/.test(body) ? "begun anew" : "continued"
}

interface Ask {
  dialect: Dialect
  model: Upstream
  stream: boolean
}

const asks: readonly Ask[] = dialects.flatMap((dialect) =>
  // Nobody but servers of OpenAI's kind goes on with a text.
  (dialect === "completions" ? (["gpt"] as const) : upstreams).flatMap((model) =>
    [true, false].map((stream) => ({ dialect, model, stream })),
  ),
)

/** The rows of a fault that concern it: responses always stream from their provider. */
function asksOf({ only }: Fault): readonly Ask[] {
  return asks.filter(({ dialect, stream }) => only === undefined || (only === "stream") === (stream || dialect === "responses"))
}

const callsAtOnce = 57

async function rowsOf(server: StartedServer, fault: Fault, number: number): Promise<string[][]> {
  const concerned = asksOf(fault)
  const cells: Cell[] = concerned.flatMap((ask) => variants.map((spareModel) => ({ ask, spareModel })))
  const outcomes: string[] = []
  const waiting = [...cells.entries()]
  const lane = async (): Promise<void> => {
    for (let next = waiting.shift(); next; next = waiting.shift()) outcomes[next[0]] = await outcomeOf(server, number, next[1])
  }
  await Promise.all(Array.from({ length: fault.atOnce ?? callsAtOnce }, lane))
  return concerned.map(({ dialect, model, stream }, index) => {
    const [alone = "", goesOn = "", anew = ""] = outcomes.slice(index * variants.length)
    return [fault.name, `${dialect}${stream ? ", stream" : ""}`, model, alone, goesOn, anew]
  })
}

const disposables: AsyncDisposable[] = []
const kept = <Thing extends AsyncDisposable>(thing: Thing): Thing => {
  disposables.unshift(thing)
  return thing
}
/** By fault: those that are only waited for at once, the others one after another beside them. */
const rows = new Map<Fault, Promise<string[][]>>()

beforeAll(async () => {
  const directory = kept(await temporaryDirectory())
  const spare = kept(await startFakeProvider({ text: ["five ", "six"] }))
  const providers = await Promise.all(faults.map(({ script }) => startFakeProvider(script)))
  providers.forEach(kept)
  const places = faults.map(({ timeouts = "" }, number) => ({ url: providers[number]!.url, timeouts }))
  const start = async (name: string, limits: string): Promise<StartedServer> => {
    const config = join(directory.path, `${name}.yaml`)
    await writeFile(config, faultsConfig(places, spare.url, limits))
    return kept(await startPerdure({ dataDirectory: join(directory.path, name), config }))
  }
  const [usual, hurried] = await Promise.all([start("usual", ""), start("hurried", "totalTimeoutMs: 8000, ")])
  let busy: Promise<unknown> = Promise.resolve()
  for (const [number, fault] of faults.entries()) {
    const isWaitedFor = fault.timeouts !== undefined || fault.outOfTime === true
    const run = (): Promise<string[][]> => rowsOf(fault.outOfTime ? hurried : usual, fault, number)
    const found = isWaitedFor ? run() : busy.then(run)
    rows.set(fault, found)
    found.catch(() => undefined) // its own test tells it
    if (!isWaitedFor) busy = found.catch(() => undefined)
  }
})
afterAll(async () => {
  for (const each of disposables) await each[Symbol.asyncDispose]()
  const settled = await Promise.allSettled(rows.values())
  console.log(shown(settled.flatMap((each) => (each.status === "fulfilled" ? each.value : []))))
})

describe("a provider that shows", () => {
  it.each(faults.map((fault) => [fault.name, fault] as const))("%s", async (_, fault) => {
    const found = (await rows.get(fault)) ?? []
    expect(found).toHaveLength(asksOf(fault).length)
    expect(found.filter((row) => !isAllowed(fault, row))).toEqual([])
  })
})

const failed = /^(?:HTTP (?:4|5)\d\d|error event|response\.failed|failed|connection cut)$/

/** A whole answer or an error; which of them it is where a second deployment stands by. */
function isAllowed(
  { harmless = false, inTheMiddle = false, outOfTime = false }: Fault,
  [, dialect = "", , alone = "", goesOn = "", anew = ""]: readonly string[],
): boolean {
  if (harmless) return [alone, goesOn, anew].every((each) => each.startsWith("completed"))
  if (!failed.test(alone)) return false
  if (outOfTime) return failed.test(goesOn) && failed.test(anew)
  if (!inTheMiddle) return [goesOn, anew].every((each) => each === "completed elsewhere")
  if (dialect.startsWith("completions")) return failed.test(goesOn) && failed.test(anew)
  return goesOn === "continued" && (dialect.startsWith("responses") ? anew === "begun anew" : failed.test(anew))
}

function shown(rows: readonly string[][]): string {
  const all = [["fault", "dialect", "model", "alone", "with one that continues", "with one that begins anew"], ...rows]
  const widths = [0, 1, 2, 3, 4, 5].map((column) => Math.max(...all.map((row) => (row[column] ?? "").length)))
  return all.map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("  ")).join("\n")
}
