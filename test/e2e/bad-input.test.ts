// Whatever a client sends: a clear error in the protocol's shape, nothing lost, and a server that goes on.
import { connect } from "node:net"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { startPerdure, temporaryDirectory, type StartedServer } from "../support/server.ts"

interface WireError {
  error: { message: string; type: string; param: string | null; code: string | null }
}

let directory: Awaited<ReturnType<typeof temporaryDirectory>>
let server: StartedServer

beforeAll(async () => {
  directory = await temporaryDirectory()
  server = await startPerdure({ dataDirectory: directory.path })
})
afterAll(async () => {
  await server[Symbol.asyncDispose]()
  await directory[Symbol.asyncDispose]()
})

const posts = ["/v1/chat/completions", "/v1/embeddings", "/v1/responses", "/v1/vector_stores", "/v1/memories", "/v1/memories/search"]

describe("a body that is not what it should be", () => {
  it.each(posts)("%s: is not JSON, not an object, empty, or not UTF-8", async (path) => {
    for (const body of ["{", '{"model": }', "[]", '"text"', "null", "", new Uint8Array([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d])]) {
      const { status, error } = await send("POST", path, body)
      expect({ path, body, status }).toEqual({ path, body, status: 400 })
      expectShape(error)
    }
  })

  it.each([
    ["/v1/chat/completions", { model: 7, messages: [] }],
    ["/v1/chat/completions", { model: "perdure/extractive", messages: "hello" }],
    ["/v1/chat/completions", { model: "perdure/extractive", messages: [{ role: "king", content: "x" }] }],
    ["/v1/chat/completions", { messages: [{ role: "user", content: "x" }] }],
    ["/v1/embeddings", { model: "perdure/minilm" }],
    ["/v1/embeddings", { model: "perdure/minilm", input: { a: 1 } }],
    ["/v1/embeddings", { model: "perdure/minilm", input: "x", dimensions: 12 }],
    ["/v1/responses", { model: "perdure/extractive", input: 7 }],
    ["/v1/responses", { model: "perdure/extractive", input: [{ type: "message", role: "user" }] }],
    ["/v1/responses", { model: "perdure/extractive", input: "x", tools: [{ type: "function" }] }],
    ["/v1/responses", { model: "perdure/extractive", input: "x", background: true, store: false }],
    ["/v1/vector_stores", { name: 7 }],
    ["/v1/memories", { text: 7 }],
    ["/v1/memories", { text: "x", colour: "blue" }],
  ])("%s refuses %j and names the parameter", async (path, body) => {
    const { status, error } = await send("POST", path, JSON.stringify(body))
    expect(status).toBe(400)
    expectShape(error)
    expect(error?.error.message.length).toBeGreaterThan(10)
  })

  it("is larger than the limit, which the error names", async () => {
    for (const path of ["/v1/chat/completions", "/v1/responses", "/v1/memories"]) {
      const { status, error } = await send("POST", path, JSON.stringify({ model: "x", input: "a".repeat(33 * 1024 * 1024) }))
      expect({ path, status }).toEqual({ path, status: 413 })
      expect(error?.error.message).toContain(String(32 * 1024 * 1024))
      expectShape(error)
    }
  })

  it("announces more than it sends, and leaves", async () => {
    const { hostname, port } = new URL(server.url)
    const socket = connect(Number(port), hostname)
    socket.write(
      `POST /v1/responses HTTP/1.1\r\nhost: ${hostname}:${port}\r\nauthorization: Bearer ${server.apiKey}\r\ncontent-length: 900\r\n\r\n{"model"`,
    )
    await new Promise((resolve) => setTimeout(resolve, 200))
    socket.destroy()
    expect((await send("GET", "/v1/models")).status).toBe(200)
  })
})

describe("names that do not exist", () => {
  it.each(["/v1/chat/completions", "/v1/embeddings", "/v1/responses"])(
    "%s: an unknown model is model_not_found, with the nearest name",
    async (path) => {
      const body = { model: "perdure/extractiv", messages: [{ role: "user", content: "x" }], input: "x" }
      const { status, error } = await send(
        "POST",
        path,
        JSON.stringify(path.includes("chat") ? { ...body, input: undefined } : { ...body, messages: undefined }),
      )
      expect(status).toBe(404)
      expect(error?.error.code).toBe("model_not_found")
      expect(error?.error.message).toContain("perdure/extractive")
    },
  )

  it.each([
    ["GET", "/v1/responses/resp_0"],
    ["GET", `/v1/responses/resp_${"0".repeat(32)}`],
    ["GET", `/v1/responses/resp_${"0".repeat(32)}/input_items`],
    ["POST", `/v1/responses/resp_${"0".repeat(32)}/cancel`],
    ["DELETE", `/v1/responses/resp_${"0".repeat(32)}`],
    ["GET", "/v1/responses/%00"],
    ["GET", "/v1/files/file_nothing"],
    ["GET", "/v1/vector_stores/vs_nothing"],
    ["POST", "/v1/vector_stores/vs_nothing/search"],
    ["GET", "/v1/runs/run_nothing"],
    ["GET", "/v1/runs/run_nothing/events"],
    ["DELETE", "/v1/memories/mem_nothing"],
    ["DELETE", "/v1/keys/key_nothing"],
    ["GET", "/v1/models/nothing"],
    ["GET", "/v1/nothing"],
  ])("%s %s is 404 in the protocol's shape", async (method, path) => {
    const { status, error } = await send(method, path, method === "POST" ? '{"query": "x"}' : undefined)
    expect(status).toBe(404)
    expectShape(error)
  })

  it("refuses an unknown previous response by its own code", async () => {
    const body = { model: "perdure/extractive", input: "x", previous_response_id: `resp_${"0".repeat(32)}` }
    const { status, error } = await send("POST", "/v1/responses", JSON.stringify(body))
    expect([400, 404]).toContain(status)
    expect(error?.error.code).toBe("previous_response_not_found")
  })

  it("answers 405 for a method that a path does not have", async () => {
    expect((await send("DELETE", "/v1/models")).status).toBe(405)
  })
})

describe("callers that are not known", () => {
  it.each(["", "Bearer ", "Bearer sk-nothing", "Basic abc"])("are refused with 401 for %j, without an echo", async (authorization) => {
    for (const path of ["/v1/models", "/v1/chat/completions", "/v1/runs"]) {
      const method = path.includes("chat") ? "POST" : "GET"
      const response = await fetch(server.url + path, { method, headers: { authorization }, ...(method === "POST" ? { body: "{}" } : {}) })
      const text = await response.text()
      expect(response.status).toBe(401)
      expect((JSON.parse(text) as WireError).error.code).toBe("invalid_api_key")
      if (authorization.includes("sk-")) expect(text).not.toContain("sk-nothing")
    }
  })
})

describe("after all that", () => {
  it("the server is ready and answers", async () => {
    expect((await fetch(`${server.url}/health/ready`)).status).toBe(200)
    const { status } = await send("POST", "/v1/responses", JSON.stringify({ model: "perdure/extractive", input: "Who are you?" }))
    expect(status).toBe(200)
  })
})

async function send(method: string, path: string, body?: string | Uint8Array): Promise<{ status: number; error: WireError | undefined }> {
  const headers = { authorization: `Bearer ${server.apiKey}`, "content-type": "application/json" }
  const response = await fetch(server.url + path, { method, headers, ...(body === undefined ? {} : { body: body as BodyInit }) })
  const text = await response.text()
  expect(response.headers.get("x-request-id")).toMatch(/^req_/)
  return { status: response.status, error: response.status >= 400 ? (JSON.parse(text) as WireError) : undefined }
}

function expectShape(error: WireError | undefined): void {
  expect(Object.keys(error?.error ?? {}).toSorted()).toEqual(["code", "message", "param", "type"])
}
