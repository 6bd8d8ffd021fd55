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

const provider = await startFakeProvider()
const spare = await startFakeProvider({ text: ["five ", "six"] })
const directory = await temporaryDirectory()
let server: StartedServer
const table: string[][] = []

beforeAll(async () => {
  const config = join(directory.path, "perdure.yaml")
  await writeFile(config, configText(provider.url, spare.url))
  server = await startPerdure({ dataDirectory: join(directory.path, "data"), config })
})
afterAll(async () => {
  await server[Symbol.asyncDispose]()
  await provider[Symbol.asyncDispose]()
  await spare[Symbol.asyncDispose]()
  await directory[Symbol.asyncDispose]()
  console.log(shown(table))
})

/** Where each kind of upstream is asked. */
const upstreamOf = {
  gpt: "provider: up, model: m",
  claude: "provider: claude, model: claude-sonnet-4-5",
  responses: "provider: up, model: m, dialect: responses",
  gemini: "provider: gemini, model: gemini-2.5-flash",
  bedrock: "provider: aws, model: amazon.nova-pro-v1:0",
  cohere: "provider: cohere, model: command-a-03-2025",
} as const
type Upstream = keyof typeof upstreamOf
const upstreams: readonly Upstream[] = ["gpt", "claude", "responses", "gemini", "bedrock", "cohere"]

/** A model alone, and with each of the deployments that may take its answers over. */
function modelLines(name: Upstream): string[] {
  const first = `{ ${upstreamOf[name]} }`
  const withSpare = (spareName: string): string => `${first}, { provider: ${spareName}, model: m, priority: 1 }`
  return [
    `  ${name}: { deployments: [${first}] }`,
    ...["goeson", "anew"].map((spareName) => `  ${name}-${spareName}: { deployments: [${withSpare(spareName)}] }`),
  ]
}

function configText(url: string, spareUrl: string): string {
  const breaker =
    "breakerOpenMs: 1, breakerOpenMsMax: 1, coolDownMs: 1, coolDownMsMax: 1, breakerFailuresMax: 1000, breakerRequestsMin: 1000"
  return `discovery: false
limits: { firstTokenTimeoutMs: 20000, idleTimeoutMs: 12000, totalTimeoutMs: 40000, retryBudgetBurst: 1000, ${breaker} }
providers:
  up: { baseUrl: "${url}", apiKey: "up-key" }
  claude: { type: anthropic, baseUrl: "${url.replace(/\/v1$/, "")}", apiKey: "claude-key" }
  gemini: { type: gemini, baseUrl: "${url.replace(/\/v1$/, "/v1beta")}", apiKey: "gemini-key" }
  aws: { type: bedrock, baseUrl: "${url.replace(/\/v1$/, "")}", settings: { region: eu-central-1 }, apiKey: "aws-key" }
  cohere: { type: cohere, baseUrl: "${url.replace(/\/v1$/, "")}", apiKey: "cohere-key" }
  goeson: { type: vllm, baseUrl: "${spareUrl}", apiKey: "spare-key" }
  anew: { baseUrl: "${spareUrl}", apiKey: "spare-key" }
models:
${upstreams.flatMap(modelLines).join("\n")}
`
}

interface Fault {
  name: string
  script: FakeScript
  /** Requests that it lasts; all when absent. */
  lasts?: number
  /** Calls at once, where a machine that is busy otherwise would not keep up with as many as usual. */
  atOnce?: number
  /** Only where an answer is streamed, or only where it is not. */
  only?: "stream" | "whole"
  /** The answer becomes whole all the same. */
  harmless?: boolean
  /** Some of the answer has come when it strikes: only what can take an answer over helps then. */
  inTheMiddle?: boolean
  /** Where what came before it lies in the same bytes, or nobody is asked any more, the answer is whole from elsewhere. */
  mayBeUnseen?: boolean
  /** What the whole answer may take is over: nobody takes over. */
  outOfTime?: boolean
}

// Some dialects begin with up to four frames before the first word.
const text = ["one ", "two ", "three ", "four ", "and ", "so ", "on ", "and on"]
const html: FakeAnswer = { raw: { status: 200, headers: { "content-type": "text/html" }, body: ["<html>welcome</html>"] } }

/** A stream of one frame: as events for everyone but Bedrock, whose frames are binary. */
const oneFrame =
  (event: string, binary: Buffer) =>
  ({ path }: ReceivedRequest): FakeAnswer =>
    path.endsWith("/converse-stream")
      ? { raw: { status: 200, headers: { "content-type": "application/vnd.amazon.eventstream" }, body: [binary] } }
      : { raw: { status: 200, headers: { "content-type": "text/event-stream" }, body: [event] } }
const delta = (words: string): Buffer => awsEvent("contentBlockDelta", { contentBlockIndex: 0, delta: { text: words } })

/** Its checksum is that of another one. */
const damagedFrame = Buffer.concat([delta("one ").subarray(0, -4), delta("two ").subarray(-4)])
const hugeFrame = delta("y".repeat(40_000_000))

const faults: readonly Fault[] = [
  { name: "slow", script: { text, delayMs: 800, chunkDelayMs: 200 }, harmless: true },
  { name: "never answers", script: { hang: true } },
  { name: "falls silent", script: { text, ending: "hang", framesMax: 6 }, only: "stream", inTheMiddle: true },
  { name: "reset in a frame", script: { text, ending: "reset", framesMax: 6 }, only: "stream", inTheMiddle: true },
  { name: "EOF without the last event", script: { text, ending: "eof", framesMax: 6 }, only: "stream", inTheMiddle: true },
  {
    name: "endless stream",
    script: { text: Array.from({ length: 2_000 }, () => "again "), chunkDelayMs: 100 },
    only: "stream",
    outOfTime: true,
  },
  // The pool learns from the following how little the deployment bears, and goes elsewhere without asking it.
  {
    name: "error in the stream",
    script: { text, chunkDelayMs: 40, streamError: { afterFrames: 6, message: "broken in the middle", code: "server_error" } },
    only: "stream",
    inTheMiddle: true,
    mayBeUnseen: true,
  },
  { name: "5xx flap", script: { error: { status: 503, message: "flapping" } }, lasts: 1, harmless: true },
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
    script: oneFrame(`data: {"x":"${"y".repeat(40_000_000)}`, hugeFrame),
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

/** `spare`: whose second deployment may take over, `-goeson` or `-anew`; alone without it. */
async function outcomeOf({ dialect, model, stream }: Ask, spareModel = ""): Promise<string> {
  const asked = {
    "chat completions": { messages: [{ role: "user", content: "hi" }], max_tokens: 50 },
    completions: { prompt: "hi", max_tokens: 50 },
    messages: { messages: [{ role: "user", content: "hi" }], max_tokens: 50 },
    responses: { input: "hi" },
  }[dialect]
  const perdure = spareModel === "" ? {} : { perdure: { failover: "continue" } }
  const answer = await fetch(server.url + paths[dialect], {
    method: "POST",
    headers: { authorization: `Bearer ${server.apiKey}`, "content-type": "application/json" },
    body: JSON.stringify({ model: model + spareModel, stream, ...asked, ...perdure }),
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

const callsAtOnce = 57

/** Whose second deployment stands by. */
const variants = ["", "-goeson", "-anew"] as const

describe("a provider that shows", () => {
  it.each(faults.map((fault) => [fault.name, fault] as const))("%s", async (name, fault) => {
    // Responses always stream from their provider.
    const concerned = asks.filter(({ dialect, stream }) => {
      const streamed = stream || dialect === "responses"
      return fault.only === undefined || (fault.only === "stream") === streamed
    })
    const cells = concerned.flatMap((ask) => variants.map((spareModel) => ({ ask, spareModel })))
    const outcomes: string[] = []
    if (fault.lasts === undefined) {
      provider.always(fault.script)
      const { atOnce = callsAtOnce } = fault
      for (let at = 0; at < cells.length; at += atOnce)
        outcomes.push(...(await Promise.all(cells.slice(at, at + atOnce).map(({ ask, spareModel }) => outcomeOf(ask, spareModel)))))
    } else
      // A fault that passes is met by one call at a time.
      for (const { ask, spareModel } of cells) {
        provider.always({ text }).next(...Array.from({ length: fault.lasts }, () => fault.script))
        outcomes.push(await outcomeOf(ask, spareModel))
      }
    const rows = concerned.map(({ dialect, model, stream }, index) => {
      const [alone = "", goesOn = "", anew = ""] = outcomes.slice(index * variants.length)
      return [name, `${dialect}${stream ? ", stream" : ""}`, model, alone, goesOn, anew]
    })
    table.push(...rows)
    expect(outcomes).toHaveLength(cells.length)
    expect(rows.filter((row) => !isAllowed(fault, row))).toEqual([])
  })
})

const failed = /^(?:HTTP (?:4|5)\d\d|error event|response\.failed|failed|connection cut)$/

/** A whole answer or an error; which of them it is where a second deployment stands by. */
function isAllowed(
  { harmless = false, inTheMiddle = false, mayBeUnseen = false, outOfTime = false }: Fault,
  [, dialect = "", , alone = "", goesOn = "", anew = ""]: readonly string[],
): boolean {
  if (harmless) return [alone, goesOn, anew].every((each) => each.startsWith("completed"))
  if (!failed.test(alone)) return false
  if (outOfTime) return failed.test(goesOn) && failed.test(anew)
  if (!inTheMiddle) return [goesOn, anew].every((each) => each === "completed elsewhere")
  const isUnseen = (each: string): boolean => mayBeUnseen && each === "completed elsewhere"
  if (dialect.startsWith("completions")) return [goesOn, anew].every((each) => failed.test(each) || isUnseen(each))
  const isAnew = dialect.startsWith("responses") ? anew === "begun anew" : failed.test(anew)
  return (goesOn === "continued" || isUnseen(goesOn)) && (isAnew || isUnseen(anew))
}

function shown(rows: readonly string[][]): string {
  const all = [["fault", "dialect", "model", "alone", "with one that continues", "with one that begins anew"], ...rows]
  const widths = [0, 1, 2, 3, 4, 5].map((column) => Math.max(...all.map((row) => (row[column] ?? "").length)))
  return all.map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("  ")).join("\n")
}
