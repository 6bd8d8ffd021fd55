// Everything that a text can come into a server by, and the client that puts it there and erases it.
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { startFakeProvider } from "../../packages/server/src/testing/fake-provider.ts"
import { temporaryDirectory, type StartedServer } from "./server.ts"

export const word = "kanarie-7f3a9c2e41b8"
export const said = `Zoë wrote:\n"the word is ${word}" – and nothing else`
export const kept = "The harvest festival is on the second Sunday of October."

export type Json = Record<string, unknown>

export class ErasingClient {
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
export async function putIn(client: ErasingClient): Promise<void> {
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
grants: [{ to: "*", allow: ["memory.write:*", "memory.delete:*", "memories.erase:*", "file.write:*", "conversation.write:*"] }]
discovery: false
`

export interface CanarySetting extends AsyncDisposable {
  config: string
  dataDirectory: string
}

/** A provider that repeats the word in pieces, and the configuration of a server that asks it. */
export async function canarySetting(): Promise<CanarySetting> {
  const cleanUps = new AsyncDisposableStack()
  const provider = cleanUps.use(await startFakeProvider(() => ({ text: ["You said: kana", "rie-7f3a", "9c2e41b8", ", I think."] })))
  const directory = cleanUps.use(await temporaryDirectory())
  const config = join(directory.path, "perdure.yaml")
  writeFileSync(config, configuration(provider.url))
  return { config, dataDirectory: join(directory.path, "data"), [Symbol.asyncDispose]: () => cleanUps.disposeAsync() }
}
