// Tests of memories over HTTP: read-your-write, scopes and projects as walls, the gate, the record.
import { afterAll, beforeAll, expect, it } from "vitest"
import { memoryListSchema, memorySchema, memorySearchSchema, type MemorySearch } from "@perdure/contract"
import { startContextServer, wordVectors, type ContextServer } from "../../testing/context-server.ts"

let server: ContextServer

beforeAll(async () => {
  const grants = [{ to: "*", allow: ["memory.write:user:*", "memory.delete:user:*"], origin: "test" }]
  server = await startContextServer({ grants })
})
afterAll(() => server[Symbol.asyncDispose]())

async function call(method: string, path: string, body?: unknown, key = server.apiKey): Promise<{ status: number; body: unknown }> {
  const headers = { authorization: `Bearer ${key}`, "content-type": "application/json" }
  const answer = await fetch(`${server.url}${path}`, { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) })
  return { status: answer.status, body: await answer.json() }
}

async function remember(scope: string, text: string, more: object = {}): Promise<string> {
  const { status, body } = await call("POST", "/v1/memories", { scope, text, ...more })
  expect(status).toBe(201)
  return memorySchema.parse(body).id
}

async function search(scope: string, query: string, key = server.apiKey): Promise<(string | null)[]> {
  const { body } = await call("POST", "/v1/memories/search", { scope, query }, key)
  return memorySearchSchema.parse(body).memories.map((memory) => memory.text)
}

it("a memory is found by words at once and by vectors soon, with its label and the reason", async () => {
  const id = await remember("user:ada", "Ada prefers green tea over coffee", { metadata: { topic: "drinks" } })
  const find = async (): Promise<MemorySearch> =>
    memorySearchSchema.parse((await call("POST", "/v1/memories/search", { scope: "user:ada", query: "what tea does she drink?" })).body)
  expect((await find()).memories).toMatchObject([{ id, why: { words: { rank: 1 } } }])
  await expect.poll(async () => (await find()).memories[0]?.why.vectors?.rank, { timeout: 20_000 }).toBe(1)
  expect(await find()).toMatchObject({
    wordsOnly: null,
    memories: [
      {
        id,
        metadata: { topic: "drinks" },
        label: { integrity: 3, readers: [server.projectId] },
        why: { words: { rank: 1 }, vectors: { rank: 1 } },
      },
    ],
  })
})

it("a scope is a wall, and so is a project", async () => {
  await remember("user:bob", "Bob collects stamps")
  expect(await search("user:ada", "stamps Bob")).not.toContain("Bob collects stamps")
  expect(await search("user:bob", "stamps")).toEqual(["Bob collects stamps"])
  expect(await search("user:bob", "stamps", server.otherKey)).toEqual([])
  const [mine] = memoryListSchema.parse((await call("GET", "/v1/memories?scope=user:bob")).body).memories
  for (const method of ["GET", "DELETE"]) {
    expect((await call(method, `/v1/memories/${mine?.id}`, undefined, server.otherKey)).status).toBe(404)
  }
})

it("lists a scope newest first in pages", async () => {
  const ids: string[] = []
  for (let index = 0; index < 5; index++) ids.push(await remember("user:page", `Fact number ${index}`))
  const first = memoryListSchema.parse((await call("GET", "/v1/memories?scope=user:page&limit=3")).body)
  const second = memoryListSchema.parse((await call("GET", `/v1/memories?scope=user:page&limit=3&before=${first.next}`)).body)
  expect([...first.memories, ...second.memories].map((memory) => memory.id)).toEqual(ids.toReversed())
  expect(second.next).toBeNull()
})

it("forgets for good", async () => {
  const id = await remember("user:gone", "The secret word is xylophone")
  expect(await call("DELETE", `/v1/memories/${id}`)).toEqual({ status: 200, body: { id, deleted: true } })
  expect(await search("user:gone", "xylophone")).toEqual([])
  expect((await call("GET", `/v1/memories/${id}`)).status).toBe(404)
})

it("a write that no grant allows is refused, changes nothing, and the decision is in the record", async () => {
  const { status, body } = await call("POST", "/v1/memories", { scope: "project", text: "Nobody may write here" })
  expect([status, body]).toMatchObject([403, { error: { code: "policy_denied" } }])
  expect(await search("project", "nobody write")).toEqual([])
  const record = server.records.find((row) => row.status === 403)
  expect(record).toMatchObject({
    kind: "memory",
    name: "memory.remember",
    status: 403,
    data: { gate: { allowed: false, target: "project" } },
  })
  const allowed = server.records.find((row) => row.outcome === "completed" && row.kind === "memory")
  expect(allowed).toMatchObject({ data: { gate: { allowed: true }, scope: "user:ada" } })
})

it("leaves out what is not valid now", async () => {
  const now = Date.now()
  await remember("user:time", "Lunch today is soup", { validFrom: now - 1000, validTo: now + 3_600_000 })
  await remember("user:time", "Lunch yesterday was soup", { validTo: now - 1000 })
  await remember("user:time", "Lunch tomorrow will be soup", { validFrom: now + 3_600_000 })
  expect(await search("user:time", "lunch soup")).toEqual(["Lunch today is soup"])
})

it("refuses unknown keys and text that cannot be stored", async () => {
  expect(await call("POST", "/v1/memories", { scope: "user:ada", text: "x", colour: "red" })).toMatchObject({
    status: 400,
    body: { error: { code: "unknown_parameter", param: "colour" } },
  })
  expect(await call("POST", "/v1/memories", { scope: "user:ada", text: "a\0b" })).toMatchObject({
    status: 400,
    body: { error: { param: "text" } },
  })
  expect((await call("POST", "/v1/memories", { scope: "user:ada", text: "half \ud83d pair 🙂", metadata: { key: "\ud83d" } })).status).toBe(
    201,
  )
})

it("acknowledges a memory while the embedding model is slow, and finds it by words until the vector is there", async () => {
  const gate = Promise.withResolvers<void>()
  let slow = false
  const embed: typeof wordVectors = async (texts, signal) => {
    if (slow && texts.some((text) => text.includes("waits"))) await gate.promise
    return wordVectors(texts, signal)
  }
  await using other = await startContextServer({ embed })
  slow = true
  const caller = { projectId: other.projectId, principal: "key_test" }
  const memory = await other.context.memories.remember(caller, { scope: "s", text: "This one waits for its vector" })
  const find = (): ReturnType<typeof other.context.memories.recall> =>
    other.context.memories.recall(caller, { scopes: ["s"], query: "vector", limit: 5 }, AbortSignal.timeout(10_000))
  expect((await find()).entries.map((entry) => [entry.id, entry.why.vectors])).toEqual([[memory.id, null]])
  gate.resolve()
  // A durable run adds it, so that it comes even when this process dies now.
  const upkeep = async (): Promise<unknown> => (await other.runs.list(other.projectId, { kind: "memory" })).runs
  await expect.poll(upkeep).toMatchObject([{ name: "memory/upkeep" }])
  await expect.poll(async () => (await find()).entries[0]?.why.vectors?.rank, { timeout: 20_000 }).toBe(1)
})

it("reached no error handler in all of this", () => {
  expect(server.errors).toEqual([])
})

it("weighs words against meaning as a search asks", async () => {
  await remember("user:weights", "Llamas eat grass.")
  await remember("user:weights", "Alpacas like hay.")
  const ask = async (weights: object): Promise<{ status: number; body: unknown }> =>
    call("POST", "/v1/memories/search", { scope: "user:weights", query: "What do llamas eat?", rerank: false, weights })
  const score = async (weights: object): Promise<number> => memorySearchSchema.parse((await ask(weights)).body).memories[0]?.score ?? 0
  const embedded = async (): Promise<unknown> =>
    memorySearchSchema.parse((await ask({ words: 1, vectors: 1 })).body).memories[0]?.why.vectors
  await expect.poll(embedded, { timeout: 60_000 }).not.toBeNull()
  expect(await score({ words: 1, vectors: 0 })).not.toBeCloseTo(await score({ words: 0, vectors: 1 }), 3)
  expect(await score({ words: 2, vectors: 2 })).toBeCloseTo(await score({ words: 0.5, vectors: 0.5 }), 6)
  expect(await ask({ words: 0, vectors: 0 })).toMatchObject({ status: 400, body: { error: { param: "weights" } } })
})

it("lets memories that are like better ones give way where diversity is asked for", async () => {
  const texts = [
    "Llamas eat fresh green grass every day in summer.",
    "Every day in summer llamas eat grass, fresh and green.",
    "Llamas carry wool to markets beyond mountains.",
  ]
  for (const text of texts) await remember("user:varied", text)
  const ask = async (more: object): Promise<{ texts: string[]; vectors: boolean }> => {
    const asked = { scope: "user:varied", query: "llamas eat grass in summer every day", limit: 2, rerank: false, ...more }
    const { memories } = memorySearchSchema.parse((await call("POST", "/v1/memories/search", asked)).body)
    return { texts: memories.map(({ text }) => text ?? ""), vectors: memories.every(({ why }) => why.vectors !== null) }
  }
  await expect.poll(async () => (await ask({ limit: 3 })).vectors, { timeout: 60_000 }).toBe(true)
  expect((await ask({})).texts.toSorted()).toEqual(texts.slice(0, 2).toSorted())
  expect((await ask({ diversity: 0.7 })).texts).toContain(texts[2])
  const { status, body } = await call("POST", "/v1/memories/search", { scope: "user:varied", query: "llamas", diversity: 2 })
  expect({ status, body }).toMatchObject({ status: 400, body: { error: { param: "diversity" } } })
})
