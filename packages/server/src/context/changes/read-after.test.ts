// Reading after a change: whoever was told of a number sees it on every server, waits no longer than may be, and may not ask of other scopes.
import { setTimeout as sleep } from "node:timers/promises"
import { createClient, type Client } from "@perdure/client"
import { expect, it } from "vitest"
import { startContextServer, type ContextServer } from "../../testing/context-server.ts"
import { openTestStore, testEngines } from "../../testing/database.ts"

const clientOf = ({ url, apiKey }: ContextServer): Client => createClient({ baseUrl: url, apiKey })
const found = async (client: Client, asked: object): Promise<(string | null)[]> => {
  const { memories } = await client.memories.search({ query: "What is the word?", ...asked })
  return memories.map(({ text }) => text)
}

it.runIf(testEngines().includes("postgres"))(
  "a recall on another server waits for what it was told of, also where it comes later",
  async () => {
    await using database = await openTestStore("postgres")
    if (!("databaseUrl" in database.location)) throw new Error("a Postgres has an address")
    const { databaseUrl } = database.location
    await using first = await startContextServer({ databaseUrl })
    await using second = await startContextServer({ databaseUrl })
    const [writer, reader] = [clientOf(first), clientOf(second)]
    const scope = "team:words"
    for (let turn = 1; turn <= 5; turn++) {
      const { seq } = await writer.memories.remember({ scope, text: `The word number ${turn} is harbour` })
      expect(await found(reader, { scope, readAfter: seq ?? 0, limit: 50 })).toHaveLength(turn)
    }
    const { seq: last } = await writer.memories.remember({ scope, text: "The word is lighthouse" })
    const waiting = found(reader, { scopes: [scope, "team:none"], readAfter: { [scope]: (last ?? 0) + 1 }, limit: 50 })
    await sleep(300)
    await writer.memories.remember({ scope, text: "The word is breakwater" })
    expect(await waiting).toContain("The word is breakwater")
  },
)

it("a wait is no longer than may be, and its end says what to do; what is of no scope that is read is refused", async () => {
  await using server = await startContextServer({ limits: { changeWaitMsMax: 200 } })
  const client = clientOf(server)
  const { seq } = await client.memories.remember({ scope: "user:ada", text: "The word is dune" })
  expect(await found(client, { scope: "user:ada", readAfter: seq ?? 0 })).toEqual(["The word is dune"])
  const ask = (asked: object): Promise<unknown> => found(client, asked).catch((error: unknown) => error)
  expect(await ask({ scope: "user:ada", readAfter: 99 })).toMatchObject({
    status: 504,
    code: "database_timeout",
    message: expect.stringContaining("Check the number") as string,
  })
  expect(await ask({ scopes: ["user:ada", "team:b"], readAfter: 1 })).toMatchObject({ status: 400, code: "invalid_request" })
  expect(await ask({ scope: "user:ada", readAfter: { "team:b": 1 } })).toMatchObject({ status: 400, code: "invalid_request" })
  expect(await ask({ scope: "user:ada", readAfter: -1 })).toMatchObject({ status: 400 })
})
