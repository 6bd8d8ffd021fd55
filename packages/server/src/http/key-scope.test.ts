// What a restricted key meets at the door: endpoints on both ways in, the list of models, and answers that name only what is its own.
import { Hono } from "hono"
import { request } from "node:http"
import { afterAll, describe, expect, it } from "vitest"
import { compileScope, type Principal } from "../security/index.ts"
import { startFakeProvider } from "../testing/fake-provider.ts"
import { startTestGateway, testDeployment, testKey, testModel, testPrincipal } from "../testing/gateway.ts"
import { openSocket } from "../testing/socket-client.ts"
import type { HttpEnv } from "./env.ts"

const provider = await startFakeProvider()
const routes = new Hono<HttpEnv>()
routes.get("/v1/files", (context) => context.json({ data: [] }))
routes.delete("/v1/files/:id", (context) => context.json({ deleted: true }))
routes.get("/v1/keys", (context) => context.json({ keys: [] }))

function key(models: readonly string[], endpoints: readonly string[]): Principal {
  return { ...testPrincipal, id: "key_scoped", name: "scoped", scope: compileScope({ models, endpoints }) }
}

const judges = { does: { chat: false, embeddings: false, moderation: true } }
const gateway = await startTestGateway({
  models: [
    ...["gpt-small", "gpt-large", "secret-model"].map((name) => testModel(name, testDeployment(provider.url))),
    ...["secret-judge", "gpt-judge"].map((name) => testModel(name, testDeployment(provider.url, { id: `fake/${name}`, ...judges }))),
  ],
  routes: [routes],
  keys: {
    embedder: key([], ["embeddings"]),
    reader: key([], ["GET /v1/files*"]),
    small: key(["gpt-*"], []),
    chat: key([], ["chat"]),
    alice: { ...testPrincipal, user: "alice" },
  },
})
afterAll(async () => {
  await gateway[Symbol.asyncDispose]()
  await provider[Symbol.asyncDispose]()
})

async function ask(as: string, method: string, path: string, body?: object): Promise<{ status: number; text: string }> {
  const headers = { authorization: `Bearer ${as}`, "content-type": "application/json" }
  const answer = await fetch(gateway.url + path, { method, headers, ...(body ? { body: JSON.stringify(body) } : {}) })
  return { status: answer.status, text: await answer.text() }
}
const chat = { model: "gpt-small", messages: [{ role: "user", content: "Hello" }] }

describe("a key that is restricted to endpoints", () => {
  it("is refused on the hot path before its body is read, and let through where it may go", async () => {
    const refused = await ask("embedder", "POST", "/v1/chat/completions", chat)
    expect(refused.status).toBe(403)
    expect(JSON.parse(refused.text)).toMatchObject({ error: { code: "endpoint_not_allowed", type: "invalid_request_error", param: null } })
    expect(refused.text).toContain("POST /v1/chat/completions, only embeddings")
    expect(provider.requests).toHaveLength(0)
    expect((await ask("chat", "POST", "/v1/chat/completions", chat)).status).toBe(200)
  })

  it("is held to method and path on all other routes", async () => {
    expect((await ask("reader", "GET", "/v1/files")).status).toBe(200)
    expect((await ask("reader", "DELETE", "/v1/files/file_1")).status).toBe(403)
    expect((await ask("reader", "GET", "/v1/keys")).status).toBe(403)
  })

  it.each(["/v1/chat/../keys", "/v1/chat/%2e%2e/keys", "/v1/chat%2f..%2fkeys", "/v1/%6beys", "/v1//keys", "/V1/keys", "/v1/keys/"])(
    "finds no way round by %s",
    async (path) => {
      const { hostname, port } = new URL(gateway.url)
      const status = await rawStatus(hostname, Number(port), path)
      expect([403, 404]).toContain(status)
    },
  )

  it("learns nothing about routes that do not exist", async () => {
    expect((await ask("reader", "GET", "/v1/nothing")).status).toBe(403)
    expect((await ask(testKey, "GET", "/v1/nothing")).status).toBe(404)
  })
})

describe("a key that is restricted to models", () => {
  it("sees its models in the list, and no other", async () => {
    const named = async (as: string): Promise<string[]> =>
      (JSON.parse((await ask(as, "GET", "/v1/models")).text) as { data: { id: string }[] }).data.map(({ id }) => id)
    expect(await named("small")).toEqual(["gpt-small", "gpt-large", "gpt-judge"])
    expect(await named("chat")).toEqual(["gpt-small", "gpt-large", "secret-model", "secret-judge", "gpt-judge"])
  })

  it("is answered alike about a model that exists and one that does not", async () => {
    expect((await ask("small", "GET", "/v1/models/gpt-small")).status).toBe(200)
    const [exists, missing] = [await ask("small", "GET", "/v1/models/secret-model"), await ask("small", "GET", "/v1/models/no-such-model")]
    expect([exists.status, missing.status]).toEqual([403, 403])
    expect(exists.text.replace("secret-model", "X")).toBe(missing.text.replace("no-such-model", "X"))
    expect(JSON.parse(exists.text)).toMatchObject({ error: { code: "model_not_allowed", param: "model" } })
  })
})

describe("what does not exist", () => {
  it("is told of with the names that the key may use, and no other", async () => {
    for (const [path, body] of [
      ["/v1/chat/completions", { ...chat, model: "gpt-lost" }],
      ["/v1/embeddings", { model: "gpt-lost", input: "x" }],
      ["/v1/messages", { model: "gpt-lost", max_tokens: 5, messages: chat.messages }],
    ] as const) {
      const { status, text } = await ask("small", "POST", path, body)
      expect(status).toBe(404)
      expect(text).toContain("gpt-small")
      expect(text).not.toContain("secret-model")
    }
    const headers = { authorization: "Bearer small" }
    const client = await openSocket(gateway.url, "/v1/realtime?model=gpt-lost", { headers })
    const told = JSON.stringify(await client.next())
    expect(told).toContain("model_not_found")
    expect(told).not.toContain("secret-")
    const of = async (model: string): Promise<string> => (await ask("small", "POST", "/v1/chat/completions", { ...chat, model })).text
    const [exists, missing] = [await of("secret-model"), await of("other-model")]
    expect(exists.replaceAll(/secret-model|req_\w+/g, "X")).toBe(missing.replaceAll(/other-model|req_\w+/g, "X"))
  })
})

describe("a model that is not named", () => {
  it("is the first that the key may use", async () => {
    const judged = async (as: string): Promise<string | null | undefined> => {
      const before = gateway.records.length
      await ask(as, "POST", "/v1/moderations", { input: "x" })
      await expect.poll(() => gateway.records.length, { timeout: 20_000 }).toBe(before + 1)
      return gateway.records.at(-1)?.model
    }
    expect([await judged(testKey), await judged("small")]).toEqual(["secret-judge", "gpt-judge"])
  })
})

describe("a key that acts for an end user", () => {
  it("counts as that user whatever the request says, and other keys as whom it says", async () => {
    const before = gateway.records.length
    await ask("alice", "POST", "/v1/chat/completions", { ...chat, user: "bob" })
    await ask("alice", "POST", "/v1/chat/completions", chat)
    await ask(testKey, "POST", "/v1/chat/completions", { ...chat, user: "bob" })
    await expect.poll(() => gateway.records.slice(before).map(({ user }) => user), { timeout: 20_000 }).toEqual(["alice", "alice", "bob"])
  })
})

/** As it stands on the wire: `fetch` would tidy the path first. */
async function rawStatus(host: string, port: number, path: string): Promise<number> {
  return await new Promise((resolve, reject) => {
    const sent = request({ host, port, path, headers: { authorization: "Bearer chat" } }, (answer) => {
      answer.resume()
      resolve(answer.statusCode ?? 0)
    })
    sent.on("error", reject)
    sent.end()
  })
}
