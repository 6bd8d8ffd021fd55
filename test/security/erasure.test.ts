// Erasure on a server as it is started: what came in by every way is gone from the database's files, the log and every table.
import { existsSync, readdirSync } from "node:fs"
import { describe, expect, it } from "vitest"
import { filesWith } from "../support/byte-search.ts"
import { canarySetting, ErasingClient, kept, putIn, said, word, type Json } from "../support/erasure-canaries.ts"
import { startPerdure } from "../support/server.ts"

describe("an erasure", () => {
  it("leaves no byte of a text that came in by every way, says what it did, and keeps the rest", async () => {
    await using setting = await canarySetting()
    const { dataDirectory, config } = setting
    const server = await startPerdure({ dataDirectory, config })
    const client = new ErasingClient(server)
    await putIn(client)
    const planned = await client.erase({ query: word, dryRun: true })
    expect(planned).toMatchObject({
      status: "completed",
      receipt: { counts: { episodes: 1, sources: 1, blocks: 1, states: 1, files: 2, rows: { run_events: expect.any(Number) as never } } },
    })
    expect(filesWith(dataDirectory, word)).not.toEqual([])
    const found = (await client.call("POST", "/v1/memories/search", { scope: "user:zoe", query: word })) as unknown as {
      memories: { text: string }[]
    }
    expect(found.memories[0]?.text).toBe(said)

    const erased = (await client.erase({ query: word })) as Json & { id: string }
    const run = await client.call("GET", `/v1/runs/${String(erased["runId"])}`)
    expect(erased, JSON.stringify(run)).toMatchObject({
      status: "completed",
      target: { kind: "query", name: null },
      receipt: {
        counts: {
          episodes: 1,
          sources: 1,
          blocks: 1,
          states: 1,
          files: 2,
          rows: { block_versions: 2, state_versions: 1, conversation_items: 1, feedback: 1 },
        },
        verified: { texts: 1, rows: {}, filesContaining: [], logCleared: true },
      },
    })
    expect(erased["receiptHash"]).toMatch(/^[0-9a-f]{64}$/)
    const after = (await client.call("POST", "/v1/memories/search", {
      scope: "user:zoe",
      query: `${word} ${kept}`,
    })) as unknown as typeof found
    expect(after.memories.map(({ text }) => text)).toEqual([kept])
    expect(await client.call("GET", "/v1/blocks/user%3Azoe/notes.md")).toMatchObject({ text: expect.stringContaining(kept) as never })
    await server[Symbol.asyncDispose]()
    expect(filesWith(dataDirectory, word)).toEqual([])
    expect(existsSync(dataDirectory) && readdirSync(dataDirectory).length > 0).toBe(true)
  })
})
