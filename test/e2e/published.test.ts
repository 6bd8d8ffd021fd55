// What is published, not the source: it is built, started with plain Node, and does what needs its workers, model and assets.
import OpenAI from "openai"
import { expect, it } from "vitest"
import { buildPublished, publishedProgram } from "../support/published.ts"
import { startPerdure, temporaryDirectory } from "../support/server.ts"

it("the packages as they are published start, read a file, embed, remember, recall and show the dashboard", async () => {
  buildPublished()
  await using directory = await temporaryDirectory()
  await using server = await startPerdure({ dataDirectory: directory.path, program: publishedProgram })
  const { url, apiKey, dashboardUrl } = server
  const client = new OpenAI({ baseURL: `${url}/v1`, apiKey })

  // The parsers run in a worker, the embedding model in another, the database in a third: each is found by its compiled name.
  const file = await client.files.create({
    file: new File(["<h1>Leave</h1><p>Everybody has 31 days of leave.</p>"], "leave.html"),
    purpose: "assistants",
  })
  const store = await client.vectorStores.create({ name: "handbook" })
  const read = await client.vectorStores.files.createAndPoll(store.id, { file_id: file.id }, { pollIntervalMs: 100 })
  expect(read.status).toBe("completed")
  const found = await client.vectorStores.search(store.id, { query: "How much holiday do people get?" })
  expect(found.data[0]?.content[0]?.text).toContain("31 days of leave")
  const embedding = await client.embeddings.create({ model: "perdure/minilm", input: "holiday" })
  expect(embedding.data[0]?.embedding).toHaveLength(384)

  const headers = { authorization: `Bearer ${apiKey}`, "content-type": "application/json" }
  const post = (path: string, body: object): Promise<Response> =>
    fetch(`${url}/v1/${path}`, { method: "POST", headers, body: JSON.stringify(body) })
  expect((await post("memories", { scope: "user:ada", text: "Ada drinks tea in the morning." })).status).toBe(201)
  const recalled = await post("memories/search", { scopes: ["user:ada"], query: "What does Ada drink?" })
  expect(await recalled.text()).toContain("Ada drinks tea in the morning.")

  const signedIn = await fetch(dashboardUrl)
  const page = await fetch(`${url}/dashboard/`, {
    headers: {
      cookie: signedIn.headers
        .getSetCookie()
        .map((each) => each.split(";")[0])
        .join("; "),
    },
  })
  expect(page.status).toBe(200)
  expect(await page.text()).toContain("<script")
})
