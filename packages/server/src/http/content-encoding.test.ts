// Compressed request bodies on every kind of route: read as what they unpack to, within the limit, or refused in words.
import { Hono } from "hono"
import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from "node:zlib"
import { afterAll, describe, expect, it } from "vitest"
import { z } from "zod"
import { startFakeProvider } from "../testing/fake-provider.ts"
import { startTestGateway, testDeployment, testKey, testModel } from "../testing/gateway.ts"
import type { HttpEnv } from "./env.ts"
import { readBody } from "./request-body.ts"

const provider = await startFakeProvider()
const routes = new Hono<HttpEnv>()
routes.post("/v1/echo", async (context) => context.json(await readBody(context, z.looseObject({ model: z.string() }))))
routes.post("/v1/files", (context) => context.json({}))
const bytesMax = 2_000
const gateway = await startTestGateway({
  models: [testModel("fast", testDeployment(provider.url))],
  routes: [routes],
  limits: { requestBodyBytesMax: bytesMax },
})
afterAll(async () => {
  await gateway[Symbol.asyncDispose]()
  await provider[Symbol.asyncDispose]()
})

const messages = [{ role: "user", content: "Hällo" }]
const request = Buffer.from(JSON.stringify({ model: "fast", messages, max_tokens: 9 }))

function send(path: string, body: Buffer, encoding: string): Promise<Response> {
  const headers = { authorization: `Bearer ${testKey}`, "content-type": "application/json", "content-encoding": encoding }
  return fetch(gateway.url + path, { method: "POST", headers, body: new Uint8Array(body) })
}

describe.each(["/v1/chat/completions", "/v1/messages", "/v1/echo"])("a body of %s", (path) => {
  it.each([
    ["gzip", gzipSync(request)],
    ["GZIP", gzipSync(request)],
    ["deflate", deflateSync(request)],
    ["br", brotliCompressSync(request)],
    ["zstd", zstdCompressSync(request)],
    ["identity", request],
  ])("is unpacked as %s", async (encoding, body) => {
    const answer = await send(path, body, encoding)
    expect(answer.status).toBe(200)
    if (path === "/v1/echo") expect(await answer.json()).toMatchObject({ messages })
    else expect(provider.last?.body).toMatchObject({ messages })
    expect(provider.last?.headers["content-encoding"]).toBeUndefined()
  })

  it("is refused where it is not what its header says, or where nobody knows that", async () => {
    const plain = await send(path, request, "gzip")
    expect([plain.status, await plain.text()]).toEqual([400, expect.stringContaining("not gzip, as its content-encoding says")])
    const unknown = await send(path, request, "compress")
    expect([unknown.status, await unknown.text()]).toEqual([415, expect.stringContaining("gzip, deflate, br or zstd")])
  })

  it("may not become larger than others are", async () => {
    const answer = await send(path, gzipSync(JSON.stringify({ model: "fast", messages, x: "x".repeat(bytesMax) })), "gzip")
    expect([answer.status, await answer.text()]).toEqual([413, expect.stringContaining(`larger than ${bytesMax} bytes`)])
  })
})

it("a file is not uploaded compressed", async () => {
  const answer = await send("/v1/files", gzipSync(request), "gzip")
  expect([answer.status, await answer.text()]).toEqual([415, expect.stringContaining("a file is uploaded as it is")])
})
