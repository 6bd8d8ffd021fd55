// Bodies of hundreds of kilobytes, which come and go in pieces: byte for byte, by every way to a provider, and again to the next one.
import { afterAll, beforeEach, describe, expect, it } from "vitest"
import { startFakeProvider } from "../../testing/fake-provider.ts"
import { rawPost, startTestGateway, testDeployment, testKey, testModel } from "../../testing/gateway.ts"

const provider = await startFakeProvider()
const spare = await startFakeProvider()
const gateway = await startTestGateway({
  models: [
    testModel("fast", testDeployment(provider.url, { upstreamModel: "its-much-longer-name-upstream" })),
    testModel("pooled", testDeployment(provider.url, { id: "fake/first" }), testDeployment(spare.url, { id: "fake/spare", priority: 1 })),
  ],
})
afterAll(async () => {
  await gateway[Symbol.asyncDispose]()
  await provider[Symbol.asyncDispose]()
  await spare[Symbol.asyncDispose]()
})
beforeEach(() => {
  provider.always({})
  spare.always({})
})

const path = "/v1/chat/completions"
const content = 'Line "1"\nof a text with é and 語 and 👩‍👩‍👧. '.repeat(8_000)

function bodyText(model: string, more: object = {}): string {
  return JSON.stringify({ messages: [{ role: "user", content }], model, ...more }, null, 1)
}

describe("a body of half a megabyte", () => {
  it("reaches the provider with the model's name changed and every other byte as it was", async () => {
    const sent = bodyText("fast", { temperature: 0.5 })
    const answer = await rawPost(gateway.url, path, sent)
    expect(answer.status).toBe(200)
    expect(provider.last?.text).toBe(sent.replace('"fast"', '"its-much-longer-name-upstream"'))
    expect(provider.last?.headers).toMatchObject({ "content-length": String(Buffer.byteLength(provider.last?.text ?? "")) })
    expect(provider.last?.headers["transfer-encoding"]).toBeUndefined()
  })

  it("is asked for its usage when it streams", async () => {
    const answer = await rawPost(gateway.url, path, bodyText("fast", { stream: true }))
    expect(answer.text).toContain("data: [DONE]")
    expect(provider.last?.body).toMatchObject({
      model: "its-much-longer-name-upstream",
      stream: true,
      stream_options: { include_usage: true },
      messages: [{ content }],
    })
  })

  it("goes whole to the next deployment after the first one failed", async () => {
    provider.always({ error: { status: 503 } })
    const answer = await rawPost(gateway.url, path, bodyText("pooled"))
    expect(answer.status).toBe(200)
    expect(provider.last?.body).toMatchObject({ messages: [{ content }] })
    expect(spare.last?.body).toMatchObject({ messages: [{ content }] })
  })

  it("that is nested thousands deep is refused in words, and one that is nested less deep goes on", async () => {
    const nested = (depth: number): string => bodyText("fast").replace(/\}$/, `,"x":${"[".repeat(depth)}${"]".repeat(depth)}}`)
    const refused = await rawPost(gateway.url, path, nested(100_000))
    expect([refused.status, JSON.parse(refused.text)]).toMatchObject([400, { error: { code: "invalid_json" } }])
    expect((await rawPost(gateway.url, path, nested(900))).status).toBe(200)
  })

  it("that is not UTF-8 is refused", async () => {
    const bytes = Buffer.from(bodyText("fast"))
    bytes[300_000] = 0xff
    const answer = await fetch(`${gateway.url}${path}`, {
      method: "POST",
      body: bytes,
      headers: { authorization: `Bearer ${testKey}`, "content-type": "application/json" },
    })
    expect(answer.status).toBe(400)
  })
})
