// What hostile and broken clients of the Responses API can try: names of JavaScript's own, floods of references, leaving at bad moments.
import { request } from "node:http"
import { afterAll, beforeAll, expect, it, vi } from "vitest"
import type { Responses } from "../../../agents/index.ts"
import { BackgroundTasks, defaultLimits, newId, systemClock } from "../../../core/index.ts"
import { startFakeProvider, type FakeProvider } from "../../../testing/fake-provider.ts"
import { open, send } from "../../../testing/response-client.ts"
import { startResponsesServer, type ResponsesServer } from "../../../testing/responses-server.ts"
import { createApi, createHttpServer } from "../../index.ts"
import { responseRoutes } from "./index.ts"
import { wholeProject } from "../../../context/index.ts"

let provider: FakeProvider
let server: ResponsesServer

beforeAll(async () => {
  // By what is asked: a call that is cancelled in time never arrives, so a queue of answers would shift.
  provider = await startFakeProvider(({ text }) =>
    text.includes("take your time") ? slow : text.includes("never answer") ? { hang: true } : {},
  )
  server = await startResponsesServer({ providerUrl: provider.url })
})
afterAll(async () => {
  await server[Symbol.asyncDispose]()
  await provider[Symbol.asyncDispose]()
})

const model = "fake-model"
const slow = { text: Array.from({ length: 40 }, (_, index) => `w${index} `), chunkDelayMs: 25 }
const waiting = { timeout: 20_000, interval: 20 }

it.each([
  ["an item", { input: [{ type: "constructor" }] }],
  ["a part", { input: [{ role: "user", content: [{ type: "toString" }] }] }],
  ["a tool", { input: "x", tools: [{ type: "valueOf" }] }],
  ["a tool", { input: "x", tools: [JSON.parse('{"type":"__proto__"}') as object] }],
])("%s whose type is a name of every JavaScript object is refused like any unknown one", async (_, body) => {
  const { status, json } = await send(server, "POST", "/v1/responses", { model, ...body })
  expect([status, json["error"]]).toMatchObject([400, { type: "invalid_request_error" }])
})

it.each([
  ["the input", { input: "a\0b" }, "input[0].content[0].text"],
  [
    "half a surrogate pair in an item",
    { input: [{ role: "user", content: [{ type: "input_text", text: "a\ud800" }] }] },
    "input[0].content[0].text",
  ],
  ["the instructions", { input: "x", instructions: "a\0b" }, "instructions"],
  ["the metadata", { input: "x", metadata: { note: "a\0b" } }, "metadata.note"],
])("a character that cannot be stored in %s is refused by its field, and nothing else is named", async (_, body, param) => {
  const { status, json } = await send(server, "POST", "/v1/responses", { model, ...body })
  expect([status, json["error"]]).toMatchObject([400, { type: "invalid_request_error", code: "unsupported_value", param }])
  const { message } = json["error"] as { message: string }
  expect(message).toContain(`${param} contains a NUL character or half a surrogate pair`)
  expect(message).not.toMatch(/run_|resp_/)
})

it("more references to items than the database takes statements wait for one another", async () => {
  const { json } = await send(server, "POST", "/v1/responses", { model, input: "once" })
  const [item] = json["output"] as { id: string }[]
  const many = (id: string): object[] => Array.from({ length: 12_000 }, () => ({ type: "item_reference", id }))
  const known = await send(server, "POST", "/v1/responses", { model, input: many(item?.id ?? "") })
  expect([known.status, known.json["status"]]).toEqual([200, "completed"])
  const unknown = await send(server, "POST", "/v1/responses", { model, input: many(`msg_${"0".repeat(37)}`) })
  expect([unknown.status, unknown.json["error"]]).toMatchObject([400, { param: "input[0].id" }])
})

it("items that share an id do not cost a conversation its answer", async () => {
  const { id: conversation } = await server.context.conversations.create(wholeProject(server.projectId))
  const input = ["one", "two"].map((content) => ({ type: "message", role: "user", id: "msg_mine", content }))
  const { json } = await send(server, "POST", "/v1/responses", { model, input, conversation })
  expect([json["status"], json["error"]]).toEqual(["completed", null])
})

it("a running response is stopped and deleted in one request", async () => {
  const aborts = provider.abortsCount
  const stream = await open(server, "POST", "/v1/responses", { model, input: "take your time", background: true, stream: true })
  let id = ""
  for (let event = await stream.next(); event; event = await stream.next()) {
    id ||= (event["response"] as { id: string } | undefined)?.id ?? ""
    if (event.type === "response.output_text.delta") break
  }
  const deleted = await send(server, "DELETE", `/v1/responses/${id}`)
  expect([deleted.status, deleted.json]).toMatchObject([200, { id, deleted: true }])
  expect((await send(server, "GET", `/v1/responses/${id}`)).status).toBe(404)
  await vi.waitFor(() => expect(provider.abortsCount).toBe(aborts + 1), waiting)
  while (await stream.next()); // its reader is not left hanging
})

it("a client that leaves while its response is being created ends it", async () => {
  const tasks = new BackgroundTasks((error) => {
    throw error
  })
  const made: string[] = []
  const responses: Responses = {
    ...server.responses,
    create: async (...given) => {
      const run = await server.responses.create(...given)
      made.push(run.id)
      sent.destroy()
      await vi.waitFor(() => expect(http.inFlight).toBe(0), waiting)
      return run
    },
  }
  const shared = { clock: systemClock, newId, limits: defaultLimits, identity: server.identity, logger: { error: () => undefined } }
  const background = (name: string, work: () => Promise<unknown>): void => tasks.run(name, work)
  const app = createApi({
    ...shared,
    routes: [responseRoutes({ ...shared, responses, compact: () => Promise.reject(new Error("not asked")), background })],
  })
  await using http = createHttpServer({ ...shared, app, hotRoutes: {} })
  const url = await http.listen(0, "127.0.0.1")
  const headers = { authorization: `Bearer ${server.apiKey}`, "content-type": "application/json" }
  const sent = request(`${url}/v1/responses`, { method: "POST", headers })
  sent.on("error", () => undefined)
  sent.end(JSON.stringify({ model, input: "never answer" }))
  const status = async (): Promise<string | undefined> => (await server.runs.get(server.projectId, made[0] ?? ""))?.status
  await vi.waitFor(async () => expect(await status()).toBe("cancelled"), waiting)
  await tasks.settled()
})

it("of two clients that wait for the response of one idempotency key, one may leave", async () => {
  const body = { model, input: "take your time", stream: true }
  const headers = { "idempotency-key": "shared-1" }
  const both = [0, 1].map(() => {
    const sent = request(`${server.url}/v1/responses`, {
      method: "POST",
      headers: { authorization: `Bearer ${server.apiKey}`, "content-type": "application/json", ...headers },
    })
    sent.on("error", () => undefined)
    sent.end(JSON.stringify(body))
    return sent
  })
  await Promise.all(both.map((sent) => new Promise((resolve) => sent.once("response", (answer) => answer.once("data", resolve)))))
  both[0]?.destroy()
  const { events } = await send(server, "POST", "/v1/responses", body, headers)
  expect(events.at(-1)?.type).toBe("response.completed")
  both[1]?.destroy()
})

it("nothing of this reached an error handler", () => {
  expect(server.errors).toEqual([])
})
