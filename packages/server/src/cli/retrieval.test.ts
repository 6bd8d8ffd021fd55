// Tests of `perdure retrieval fit` on a real store: questions to a vector store, by chunk and by file, and what is refused.
import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import OpenAI from "openai"
import { afterAll, beforeAll, expect, test } from "vitest"
import { createPerdure } from "../app/index.ts"
import { loadConfig } from "../config/index.ts"
import type { FittedSpace } from "../context/index.ts"
import { defaultLimits } from "../core/index.ts"
import { openStore } from "../store/index.ts"
import { copyMigrated } from "../testing/database.ts"
import { startFakeProvider } from "../testing/fake-provider.ts"
import { exitCodes } from "./exit-codes.ts"
import { retrievalFit, type RetrievalFitOptions } from "./retrieval.ts"

const provider = await startFakeProvider(() => ({}))
const animals = ["llama", "otter", "heron", "badger", "lynx", "tapir", "gecko", "walrus", "ibis", "marmot", "puffin", "newt"]
let directory = ""
let config = ""
let database = ""
let store = ""
/** By animal. */
const answers = new Map<string, { chunk: string; file: string }>()

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "perdure-fit-"))
  config = join(directory, "perdure.config.ts")
  database = join(directory, ".perdure", "db")
  const settings = {
    discovery: false,
    server: { port: 0 },
    logging: { level: "silent" },
    providers: { acme: { baseUrl: provider.url } },
    models: { vectors: { deployments: [{ provider: "acme", model: "v", does: { embeddings: true } }] } },
    defaults: { embeddingModel: "vectors" },
  }
  await writeFile(config, `export default ${JSON.stringify(settings)}`)
  await copyMigrated(database)
  await using perdure = await createPerdure((await loadConfig({ cwd: directory, flags: [] })).config)
  const { secret } = await perdure.identity.createKey(perdure.projectId, "key", {})
  const client = new OpenAI({ apiKey: secret, baseURL: `${perdure.url}/v1`, maxRetries: 0 })
  store = (await client.vectorStores.create({})).id
  const files = animals.map((animal) => new File([`The ${animal} sleeps in a den of its own and eats at dusk.`], `${animal}.txt`))
  await client.vectorStores.fileBatches.uploadAndPoll(store, { files }, { pollIntervalMs: 100 })
  for (const animal of animals) {
    const { data } = await client.vectorStores.search(store, { query: animal, max_num_results: 50 })
    const hit = data.find(({ filename }) => filename === `${animal}.txt`) as unknown as { file_id: string; perdure: { chunk_id: string } }
    answers.set(animal, { chunk: hit.perdure.chunk_id, file: hit.file_id })
  }
}, 300_000)
afterAll(async () => {
  await provider[Symbol.asyncDispose]()
  await rm(directory, { recursive: true, force: true })
})

interface Asked {
  lines: string[]
  code: number
}

async function fitted(pairs: readonly object[], options: RetrievalFitOptions = {}): Promise<Asked> {
  const file = join(directory, "pairs.jsonl")
  await writeFile(file, pairs.map((pair) => `${JSON.stringify(pair)}\n`).join(""))
  const lines: string[] = []
  const terminal = { print: (line: string) => void lines.push(line), note: () => undefined, style: (_style: unknown, text: string) => text }
  const code = await retrievalFit({ config, data: join(directory, ".perdure"), pairs: file, ...options }, terminal)
  return { lines, code }
}

const questions = (by: "chunk" | "file"): object[] =>
  animals.flatMap((animal) =>
    [`Where does the ${animal} sleep?`, `When does the ${animal} eat?`].map((query) => {
      return { vector_store: store, query, relevant: [answers.get(animal)?.[by] ?? ""] }
    }),
  )

test("weights and the curve of statements are fitted on questions to a vector store, by chunks or by files, and kept where they are better", async () => {
  for (const by of ["chunk", "file"] as const) {
    const { lines, code } = await fitted(questions(by), { json: true })
    const report = JSON.parse(lines.join("")) as FittedSpace
    expect(report).toMatchObject({ kind: "statement", questions: 24 })
    expect(report.groups).toBeGreaterThan(1)
    expect(report.recall.words).toBe(1)
    const { calibration } = report
    expect(calibration.kept).toBe(calibration.curve !== null)
    if (calibration.kept) expect(calibration.leftOut).toBeLessThanOrEqual(calibration.before)
    expect(code).toBe(report.kept ? exitCodes.ok : exitCodes.failed)
    await using opened = await openStore({ dataDirectory: database, limits: defaultLimits })
    const rows = await opened.system.query<{ fusion: { curves?: object; weights: object } }>("select fusion from spaces")
    expect(rows).toHaveLength(report.kept || calibration.kept ? 1 : 0)
    if (calibration.kept) expect(rows[0]?.fusion.curves).toHaveProperty("statement", calibration.curve)
    if (report.kept) expect(rows[0]?.fusion.weights).toHaveProperty("statement", report.weights)
  }
}, 300_000)

test("says in words how good it is", async () => {
  const { lines } = await fitted(questions("chunk"))
  expect(lines[0]).toMatch(/^24 questions in \d groups; vectors of vectors, statements; recall among the first ten:$/)
  expect(lines.join("\n")).toMatch(/words alone {8}1\.000/)
}, 300_000)

test("refuses what it cannot fit, naming it", async () => {
  const [first = {}] = questions("chunk")
  await expect(fitted([{ ...first, relevant: ["chunk_none"] }])).rejects.toThrow(/'chunk_none' is no chunk and no file/)
  await expect(fitted([{ ...first, vector_store: "vs_none" }])).rejects.toThrow(/No vector store 'vs_none'/)
  await expect(fitted([first], { kind: "message" })).rejects.toThrow(/Chunks of vector stores are statements/)
  await expect(fitted([{ query: "x", relevant: ["y"] }])).rejects.toThrow(/Line 1 of .* is no labelled question/)
}, 300_000)
