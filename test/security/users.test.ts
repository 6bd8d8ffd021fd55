// End users of one project are apart: what a key that acts for one of them made is, for a key that acts for another, not there; what is the project's is read and not changed.
import { join } from "node:path"
import OpenAI from "openai"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { createPerdure, type Perdure } from "../../packages/server/src/app/index.ts"
import { loadConfig } from "../../packages/server/src/config/index.ts"
import { copyMigrated } from "../../packages/server/src/testing/database.ts"
import { temporaryDirectory } from "../support/server.ts"
import { routeRows, type Answer, type RouteRow } from "./project-routes.ts"

const secretWord = "zanzibar-7731"

let directory: Awaited<ReturnType<typeof temporaryDirectory>>
let perdure: Perdure
const keys = { ada: "", bob: "", application: "" }
type Who = keyof typeof keys
/** Ids of what each made. */
const made: Record<Who, Record<string, string>> = { ada: {}, bob: {}, application: {} }
const allowed = ["tool.read:*", "memory.write:*", "memory.delete:*", "memory.manage:*", "file.write:*", "conversation.write:*"]

beforeAll(async () => {
  directory = await temporaryDirectory()
  const { config } = await loadConfig({ cwd: directory.path, env: { PORT: "0", PERDURE_DATA: directory.path } })
  await copyMigrated(join(directory.path, "db"))
  perdure = await createPerdure({ ...config, discovery: false, grants: [{ to: "*", allow: allowed, origin: "test" }] })
  for (const user of ["ada", "bob"] as const) keys[user] = (await perdure.identity.createKey("proj_one", user, { user })).secret
  keys.application = (await perdure.identity.createKey("proj_one", "application")).secret
  await makeAll("ada")
  await makeAll("application")
})
afterAll(async () => {
  await perdure.close()
  await directory[Symbol.asyncDispose]()
})

const clientOf = (who: Who): OpenAI => new OpenAI({ baseURL: `${perdure.url}/v1`, apiKey: keys[who], maxRetries: 0 })

async function makeAll(who: Who): Promise<void> {
  const client = clientOf(who)
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
  const params = { model: "perdure/extractive", max_tokens: 9, messages: [{ role: "user", content: secretWord }] }
  const messageBatch = await json(who, "POST", "/v1/messages/batches", { requests: [{ custom_id: "a", params }] })
  const tools: OpenAI.Responses.Tool[] = [{ type: "file_search", vector_store_ids: [store.id] }]
  const conversation = await client.conversations.create({ items: [{ type: "message", role: "user", content: secretWord }] })
  const [item] = (await client.conversations.items.list(conversation.id)).data
  const response = await client.responses.create({ model: "perdure/extractive", input: "What is the word?", tools })
  expect(response.output_text).toContain(secretWord)
  const run = response.id.replace("resp_", "run_")
  await json(who, "POST", "/v1/feedback", { runId: run, name: "helpful", value: true, comment: secretWord })
  made[who] = {
    file: file.id,
    store: store.id,
    fileBatch: fileBatch.id,
    upload: upload.id,
    part: part.id,
    batch: batch.id,
    messageBatch: messageBatch["id"] as string,
    response: response.id,
    responseItem: response.output.at(-1)?.id ?? "",
    run,
    conversation: conversation.id,
    item: item?.id ?? "",
    word: secretWord,
  }
}

describe("a key that acts for another user", () => {
  it.each(rowsOf("lists"))("%s %s: lists nothing of hers", async (_method, path, row) => {
    const { status, text } = await ask("bob", "ada", row)
    expect({ path, status }).toEqual({ path, status: 200 })
    for (const [name, id] of Object.entries(made.ada)) if (name !== "word") expect(text).not.toContain(id)
  })

  it.each(rowsOf("hides"))("%s %s: is told what it would be told of one that does not exist", async (_method, _path, row) => {
    const told = await ask("bob", "ada", row)
    const unknown = await ask("bob", "nobody", row)
    expect({ status: told.status, text: told.status === 404 ? "" : told.text }).toEqual({ status: 404, text: "" })
    expect(withoutIds(told.text)).toBe(withoutIds(unknown.text))
  })

  it.each(rowsOf("refuses"))("%s %s %#: is refused like an unknown id", async (_method, _path, row) => {
    const told = await ask("bob", "ada", row)
    const unknown = await ask("bob", "nobody", row)
    expect(told.status).toBe(unknown.status)
    expect(told.status).toBeGreaterThanOrEqual(400)
    expect(withoutIds(told.text)).toBe(withoutIds(unknown.text))
  })

  it("is told neither what she used nor how her answers were scored", async () => {
    const usage = async (who: Who): Promise<unknown> => (await json(who, "GET", "/v1/usage?groupBy=user"))["rows"]
    const sums = async (who: Who): Promise<unknown> => (await json(who, "GET", "/v1/feedback/sums?name=helpful"))["rows"]
    expect(await usage("ada")).toMatchObject([{ group: "ada", inputTokens: expect.any(Number) as number }])
    expect(JSON.stringify(await usage("bob"))).not.toContain("ada")
    expect(JSON.stringify(await usage("application"))).toContain("ada")
    expect(await sums("ada")).toMatchObject([{ name: "helpful", count: 1 }])
    expect(await sums("bob")).toEqual([])
    expect(await sums("application")).toMatchObject([{ name: "helpful", count: 2 }])
  })

  it("gives no part to her upload", async () => {
    const form = new FormData()
    form.set("data", new File(["his"], "part"))
    const headers = { authorization: `Bearer ${keys.bob}` }
    const response = await fetch(`${perdure.url}/v1/uploads/${made.ada["upload"]}/parts`, { method: "POST", headers, body: form })
    expect(response.status).toBe(404)
  })

  const parts = (id: string): object[] => [{ type: "file", file: { file_id: id } }]
  const asked = { model: "perdure/extractive" }
  const attachments: [what: string, path: string, body: (ids: Record<string, string>) => object][] = [
    ["a store of his", "/v1/vector_stores/{own}/files", ({ file }) => ({ file_id: file })],
    ["a batch of his store", "/v1/vector_stores/{own}/file_batches", ({ file }) => ({ file_ids: [file] })],
    ["a new store", "/v1/vector_stores", ({ file }) => ({ file_ids: [file] })],
    ["a chat completion", "/v1/chat/completions", ({ file = "" }) => ({ ...asked, messages: [{ role: "user", content: parts(file) }] })],
    [
      "a message",
      "/v1/messages",
      ({ file }) => ({
        ...asked,
        max_tokens: 9,
        messages: [{ role: "user", content: [{ type: "document", source: { type: "file", file_id: file } }] }],
      }),
    ],
    ["a changed picture", "/v1/images/edits", ({ file }) => ({ ...asked, prompt: "x", images: [{ file_id: file }] })],
    [
      "a response's input",
      "/v1/responses",
      ({ file }) => ({ ...asked, input: [{ role: "user", content: [{ type: "input_file", file_id: file }] }] }),
    ],
    [
      "a response's search",
      "/v1/responses",
      ({ store }) => ({ ...asked, input: "What is the word?", tools: [{ type: "file_search", vector_store_ids: [store] }] }),
    ],
    [
      "a response's memory",
      "/v1/responses",
      ({ store }) => ({
        ...asked,
        input: "What is the word?",
        perdure: { memory: { scope: "user:bob", remember: false, vector_store_ids: [store] } },
      }),
    ],
    [
      "a call's memory",
      "/v1/chat/completions",
      ({ store }) => ({
        ...asked,
        messages: [{ role: "user", content: "What is the word?" }],
        perdure: { memory: { scope: "user:bob", remember: false, required: true, vector_store_ids: [store] } },
      }),
    ],
    [
      "a response's items",
      "/v1/responses",
      ({ responseItem }) => ({
        ...asked,
        input: [
          { type: "item_reference", id: responseItem },
          { role: "user", content: "And?" },
        ],
      }),
    ],
    ["a continued response", "/v1/responses", ({ response }) => ({ ...asked, input: "And?", previous_response_id: response })],
    ["a response in a conversation", "/v1/responses", ({ conversation }) => ({ ...asked, input: "And?", conversation })],
    ["a batch", "/v1/batches", ({ file }) => ({ input_file_id: file, endpoint: "/v1/responses", completion_window: "24h" })],
  ]

  it.each(attachments)("uses none of hers in %s", async (_what, path, body) => {
    const own = await clientOf("bob").vectorStores.create({ name: "his" })
    const at = path.replace("{own}", own.id)
    const told = await call("bob", "POST", at, body(made.ada))
    const unknown = await call("bob", "POST", at, body(unknownIds))
    const [toldText, unknownText] = [await told.text(), await unknown.text()]
    expect({ status: told.status, text: toldText.includes(secretWord) }).toEqual({ status: unknown.status, text: false })
    expect(told.status, toldText).toBeGreaterThanOrEqual(400)
    expect(withoutIds(toldText)).toBe(withoutIds(unknownText))
  })

  it("left hers as it was", async () => {
    for (const path of [
      "/v1/files/{file}",
      "/v1/vector_stores/{store}/files/{file}/content",
      "/v1/vector_stores/{store}/file_batches/{fileBatch}",
      "/v1/batches/{batch}",
      "/v1/messages/batches/{messageBatch}",
      "/v1/responses/{response}",
      "/v1/conversations/{conversation}/items/{item}",
      "/v1/runs/{run}",
    ])
      expect({ path, status: (await call("ada", "GET", filled(path, made.ada))).status }).toEqual({ path, status: 200 })
    const found = await json("ada", "POST", filled("/v1/vector_stores/{store}/search", made.ada), { query: "What is the word?" })
    expect(JSON.stringify(found)).toContain(secretWord)
    for (const path of ["/v1/files", "/v1/vector_stores", "/v1/batches", "/v1/messages/batches", "/v1/runs"]) {
      const list = JSON.stringify(await json("ada", "GET", path))
      const names = { "/v1/files": "file", "/v1/vector_stores": "store", "/v1/batches": "batch", "/v1/runs": "run" } as Record<
        string,
        string
      >
      expect(list).toContain(made.ada[names[path] ?? "messageBatch"])
    }
    const conversation = await json("ada", "GET", filled("/v1/conversations/{conversation}", made.ada))
    expect(conversation).toMatchObject({ metadata: {}, perdure: { owner: "user:ada" } })
    const completed = await json("ada", "POST", filled("/v1/uploads/{upload}/complete", made.ada), { part_ids: [made.ada["part"]] })
    expect(completed).toMatchObject({ status: "completed", file: { perdure: { owner: "user:ada" } } })
  })
})

describe("what an application's key made for nobody", () => {
  it.each([
    ["GET", "/v1/files/{file}"],
    ["GET", "/v1/files/{file}/content"],
    ["GET", "/v1/vector_stores/{store}"],
    ["GET", "/v1/vector_stores/{store}/files"],
    ["GET", "/v1/vector_stores/{store}/files/{file}/content"],
    ["GET", "/v1/vector_stores/{store}/file_batches/{fileBatch}/files"],
    ["POST", "/v1/vector_stores/{store}/search", { query: "What is the word?" }],
    ["GET", "/v1/conversations/{conversation}"],
    ["GET", "/v1/conversations/{conversation}/items"],
  ])("is read by a key that acts for a user: %s %s", async (method, path, body?: object) => {
    const response = await call("bob", method, filled(path, made.application), body)
    expect({ status: response.status, text: response.ok ? "" : await response.text() }).toEqual({ status: 200, text: "" })
  })

  it.each([
    ["DELETE", "/v1/files/{file}"],
    ["DELETE", "/v1/files/{file}?derived=revoke"],
    ["POST", "/v1/vector_stores/{store}", { name: "taken over" }],
    ["DELETE", "/v1/vector_stores/{store}"],
    ["POST", "/v1/vector_stores/{store}/files", { file_id: "{file}" }],
    ["POST", "/v1/vector_stores/{store}/files/{file}", { attributes: { taken: true } }],
    ["DELETE", "/v1/vector_stores/{store}/files/{file}"],
    ["POST", "/v1/vector_stores/{store}/file_batches", { file_ids: ["{file}"] }],
    ["POST", "/v1/vector_stores/{store}/file_batches/{fileBatch}/cancel"],
    ["POST", "/v1/conversations/{conversation}", { metadata: { taken: "over" } }],
    ["POST", "/v1/conversations/{conversation}/items", { items: [{ type: "message", role: "user", content: "mine" }] }],
    ["DELETE", "/v1/conversations/{conversation}/items/{item}"],
    ["DELETE", "/v1/conversations/{conversation}"],
    ["POST", "/v1/responses", { model: "perdure/extractive", input: "And?", conversation: "{conversation}" }],
  ])("is not changed by it: %s %s", async (method, path, body?: object) => {
    const given = body && (JSON.parse(filled(JSON.stringify(body), made.application)) as object)
    const response = await call("bob", method, filled(path, made.application), given)
    expect({ status: response.status, text: await response.text() }).toEqual({
      status: 403,
      text: expect.stringContaining("permission_denied") as string,
    })
  })

  it.each(["/v1/responses/{response}", "/v1/runs/{run}", "/v1/batches/{batch}", "/v1/messages/batches/{messageBatch}"])(
    "is not there for it, being somebody's words: %s",
    async (path) => {
      expect((await call("bob", "GET", filled(path, made.application))).status).toBe(404)
    },
  )

  it("is the application's to change, and so is what users own", async () => {
    expect((await call("application", "GET", filled("/v1/files/{file}", made.ada))).status).toBe(200)
    expect((await call("application", "POST", filled("/v1/vector_stores/{store}", made.ada), { name: "renamed" })).status).toBe(200)
    const list = JSON.stringify(await json("application", "GET", "/v1/files?limit=100"))
    expect(list).toContain(made.ada["file"])
    expect(list).toContain(made.application["file"])
  })
})

describe("an owner that is named", () => {
  it("has it, and no other user", async () => {
    const file = new FormData()
    file.set("purpose", "assistants")
    file.set("perdure[owner]", "user:ada")
    file.set("file", new File(["hers"], "hers.txt"))
    const headers = { authorization: `Bearer ${keys.application}` }
    const uploaded = (await (await fetch(`${perdure.url}/v1/files`, { method: "POST", headers, body: file })).json()) as { id: string }
    const owned = { perdure: { owner: "user:ada" } }
    const store = await json("application", "POST", "/v1/vector_stores", { name: "hers", ...owned })
    const conversation = await json("application", "POST", "/v1/conversations", owned)
    const response = await clientOf("application").responses.create({
      model: "perdure/extractive",
      input: "Hers.",
      safety_identifier: "ada",
    })
    for (const path of [
      `/v1/files/${uploaded.id}`,
      `/v1/vector_stores/${store["id"] as string}`,
      `/v1/conversations/${conversation["id"] as string}`,
      `/v1/responses/${response.id}`,
    ]) {
      expect({ path, status: (await call("ada", "GET", path)).status }).toEqual({ path, status: 200 })
      expect({ path, status: (await call("bob", "GET", path)).status }).toEqual({ path, status: 404 })
    }
    expect((await call("ada", "DELETE", `/v1/files/${uploaded.id}`)).status).toBe(200)
  })

  it("is not somebody else for a key that acts for a user", async () => {
    for (const owner of ["user:ada", "project", "team:sales"]) {
      const response = await call("bob", "POST", "/v1/vector_stores", { name: "for her", perdure: { owner } })
      expect({ owner, status: response.status }).toEqual({ owner, status: 403 })
    }
  })

  it("may be a team, whose grants say who reads and who changes it", async () => {
    const owner = "team:sales"
    const store = (await json("application", "POST", "/v1/vector_stores", { name: "sales", perdure: { owner } }))["id"] as string
    const path = `/v1/vector_stores/${store}`
    const statuses = async (who: Who): Promise<number[]> => [
      (await call(who, "GET", path)).status,
      (await call(who, "POST", `${path}/search`, { query: "tea" })).status,
      (await call(who, "POST", path, { name: "renamed" })).status,
    ]
    expect(await statuses("bob")).toEqual([404, 404, 404])
    await json("application", "PATCH", `/v1/scopes/${owner}`, { grants: [{ user: "bob", can: ["read"] }] })
    expect(await statuses("bob")).toEqual([200, 200, 403])
    expect(JSON.stringify(await json("bob", "GET", "/v1/vector_stores"))).toContain(store)
    expect(await statuses("ada")).toEqual([404, 404, 404])
    await json("application", "PATCH", `/v1/scopes/${owner}`, { grants: [{ user: "bob", can: ["read", "write"] }] })
    expect(await statuses("bob")).toEqual([200, 200, 200])
    expect(await statuses("application")).toEqual([200, 200, 200])
  })
})

/** Rows of the table of projects that name nothing but what an end user can own. */
function rowsOf(answer: Answer): [method: string, path: string, row: RouteRow][] {
  const ownable = new Set("file store fileBatch upload part batch messageBatch response run conversation item word".split(" "))
  const lists = new Set([
    "/v1/runs",
    "/v1/runs/stream",
    "/v1/files",
    "/v1/vector_stores",
    "/v1/batches",
    "/v1/messages/batches",
    "/v1/feedback",
  ])
  const named = ({ path, body }: RouteRow): string[] =>
    [...(path + JSON.stringify(body ?? {})).matchAll(/\{(\w+)\}/g)].map(([, name = ""]) => name)
  return routeRows
    .filter((row) => row.answer === answer && named(row).every((name) => ownable.has(name)))
    .filter((row) => named(row).length > 0 || lists.has(row.path))
    .map((row) => [row.method, row.path, row])
}

const unknownIds: Record<string, string> = new Proxy(
  {},
  { get: (_, name: string) => (name === "word" ? secretWord : `${prefixes[name] ?? name}_${"0".repeat(11)}1${"7".repeat(20)}`) },
)
const prefixes: Record<string, string> = {
  store: "vs",
  fileBatch: "vsfb",
  response: "resp",
  responseItem: "msg",
  conversation: "conv",
  messageBatch: "msgbatch",
  item: "msg",
}

/** Answers name the id that was asked for, and the request. */
function withoutIds(text: string): string {
  return text.replaceAll(/[a-z]+_[0-9a-f]{20,}(?:_\w+)?/g, "id").replaceAll(/"request_id":"[^"]*"/g, "")
}

function filled(text: string, ids: Record<string, string>): string {
  return text.replaceAll(/\{(\w+)\}/g, (_, name: string) => ids[name] ?? "")
}

/** Of a stream what comes in a moment. */
async function ask(
  who: Who,
  whose: Who | "nobody",
  { method, path, body, headers, isStream }: RouteRow,
): Promise<{ status: number; text: string }> {
  const ids = whose === "nobody" ? unknownIds : made[whose]
  const asked = body && (JSON.parse(filled(JSON.stringify(body), ids)) as object)
  const response = await call(who, method, filled(path, ids), asked, headers)
  if (isStream !== true) return { status: response.status, text: await response.text() }
  let text = ""
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader()
  const timer = setTimeout(() => void reader?.cancel(), 500)
  for (;;) {
    const { done, value } = (await reader?.read()) ?? { done: true, value: undefined }
    if (done) break
    text += value ?? ""
  }
  clearTimeout(timer)
  return { status: response.status, text }
}

async function json(who: Who, method: string, path: string, body?: object): Promise<Record<string, unknown>> {
  const response = await call(who, method, path, body)
  const text = await response.text()
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`)
  return JSON.parse(text) as Record<string, unknown>
}

function call(who: Who, method: string, path: string, body?: object, more?: Record<string, string>): Promise<Response> {
  const headers = { authorization: `Bearer ${keys[who]}`, "content-type": "application/json", ...more }
  return fetch(perdure.url + path, { method, headers, ...(body ? { body: JSON.stringify(body) } : {}) })
}
