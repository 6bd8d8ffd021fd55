// What clients of each dialect see when a provider misbehaves: never a clean end of an answer that is not whole. Prints the table.
import { writeFile } from "node:fs/promises"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { startFakeProvider, type FakeAnswer } from "../../packages/server/src/testing/fake-provider.ts"
import { startPerdure, temporaryDirectory, type StartedServer } from "../support/server.ts"

const provider = await startFakeProvider()
const directory = await temporaryDirectory()
let server: StartedServer
const table: string[][] = []

beforeAll(async () => {
  const config = join(directory.path, "perdure.yaml")
  await writeFile(config, configText(provider.url))
  server = await startPerdure({ dataDirectory: join(directory.path, "data"), config })
})
afterAll(async () => {
  await server[Symbol.asyncDispose]()
  await provider[Symbol.asyncDispose]()
  await directory[Symbol.asyncDispose]()
  console.log(shown(table))
})

function configText(url: string): string {
  const breaker =
    "breakerOpenMs: 1, breakerOpenMsMax: 1, coolDownMs: 1, coolDownMsMax: 1, breakerFailuresMax: 1000, breakerRequestsMin: 1000"
  return `discovery: false
limits: { firstTokenTimeoutMs: 10000, idleTimeoutMs: 6000, totalTimeoutMs: 14000, retryBudgetBurst: 1000, ${breaker} }
providers:
  up: { baseUrl: "${url}", apiKey: "up-key" }
  claude: { type: anthropic, baseUrl: "${url.replace(/\/v1$/, "")}", apiKey: "claude-key" }
models:
  gpt: { deployments: [{ provider: up, model: m }] }
  claude: { deployments: [{ provider: claude, model: claude-sonnet-4-5 }] }
`
}

interface Fault {
  name: string
  script: FakeAnswer
  /** Requests that it lasts; all when absent. */
  lasts?: number
  /** Only where an answer is streamed, or only where it is not. */
  only?: "stream" | "whole"
  /** The answer becomes whole all the same. */
  harmless?: boolean
}

const text = ["one ", "two ", "three ", "four"]
const html: FakeAnswer = { raw: { status: 200, headers: { "content-type": "text/html" }, body: ["<html>welcome</html>"] } }
const faults: readonly Fault[] = [
  { name: "slow", script: { text, delayMs: 800, chunkDelayMs: 200 }, harmless: true },
  { name: "never answers", script: { hang: true } },
  { name: "falls silent", script: { text, ending: "hang", framesMax: 4 }, only: "stream" },
  { name: "reset in a frame", script: { text, ending: "reset", framesMax: 4 }, only: "stream" },
  { name: "EOF without the last event", script: { text, ending: "eof", framesMax: 4 }, only: "stream" },
  { name: "429 storm", script: { error: { status: 429, message: "slow down" } } },
  { name: "5xx flap", script: { error: { status: 503, message: "flapping" } }, lasts: 1, harmless: true },
  { name: "5xx for good", script: { error: { status: 500, message: "broken" } } },
  {
    name: "truncated JSON",
    script: { raw: { status: 200, headers: { "content-type": "application/json" }, body: ['{"id":"x","choices":[{"mess'] } },
    only: "whole",
  },
  { name: "wrong content type", script: html },
  { name: "endless stream", script: { text: Array.from({ length: 2_000 }, () => "again "), chunkDelayMs: 30 }, only: "stream" },
  {
    name: "huge chunk",
    script: { raw: { status: 200, headers: { "content-type": "text/event-stream" }, body: [`data: {"x":"${"y".repeat(40_000_000)}`] } },
    only: "stream",
  },
]

type Dialect = "chat completions" | "messages" | "responses"
const dialects: readonly Dialect[] = ["chat completions", "messages", "responses"]
const paths: Readonly<Record<Dialect, string>> = {
  "chat completions": "/v1/chat/completions",
  messages: "/v1/messages",
  responses: "/v1/responses",
}

async function outcomeOf(dialect: Dialect, model: string, stream: boolean): Promise<string> {
  const asked = dialect === "responses" ? { input: "hi" } : { messages: [{ role: "user", content: "hi" }], max_tokens: 50 }
  const answer = await fetch(server.url + paths[dialect], {
    method: "POST",
    headers: { authorization: `Bearer ${server.apiKey}`, "content-type": "application/json" },
    body: JSON.stringify({ model, stream, ...asked }),
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
  return /\[DONE\]|message_stop|"type":"response\.completed"/.test(body) ? "completed" : "no end"
}

function wholeOutcome(dialect: Dialect, body: string): string {
  const answer = JSON.parse(body) as { status?: string }
  return dialect === "responses" ? (answer.status ?? "no status") : "completed"
}

interface Ask {
  dialect: Dialect
  model: string
  stream: boolean
}

const asks: readonly Ask[] = dialects.flatMap((dialect) =>
  ["gpt", "claude"].flatMap((model) => [true, false].map((stream) => ({ dialect, model, stream }))),
)

describe("a provider that shows", () => {
  it.each(faults.map((fault) => [fault.name, fault] as const))("%s", async (name, fault) => {
    // Responses always stream from their provider.
    const concerned = asks.filter(({ dialect, stream }) => {
      const streamed = stream || dialect === "responses"
      return fault.only === undefined || (fault.only === "stream") === streamed
    })
    const ask = async ({ dialect, model, stream }: Ask): Promise<void> => {
      if (fault.lasts === undefined) provider.always(fault.script)
      else provider.always({ text }).next(...Array.from({ length: fault.lasts }, () => fault.script))
      table.push([name, `${dialect}${stream ? ", stream" : ""}`, model, await outcomeOf(dialect, model, stream)])
    }
    // A fault that passes is met by one call at a time.
    if (fault.lasts === undefined) await Promise.all(concerned.map(ask))
    else for (const each of concerned) await ask(each)
    const outcomes = table.filter(([fault]) => fault === name)
    expect(outcomes).toHaveLength(concerned.length)
    const allowed = fault.harmless ? /^completed$/ : /^(?:HTTP (?:4|5)\d\d|error event|response\.failed|failed|connection cut)$/
    expect(outcomes.filter(([, , , outcome]) => !allowed.test(outcome ?? ""))).toEqual([])
  })
})

function shown(rows: readonly string[][]): string {
  const all = [["fault", "dialect", "model", "outcome"], ...rows]
  const widths = [0, 1, 2, 3].map((column) => Math.max(...all.map((row) => (row[column] ?? "").length)))
  return all.map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("  ")).join("\n")
}
