// Tests of questions whose embedding is not there in time: they are searched by words alone, and the answer says so.
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { startContextServer, type ContextServer } from "../../testing/context-server.ts"

const signal = new AbortController().signal
const late = "embedding the query took longer than 50 ms"

describe("a question whose embedding is late", () => {
  let server: ContextServer
  let stopped = 0
  const caller = { projectId: "proj_default", principal: "key" }

  beforeAll(async () => {
    server = await startContextServer({
      limits: { questionEmbedMsMax: 50 },
      embed: (texts, stop, purpose) => {
        if (purpose !== "query") return Promise.resolve(texts.map(() => new Float32Array(384).fill(384 ** -0.5)))
        return new Promise((_, reject) => {
          stop.addEventListener("abort", () => {
            stopped += 1
            reject(stop.reason as Error)
          })
        })
      },
    })
    await server.context.memories.remember(caller, { scope: "user:ada", text: "Ada keeps bees on the roof" })
  })
  afterAll(() => server[Symbol.asyncDispose]())

  it("is answered by words, says so, and lets the model go", async () => {
    const before = stopped
    const found = await server.context.memories.recall(caller, { query: "who keeps bees?", scopes: ["user:ada"] }, signal)
    expect(found.entries.map(({ text, why }) => [text, why.vectors])).toEqual([["Ada keeps bees on the roof", null]])
    expect([found.wordsOnly, stopped]).toEqual([late, before + 1])
  })

  it("is waited for as long as the recall says", async () => {
    const asked = { query: "who keeps bees?", scopes: ["user:ada"], embedWaitMs: 5 }
    expect((await server.context.memories.recall(caller, asked, signal)).wordsOnly).toBe("embedding the query took longer than 5 ms")
  })

  it("ends at once when whoever asked has gone", async () => {
    const gone = new AbortController()
    const asked = { query: "who keeps bees?", scopes: ["user:ada"], embedWaitMs: 60_000 }
    const recalling = server.context.memories.recall(caller, asked, gone.signal)
    gone.abort(new Error("gone"))
    await expect(recalling).rejects.toThrow("gone")
  })

  it("says so over HTTP too, in memories and in vector stores", async () => {
    const post = async (path: string, body: object): Promise<Record<string, unknown>> => {
      const headers = { authorization: `Bearer ${server.apiKey}`, "content-type": "application/json" }
      const answer = await fetch(`${server.url}${path}`, { method: "POST", headers, body: JSON.stringify(body) })
      return (await answer.json()) as Record<string, unknown>
    }
    expect(await post("/v1/memories/search", { scope: "user:ada", query: "who keeps bees?" })).toMatchObject({
      memories: [{ text: "Ada keeps bees on the roof" }],
      wordsOnly: late,
    })
    const { id } = await post("/v1/vector_stores", { name: "notes" })
    expect(await post(`/v1/vector_stores/${String(id)}/search`, { query: "bees" })).toMatchObject({ perdure: { words_only: late } })
  })

  it("leaves a call its memory, and is told in what was put in", async () => {
    const asked = { scopes: ["user:ada"], query: "who keeps bees?", budgetTokens: 500, limit: 5 }
    const { recalled, manifest, wordsOnly } = await server.context.assembler.assemble(caller, asked, signal)
    expect(recalled).toContain("Ada keeps bees on the roof")
    expect([manifest.entries.map(({ section }) => section), wordsOnly]).toEqual([["quotes"], late])
  })

  it("reached no error handler in all of this", () => {
    expect(server.errors).toEqual([])
  })
})
