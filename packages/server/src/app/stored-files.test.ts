// Stored files that chat completions and messages name by their ids: sent by their bytes to whoever serves the model, and never across projects.
import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import OpenAI, { toFile } from "openai"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { loadConfig } from "../config/index.ts"
import { startFakeProvider } from "../testing/fake-provider.ts"
import { createPerdure, type Perdure } from "./index.ts"

const png = Buffer.from("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==", "base64")
const pngData = png.toString("base64")
const pdf = Buffer.from("%PDF-1.4\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n")
const pdfData = pdf.toString("base64")
const notes = '31 days of "leave"'

const openai = await startFakeProvider()
const anthropic = await startFakeProvider()
let perdure: Perdure
let directory = ""
let key = ""
let stranger = ""
const ids = { png: "", pdf: "", notes: "" }

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "perdure-stored-files-"))
  const config = {
    discovery: false,
    server: { port: 0 },
    logging: { level: "silent" },
    limits: { attachedBytesMax: 2_000 },
    providers: {
      one: { type: "openai", baseUrl: openai.url, apiKey: { env: "PATH" } },
      two: { type: "anthropic", baseUrl: anthropic.url, apiKey: { env: "PATH" } },
    },
    models: {
      gpt: { deployments: [{ provider: "one", model: "gpt-4o" }] },
      draws: { deployments: [{ provider: "one", model: "gpt-image-1", does: { images: true } }] },
      claude: { deployments: [{ provider: "two", model: "claude-opus-4-8" }] },
    },
  }
  await writeFile(join(directory, "perdure.config.ts"), `export default ${JSON.stringify(config)}`)
  perdure = await createPerdure((await loadConfig({ cwd: directory, flags: [] })).config)
  key = perdure.apiKeyCreated ?? ""
  stranger = (await perdure.identity.createKey("proj_other", "stranger")).secret
  const client = new OpenAI({ baseURL: `${perdure.url}/v1`, apiKey: key })
  const upload = async (content: Buffer | string, name: string): Promise<string> =>
    (await client.files.create({ file: await toFile(Buffer.from(content), name), purpose: "user_data" })).id
  ids.png = await upload(png, "dot.png")
  ids.pdf = await upload(pdf, "rules.pdf")
  ids.notes = await upload(notes, 'my "notes".txt')
})
afterAll(async () => {
  await perdure[Symbol.asyncDispose]()
  await openai[Symbol.asyncDispose]()
  await anthropic[Symbol.asyncDispose]()
  await rm(directory, { recursive: true, force: true })
})

async function post(path: string, body: object | string, as = key): Promise<{ status: number; body: { error?: Record<string, unknown> } }> {
  const headers = { authorization: `Bearer ${as}`, "content-type": "application/json", "anthropic-version": "2023-06-01" }
  const text = typeof body === "string" ? body : JSON.stringify(body)
  const answer = await fetch(`${perdure.url}${path}`, { method: "POST", headers, body: text })
  return { status: answer.status, body: (await answer.json()) as { error?: Record<string, unknown> } }
}
const chat = (model: string, content: unknown[], as = key): ReturnType<typeof post> =>
  post("/v1/chat/completions", { model, messages: [{ role: "user", content }] }, as)
const messages = (model: string, content: unknown[], as = key): ReturnType<typeof post> =>
  post("/v1/messages", { model, max_tokens: 9, messages: [{ role: "user", content }] }, as)
const part = (file_id: string): object => ({ type: "file", file: { file_id } })
const block = (file_id: string, more: object = {}): object => ({ type: "document", source: { type: "file", file_id }, ...more })
const lastContent = (body: Record<string, unknown> | undefined): unknown =>
  (body?.["messages"] as { content: unknown }[] | undefined)?.at(-1)?.content

describe("chat completions", () => {
  it("send a stored file by its bytes, and every other byte of the request as it came", async () => {
    const text = `{"model":"gpt-4o","seed" : 12345678901234567890, "temperature":1.0,"messages":[{"role":"user","content":[
      {"type":"text","text":"What is\\u0020this?"}, {"type":"file","file":{"file_id":"${ids.pdf}"},"cache_control":{"type":"ephemeral"}} ]}]}`
    expect(await post("/v1/chat/completions", text.replace("gpt-4o", "gpt"))).toMatchObject({ status: 200 })
    const filled = `{"type":"file","file":{"filename":"rules.pdf","file_data":"data:application/pdf;base64,${pdfData}"},"cache_control":{"type":"ephemeral"}}`
    expect(openai.last?.text).toBe(text.replace(/\{"type":"file".*\}\}(?= \])/, filled))
  })

  it("send a picture as a picture and a text as a text, which every provider takes", async () => {
    await chat("gpt", [part(ids.png), part(ids.notes)])
    expect(lastContent(openai.last?.body)).toEqual([
      { type: "image_url", image_url: { url: `data:image/png;base64,${pngData}` } },
      { type: "text", text: `<stored_file id="${ids.notes}" name="my \\"notes\\".txt">\n${notes}\n</stored_file>` },
    ])
  })

  it("send them to a provider of another dialect too", async () => {
    await chat("claude", [part(ids.png), part(ids.pdf)])
    expect(lastContent(anthropic.last?.body)).toMatchObject([
      { type: "image", source: { type: "base64", media_type: "image/png", data: pngData } },
      { type: "document", source: { type: "base64", media_type: "application/pdf", data: pdfData } },
    ])
  })

  it("pass a provider's own id on unchanged, and refuse it where its provider is not asked", async () => {
    const content = [part("file-abc123"), part("file_011CNha8iCJcU1wXNR6q4V8w")]
    expect(await chat("gpt", content)).toMatchObject({ status: 200 })
    expect(lastContent(openai.last?.body)).toEqual(content)
    const before = anthropic.requests.length
    expect(await chat("claude", content)).toMatchObject({
      status: 400,
      body: { error: { code: "unsupported_value", param: "messages[0].content[0].file.file_data" } },
    })
    expect(anthropic.requests.length).toBe(before)
  })
})

describe("messages", () => {
  it("send stored files by their bytes, in results of tools as well", async () => {
    const result = { type: "tool_result", tool_use_id: "toolu_1", content: [{ type: "image", source: { type: "file", file_id: ids.png } }] }
    await messages("claude", [result, block(ids.pdf, { cache_control: { type: "ephemeral" } }), block(ids.notes, { title: "Leave" })])
    const image = { type: "image", source: { type: "base64", media_type: "image/png", data: pngData } }
    expect(lastContent(anthropic.last?.body)).toEqual([
      { ...result, content: [image] },
      {
        title: "rules.pdf",
        type: "document",
        source: { type: "base64", media_type: "application/pdf", data: pdfData },
        cache_control: { type: "ephemeral" },
      },
      { title: "Leave", type: "document", source: { type: "text", media_type: "text/plain", data: notes } },
    ])
  })

  it("send them to a provider of another dialect too, and a picture is one whatever block names it", async () => {
    await messages("gpt", [block(ids.png), block(ids.notes)])
    expect(lastContent(openai.last?.body)).toEqual([
      { type: "image_url", image_url: { url: `data:image/png;base64,${pngData}` } },
      { type: "text", text: `my "notes".txt\n${notes}` },
    ])
  })

  it("pass Anthropic's own id on unchanged, and refuse it where Anthropic is not asked", async () => {
    const content = [block("file_011CNha8iCJcU1wXNR6q4V8w")]
    expect(await messages("claude", content)).toMatchObject({ status: 200 })
    expect(lastContent(anthropic.last?.body)).toEqual(content)
    const refused = await messages("gpt", content)
    expect(refused.status).toBe(400)
    expect(refused.body.error?.["message"]).toContain('the file "file_011CNha8iCJcU1wXNR6q4V8w" is not stored here')
  })

  it("are counted with them", async () => {
    const count = async (content: unknown[]): Promise<number> => {
      const body = { model: "gpt", messages: [{ role: "user", content }] }
      const { body: answer } = await post("/v1/messages/count_tokens", body)
      return (answer as { input_tokens: number }).input_tokens
    }
    expect(await count([block(ids.notes)])).toBeGreaterThan(await count([{ type: "text", text: "x" }]))
  })
})

it("a picture that is changed may be a stored one, as may its mask", async () => {
  const body = { model: "draws", prompt: "a hat", images: [{ file_id: ids.png }, { file_id: "file-abc123" }], mask: { file_id: ids.png } }
  await post("/v1/images/edits", body)
  const image_url = `data:image/png;base64,${pngData}`
  expect(openai.last?.body).toEqual({
    model: "gpt-image-1",
    prompt: "a hat",
    images: [{ image_url }, { file_id: "file-abc123" }],
    mask: { image_url },
  })
})

describe("a file that cannot be sent", () => {
  const unknown = `file_${"0".repeat(32)}`
  it.each([
    ["chat completions", chat, "gpt", part, "messages[0].content[1].file.file_id"],
    ["messages", messages, "claude", block, "messages[0].content[1].source.file_id"],
  ] as const)(
    "in %s: another project's is as unknown as one that never was, and nobody is asked",
    async (_what, ask, model, name, param) => {
      const before = openai.requests.length + anthropic.requests.length
      const text = { type: "text", text: "What is this?" }
      const [foreign, missing] = [await ask(model, [text, name(ids.png)], stranger), await ask(model, [text, name(unknown)])]
      for (const [answer, id] of [
        [foreign, ids.png],
        [missing, unknown],
      ] as const) {
        expect(answer.status).toBe(404)
        expect(JSON.stringify(answer.body)).toContain(`No file '${id}' in this project.`)
        if (model === "gpt") expect(answer.body.error).toMatchObject({ code: "not_found", param })
      }
      expect(openai.requests.length + anthropic.requests.length).toBe(before)
    },
  )

  it("is too large, or is named so often that it would be", async () => {
    const client = new OpenAI({ baseURL: `${perdure.url}/v1`, apiKey: key })
    const file = async (bytes: number): Promise<string> =>
      (await client.files.create({ file: await toFile(Buffer.alloc(bytes, "a"), "long.txt"), purpose: "user_data" })).id
    const [large, half] = [await file(2_001), await file(800)]
    const before = openai.requests.length
    expect(await chat("gpt", [part(large)])).toMatchObject({ status: 413, body: { error: { code: "file_too_large" } } })
    expect(await chat("gpt", [part(half), part(half)])).toMatchObject({ status: 200 })
    // Read once, and sent as often as it is named: four times what may be read.
    const often = Array.from({ length: 11 }, () => part(half))
    expect(await chat("gpt", often)).toMatchObject({
      status: 413,
      body: { error: { code: "file_too_large", param: "messages[0].content[10].file.file_id" } },
    })
    expect(openai.requests.length).toBe(before + 1)
  })
})
