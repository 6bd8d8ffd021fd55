// Projects are apart: nothing that one project made can be read, changed, listed, searched or deleted by another's key.
import OpenAI from "openai"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { createPerdure, type Perdure } from "../../packages/server/src/app/index.ts"
import { loadConfig } from "../../packages/server/src/config/index.ts"
import { temporaryDirectory } from "../support/server.ts"

const secretWord = "zanzibar-7731"

let directory: Awaited<ReturnType<typeof temporaryDirectory>>
let perdure: Perdure
let ours: string
let theirs: string
const made: Record<string, string> = {}

beforeAll(async () => {
  directory = await temporaryDirectory()
  const { config } = await loadConfig({ cwd: directory.path, env: { PORT: "0", PERDURE_DATA: directory.path } })
  perdure = await createPerdure({ ...config, discovery: false })
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
  const file = await client.files.create({ file: new File([`The word is ${secretWord}.`], "word.md"), purpose: "assistants" })
  const store = await client.vectorStores.create({ name: secretWord })
  const storeFile = await client.vectorStores.files.createAndPoll(store.id, { file_id: file.id }, { pollIntervalMs: 50 })
  const tools: OpenAI.Responses.Tool[] = [{ type: "file_search", vector_store_ids: [store.id] }]
  const response = await client.responses.create({ model: "perdure/extractive", input: "What is the word?", tools })
  const conversation = await client.conversations.create({ items: [{ type: "message", role: "user", content: secretWord }] })
  const memory = (await (await call(ours, "POST", "/v1/memories", { text: `The word is ${secretWord}.` })).json()) as { id: string }
  const keys = (await (await call(ours, "GET", "/v1/keys")).json()) as { keys: { id: string }[] }
  expect(storeFile.status).toBe("completed")
  expect(response.output_text).toContain(secretWord)
  Object.assign(made, {
    file: file.id,
    store: store.id,
    response: response.id,
    run: response.id.replace("resp_", "run_"),
    conversation: conversation.id,
    memory: memory.id,
    key: keys.keys[0]?.id ?? "",
  })
}

describe("another project's key", () => {
  // Before it has asked for anything by name: its own failed requests are its runs, and they carry the names that it sent.
  it.each([
    ["GET", "/v1/files"],
    ["GET", "/v1/vector_stores"],
    ["GET", "/v1/memories"],
    ["POST", "/v1/memories/search", { query: "What is the word?" }],
    ["GET", "/v1/runs"],
    ["GET", `/v1/runs?search=${secretWord}`],
    ["GET", "/v1/usage"],
    ["GET", "/v1/keys"],
    ["GET", "/v1/keys?search={key}"],
  ])("%s %s: lists nothing of it", async (method, path, body?: object) => {
    const response = await call(theirs, method, filled(path), body)
    const text = await response.text()
    expect(response.status).toBe(200)
    for (const id of Object.values(made)) expect(text).not.toContain(id)
    expect(text).not.toContain(secretWord)
  })

  it.each([
    ["GET", "/v1/files/{file}"],
    ["GET", "/v1/files/{file}/content"],
    ["DELETE", "/v1/files/{file}"],
    ["GET", "/v1/vector_stores/{store}"],
    ["DELETE", "/v1/vector_stores/{store}"],
    ["GET", "/v1/vector_stores/{store}/files"],
    ["GET", "/v1/vector_stores/{store}/files/{file}"],
    ["DELETE", "/v1/vector_stores/{store}/files/{file}"],
    ["POST", "/v1/vector_stores/{store}/search", { query: "What is the word?" }],
    ["POST", "/v1/vector_stores/{store}/files", { file_id: "{file}" }],
    ["GET", "/v1/responses/{response}"],
    ["GET", "/v1/responses/{response}?stream=true"],
    ["GET", "/v1/responses/{response}/input_items"],
    ["POST", "/v1/responses/{response}/cancel"],
    ["DELETE", "/v1/responses/{response}"],
    ["GET", "/v1/conversations/{conversation}"],
    ["GET", "/v1/conversations/{conversation}/items"],
    ["DELETE", "/v1/memories/{memory}"],
    ["GET", "/v1/runs/{run}"],
    ["GET", "/v1/runs/{run}/events"],
    ["GET", "/v1/runs/{run}/stream"],
    ["POST", "/v1/runs/{run}/cancel", {}],
    ["POST", "/v1/runs/{run}/signals/go", { payload: 1 }],
    ["POST", "/v1/runs/{run}/resolve", { decision: "again" }],
    ["GET", "/v1/keys/{key}"],
    ["PATCH", "/v1/keys/{key}", { name: "taken over" }],
    ["POST", "/v1/keys/{key}/rotate", { overlapMs: 0 }],
    ["DELETE", "/v1/keys/{key}"],
  ])("%s %s: not found, and no word of it in the answer", async (method, path, body?: object) => {
    const response = await call(theirs, method, filled(path), body && (JSON.parse(filled(JSON.stringify(body))) as object))
    const text = await response.text()
    expect({ status: response.status, text: response.status === 404 ? "" : text }).toEqual({ status: 404, text: "" })
    expect(text).not.toContain(secretWord)
  })

  it.each([
    ["a file search", { tools: [{ type: "file_search", vector_store_ids: ["{store}"] }] }],
    ["a previous response", { previous_response_id: "{response}" }],
    ["a conversation", { conversation: "{conversation}" }],
  ])("does not reach it through %s of a response", async (_what, more) => {
    const body = JSON.parse(filled(JSON.stringify({ model: "perdure/extractive", input: "What is the word?", ...more }))) as object
    const text = await (await call(theirs, "POST", "/v1/responses", body)).text()
    expect(text).not.toContain(secretWord)
  })
})

describe("the project's own key", () => {
  it("still has everything", async () => {
    for (const path of [
      "/v1/files/{file}",
      "/v1/vector_stores/{store}",
      "/v1/responses/{response}",
      "/v1/conversations/{conversation}",
      "/v1/runs/{run}",
      "/v1/keys/{key}",
    ]) {
      const { status } = await call(ours, "GET", filled(path))
      expect({ path, status }).toEqual({ path, status: 200 })
    }
  })
})

function filled(text: string): string {
  return text.replace(/\{(file|store|response|conversation|memory|run|key)\}/g, (_, name: string) => made[name] ?? "missing")
}

function call(key: string, method: string, path: string, body?: object): Promise<Response> {
  const headers = { authorization: `Bearer ${key}`, "content-type": "application/json" }
  return fetch(perdure.url + path, { method, headers, ...(body ? { body: JSON.stringify(body) } : {}) })
}
