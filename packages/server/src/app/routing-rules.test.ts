// Routing rules on a started server: what they look at, which calls follow them, where it is told, and that they follow the configuration.
import { describe, expect, it, vi } from "vitest"
import { startConfiguredServer, type HttpAnswer } from "../testing/configured-server.ts"
import { startFakeProvider } from "../testing/fake-provider.ts"

const provider = await startFakeProvider()
const vectors = (model: string): object => ({ deployments: [{ provider: "acme", model, does: { embeddings: true } }] })
const config = {
  providers: { acme: { baseUrl: provider.url } },
  models: {
    small: { aliases: ["little"], deployments: [{ provider: "acme", model: "s" }] },
    large: { deployments: [{ provider: "acme", model: "l" }] },
    long: { deployments: [{ provider: "acme", model: "long" }] },
    "voice-small": { deployments: [{ provider: "acme", model: "vs", does: { transcription: true } }] },
    "voice-large": { deployments: [{ provider: "acme", model: "vl", does: { transcription: true } }] },
    vectors: vectors("v"),
    "vectors-eu": vectors("v-eu"),
  },
  routingRules: [
    { name: "tagged", when: { models: ["small"], tags: ["vip"] }, to: "large" },
    { name: "alice", when: { models: ["small"], user: "alice" }, to: "long" },
    { name: "paid", when: { models: ["small"], metadata: { plan: ["pro", "enterprise"] } }, to: "large" },
    { name: "long-answers", when: { models: ["small"], parameters: { max_tokens: { above: 1000 } } }, to: "long" },
    { name: "new-app", when: { models: ["small"], headers: { "X-App-Version": { matches: "^2\\." } } }, to: "large" },
    { name: "eu-vectors", when: { endpoints: ["embeddings"], metadata: { region: "eu" } }, to: "vectors-eu" },
    { name: "german", when: { endpoints: ["audio"], parameters: { language: "de" } }, to: "voice-large" },
  ],
}

const server = await startConfiguredServer(provider, { config })
const { perdure } = server
const configured = (change: Partial<typeof config>): ReturnType<typeof server.configured> => server.configured({ ...config, ...change })
const key = await server.key("app")
const aliceKey = await server.key("alice", { user: "alice" })
const narrowKey = await server.key("narrow", { tags: ["vip"], scope: { models: ["small", "long"] } })
const closedKey = await server.key("closed", { scope: { models: ["large"] } })

const post = (path: string, body: object | FormData, as = key, more: Record<string, string> = {}): Promise<HttpAnswer> =>
  server.ask("POST", path, as, body, more)
const chat = (body: object, as = key, more: Record<string, string> = {}): Promise<HttpAnswer> =>
  post("/v1/chat/completions", { model: "small", messages: [{ role: "user", content: "Hi" }], ...body }, as, more)
const ruleOf = ({ headers }: HttpAnswer): string | null => headers.get("x-perdure-rule")
const sent = (): Record<string, unknown> => provider.requests.at(-1)?.body as Record<string, unknown>
const errorOf = ({ body }: HttpAnswer): object => body["error"] as object

describe("a routing rule", () => {
  it("looks at the request's metadata, wherever it says it, and none of what is said to this server goes upstream", async () => {
    for (const answer of [
      await chat({ perdure: { metadata: { plan: "pro" } } }),
      await chat({}, key, { "x-perdure-metadata": '{"plan":"enterprise"}' }),
      await chat({ metadata: { plan: "pro" } }),
      await chat({}, key, { "x-perdure-metadata": '{"plan":["trial","pro"]}' }),
      await chat({ metadata: { plan: "free" }, perdure: { metadata: { plan: "pro" } } }),
      await chat({ stream: true, metadata: { plan: "pro" } }),
    ]) {
      expect([answer.status, ruleOf(answer)]).toEqual([200, "paid"])
      expect(sent()).toMatchObject({ model: "l" })
      expect(sent()).not.toHaveProperty("perdure")
    }
    const plain = await chat({ metadata: { plan: "free" } })
    expect([ruleOf(plain), sent()["model"]]).toEqual([null, "s"])
  })

  it("looks at parameters and headers, and at other names of the model", async () => {
    expect(ruleOf(await chat({ max_tokens: 1001 }))).toBe("long-answers")
    expect(sent()).toMatchObject({ model: "long", max_tokens: 1001 })
    expect(ruleOf(await chat({ max_tokens: 1000 }))).toBeNull()
    expect(ruleOf(await chat({}, key, { "x-app-version": "2.14" }))).toBe("new-app")
    expect(ruleOf(await chat({ model: "little" }, key, { "x-app-version": "2.14" }))).toBe("new-app")
    expect(ruleOf(await chat({ model: "long" }, key, { "x-app-version": "2.14" }))).toBeNull()
  })

  it("knows the end user, whom a request with a key of one user cannot choose", async () => {
    expect(ruleOf(await chat({ user: "alice" }))).toBe("alice")
    expect(ruleOf(await chat({ user: "bob" }))).toBeNull()
    expect(ruleOf(await chat({ user: "bob" }, aliceKey))).toBe("alice")
  })

  it("is passed over for a key that may not use its model, and opens no model to a key that may not ask for the name", async () => {
    expect(ruleOf(await chat({ max_tokens: 2000 }, narrowKey))).toBe("long-answers")
    expect(ruleOf(await chat({}, narrowKey))).toBeNull()
    const refused = await chat({ metadata: { plan: "pro" } }, closedKey)
    expect(errorOf(refused)).toMatchObject({ code: "model_not_allowed" })
  })

  it("holds in every dialect, for vectors and for forms", async () => {
    const messages = await post("/v1/messages", {
      model: "small",
      max_tokens: 5000,
      messages: [{ role: "user", content: "Hi" }],
    })
    expect([ruleOf(messages), messages.body["model"]]).toEqual(["long-answers", "long"])
    const counted = await post("/v1/messages/count_tokens", { model: "small", messages: [{ role: "user", content: "Hi" }] }, key, {
      "x-perdure-metadata": '{"plan":"pro"}',
    })
    expect([counted.status, ruleOf(counted)]).toEqual([200, "paid"])
    const response = await post("/v1/responses", { model: "small", input: "Hi", metadata: { plan: "pro" } })
    expect([response.status, ruleOf(response), response.body["model"]]).toEqual([200, "paid", "large"])
    const embedded = await post("/v1/embeddings", { model: "vectors", input: "Hi" }, key, { "x-perdure-metadata": '{"region":"eu"}' })
    expect([embedded.status, ruleOf(embedded), sent()["model"]]).toEqual([200, "eu-vectors", "v-eu"])
    const form = new FormData()
    form.append("model", "voice-small")
    form.append("language", "de")
    form.append("file", new Blob(["RIFF"]), "a.wav")
    expect(ruleOf(await post("/v1/audio/transcriptions", form))).toBe("german")
  })

  it("fills the prompt in that the request asks for", async () => {
    await post("/v1/prompts", { name: "greet", messages: [{ role: "system", content: "Be brief" }], labels: ["production"] })
    const answer = await chat({ perdure: { prompt: { id: "greet" }, metadata: { plan: "pro" } } })
    expect([answer.status, ruleOf(answer), answer.headers.get("x-perdure-prompt")]).toEqual([200, "paid", "greet@1"])
    expect(sent()).toMatchObject({ model: "l", messages: [{ content: "Be brief" }, { content: "Hi" }] })
  })

  it("is kept with the run, with the name that was asked for, and is in its trace", async () => {
    const light = await chat({ metadata: { plan: "pro" } })
    const response = await post("/v1/responses", { model: "small", input: "Hi", metadata: { plan: "pro" } })
    expect(response.body["metadata"]).toEqual({ plan: "pro" })
    for (const { headers } of [light, response])
      await vi.waitFor(
        async () => {
          const read = async (path: string): Promise<Record<string, unknown>> => {
            const answer = await fetch(`${perdure.url}/v1/runs/${headers.get("x-perdure-run-id")}${path}`, {
              headers: { authorization: `Bearer ${key}` },
            })
            return (await answer.json()) as Record<string, unknown>
          }
          expect((await read(""))["metadata"]).toMatchObject({ rule: { name: "paid", asked: "small" } })
          const { spans } = (await read("/spans")) as { spans: { attributes: object }[] }
          expect(spans[0]?.attributes).toMatchObject({ "perdure.rule.name": "paid", "perdure.rule.asked": "small" })
        },
        { timeout: 30_000 },
      )
  }, 60_000)

  it("refuses metadata that is none", async () => {
    for (const more of [{ "x-perdure-metadata": "plan=pro" }, { "x-perdure-metadata": '{"plan":{"name":"pro"}}' }])
      expect(errorOf(await chat({}, key, more))).toMatchObject({ param: "x-perdure-metadata" })
    expect(errorOf(await chat({ perdure: { metadata: ["pro"] } }))).toMatchObject({ param: "perdure.metadata" })
  })

  it("follows the configuration, and a response that is sent again is the same one all the same", async () => {
    const ask = (): Promise<HttpAnswer> =>
      post("/v1/responses", { model: "small", input: "Once", metadata: { plan: "pro" } }, key, { "idempotency-key": "rule-1" })
    const first = await ask()
    await perdure.reload(() => configured({ routingRules: [{ name: "other", when: { models: ["small"] }, to: "long" }] as never }))
    expect(ruleOf(await chat({}))).toBe("other")
    expect((await ask()).body["id"]).toBe(first.body["id"])
    await perdure.reload(() => configured({ routingRules: [] }))
    expect(ruleOf(await chat({ metadata: { plan: "pro" } }))).toBeNull()
    expect((await ask()).body["id"]).toBe(first.body["id"])
  })
})
