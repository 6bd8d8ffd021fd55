// What a large batch takes of memory: batches of ever more lines, each through a server of its own, and the most that its process ever held.
import { readFileSync } from "node:fs"
import { mkdtemp, open, rm, writeFile } from "node:fs/promises"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { setTimeout as delay } from "node:timers/promises"
import { parseArgs } from "node:util"
import OpenAI from "openai"
import { startPerdure, type StartedServer } from "../../test/support/server.ts"

interface Measured {
  lines: number
  fileMb: number
  startMb: number
  uploadMb: number
  /** Once so many lines were done. */
  onTheWay: { lines: number; mb: number }[]
  peakMb: number
  seconds: number
}

const questionCharacters = 1_000
/** Memory is looked at each time that so many lines more are done. */
const stepLines = 5_000
const answer = JSON.stringify({
  id: "chatcmpl-1",
  object: "chat.completion",
  created: 1,
  model: "m",
  choices: [{ index: 0, message: { role: "assistant", content: "a".repeat(1_000) }, finish_reason: "stop" }],
  usage: { prompt_tokens: 250, completion_tokens: 250, total_tokens: 500 },
})

const { values } = parseArgs({
  options: {
    lines: { type: "string", default: "1000,10000,50000" },
    concurrency: { type: "string", default: "32" },
    heap: { type: "string" },
  },
})
const provider = createServer((request, response) => {
  request.resume().on("end", () => response.writeHead(200, { "content-type": "application/json" }).end(answer))
})
await new Promise<void>((resolve) => provider.listen(0, "127.0.0.1", resolve))
const providerUrl = `http://127.0.0.1:${(provider.address() as AddressInfo).port}/v1` // listening on TCP gives an AddressInfo
/** What `perdure start` gives its process; and where it is asked for, a heap that cannot hold what should not be held. */
const heap = values.heap === undefined ? "" : ` --max-old-space-size=${values.heap}`
const asPublished = { MALLOC_ARENA_MAX: "2", NODE_OPTIONS: `--max-semi-space-size=16${heap}` }
const results: Measured[] = []
for (const count of values.lines.split(",").map(Number)) results.push(await measured(count, Number(values.concurrency)))
provider.close()
provider.closeAllConnections()
print(results)

async function measured(lines: number, concurrency: number): Promise<Measured> {
  const directory = await mkdtemp(join(tmpdir(), "perdure-bench-batches-"))
  try {
    const config = join(directory, "perdure.yaml")
    await writeFile(
      config,
      `discovery: false\nproviders:\n  mock: { baseUrl: "${providerUrl}" }\nmodels:\n  chat: { deployments: [{ provider: mock, model: m }] }\nbatches: { concurrency: ${concurrency} }\n`,
    )
    const path = join(directory, "lines.jsonl")
    const fileBytes = await writeLines(path, lines)
    await using server = await startPerdure({ dataDirectory: join(directory, "data"), config, env: asPublished })
    const startMb = peakMb(server)
    const openai = new OpenAI({ baseURL: `${server.url}/v1`, apiKey: server.apiKey, maxRetries: 0 })
    const { id: inputId } = await upload(server, path)
    const uploadMb = peakMb(server)
    const startedAt = performance.now()
    const batch = await openai.batches.create({ input_file_id: inputId, endpoint: "/v1/chat/completions", completion_window: "24h" })
    const onTheWay: Measured["onTheWay"] = []
    const end = await endOf(openai, batch.id, (done) => {
      if (done >= (onTheWay.length + 1) * stepLines) onTheWay.push({ lines: done, mb: peakMb(server) })
    })
    const seconds = (performance.now() - startedAt) / 1_000
    if (end.status !== "completed" || end.request_counts?.completed !== lines) throw new Error(`the batch ended as ${JSON.stringify(end)}`)
    const written = await linesOf(openai, end.output_file_id ?? "")
    if (written !== lines) throw new Error(`${written} of ${lines} results`)
    return { lines, fileMb: fileBytes / 1024 / 1024, startMb, uploadMb, onTheWay, peakMb: peakMb(server), seconds }
  } finally {
    await rm(directory, { recursive: true, force: true, maxRetries: 5 })
  }
}

async function writeLines(path: string, lines: number): Promise<number> {
  await using file = await open(path, "w")
  for (let from = 0; from < lines; from += 1_000) {
    const part = Array.from({ length: Math.min(1_000, lines - from) }, (_, at) => {
      const content = `${from + at} ${"q".repeat(questionCharacters)}`
      const body = { model: "chat", messages: [{ role: "user", content }] }
      return `${JSON.stringify({ custom_id: `c-${from + at}`, method: "POST", url: "/v1/chat/completions", body })}\n`
    })
    await file.write(part.join(""))
  }
  return (await file.stat()).size
}

/** From the file itself, so that this process holds none of it. */
async function upload({ url, apiKey }: StartedServer, path: string): Promise<{ id: string }> {
  const form = new FormData()
  form.append("purpose", "batch")
  form.append("file", new Blob([readFileSync(path)]), "lines.jsonl")
  const response = await fetch(`${url}/v1/files`, { method: "POST", headers: { authorization: `Bearer ${apiKey}` }, body: form })
  if (!response.ok) throw new Error(await response.text())
  return (await response.json()) as { id: string } // a file of the API
}

async function endOf(openai: OpenAI, id: string, look: (linesDone: number) => void): Promise<OpenAI.Batch> {
  for (;;) {
    const batch = await openai.batches.retrieve(id)
    look(batch.request_counts?.completed ?? 0)
    if (["completed", "failed", "expired", "cancelled"].includes(batch.status)) return batch
    await delay(500)
  }
}

async function linesOf(openai: OpenAI, fileId: string): Promise<number> {
  const { body } = await openai.files.content(fileId)
  let count = 0
  for await (const chunk of body as unknown as AsyncIterable<Uint8Array>) for (const byte of chunk) if (byte === 10) count += 1 // Node's streams can be iterated
  return count
}

/** The most that the process ever had in memory. */
function peakMb({ pid }: StartedServer): number {
  const status = readFileSync(`/proc/${pid}/status`, "utf8")
  return Math.round(Number(/VmHWM:\s+(\d+)/.exec(status)?.[1]) / 1024)
}

function print(all: readonly Measured[]): void {
  const rows = all.map(({ lines, fileMb, startMb, uploadMb, onTheWay, peakMb: peak, seconds }) => {
    const way = onTheWay.map(({ lines: done, mb }) => `${Math.round(done / 1_000)}k: ${mb}`).join(", ")
    return [lines, fileMb.toFixed(1), startMb, uploadMb, way, peak, Math.round(lines / seconds)].join(" | ")
  })
  process.stdout.write(
    `| lines | file MB | peak MB after start | after upload | on the way | at the end | lines/s |\n| --- | --- | --- | --- | --- | --- | --- |\n${rows.map((row) => `| ${row} |\n`).join("")}`,
  )
}
