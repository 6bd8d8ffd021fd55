// Tests of the change log over HTTP: two servers and two writing processes on one Postgres, cursors, waits, what is refused.
import { createClient, type Change, type Client } from "@perdure/client"
import { spawn } from "node:child_process"
import { text } from "node:stream/consumers"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { recordedChanges } from "../../testing/changes-writer.ts"
import { startContextServer, type ContextServer } from "../../testing/context-server.ts"
import { openTestStore, testEngines } from "../../testing/database.ts"
import { changes, type Store } from "../../store/index.ts"

const child = join(import.meta.dirname, "..", "..", "testing", "changes-child.ts")

function clientOf({ url, apiKey }: ContextServer): Client {
  return createClient({ baseUrl: url, apiKey })
}

function write(store: Store, scope: string, entry: string, projectId = "proj_default"): Promise<number> {
  const change = { projectId, scope, entry, kind: "test", op: "write", principal: "me" }
  return store.project(projectId).transaction((tx) => changes.recordChange(tx, change))
}

/** What writers of another process committed. */
async function writeInAnotherProcess(databaseUrl: string, name: string, count: number): Promise<[number, string][]> {
  const process_ = spawn(process.execPath, [child, databaseUrl, name, String(count)], { stdio: ["ignore", "pipe", "inherit"] })
  return JSON.parse(await text(process_.stdout)) as [number, string][]
}

describe.runIf(testEngines().includes("postgres"))("with several processes on one Postgres", () => {
  it("a reader sees every committed change once and in order, whoever writes and whichever server it reads from", async () => {
    await using database = await openTestStore("postgres")
    if (!("databaseUrl" in database.location)) throw new Error("a Postgres has an address")
    const { databaseUrl } = database.location
    await using first = await startContextServer({ databaseUrl })
    await using second = await startContextServer({ databaseUrl })
    const perWriter = 150
    const over = new AbortController()
    const seen: Record<string, Change[]> = { first: [], second: [], moving: [] }
    const read = async (name: string, client: Client): Promise<void> => {
      for await (const change of client.changes.follow("team:race", { signal: over.signal })) seen[name]?.push(change)
    }
    // Goes to the other server after every few changes, with the last number that it has.
    const move = async (): Promise<void> => {
      for (let turn = 0; !over.signal.aborted; turn++) {
        const after = seen["moving"]?.at(-1)?.seq ?? 0
        const client = clientOf(turn % 2 === 0 ? first : second)
        let count = 0
        for await (const change of client.changes.follow("team:race", { signal: over.signal, after })) {
          seen["moving"]?.push(change)
          if (++count === 7) break
        }
      }
    }
    const reading = [read("first", clientOf(first)), read("second", clientOf(second)), move()]
    const written = await Promise.all([
      writeInAnotherProcess(databaseUrl, "a", perWriter),
      writeInAnotherProcess(databaseUrl, "b", perWriter),
      recordedChanges(first.store, { name: "c", scope: "team:race", count: perWriter, atOnce: 4 }),
    ])
    const expected = written.flat().sort(([a], [b]) => a - b)
    expect(expected.map(([seq]) => seq)).toEqual(expected.map((_, index) => index + 1))
    expect(expected.length).toBeGreaterThan(perWriter)
    for (const list of Object.values(seen)) await expect.poll(() => list.length, { timeout: 20_000 }).toBe(expected.length)
    over.abort()
    await Promise.all(reading)
    for (const list of Object.values(seen)) expect(list.map(({ seq, entry }) => [seq, entry])).toEqual(expected)
    expect([...first.errors, ...second.errors]).toEqual([])
  })

  it("a change of another process is seen though its notification is lost", async () => {
    await using database = await openTestStore("postgres")
    if (!("databaseUrl" in database.location)) throw new Error("a Postgres has an address")
    await using server = await startContextServer({ databaseUrl: database.location.databaseUrl })
    const waiting = clientOf(server).changes.list({ scope: "s", waitMs: 20_000 })
    await new Promise((resolve) => setTimeout(resolve, 100))
    // Past every function of ours: nobody is told.
    await database.store.system.query("insert into change_scopes (project_id, scope, seq) values ('proj_default', 's', 1)")
    await database.store.system.query(
      "insert into changes (project_id, scope, seq, entry, kind, op, principal, at) values ('proj_default', 's', 1, 'e', 'k', 'o', 'p', now())",
    )
    expect((await waiting).changes).toMatchObject([{ seq: 1, entry: "e" }])
  })
})

describe("the change log", () => {
  let server: ContextServer
  let client: Client
  beforeAll(async () => {
    server = await startContextServer({ limits: { changeWaitMsMax: 300 } })
    client = clientOf(server)
  })
  afterAll(() => server[Symbol.asyncDispose]())

  it("gives pages after a number, and says what to ask for next and where the scope stands", async () => {
    for (const entry of ["a", "b", "c"]) await write(server.store, "user:page", entry)
    const page = await client.changes.list({ scope: "user:page", limit: 2 })
    expect([page.changes.map(({ entry }) => entry), page.next, page.head]).toEqual([["a", "b"], 2, 3])
    expect((await client.changes.list({ scope: "user:page", after: page.next })).changes.map(({ entry }) => entry)).toEqual(["c"])
    expect(await client.changes.list({ scope: "user:page", after: 3 })).toEqual({ changes: [], next: 3, head: 3 })
  })

  it("numbers each scope by itself, and shows a project nothing of another", async () => {
    expect([await write(server.store, "user:x", "1"), await write(server.store, "user:y", "1")]).toEqual([1, 1])
    expect(await write(server.store, "user:x", "secret", "proj_other")).toBe(1)
    const other = createClient({ baseUrl: server.url, apiKey: server.otherKey })
    expect((await other.changes.list({ scope: "user:x" })).changes.map(({ entry }) => entry)).toEqual(["secret"])
    expect((await client.changes.list({ scope: "user:x" })).changes.map(({ entry }) => entry)).toEqual(["1"])
  })

  it("gives a number that was rolled back to the next change", async () => {
    const change = { projectId: "proj_default", scope: "user:back", entry: "lost", kind: "test", op: "write", principal: "me" }
    const failing = server.store.project("proj_default").transaction(async (tx) => {
      expect(await changes.recordChange(tx, change)).toBe(1)
      throw new Error("no")
    })
    await expect(failing).rejects.toThrow("no")
    expect(await write(server.store, "user:back", "kept")).toBe(1)
  })

  it("waits for the first change as long as it is told to", async () => {
    const waiting = client.changes.list({ scope: "user:wait", waitMs: 10_000 })
    await write(server.store, "user:wait", "came")
    expect((await waiting).changes).toMatchObject([{ entry: "came" }])
    expect((await client.changes.list({ scope: "user:wait", after: 1, waitMs: 50 })).changes).toEqual([])
  })

  it("waits for a change that its reader was told of, and says so when it does not come", async () => {
    const place = { projectId: "proj_default", scope: "user:after" }
    const reading = server.context.changeLog.readAfter(place, 1, AbortSignal.timeout(10_000))
    await write(server.store, "user:after", "1")
    await reading
    const never = server.context.changeLog.readAfter(place, 9, AbortSignal.timeout(10_000))
    await expect(never).rejects.toMatchObject({ code: "database_timeout" })
  })

  it("keeps where a named reader stands, which only goes forward", async () => {
    for (const entry of ["a", "b", "c"]) await write(server.store, "user:cursor", entry)
    await client.changes.acknowledge({ scope: "user:cursor", reader: "worker", seq: 2 })
    expect((await client.changes.list({ scope: "user:cursor", reader: "worker" })).changes.map(({ seq }) => seq)).toEqual([3])
    expect(await client.changes.acknowledge({ scope: "user:cursor", reader: "worker", seq: 1 })).toMatchObject({ seq: 2 })
    await expect(client.changes.acknowledge({ scope: "user:cursor", reader: "worker", seq: 9 })).rejects.toMatchObject({ status: 410 })
  })

  it("refuses a cursor whose next change is gone, and one that the scope never gave, instead of leaving something out", async () => {
    for (const entry of ["a", "b", "c"]) await write(server.store, "user:old", entry)
    await server.store.system.query("delete from changes where scope = 'user:old' and seq <= 2")
    await server.store.system.query("update change_scopes set kept_from = 3 where scope = 'user:old'")
    await expect(client.changes.list({ scope: "user:old" })).rejects.toMatchObject({ status: 410, code: "stream_cursor_expired" })
    expect((await client.changes.list({ scope: "user:old", after: 2 })).changes.map(({ entry }) => entry)).toEqual(["c"])
    const stream = client.changes.follow("user:old", { signal: AbortSignal.timeout(10_000), after: 7 })
    await expect(stream.next()).rejects.toMatchObject({ status: 410 })
  })

  it("lets a page that is full of rolled-back and pruned numbers hide nothing: a long log is pruned in steps", async () => {
    await server.store.system.query("insert into change_scopes (project_id, scope, seq) values ('proj_default', 'user:long', 100999)")
    expect(await write(server.store, "user:long", "last")).toBe(101_000)
    await expect(client.changes.list({ scope: "user:long", after: 10 })).rejects.toMatchObject({ status: 410 })
    expect((await client.changes.list({ scope: "user:long", after: 100_999 })).changes.map(({ entry }) => entry)).toEqual(["last"])
  })

  it("refuses a Last-Event-ID that is no number", async () => {
    const headers = { authorization: `Bearer ${server.apiKey}`, accept: "text/event-stream", "last-event-id": "x" }
    expect((await fetch(`${server.url}/v1/changes?scope=user:x`, { headers })).status).toBe(400)
  })

  it("reached no error handler in all of this", () => {
    expect(server.errors).toEqual([])
  })
})
