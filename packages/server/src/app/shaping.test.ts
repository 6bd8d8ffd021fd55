// A server from its configuration file: what it says of caches and guards is what happens to calls.
import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, expect, test } from "vitest"
import { loadConfig } from "../config/index.ts"
import { copyMigrated } from "../testing/database.ts"
import { startFakeProvider } from "../testing/fake-provider.ts"
import { createPerdure, type Perdure } from "./index.ts"

const provider = await startFakeProvider()
let perdure: Perdure
let directory = ""

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "perdure-shaping-"))
  const config = {
    discovery: false,
    server: { port: 0 },
    logging: { level: "silent" },
    // The first text starts the embedding model.
    limits: { cacheEmbedMs: 120_000 },
    providers: { acme: { baseUrl: provider.url } },
    models: {
      like: { deployments: [{ provider: "acme", model: "a" }], cache: { mode: "semantic", similarityMin: 0.8 } },
      judged: { deployments: [{ provider: "acme", model: "b" }] },
      judge: { deployments: [{ provider: "acme", model: "j" }] },
      routed: { deployments: [{ provider: "acme", model: "r" }] },
    },
    guards: [
      {
        type: "redact",
        name: "staff",
        entities: [],
        patterns: [{ kind: "staff", regex: "emp-\\d{4}", ignoreCase: true, charsMax: 8 }],
        restore: true,
      },
      { type: "moderate", name: "mod", model: "judge", when: { models: ["judged"] } },
      { type: "redact", name: "away", entities: ["email"], action: "route", routeTo: "like", when: { models: ["routed"] } },
      { type: "custom", name: "polite", before: "FUNCTION" },
    ],
  }
  const before =
    '(texts) => texts.some(({ text }) => text.includes("rude")) ? { action: "block", message: "be polite" } : { action: "allow" }'
  await writeFile(join(directory, "perdure.config.ts"), `export default ${JSON.stringify(config).replace('"FUNCTION"', before)}`)
  await copyMigrated(join(directory, ".perdure", "db"))
  perdure = await createPerdure((await loadConfig({ cwd: directory, flags: [] })).config)
})
afterAll(async () => {
  await perdure[Symbol.asyncDispose]()
  await provider[Symbol.asyncDispose]()
  await rm(directory, { recursive: true, force: true })
})

async function ask(model: string, content: string): Promise<{ status: number; headers: Headers; text: string }> {
  const headers = { authorization: `Bearer ${perdure.apiKeyCreated ?? ""}`, "content-type": "application/json" }
  const body = JSON.stringify({ model, messages: [{ role: "user", content }] })
  const answer = await fetch(`${perdure.url}/v1/chat/completions`, { method: "POST", headers, body })
  return { status: answer.status, headers: answer.headers, text: await answer.text() }
}

test("a question that means the same is answered from the cache by the model of this process, one that does not is not", async () => {
  provider.next({ text: "Paris." })
  const first = await ask("like", "What is the capital of France?")
  const near = await ask("like", "What's the capital city of France?")
  const far = await ask("like", "How do I cook rice?")
  expect([first, near, far].map(({ headers }) => headers.get("x-perdure-cache"))).toEqual(["miss", "semantic", "miss"])
  expect(near.text).toBe(first.text)
})

test("an own pattern is kept from upstream and given back", async () => {
  provider.next({ text: "Hello [STAFF_1]" })
  const answer = await ask("like", "I am EMP-1234")
  expect([answer.text.includes("EMP-1234"), provider.last?.text.includes("EMP-1234")]).toEqual([true, false])
})

test("a guard of the configuration's code blocks", async () => {
  const answer = await ask("like", "something rude")
  expect([answer.status, answer.text.includes("be polite")]).toEqual([400, true])
})

async function judgeRuns(): Promise<unknown[]> {
  const headers = { authorization: `Bearer ${perdure.apiKeyCreated ?? ""}` }
  const list = (await (await fetch(`${perdure.url}/v1/runs?search=guard.moderate`, { headers })).json()) as { runs: unknown[] }
  return list.runs
}

test("a judge's verdict blocks, and what it used is on the bill of who asked", async () => {
  const flagged = { results: [{ flagged: true, categories: ["spam"] }] }
  provider.next({ text: JSON.stringify(flagged), usage: { prompt_tokens: 40, completion_tokens: 4 } })
  const answer = await ask("judged", "buy now")
  expect([answer.status, answer.text.includes("spam")]).toEqual([400, true])
  await expect.poll(judgeRuns, { timeout: 30_000 }).toHaveLength(1)
  expect((await judgeRuns())[0]).toMatchObject({ name: "guard.moderate", model: "judge", usage: { inputTokens: 40, outputTokens: 4 } })
})

test("a judge that gives no verdict is on the bill, too", async () => {
  provider.next({ text: "I would rather tell a story.", usage: { prompt_tokens: 30, completion_tokens: 7 } })
  expect((await ask("judged", "buy later")).status).toBeGreaterThanOrEqual(400)
  const told = async (): Promise<string> => JSON.stringify(await judgeRuns())
  await expect.poll(told, { timeout: 30_000 }).toContain('"inputTokens":30')
})

test("a judge whose answer breaks off is on the bill by an estimate that says so", async () => {
  provider.next({ text: ["I would rather", " not"], ending: "eof", framesMax: 2 })
  expect((await ask("judged", "buy much later")).status).toBe(503)
  const broken = async (): Promise<unknown> => (await judgeRuns()).find((run) => (run as { status: string }).status === "failed")
  await expect.poll(broken, { timeout: 30_000 }).toMatchObject({ error: { code: "upstream_stream_ended" }, usage: { outputTokens: 4 } })
  const { id } = (await broken()) as { id: string }
  const headers = { authorization: `Bearer ${perdure.apiKeyCreated ?? ""}` }
  expect(await (await fetch(`${perdure.url}/v1/runs/${id}/events`, { headers })).text()).toContain('"usageEstimated":true')
})

test("a guard leads no key to a model that it may not use, in a response neither", async () => {
  const { secret } = await perdure.identity.createKey(perdure.projectId, "narrow", { scope: { models: ["routed"] } })
  const headers = { authorization: `Bearer ${secret}`, "content-type": "application/json" }
  const respond = async (input: string): Promise<string> => {
    const body = JSON.stringify({ model: "routed", input })
    return (await fetch(`${perdure.url}/v1/responses`, { method: "POST", headers, body })).text()
  }
  const before = provider.requests.length
  expect(await respond("mail ada@example.com")).toContain("model_not_allowed")
  expect(provider.requests).toHaveLength(before)
  expect(await respond("hello")).toContain('"completed"')
})
