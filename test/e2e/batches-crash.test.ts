// A server that is killed in the middle of a batch: its successor goes on where it was, and no line that had its result is called again.
import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import OpenAI from "openai"
import { afterAll, expect, test } from "vitest"
import { batchesConfig, chatLine, endOfBatch, makeBatch, resultsOf } from "../../packages/server/src/testing/batches-server.ts"
import { startFakeProvider } from "../../packages/server/src/testing/fake-provider.ts"
import { postgresMissing, startTestPostgres } from "../../packages/server/src/testing/postgres-server.ts"
import { startPerdure, type StartedServer } from "../support/server.ts"

const concurrency = 4
const linesCount = 120
let lastKey = ""
const directory = await mkdtemp(join(tmpdir(), "perdure-batch-crash-"))
const provider = await startFakeProvider(async ({ body }) => {
  const content = (body["messages"] as { content: string }[])[0]?.content ?? ""
  await new Promise((resolve) => setTimeout(resolve, 30))
  return { text: `re: ${content}` }
})
afterAll(async () => {
  await provider[Symbol.asyncDispose]()
  await rm(directory, { recursive: true, force: true, maxRetries: 5 })
})

async function start(apiKey = "", env: Record<string, string> = {}, data = "data"): Promise<{ server: StartedServer; openai: OpenAI }> {
  const config = join(directory, "perdure.config.ts")
  await writeFile(config, `export default ${JSON.stringify(batchesConfig(provider.url, { batches: { concurrency } }))}`)
  const server = await startPerdure({ dataDirectory: join(directory, data), config, apiKey, env })
  return { server, openai: new OpenAI({ baseURL: `${server.url}/v1`, apiKey: server.apiKey, maxRetries: 0 }) }
}

test("after kill -9, twice, every line has one result, and at most those under way were called again", async () => {
  let { server, openai } = await start()
  lastKey = server.apiKey
  const { id } = await makeBatch(
    openai,
    Array.from({ length: linesCount }, (_, at) => chatLine(`c-${at}`, `q-${at}`)),
  )
  for (const atLeast of [20, 60]) {
    await expect
      .poll(async () => (await openai.batches.retrieve(id)).request_counts?.completed, { timeout: 60_000, interval: 20 })
      .toBeGreaterThanOrEqual(atLeast)
    await server.kill()
    ;({ server, openai } = await start(server.apiKey))
  }
  const end = await endOfBatch(openai, id, 120_000)
  expect(end).toMatchObject({ status: "completed", request_counts: { total: linesCount, completed: linesCount, failed: 0 } })
  const results = await resultsOf(openai, end.output_file_id)
  expect(results.map(({ custom_id }) => custom_id)).toEqual(Array.from({ length: linesCount }, (_, at) => `c-${at}`))
  expect(provider.requests.length).toBeGreaterThanOrEqual(linesCount)
  expect(provider.requests.length).toBeLessThanOrEqual(linesCount + 2 * concurrency)
  await server[Symbol.asyncDispose]()
}, 300_000)

test("a clean stop lets the calls under way finish: none is made twice", async () => {
  provider.requests.length = 0
  const apiKey = lastKey
  let { server, openai } = await start(apiKey)
  const { id } = await makeBatch(
    openai,
    Array.from({ length: linesCount }, (_, at) => chatLine(`c-${at}`, `q-${at}`)),
  )
  await expect
    .poll(async () => (await openai.batches.retrieve(id)).request_counts?.completed, { timeout: 60_000, interval: 20 })
    .toBeGreaterThanOrEqual(20)
  await server[Symbol.asyncDispose]()
  ;({ server, openai } = await start(apiKey))
  const end = await endOfBatch(openai, id, 120_000)
  expect(end.request_counts).toEqual({ total: linesCount, completed: linesCount, failed: 0 })
  expect(provider.requests).toHaveLength(linesCount)
  await server[Symbol.asyncDispose]()
}, 300_000)

test.skipIf(postgresMissing() !== undefined)(
  `another process on the same Postgres takes the batch over from one that was killed ${postgresMissing() ?? ""}`,
  async () => {
    provider.requests.length = 0
    await using postgres = await startTestPostgres()
    const env = { DATABASE_URL: await postgres.createDatabase() }
    const first = await start("", env, "first")
    const second = await start(first.server.apiKey, env, "second")
    const { id } = await makeBatch(
      first.openai,
      Array.from({ length: linesCount }, (_, at) => chatLine(`c-${at}`, `q-${at}`)),
    )
    await expect
      .poll(async () => (await second.openai.batches.retrieve(id)).request_counts?.completed, { timeout: 60_000, interval: 20 })
      .toBeGreaterThanOrEqual(20)
    await first.server.kill()
    const end = await endOfBatch(second.openai, id, 120_000)
    expect(end.request_counts).toEqual({ total: linesCount, completed: linesCount, failed: 0 })
    expect(await resultsOf(second.openai, end.output_file_id)).toHaveLength(linesCount)
    expect(provider.requests.length).toBeLessThanOrEqual(linesCount + concurrency)
    await second.server[Symbol.asyncDispose]()
  },
  300_000,
)
