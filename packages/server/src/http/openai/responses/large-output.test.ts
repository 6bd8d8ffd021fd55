// An answer that grows beyond what a response may keep: it ends where that is met, and the stream, the response and its run tell the same end.
import { afterAll, beforeAll, expect, it } from "vitest"
import { startFakeProvider, type FakeProvider } from "../../../testing/fake-provider.ts"
import { send } from "../../../testing/response-client.ts"
import { assertStreamInvariants } from "../../../testing/response-fixtures.ts"
import { startResponsesServer, type ResponsesServer } from "../../../testing/responses-server.ts"

const bytesMax = 64_000
let provider: FakeProvider
let server: ResponsesServer

beforeAll(async () => {
  // Each quotation mark takes two bytes in the log.
  const pieces = (count: number): string[] => Array.from({ length: count }, () => '"'.repeat(500))
  provider = await startFakeProvider(({ text }) => {
    if (text.includes("in small pieces")) return { text: Array.from({ length: 30_000 }, () => "a") }
    return { text: pieces(text.includes("too long") ? 200 : 55) }
  })
  server = await startResponsesServer({ providerUrl: provider.url, limits: { stepOutputBytesMax: bytesMax } })
})
afterAll(async () => {
  await server[Symbol.asyncDispose]()
  await provider[Symbol.asyncDispose]()
})

const named = expect.stringContaining("limits.stepOutputBytesMax") as string
const ask = { model: "fake-model", store: true }

it("an answer beyond the limit ends its response failed, with the limit named, in the stream as in the log", async () => {
  const { events } = await send(server, "POST", "/v1/responses", { ...ask, input: "too long", stream: true })
  assertStreamInvariants(events)
  const error = events.find(({ type }) => type === "error")
  expect(error).toMatchObject({
    code: "step_output_too_large",
    message: expect.stringMatching(/output .* 60000 bytes.*limits\.stepOutputBytesMax.* Ask for less/) as string,
  })
  const end = events.at(-1) as { type: string; response: { id: string } } | undefined
  expect(end).toMatchObject({ type: "response.failed", response: { status: "failed", error: { message: named } } })
  const id = end?.response.id ?? ""
  const { json } = await send(server, "GET", `/v1/responses/${id}`)
  expect(json).toMatchObject({ status: "failed", error: { message: named }, output: [{ status: "incomplete" }] })
  // What was said until then is kept, and was used.
  const [{ content }] = json["output"] as [{ content: [{ text: string }] }]
  expect(content[0].text.length).toBeGreaterThan(bytesMax / 4)
  const run = await server.runs.get(server.projectId, id.replace("resp_", "run_"))
  expect(run).toMatchObject({ status: "failed", error: { code: "step_output_too_large" } })
  expect(run?.usage.outputTokens).toBeGreaterThan(0)
})

it("a request that waits for the whole answer is told the same", async () => {
  const { status, json } = await send(server, "POST", "/v1/responses", { ...ask, input: "too long" })
  expect([status, json["error"]]).toMatchObject([400, { code: "step_output_too_large", message: named }])
})

it("an answer just within it is completed and can be continued", async () => {
  const { json } = await send(server, "POST", "/v1/responses", { ...ask, input: "Hello" })
  expect(json["status"]).toBe("completed")
  const next = await send(server, "POST", "/v1/responses", { ...ask, input: "Again", previous_response_id: json["id"] })
  expect(next.json["status"]).toBe("completed")
})

it("an answer that comes letter by letter is no larger for that", async () => {
  const { json } = await send(server, "POST", "/v1/responses", { ...ask, input: "in small pieces" })
  expect(json["status"]).toBe("completed")
})
