// Projects are apart: nothing that one project made can be read, changed, listed, searched or deleted by another's key.
import { writeFile } from "node:fs/promises"
import { join } from "node:path"
import OpenAI from "openai"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { createPerdure, type Perdure } from "../../packages/server/src/app/index.ts"
import { loadConfig } from "../../packages/server/src/config/index.ts"
import { copyMigrated } from "../../packages/server/src/testing/database.ts"
import { temporaryDirectory } from "../support/server.ts"
import { routeRows, unaskedRoutes, type Answer, type RouteRow } from "./project-routes.ts"

const secretWord = "zanzibar-7731"

/** What a provider keeps for the account of one project; nothing listens there. */
const passedToOurs = `
providers: { passed: { type: openai-compatible, baseUrl: "http://127.0.0.1:9/v1", apiKey: none } }
passThrough: [{ path: /passed, provider: passed, projects: [proj_ours] }]
`

let directory: Awaited<ReturnType<typeof temporaryDirectory>>
let perdure: Perdure
let ours: string
let theirs: string
/** Ids and names of what the project owns. */
const made: Record<string, string> = {}
const allowed = [
  "tool.read:*",
  "memory.write:*",
  "memory.delete:*",
  "memory.manage:*",
  "memories.erase:*",
  "file.write:*",
  "conversation.write:*",
  "keys.manage:*",
  "prompts.manage:*",
  "experiments.manage:*",
]

beforeAll(async () => {
  directory = await temporaryDirectory()
  await writeFile(join(directory.path, "perdure.yaml"), passedToOurs)
  const { config } = await loadConfig({ cwd: directory.path, env: { PORT: "0", PERDURE_DATA: directory.path } })
  await copyMigrated(join(directory.path, "db"))
  perdure = await createPerdure({ ...config, discovery: false, grants: [{ to: "*", allow: allowed, origin: "test" }] })
  ours = (await perdure.identity.createKey("proj_ours", "ours")).secret
  theirs = (await perdure.identity.createKey("proj_theirs", "theirs")).secret
  await makeOne()
})
afterAll(async () => {
  await perdure.close()
  await directory[Symbol.asyncDispose]()
})

/** Everything that a project can own, made with the key of `ours`. */
async function makeOne(): Promise<void> {
  const client = new OpenAI({ baseURL: `${perdure.url}/v1`, apiKey: ours })
  await makeDocuments(client)
  const tools: OpenAI.Responses.Tool[] = [{ type: "file_search", vector_store_ids: [made["store"] ?? ""] }]
  const response = await client.responses.create({ model: "perdure/extractive", input: "What is the word?", tools })
  expect(response.output_text).toContain(secretWord)
  const conversation = await client.conversations.create({ items: [{ type: "message", role: "user", content: secretWord }] })
  const [item] = (await client.conversations.items.list(conversation.id)).data
  const run = response.id.replace("resp_", "run_")
  Object.assign(made, { response: response.id, run, conversation: conversation.id, item: item?.id ?? "" })
  await makeMemory()
  const [key] = (await make("GET", "/v1/keys"))["keys"] as { id: string }[]
  await make("POST", "/v1/feedback", { runId: run, name: "helpful", value: true, comment: secretWord })
  await make("POST", "/v1/prompts", { name: "harbour-prompt", messages: [{ role: "user", content: secretWord }] })
  await make("POST", "/v1/experiments", {
    name: "harbour-experiment",
    description: secretWord,
    variants: { a: { model: "perdure/extractive" }, b: { model: "perdure/extractive" } },
  })
  Object.assign(made, { key: key?.id ?? "", prompt: "harbour-prompt", experiment: "harbour-experiment", word: secretWord })
}

async function makeDocuments(client: OpenAI): Promise<void> {
  const file = await client.files.create({ file: new File([`The word is ${secretWord}.`], "word.md"), purpose: "assistants" })
  const store = await client.vectorStores.create({ name: secretWord })
  const fileBatch = await client.vectorStores.fileBatches.createAndPoll(store.id, { file_ids: [file.id] }, { pollIntervalMs: 50 })
  expect(fileBatch.file_counts.completed).toBe(1)
  const upload = await client.uploads.create({
    filename: `${secretWord}.txt`,
    purpose: "assistants",
    bytes: secretWord.length,
    mime_type: "text/plain",
  })
  const part = await client.uploads.parts.create(upload.id, { data: new File([secretWord], "part") })
  const line = { custom_id: "a", method: "POST", url: "/v1/responses", body: { model: "perdure/extractive", input: secretWord } }
  const lines = await client.files.create({ file: new File([JSON.stringify(line)], "lines.jsonl"), purpose: "batch" })
  const batch = await client.batches.create({ input_file_id: lines.id, endpoint: "/v1/responses", completion_window: "24h" })
  const request = {
    custom_id: "a",
    params: { model: "perdure/extractive", max_tokens: 9, messages: [{ role: "user", content: secretWord }] },
  }
  const { id: messageBatch } = await make("POST", "/v1/messages/batches", { requests: [request] })
  Object.assign(made, {
    file: file.id,
    store: store.id,
    fileBatch: fileBatch.id,
    upload: upload.id,
    part: part.id,
    batch: batch.id,
    messageBatch,
  })
}

async function makeMemory(): Promise<void> {
  const scope = "team:harbour"
  const memory = await make("POST", "/v1/memories", {
    scope,
    text: `The harbour master's word is ${secretWord}.`,
    role: "tool",
    source: { kind: "web", uri: secretWord },
  })
  await make("POST", "/v1/memories", { text: `The word is ${secretWord}.` })
  await make("PUT", `/v1/blocks/${scope}/notes.md`, { text: secretWord })
  await make("PUT", `/v1/states/${scope}/cart`, { value: secretWord })
  await make("PATCH", `/v1/scopes/${scope}`, { retentionDays: 900 })
  const { id: erasure } = await make("POST", "/v1/erasures", { source: memory["sourceId"], dryRun: true })
  Object.assign(made, { memory: memory["id"], source: memory["sourceId"], erasure, scope, block: "notes.md", state: "cart" })
}

/** Names that every project may have for something of its own. */
const names = new Set(["scope", "block", "state", "prompt", "experiment", "word"])

describe("the contract", () => {
  it("has a row for each of its routes", () => {
    expect(unaskedRoutes()).toEqual({ unasked: [], unknown: [] })
  })
})

describe("another project's key", () => {
  it.each(rowsOf("lists"))("%s %s: lists nothing of it", async (_method, path, row) => {
    const { status, text } = await ask(row)
    expect({ path, status, text: status === 200 ? "" : text }).toEqual({ path, status: 200, text: "" })
    const ids = Object.entries(made).flatMap(([name, id]) => (names.has(name) || row.path.includes(`{${name}}`) ? [] : [id]))
    for (const id of ids) expect(text).not.toContain(id)
    if (!row.path.includes("{word}")) expect(text).not.toContain(secretWord)
  })

  it.each(rowsOf("hides"))("%s %s: not found, and no word of it in the answer", async (_method, _path, row) => {
    const { status, text } = await ask(row)
    expect({ status, text: status === 404 ? "" : text }).toEqual({ status: 404, text: "" })
    expect(text).not.toContain(secretWord)
  })

  it("gives no part to its upload", async () => {
    const form = new FormData()
    form.set("data", new File(["theirs"], "part"))
    const response = await fetch(`${perdure.url}/v1/uploads/${made["upload"]}/parts`, {
      method: "POST",
      headers: { authorization: `Bearer ${theirs}` },
      body: form,
    })
    expect(response.status).toBe(404)
  })

  it.each(rowsOf("refuses"))("%s %s %#: is refused", async (_method, _path, row) => {
    const { status, text } = await ask(row)
    expect({ refused: status >= 400 && status < 500, text: status < 400 || status >= 500 ? text : "" }).toEqual({ refused: true, text: "" })
    expect(text).not.toContain(secretWord)
  })

  it.each(rowsOf("own"))("%s %s %#: is about its own, and tells no word of the other's", async (_method, _path, row) => {
    const { text } = await ask(row)
    const isSentBack = JSON.stringify(row).includes("{word}")
    expect(text.includes(secretWord) && !isSentBack).toBe(false)
  })
})

describe("the project's own key", () => {
  it.each([
    "/v1/files/{file}",
    "/v1/vector_stores/{store}",
    "/v1/vector_stores/{store}/file_batches/{fileBatch}",
    "/v1/vector_stores/{store}/files/{file}/content",
    "/v1/batches/{batch}",
    "/v1/messages/batches/{messageBatch}",
    "/v1/responses/{response}",
    "/v1/conversations/{conversation}/items/{item}",
    "/v1/runs/{run}",
    "/v1/keys/{key}",
    "/v1/sources/{source}/blast_radius",
    "/v1/erasures/{erasure}",
  ])("still has %s", async (path) => {
    const { status } = await call(ours, "GET", filled(path))
    expect({ path, status }).toEqual({ path, status: 200 })
  })

  it("still has what the other gave names of its own to, as it was", async () => {
    expect(await make("GET", filled("/v1/blocks/{scope}/{block}"))).toMatchObject({ text: secretWord, version: 1 })
    expect(await make("GET", filled("/v1/states/{scope}/{state}"))).toMatchObject({ value: secretWord, version: 1 })
    expect(await make("GET", filled("/v1/scopes/{scope}"))).toMatchObject({ retentionDays: 900, levelMin: 0 })
    expect(await make("GET", filled("/v1/memories/{memory}"))).toMatchObject({
      expiredAt: null,
      text: expect.stringContaining(secretWord) as string,
    })
    expect(await make("GET", filled("/v1/prompts/{prompt}"))).toMatchObject({ latest: 1 })
    expect(await make("GET", filled("/v1/experiments/{experiment}"))).toMatchObject({ description: secretWord, status: "running" })
    expect(await make("GET", filled("/v1/feedback?runId={run}"))).toMatchObject({ feedback: [{ value: true }] })
    const completed = await make("POST", filled("/v1/uploads/{upload}/complete"), { part_ids: [made["part"]] })
    expect(completed).toMatchObject({ status: "completed", bytes: secretWord.length })
  })
})

function rowsOf(answer: Answer): [method: string, path: string, row: RouteRow][] {
  return routeRows.filter((row) => row.answer === answer).map((row) => [row.method, row.path, row])
}

function filled(text: string): string {
  return text.replaceAll(/\{(\w+)\}/g, (whole, name: string) => made[name] ?? whole)
}

/** With the other project's key; of a stream what comes in a moment. */
async function ask({ method, path, body, headers, isStream }: RouteRow): Promise<{ status: number; text: string }> {
  const asked = body && (JSON.parse(filled(JSON.stringify(body))) as object)
  const response = await call(theirs, method, filled(path), asked, headers)
  if (isStream !== true) return { status: response.status, text: await response.text() }
  let text = ""
  const stream = response.body?.pipeThrough(new TextDecoderStream())
  const reader = stream?.getReader()
  const timer = setTimeout(() => void reader?.cancel(), 500)
  for (;;) {
    const { done, value } = (await reader?.read()) ?? { done: true, value: undefined }
    if (done) break
    text += value ?? ""
  }
  clearTimeout(timer)
  return { status: response.status, text }
}

async function make(method: string, path: string, body?: object): Promise<Record<string, unknown>> {
  const response = await call(ours, method, path, body)
  const text = await response.text()
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`)
  return JSON.parse(text) as Record<string, unknown>
}

function call(key: string, method: string, path: string, body?: object, more?: Record<string, string>): Promise<Response> {
  const headers = { authorization: `Bearer ${key}`, "content-type": "application/json", ...more }
  return fetch(perdure.url + path, { method, headers, ...(body ? { body: JSON.stringify(body) } : {}) })
}
