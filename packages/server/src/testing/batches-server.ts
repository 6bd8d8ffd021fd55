// A whole server for tests of batches: composed from a configuration file in a directory of its own, before a provider of the test.
import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import OpenAI, { toFile } from "openai"
import { createPerdure, type Perdure } from "../app/index.ts"
import { loadConfig } from "../config/index.ts"
import { copyMigrated } from "./database.ts"

export interface BatchesServer extends AsyncDisposable {
  perdure: Perdure
  openai: OpenAI
  directory: string
}

export async function startBatchesServer(providerUrl: string, more: Record<string, unknown> = {}): Promise<BatchesServer> {
  const directory = await mkdtemp(join(tmpdir(), "perdure-batches-"))
  const path = join(directory, "perdure.config.ts")
  await writeFile(path, `export default ${JSON.stringify(batchesConfig(providerUrl, more))}`)
  await copyMigrated(join(directory, ".perdure", "db"))
  const perdure = await createPerdure((await loadConfig({ cwd: directory, flags: [] })).config)
  const openai = new OpenAI({ baseURL: `${perdure.url}/v1`, apiKey: perdure.apiKeyCreated ?? "", maxRetries: 0 })
  const dispose = async (): Promise<void> => {
    await perdure.close()
    await rm(directory, { recursive: true, force: true })
  }
  return { perdure, openai, directory, [Symbol.asyncDispose]: dispose }
}

/** What is left out of it tries each call once and remembers no failure. */
export function batchesConfig(providerUrl: string, more: Record<string, unknown> = {}): Record<string, unknown> {
  const { limits = {}, ...rest } = more
  const deployments = [{ provider: "acme", model: "m" }]
  return {
    discovery: false,
    server: { port: 0 },
    logging: { level: "silent" },
    providers: { acme: { baseUrl: providerUrl } },
    models: {
      chat: { deployments },
      other: { deployments },
      vectors: { deployments: [{ provider: "acme", model: "v", does: { embeddings: true } }] },
    },
    limits: { sameDeploymentRetriesMax: 0, breakerFailuresMax: 1_000_000, coolDownMs: 1, ...(limits as object) },
    ...rest,
  }
}

export interface TestLine {
  custom_id?: unknown
  method?: unknown
  url?: unknown
  body?: unknown
}

export function chatLine(customId: string, content: string, more: Record<string, unknown> = {}): TestLine {
  return {
    custom_id: customId,
    method: "POST",
    url: "/v1/chat/completions",
    body: { model: "chat", messages: [{ role: "user", content }], ...more },
  }
}

export async function uploadLines(openai: OpenAI, lines: readonly (TestLine | string)[]): Promise<string> {
  const text = lines.map((line) => (typeof line === "string" ? line : JSON.stringify(line))).join("\n")
  return (await openai.files.create({ file: await toFile(Buffer.from(text), "in.jsonl"), purpose: "batch" })).id
}

export async function makeBatch(
  openai: OpenAI,
  lines: readonly (TestLine | string)[],
  endpoint: OpenAI.BatchCreateParams["endpoint"] = "/v1/chat/completions",
): Promise<OpenAI.Batch> {
  return openai.batches.create({ input_file_id: await uploadLines(openai, lines), endpoint, completion_window: "24h" })
}

const ended = new Set(["completed", "failed", "expired", "cancelled"])

/** The batch as it ended. */
export async function endOfBatch(openai: OpenAI, id: string, timeoutMs = 50_000): Promise<OpenAI.Batch> {
  const until = Date.now() + timeoutMs
  for (;;) {
    const batch = await openai.batches.retrieve(id)
    if (ended.has(batch.status)) return batch
    if (Date.now() > until) throw new Error(`the batch did not end: ${JSON.stringify(batch)}`)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

export interface ResultLine {
  id: string
  custom_id: string
  response: { status_code: number; request_id: string; body: Record<string, unknown> } | null
  error: { code: string; message: string } | null
}

/** Of an output or error file; none where there is no file. */
export async function resultsOf(openai: OpenAI, fileId: string | null | undefined): Promise<ResultLine[]> {
  if (fileId === null || fileId === undefined) return []
  const text = await (await openai.files.content(fileId)).text()
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as ResultLine)
}
