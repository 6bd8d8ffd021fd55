// What requests say of themselves, on a started server: kept with their runs in every dialect, stored or not, and bounded; spend is summed and runs are found by it.
import { beforeAll, describe, expect, it, vi } from "vitest"
import { startConfiguredServer } from "../testing/configured-server.ts"
import { startFakeProvider } from "../testing/fake-provider.ts"

const provider = await startFakeProvider()
const server = await startConfiguredServer(provider, {
  config: {
    grants: [{ to: "*", allow: ["memories.erase:*", "memory.manage:*"] }],
    providers: { acme: { baseUrl: provider.url } },
    models: {
      m: { deployments: [{ provider: "acme", model: "m", price: { inputPerMillionUsd: 1, outputPerMillionUsd: 2 } }] },
      vectors: { deployments: [{ provider: "acme", model: "v", does: { embeddings: true } }] },
    },
  },
})
const key = await server.key("app", { tags: ["team:search"] })

interface Answer {
  status: number
  runId: string
  body: Record<string, unknown>
}

async function post(path: string, body: object, more: Record<string, string> = {}): Promise<Answer> {
  const { status, headers, body: answer } = await server.ask("POST", path, key, body, more)
  return { status, runId: headers.get("x-perdure-run-id") ?? "", body: answer }
}
const chat = (body: object, more: Record<string, string> = {}): Promise<Answer> =>
  post("/v1/chat/completions", { model: "m", messages: [{ role: "user", content: "Hi" }], ...body }, more)

async function get(path: string): Promise<Record<string, unknown>> {
  const { status, body } = await server.ask("GET", path, key)
  return { status, ...body }
}

/** Records are written a moment after the answer. */
async function said({ runId }: Pick<Answer, "runId">): Promise<unknown[]> {
  const run = await vi.waitFor(
    async () => {
      const found = await get(`/v1/runs/${runId}`)
      expect(found["status"]).not.toBe(404)
      return found
    },
    { timeout: 20_000, interval: 50 },
  )
  return [run["tags"], run["requestMetadata"]]
}

describe("what a request says of itself", () => {
  it("is kept with its run, wherever it says it", async () => {
    const acme = { customer: "acme", seats: 3, trial: false }
    for (const answer of [
      await chat({ perdure: { metadata: { ...acme, tags: ["chat"] } } }),
      await chat({}, { "x-perdure-metadata": JSON.stringify({ ...acme, tags: "chat" }) }),
      await chat({}, { "x-portkey-metadata": JSON.stringify(acme), "x-litellm-tags": "chat" }),
      await chat({ metadata: { ...acme, tags: ["chat"] } }),
      await chat({ metadata: { ...acme, customer: "other" } }, { "x-perdure-metadata": '{"customer":"acme","tags":["chat"]}' }),
      await post(
        "/v1/embeddings",
        { model: "vectors", input: "Hi" },
        { "x-perdure-metadata": JSON.stringify({ ...acme, tags: ["chat"] }) },
      ),
      await post("/v1/messages", { model: "m", max_tokens: 5, messages: [{ role: "user", content: "Hi" }], perdure: { metadata: { ...acme, tags: ["chat"] } } }), // prettier-ignore
      await post("/v1/responses", { model: "m", input: "Hi" }, { "x-perdure-metadata": JSON.stringify({ ...acme, tags: ["chat"] }) }),
      await post("/v1/responses", { model: "m", input: "Hi", store: false, perdure: { metadata: acme } }, { "x-litellm-tags": "chat" }),
    ]) {
      expect(answer.status).toBe(200)
      expect(await said(answer)).toEqual([["team:search", "chat"], acme])
    }
  })

  it("is nothing where it says nothing, and a message's end user is no metadata", async () => {
    expect(await said(await chat({}))).toEqual([["team:search"], undefined])
    const message = { model: "m", max_tokens: 5, messages: [{ role: "user", content: "Hi" }], metadata: { user_id: "u1" } }
    expect(await said(await post("/v1/messages", message))).toEqual([["team:search"], undefined])
    expect(await said(await post("/v1/responses", { model: "m", input: "Hi", metadata: { plan: "pro", tags: "a, b" } }))).toEqual([
      ["team:search", "a", "b"],
      { plan: "pro" },
    ])
  })

  it("is refused where it is too much, and cut where a provider is told the same", async () => {
    const many = Object.fromEntries(Array.from({ length: 40 }, (_, at) => [`k${at}`, "x"]))
    const refused = await chat({ perdure: { metadata: many } })
    expect(refused.status).toBe(400)
    expect(refused.body["error"]).toMatchObject({ param: "perdure.metadata", message: expect.stringContaining("has 40 keys; at most 32") })
    const long = await chat({}, { "x-perdure-metadata": JSON.stringify({ note: "x".repeat(600) }) })
    expect(long.body["error"]).toMatchObject({ message: expect.stringContaining('has 600 characters in "note"; at most 512') })
    const responded = await post("/v1/responses", { model: "m", input: "Hi", perdure: { metadata: many } })
    expect(responded.status).toBe(400)
    const cut = await chat({ metadata: { ...many, note: "x" } })
    const [, kept] = await said(cut)
    expect(Object.keys(kept as object)).toHaveLength(32)
    const nested = await chat({ metadata: { long: "x".repeat(600), deep: { a: 1 }, odd: "a\0b" } })
    expect(await said(nested)).toEqual([["team:search"], { long: "x".repeat(512), odd: "a\uFFFDb" }])
  })
})

interface Row {
  group: string
  runs: number
  costMicroUsd: number
}

describe("an erasure", () => {
  it("takes a text out of what requests said of themselves, of light and durable runs, and leaves the rest", async () => {
    const customer = "Jane Roe of 12 Elm Street in Springfield"
    const header = { "x-perdure-metadata": JSON.stringify({ customer, plan: "pro", tags: [`of ${customer}`] }) }
    const calls = [await chat({}, header), await post("/v1/responses", { model: "m", input: "Hi" }, header)]
    for (const call of calls) expect(await said(call)).toEqual([["team:search", `of ${customer}`], { customer, plan: "pro" }])
    const { body } = await post("/v1/erasures", { query: customer })
    await vi.waitFor(async () => expect(await get(`/v1/erasures/${String(body["id"])}`)).toMatchObject({ status: "completed" }), {
      timeout: 120_000,
      interval: 500,
    })
    for (const call of calls) expect(await said(call)).toEqual([["team:search", "of [erased]"], { customer: "[erased]", plan: "pro" }])
  }, 180_000)
})

describe("spend and runs", () => {
  const since = Date.now()
  const usage = async (query: string): Promise<{ rows: Row[]; total: Row; overlapping: boolean; complete: boolean }> =>
    (await get(`/v1/usage?since=${since}&${query}`)) as never
  const groups = async (query: string): Promise<[string, number][]> => (await usage(query)).rows.map(({ group, runs }) => [group, runs])
  const listed = async (query: string): Promise<string[]> =>
    ((await get(`/v1/runs?${query}`))["runs"] as { id: string }[]).map(({ id }) => id)
  let calls: Answer[] = []

  beforeAll(async () => {
    const json = (metadata: object): Record<string, string> => ({ "x-perdure-metadata": JSON.stringify(metadata) })
    calls = [
      await chat({}, json({ shop: "north", floor: [1, 2], tags: ["till", "night"] })),
      await chat({}, json({ shop: "north" })),
      await post("/v1/responses", { model: "m", input: "Hi" }, json({ shop: "south", tags: ["till"] })),
      await post("/v1/responses", { model: "m", input: "Hi", metadata: { shop: "north" } }),
    ]
    for (const call of calls) await said(call)
  })

  it("are summed by what requests say under a name, by the names that they say, and by tags, of light and durable runs", async () => {
    expect(await groups("groupBy=metadata.shop&metadata=shop=north")).toEqual([["north", 3]])
    expect((await groups("groupBy=metadata.shop")).filter(([group]) => group !== "")).toEqual([
      ["north", 3],
      ["south", 1],
    ])
    expect(await groups("groupBy=metadata.floor&tag=till")).toEqual([
      ["", 1],
      ["1", 1],
      ["2", 1],
    ])
    expect(await groups("groupBy=metadata&tag=till")).toEqual([
      ["floor", 1],
      ["shop", 2],
    ])
    const byTag = await usage("groupBy=tag&metadata=shop=north")
    expect(byTag.rows.map(({ group, runs }) => [group, runs])).toEqual([
      ["night", 1],
      ["team:search", 3],
      ["till", 1],
    ])
    expect([byTag.total.runs, byTag.overlapping, byTag.complete]).toEqual([3, true, true])
    const byModel = await usage("groupBy=model&tag=till")
    expect([byModel.total.runs, byModel.overlapping]).toEqual([2, false])
    expect(byModel.total.costMicroUsd).toBeGreaterThan(0)
  })

  it("are found by a tag of the request or the key, and by what a request says", async () => {
    const [both = "", plain = "", response = "", own = ""] = calls.map(({ runId }) => runId)
    expect(await listed("tag=till")).toEqual([response, both])
    expect(await listed("metadata=shop=north")).toEqual([own, plain, both])
    expect(await listed("metadata=floor=2")).toEqual([both])
    expect(await listed("tag=till&metadata=shop=south")).toEqual([response])
    expect(await listed("tag=team:search&metadata=shop=north&limit=2")).toEqual([own, plain])
    expect(await listed("tag=nobody")).toEqual([])
    expect(await get("/v1/runs?metadata=shop")).toMatchObject({ status: 400, error: { param: "metadata" } })
  })

  it("are told to a tracer with it", async () => {
    for (const index of [0, 2]) {
      const { spans } = (await get(`/v1/runs/${calls[index]?.runId}/spans`)) as { spans: { attributes: object }[] }
      const [root] = spans
      expect(root?.attributes).toMatchObject({ "perdure.metadata.shop": index === 0 ? "north" : "south" })
      expect(root?.attributes).toMatchObject({ "perdure.tags": expect.arrayContaining(["team:search", "till"]) })
    }
  })
})
