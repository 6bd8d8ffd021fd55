// Erasure on a server as it is started: what came in by every way is gone from the database's files, the log and every table; killed in the middle it goes on.
import { existsSync, readdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { startFakeProvider, type FakeProvider } from "../../packages/server/src/testing/fake-provider.ts"
import { filesWith } from "../support/byte-search.ts"
import { startPerdure, temporaryDirectory, type StartedServer } from "../support/server.ts"

const word = "kanarie-7f3a9c2e41b8"
const said = `Zoë wrote:\n"the word is ${word}" – and nothing else`
const kept = "The harvest festival is on the second Sunday of October."

type Json = Record<string, unknown>

class Client {
  readonly #server: StartedServer

  constructor(server: StartedServer) {
    this.#server = server
  }

  async call(method: string, path: string, body?: object, headers: Record<string, string> = {}): Promise<Json> {
    const response = await this.send(method, path, body === undefined ? undefined : JSON.stringify(body), {
      "content-type": "application/json",
      ...headers,
    })
    const text = await response.text()
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`)
    return text.startsWith("{") ? (JSON.parse(text) as Json) : { text }
  }

  send(method: string, path: string, body?: string | FormData, headers: Record<string, string> = {}): Promise<Response> {
    const { url, apiKey } = this.#server
    return fetch(`${url}${path}`, {
      method,
      headers: { authorization: `Bearer ${apiKey}`, ...headers },
      ...(body === undefined ? {} : { body }),
    })
  }

  async upload(name: string, content: string | Uint8Array<ArrayBuffer>): Promise<string> {
    const form = new FormData()
    form.set("purpose", "assistants")
    form.set("file", new File([content], name))
    return ((await (await this.send("POST", "/v1/files", form)).json()) as { id: string }).id
  }

  async erase(target: object): Promise<Json> {
    const started = (await this.call("POST", "/v1/erasures", target)) as { id: string; status: string } & Json
    let erasure: { id: string; status: string } & Json = started
    while (erasure.status === "in_progress") {
      await new Promise((resolve) => setTimeout(resolve, 200))
      erasure = (await this.call("GET", `/v1/erasures/${started.id}`)) as typeof erasure
    }
    return erasure
  }
}

/** Everything that a text can come in by. */
async function putIn(client: Client): Promise<void> {
  const remembered = {
    scope: "user:zoe",
    text: said,
    metadata: { note: said },
    speaker: "Zoë",
    source: { kind: "web", uri: `https://x.test/${word}` },
  }
  await client.call("POST", "/v1/memories", remembered)
  await client.call("POST", "/v1/memories", { scope: "user:zoe", text: kept })
  await client.call("POST", "/v1/conversations", { metadata: { topic: word }, items: [{ type: "message", role: "user", content: said }] })
  const { id } = await client.call("POST", "/v1/responses", { model: "m", input: said, metadata: { about: word } })
  await client.call("POST", "/v1/responses", { model: "m", input: "Again, please.", stream: true, previous_response_id: id })
  await client.call("POST", "/v1/chat/completions", { model: "m", messages: [{ role: "user", content: said }] })
  await client.call("PUT", "/v1/blocks/user%3Azoe/notes.md", { text: `- ${said}\n- ${kept}` })
  await client.call("PUT", "/v1/blocks/user%3Azoe/notes.md", { text: `- ${kept}\n- ${said}` })
  await client.call("PUT", "/v1/states/user%3Azoe/cart", { value: { items: [said], at: 1 } })
  await client.call("POST", "/v1/feedback", {
    runId: String(id).replace("resp_", "run_"),
    name: "helpful",
    value: true,
    comment: `Not ${word}`,
  })
  const store = await client.call("POST", "/v1/vector_stores", { name: `about ${word}` })
  const files = [
    await client.upload("word.md", `# Words\n\n${said}\n`),
    await client.upload("wide.txt", new Uint8Array(Buffer.from(`\ufeff${said}`, "utf16le"))),
  ]
  files.push(await client.upload("kept.md", `# Feasts\n\n${kept}\n`))
  for (const file of files) await client.call("POST", `/v1/vector_stores/${String(store["id"])}/files`, { file_id: file })
  for (const file of files) {
    const path = `/v1/vector_stores/${String(store["id"])}/files/${file}`
    while (((await client.call("GET", path)) as { status: string }).status === "in_progress")
      await new Promise((resolve) => setTimeout(resolve, 100))
  }
}

const configuration = (url: string): string => `providers: { fake: { baseUrl: "${url}" } }
models: { m: { deployments: [{ provider: fake, model: m, does: { chat: true } }], cache: { mode: exact, ttlSeconds: 600 } } }
grants: [{ to: "*", allow: ["memory.write:*", "memory.delete:*", "memories.erase:*", "file.write:*"] }]
discovery: false
`

describe("an erasure", () => {
  const cleanUps = new AsyncDisposableStack()
  let provider: FakeProvider
  let config: string
  let dataDirectory: string

  beforeAll(async () => {
    provider = cleanUps.use(await startFakeProvider(() => ({ text: ["You said: kana", "rie-7f3a", "9c2e41b8", ", I think."] })))
    const directory = cleanUps.use(await temporaryDirectory())
    config = join(directory.path, "perdure.yaml")
    dataDirectory = join(directory.path, "data")
    writeFileSync(config, configuration(provider.url))
  })
  afterAll(() => cleanUps.disposeAsync())

  it("leaves no byte of a text that came in by every way, says what it did, and keeps the rest", async () => {
    const server = await startPerdure({ dataDirectory, config })
    const client = new Client(server)
    await putIn(client)
    const planned = await client.erase({ query: word, dryRun: true })
    expect(planned).toMatchObject({
      status: "completed",
      receipt: { counts: { episodes: 1, sources: 1, blocks: 1, states: 1, files: 2, rows: { run_events: expect.any(Number) as never } } },
    })
    expect(filesWith(dataDirectory, word)).not.toEqual([])
    const found = (await client.call("POST", "/v1/memories/search", { scope: "user:zoe", query: word })) as unknown as {
      memories: { text: string }[]
    }
    expect(found.memories[0]?.text).toBe(said)

    const erased = (await client.erase({ query: word })) as Json & { id: string }
    const run = await client.call("GET", `/v1/runs/${String(erased["runId"])}`)
    expect(erased, JSON.stringify(run)).toMatchObject({
      status: "completed",
      target: { kind: "query", name: null },
      receipt: {
        counts: {
          episodes: 1,
          sources: 1,
          blocks: 1,
          states: 1,
          files: 2,
          rows: { block_versions: 2, state_versions: 1, conversation_items: 1, feedback: 1 },
        },
        verified: { texts: 1, rows: {}, filesContaining: [], logCleared: true },
      },
    })
    expect(erased["receiptHash"]).toMatch(/^[0-9a-f]{64}$/)
    const after = (await client.call("POST", "/v1/memories/search", {
      scope: "user:zoe",
      query: `${word} ${kept}`,
    })) as unknown as typeof found
    expect(after.memories.map(({ text }) => text)).toEqual([kept])
    expect(await client.call("GET", "/v1/blocks/user%3Azoe/notes.md")).toMatchObject({ text: expect.stringContaining(kept) as never })
    await server[Symbol.asyncDispose]()
    expect(filesWith(dataDirectory, word)).toEqual([])
    expect(existsSync(dataDirectory) && readdirSync(dataDirectory).length > 0).toBe(true)
  })
})
