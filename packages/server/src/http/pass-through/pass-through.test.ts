// Requests that go to a provider as they are: what reaches it, what comes back, who may send them, and that both sides can leave.
import { createServer, request as sendRequest, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"
import { afterAll, beforeEach, describe, expect, it } from "vitest"
import { compileScope } from "../../security/index.ts"
import { startTestGateway, testDeployment, testKey, testPrincipal } from "../../testing/gateway.ts"
import type { PassThroughRoute } from "./types.ts"

interface Seen {
  method: string
  url: string
  headers: IncomingHttpHeaders
  body: string
}

const seen: Seen[] = []
let aborted = 0
let answer: (request: IncomingMessage, response: ServerResponse) => void = () => undefined

/** A provider that takes whatever comes. */
const provider = createServer((request, response) => {
  const chunks: Buffer[] = []
  response.on("close", () => (aborted += response.writableFinished ? 0 : 1))
  if (request.headers["x-answer-at-once"] !== undefined) return answer(request, response)
  request.on("data", (chunk: Buffer) => chunks.push(chunk))
  request.on("end", () => {
    seen.push({ method: request.method ?? "", url: request.url ?? "", headers: request.headers, body: Buffer.concat(chunks).toString() })
    answer(request, response)
  })
})
await new Promise<void>((resolve) => provider.listen(0, "127.0.0.1", resolve))
const origin = `http://127.0.0.1:${(provider.address() as AddressInfo).port}`

const deployment = testDeployment(`${origin}/v1`, {
  id: "openai/pass-through",
  upstreamModel: "",
  settings: { organization: "org-ours", headers: { "x-of-operator": "yes" } },
})
const route: PassThroughRoute = {
  path: "/openai",
  methods: ["GET", "POST", "DELETE"],
  paths: null,
  projects: null,
  region: "eu-west-1",
  deployment,
}
const key = (scope: Parameters<typeof compileScope>[0], more: object = {}) => ({ ...testPrincipal, scope: compileScope(scope), ...more })
const gateway = await startTestGateway({
  models: [],
  passThrough: [
    route,
    { ...route, path: "/openai/some", methods: ["GET"], paths: ["/files", "/files/*"] },
    { ...route, path: "/theirs", projects: ["proj_other"] },
  ],
  limits: { fileBytesMax: 1_000_000, totalTimeoutMs: 20_000 },
  rules: [],
  keys: {
    chats: key({ models: [], endpoints: ["chat"] }),
    files: key({ models: [], endpoints: ["GET /openai/files/*", "GET /openai/files"] }),
    models: key({ models: ["gpt-*"], endpoints: [] }),
    named: key({ models: ["gpt-*"], endpoints: ["/openai/*"], regions: ["eu"] }),
    overseas: key({ models: [], endpoints: ["/openai/*"], regions: ["us"] }),
    someone: { ...testPrincipal, user: "u-1" },
    person: { ...testPrincipal, kind: "session" as const },
    slow: { ...testPrincipal, id: "key_slow", limits: { requestsPerMinute: 1 } },
  },
})
afterAll(async () => {
  await gateway[Symbol.asyncDispose]()
  provider.closeAllConnections()
  provider.close()
})
beforeEach(() => {
  seen.length = 0
  aborted = 0
  gateway.records.length = 0
  answer = (_, response) => response.setHeader("content-type", "application/json").end('{"ok":true}')
})

const bearer = (token: string = testKey) => ({ authorization: `Bearer ${token}` })
const get = (path: string, headers: Record<string, string> = bearer()) => fetch(gateway.url + path, { headers, redirect: "manual" })
async function record() {
  await expect.poll(() => gateway.records.length, { timeout: 20_000 }).toBe(1)
  return gateway.records[0]
}

describe("a request that is passed through", () => {
  it("reaches the provider below its base address, with the provider's credentials and none of the caller's", async () => {
    const answered = await fetch(`${gateway.url}/openai/files?purpose=batch&key=caller`, {
      method: "POST",
      headers: {
        ...bearer(),
        "x-api-key": testKey,
        cookie: "perdure=1",
        "content-type": "multipart/form-data; boundary=b",
        "openai-organization": "org-theirs",
        "openai-beta": "assistants=v2",
        "x-perdure-metadata": "{}",
        "x-forwarded-for": "10.0.0.1",
      },
      body: "--b--",
    })
    expect([answered.status, await answered.text()]).toEqual([200, '{"ok":true}'])
    const [asked] = seen
    expect(asked).toMatchObject({ method: "POST", url: "/v1/files?purpose=batch", body: "--b--" })
    expect(asked?.headers).toMatchObject({
      authorization: "Bearer sk-upstream-secret",
      "content-type": "multipart/form-data; boundary=b",
      "openai-organization": "org-ours",
      "openai-beta": "assistants=v2",
      "x-of-operator": "yes",
      host: new URL(origin).host,
    })
    for (const name of ["x-api-key", "cookie", "x-perdure-metadata", "x-forwarded-for"]) expect(asked?.headers).not.toHaveProperty(name)
    expect(JSON.stringify(asked)).not.toContain(testKey)
  })

  it("is answered as the provider answers, without what belongs to its account or to another origin", async () => {
    answer = (_, response) =>
      response
        .writeHead(404, {
          "content-type": "text/plain",
          "set-cookie": "a=b",
          "x-ratelimit-remaining-requests": "7",
          "openai-organization": "org-ours",
          "access-control-allow-origin": "*",
          "openai-version": "2020-10-01",
        })
        .end("no such file")
    const answered = await get("/openai/files/file-1")
    expect([answered.status, await answered.text()]).toEqual([404, "no such file"])
    const headers = Object.fromEntries(answered.headers)
    expect(headers).toMatchObject({ "openai-version": "2020-10-01", "x-perdure-run-id": expect.stringMatching(/^run_/) as string })
    for (const name of ["set-cookie", "x-ratelimit-remaining-requests", "openai-organization", "access-control-allow-origin"])
      expect(headers).not.toHaveProperty(name)
  })

  it("is recorded as a light run whose cost is unknown", async () => {
    await get("/openai/files")
    expect(await record()).toMatchObject({
      kind: "pass_through",
      name: "pass_through /openai",
      deployment: "openai/pass-through",
      model: null,
      outcome: "completed",
      status: 200,
      costKnown: false,
      responseBytes: 11,
      data: { endpoint: "GET /openai/files", upstreamStatus: 200 },
    })
  })

  it("streams both ways, each piece as it comes", async () => {
    let said: (text: string) => void = () => undefined
    answer = (request, response) => {
      response.writeHead(200, { "content-type": "text/event-stream" }).flushHeaders()
      said = (text) => void response.write(text)
      request.on("data", (chunk: Buffer) => response.write(`heard ${chunk.toString()};`))
      request.on("end", () => response.end("end"))
    }
    const { hostname, port } = new URL(gateway.url)
    const client = sendRequest({ hostname, port, method: "POST", path: "/openai/echo", headers: { ...bearer(), "x-answer-at-once": "1" } })
    client.write("one")
    const response = await new Promise<IncomingMessage>((resolve) => client.on("response", resolve))
    const pieces: string[] = []
    response.on("data", (chunk: Buffer) => pieces.push(chunk.toString()))
    await expect.poll(() => pieces.join(""), { timeout: 20_000 }).toBe("heard one;")
    said("more;")
    await expect.poll(() => pieces.join(""), { timeout: 20_000 }).toBe("heard one;more;")
    client.end("two")
    await expect.poll(() => pieces.join(""), { timeout: 20_000 }).toBe("heard one;more;heard two;end")
    expect(await record()).toMatchObject({ outcome: "completed", requestBytes: 6 })
  })

  it("holds no more than passes: a client that reads nothing stops the provider", async () => {
    let written = 0
    let isFull = false
    answer = (_, response) => {
      response.writeHead(200)
      const chunk = Buffer.alloc(64 * 1024)
      const more = (): void => {
        while (written < 512 * 1024 * 1024) {
          written += chunk.length
          if (!response.write(chunk)) {
            isFull = true
            return void response.once("drain", more)
          }
        }
        response.end()
      }
      more()
    }
    const { hostname, port } = new URL(gateway.url)
    const client = sendRequest({ hostname, port, path: "/openai/large", headers: bearer() })
    client.end()
    const response = await new Promise<IncomingMessage>((resolve) => client.on("response", resolve))
    response.pause()
    let before = -1
    await expect
      .poll(
        () => {
          const stands = isFull && written === before
          before = written
          return stands
        },
        { timeout: 20_000, interval: 300 },
      )
      .toBe(true)
    expect(written).toBeLessThan(64 * 1024 * 1024)
    client.destroy()
    await expect.poll(() => aborted, { timeout: 20_000 }).toBe(1)
    expect(await record()).toMatchObject({ outcome: "cancelled", status: 499, costKnown: false })
  })

  it("ends at the provider when its client leaves before the answer", async () => {
    answer = () => undefined
    const { hostname, port } = new URL(gateway.url)
    const client = sendRequest({ hostname, port, path: "/openai/slow", headers: bearer() })
    client.on("error", () => undefined)
    client.end()
    await expect.poll(() => seen.length, { timeout: 20_000 }).toBe(1)
    client.destroy()
    await expect.poll(() => aborted, { timeout: 20_000 }).toBe(1)
    expect(await record()).toMatchObject({ outcome: "cancelled", status: 499 })
  })

  it("is cut where the provider breaks off, so that half an answer never looks whole", async () => {
    answer = (_, response) => {
      response.writeHead(200, { "content-length": "100" })
      response.write("half", () => response.destroy())
    }
    const answered = await get("/openai/files")
    await expect(answered.text()).rejects.toThrow("terminated")
    expect(await record()).toMatchObject({ outcome: "failed", status: 200, error: { code: "upstream_error" } })
  })

  it("is told that the provider refuses the server's own key, which is not the caller's", async () => {
    answer = (_, response) => response.writeHead(401).end('{"error":{"message":"Incorrect API key provided: sk-upstream-secret"}}')
    const answered = await get("/openai/files")
    const text = await answered.text()
    expect([answered.status, text]).toEqual([502, expect.stringContaining("refuses the credentials")])
    expect(text).not.toContain("sk-upstream")
  })

  it("follows no redirect", async () => {
    answer = (_, response) => response.writeHead(302, { location: "http://169.254.169.254/latest" }).end()
    expect((await get("/openai/files")).status).toBe(302)
    expect(seen).toHaveLength(1)
  })
})

describe("what is not passed through", () => {
  it("paths that lead elsewhere, other methods, and paths that are not named", async () => {
    const { hostname, port } = new URL(gateway.url)
    const raw = (path: string, method = "GET") =>
      new Promise<number | undefined>((resolve, reject) =>
        sendRequest({ hostname, port, path, method, headers: bearer() }, (response) => resolve(response.resume().statusCode))
          .on("error", reject)
          .end(),
      )
    expect(await raw("/openai/../v2/secrets")).toBe(400)
    expect(await raw("/openai/%2e%2e/v2/secrets")).toBe(400)
    expect(await raw("/openai/a%2f..%2f..%2fv2")).toBe(400)
    expect(await raw("http://evil.example/openai/x")).toBe(403) // by a name that is not the server's
    expect(await raw("http://127.0.0.1@evil.example/openai/x")).toBe(404)
    expect(await raw("/openai/files", "PUT")).toBe(405)
    expect(await raw("/openai/some/fine_tuning/jobs")).toBe(404)
    expect(await raw("/openaix/files")).toBe(404)
    expect(seen).toEqual([])
    expect(await raw("/openai/some/files/file-1")).toBe(200)
    expect(seen.map(({ url }) => url)).toEqual(["/v1/files/file-1"])
  })

  it.each([
    ["without a key", "", "/openai/files", 401],
    ["a key for other endpoints", "chats", "/openai/files", 403],
    ["a key for this path", "files", "/openai/files/file-1", 200],
    ["that key below another path", "files", "/openai/fine_tuning", 403],
    ["a key for some models", "models", "/openai/files", 403],
    ["a key for some models that names the path", "named", "/openai/files", 200],
    ["a key for another region", "overseas", "/openai/files", 403],
    ["a key of one end user", "someone", "/openai/files", 403],
    ["a person at the dashboard", "person", "/openai/files", 403],
    ["a project that is not named", testKey, "/theirs/files", 403],
  ])("%s", async (_, token, path, status) => {
    expect((await get(path, token === "" ? {} : bearer(token))).status).toBe(status)
    expect(seen).toHaveLength(status === 200 ? 1 : 0)
  })

  it("more requests than the key may make", async () => {
    expect((await get("/openai/files", bearer("slow"))).status).toBe(200)
    const second = await get("/openai/files", bearer("slow"))
    expect([second.status, second.headers.has("retry-after"), seen.length]).toEqual([429, true, 1])
    expect(gateway.records.at(-1)).toMatchObject({ outcome: "failed", status: 429, costKnown: true })
  })

  it("bodies that are larger than files may be, told before or found while they come", async () => {
    const told = await fetch(`${gateway.url}/openai/files`, { method: "POST", headers: bearer(), body: "x".repeat(1_000_001) })
    expect([told.status, await told.text()]).toEqual([413, expect.stringContaining("fileBytesMax")])
    const pieces = new ReadableStream({
      start(controller) {
        for (let piece = 0; piece < 20; piece += 1) controller.enqueue(new TextEncoder().encode("x".repeat(100_000)))
        controller.close()
      },
    })
    const found = await fetch(`${gateway.url}/openai/files`, {
      method: "POST",
      headers: bearer(),
      body: pieces,
      duplex: "half",
    } as RequestInit)
    expect([found.status, await found.text()]).toEqual([413, expect.stringContaining("fileBytesMax")])
    expect(seen).toEqual([])
  })
})
