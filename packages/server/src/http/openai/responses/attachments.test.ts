// Pictures, files and sound in responses: by bytes, by address, and by the id of a file that is stored here.
import type OpenAI from "openai"
import { afterAll, beforeAll, expect, it } from "vitest"
import { startFakeProvider, type FakeProvider } from "../../../testing/fake-provider.ts"
import { openAiClient } from "../../../testing/response-client.ts"
import { startResponsesServer, type ResponsesServer } from "../../../testing/responses-server.ts"

const png = Buffer.from("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==", "base64")
const pngUrl = `data:image/png;base64,${png.toString("base64")}`

let provider: FakeProvider
let server: ResponsesServer
let client: OpenAI

beforeAll(async () => {
  provider = await startFakeProvider()
  server = await startResponsesServer({ providerUrl: provider.url, limits: { attachedBytesMax: 10_000 } })
  client = openAiClient(server)
})
afterAll(async () => {
  await server[Symbol.asyncDispose]()
  await provider[Symbol.asyncDispose]()
})

const stored = async (filename: string, content: Uint8Array): Promise<string> => {
  const caller = { projectId: server.projectId, principal: server.keyId, user: null }
  return (await server.context.files.upload(caller, { filename, content, purpose: "user_data" })).id
}
const ask = (content: unknown[], more: object = {}): Promise<OpenAI.Responses.Response> =>
  client.responses.create({
    model: "fake-model",
    input: [{ role: "user", content: content as OpenAI.Responses.ResponseInputContent[] }],
    ...more,
  })
const sentParts = (): unknown => (provider.last?.body["messages"] as { content: unknown }[] | undefined)?.at(-1)?.content

it("a stored picture and a stored file are sent by their bytes, and the response keeps their ids", async () => {
  const picture = await stored("dot.png", png)
  const notes = await stored("notes.txt", new TextEncoder().encode("31 days of leave"))
  const answer = await ask([
    { type: "input_text", text: "What is this?" },
    { type: "input_image", file_id: picture, detail: "low" },
    { type: "input_file", file_id: notes },
  ])
  expect(sentParts()).toEqual([
    { type: "text", text: "What is this?" },
    { type: "image_url", image_url: { url: pngUrl, detail: "low" } },
    // A text is given as a text, which every model reads.
    { type: "text", text: "notes.txt\n31 days of leave" },
  ])
  const { data } = await client.responses.inputItems.list(answer.id)
  expect(data[0]).toMatchObject({ content: [{}, { file_id: picture }, { file_id: notes }] })

  // In a chain they are read again, and what is said then rests on them.
  await client.responses.create({ model: "fake-model", input: "And now?", previous_response_id: answer.id })
  expect(JSON.stringify(provider.last?.body["messages"])).toContain(pngUrl)
  const run = await server.runs.get(server.projectId, answer.id.replace("resp_", "run_"))
  expect(run?.label.sources).toEqual(expect.arrayContaining([`file:${picture}`, `file:${notes}`]))
  expect(run?.label.integrity).toBe(0)
})

it("bytes, addresses and sound pass with their details", async () => {
  await ask([
    { type: "input_image", image_url: pngUrl, detail: "high" },
    { type: "input_image", image_url: "https://example.com/a.png", detail: "auto" },
    { type: "input_audio", input_audio: { data: "AAAA", format: "wav" } },
  ])
  expect(sentParts()).toEqual([
    { type: "image_url", image_url: { url: pngUrl, detail: "high" } },
    { type: "image_url", image_url: { url: "https://example.com/a.png" } },
    { type: "input_audio", input_audio: { data: "AAAA", format: "wav" } },
  ])
})

it("a function may answer with a stored picture", async () => {
  const picture = await stored("chart.png", png)
  provider.next({ toolCalls: [{ id: "call_chart", name: "draw", arguments: "{}" }] })
  const tools = [{ type: "function" as const, name: "draw", parameters: { type: "object", properties: {} }, strict: null }]
  const first = await client.responses.create({ model: "fake-model", input: "Draw it.", tools })
  const output = [
    { type: "input_text" as const, text: "the chart" },
    { type: "input_image" as const, file_id: picture },
  ]
  await client.responses.create({
    model: "fake-model",
    tools,
    previous_response_id: first.id,
    input: [{ type: "function_call_output", call_id: "call_chart", output }],
  })
  const messages = provider.last?.body["messages"] as { role: string; content: unknown }[]
  expect(messages.find(({ role }) => role === "tool")).toMatchObject({ content: "the chart" })
  expect(JSON.stringify(messages)).toContain(pngUrl)
})

it("a file that the project does not have, a gone one and a large one are refused with their place", async () => {
  const before = provider.requests.length
  await expect(ask([{ type: "input_image", file_id: "file_none" }])).rejects.toMatchObject({
    status: 404,
    param: "input[0].content[0].file_id",
  })
  const large = await stored("large.txt", Buffer.alloc(10_001, "a"))
  await expect(ask([{ type: "input_file", file_id: large }])).rejects.toMatchObject({
    status: 413,
    code: "file_too_large",
    message: expect.stringContaining("10001 bytes") as string,
    param: "input[0].content[0].file_id",
  })
  const half = await stored("half.txt", Buffer.alloc(6_000, "b"))
  const other = await stored("other.txt", Buffer.alloc(6_000, "c"))
  await expect(
    ask([
      { type: "input_file", file_id: half },
      { type: "input_file", file_id: other },
    ]),
  ).rejects.toMatchObject({
    status: 413,
    param: "input[0].content[1].file_id",
  })
  await ask([
    { type: "input_file", file_id: half },
    { type: "input_file", file_id: half },
  ])
  await expect(ask([{ type: "input_image" }])).rejects.toMatchObject({ status: 400, param: "input[0].content[0].image_url" })
  await expect(ask([{ type: "input_file" }])).rejects.toMatchObject({ status: 400, param: "input[0].content[0].file_data" })
  expect(provider.requests.length).toBe(before + 1)
})
