// OpenAI's package for Azure, unchanged, pointed here: its paths, its key header, and the model that stands in the path.
import { writeFile } from "node:fs/promises"
import { join } from "node:path"
import { AzureOpenAI } from "openai"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { startFakeProvider } from "../../packages/server/src/testing/fake-provider.ts"
import { startPerdure, temporaryDirectory, type StartedServer } from "../support/server.ts"
import { statusOf } from "./clients/openai.ts"

const apiVersion = "2024-10-21"
const messages = [{ role: "user" as const, content: "Hello" }]

describe("the client for Azure's OpenAI service", () => {
  const cleanUps = new AsyncDisposableStack()
  let server: StartedServer
  let models: unknown[]

  beforeAll(async () => {
    models = []
    const provider = cleanUps.use(
      await startFakeProvider(({ body }) => {
        models.push(body["model"])
        return { text: "hi there" }
      }),
    )
    const directory = cleanUps.use(await temporaryDirectory())
    const config = join(directory.path, "perdure.yaml")
    await writeFile(
      config,
      `discovery: false
providers: { up: { baseUrl: "${provider.url}", apiKey: up-key } }
models:
  gpt: { deployments: [{ provider: up, model: upstream-gpt }] }
  team/other: { deployments: [{ provider: up, model: upstream-other }] }
`,
    )
    server = cleanUps.use(await startPerdure({ dataDirectory: join(directory.path, "data"), config }))
  })
  afterAll(() => cleanUps.disposeAsync())

  const clientOf = (more: { apiKey?: string; deployment?: string } = {}): AzureOpenAI =>
    new AzureOpenAI({ endpoint: server.url, apiKey: server.apiKey, apiVersion, maxRetries: 0, ...more })

  it("gets text and streams, by a model's name in the body", async () => {
    const { completions } = clientOf().chat
    expect((await completions.create({ model: "gpt", messages })).choices[0]?.message.content).toBe("hi there")
    let text = ""
    for await (const { choices } of await completions.create({ model: "team/other", messages, stream: true }))
      text += choices[0]?.delta.content ?? ""
    expect(text).toBe("hi there")
    expect(models.splice(0)).toEqual(["upstream-gpt", "upstream-other"])
  })

  it("is answered by the deployment that it was made for, whatever the body names", async () => {
    const { completions } = clientOf({ deployment: "gpt" }).chat
    await completions.create({ model: "gpt-4o-of-azure", messages })
    expect(models.splice(0)).toEqual(["upstream-gpt"])
  })

  it("gets responses, and reads them again", async () => {
    const { responses } = clientOf()
    const { id, output_text: text } = await responses.create({ model: "gpt", input: "Hello" })
    expect(text).toBe("hi there")
    expect((await responses.retrieve(id)).output_text).toBe("hi there")
  })

  it("gets embeddings", async () => {
    const { data } = await clientOf().embeddings.create({ model: "perdure/minilm", input: "Hello" })
    expect(data[0]?.embedding).toHaveLength(384)
  })

  it("is told of a key that is not known and of a model that is not there", async () => {
    expect(await statusOf(clientOf({ apiKey: "wrong" }).chat.completions.create({ model: "gpt", messages }))).toBe(401)
    expect(await statusOf(clientOf({ apiKey: "wrong" }).responses.create({ model: "gpt", input: "Hello" }))).toBe(401)
    expect(await statusOf(clientOf().chat.completions.create({ model: "nothing", messages }))).toBe(404)
  })

  it("may do what its key may do under the own paths", async () => {
    const headers = { authorization: `Bearer ${server.apiKey}`, "content-type": "application/json" }
    const body = JSON.stringify({ name: "chat only", scope: { endpoints: ["chat"] } })
    const made = (await (await fetch(`${server.url}/v1/keys`, { method: "POST", headers, body })).json()) as { secret: string }
    const narrow = clientOf({ apiKey: made.secret })
    expect((await narrow.chat.completions.create({ model: "gpt", messages })).choices).toHaveLength(1)
    expect(await statusOf(narrow.responses.create({ model: "gpt", input: "Hello" }))).toBe(403)
  })
})
