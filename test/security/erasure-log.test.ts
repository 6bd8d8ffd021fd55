// Erasure of what stood in plain on a Postgres server, down to every byte of its directory, the write-ahead log included: with rights, without, and with what holds old log or rows.
import { join } from "node:path"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { startContextServer, type ContextServer } from "../../packages/server/src/testing/context-server.ts"
import { testEngines } from "../../packages/server/src/testing/database.ts"
import { startTestPostgres, testOwner, type TestPostgres } from "../../packages/server/src/testing/postgres-server.ts"
import { wholeProject, type Erasure } from "../../packages/server/src/context/index.ts"
import { filesWith } from "../support/byte-search.ts"
import { canarySetting, ErasingClient, putIn, word as canary } from "../support/erasure-canaries.ts"
import { runPerdure, startPerdure } from "../support/server.ts"

const projectId = "proj_default"
const caller = { projectId, principal: "key_a" }
const word = "kanarie-1d8e40b7c5f3"
const label = { integrity: 3 as const, sources: ["user:key_a"], readers: [projectId], secrets: [] }
const isThere = testEngines().includes("postgres")

describe.skipIf(!isThere)(`an erasure and the log of a Postgres server${isThere ? "" : " (skipped: it is not installed)"}`, () => {
  let cleanUps: AsyncDisposableStack
  let postgres: TestPostgres
  beforeEach(async () => {
    cleanUps = new AsyncDisposableStack()
    // As servers write their log by default: whole pages after each checkpoint, old files used again.
    const settings = { full_page_writes: "on", wal_level: "replica", wal_recycle: "on", max_prepared_transactions: "2" }
    postgres = cleanUps.use(await startTestPostgres({ settings }))
  })
  afterEach(() => cleanUps.disposeAsync())

  const start = async (user?: string): Promise<ContextServer> => {
    const own = await postgres.createDatabase({ name: "erased" })
    const databaseUrl = user === undefined ? own : postgres.url("erased", user)
    return cleanUps.use(await startContextServer({ databaseUrl, embed: undefined, limits: { erasureWaitMsMax: 1_500 } }))
  }
  const say = async ({ context }: ContextServer): Promise<void> => {
    const conversation = await context.conversations.create(wholeProject(projectId))
    const item = { type: "message", role: "user", content: `The word is ${word}, and nothing else.` }
    await context.conversations.append(wholeProject(projectId), conversation.id, [
      { id: `msg_${conversation.id}`, item, label, runId: null },
    ])
  }
  const erase = async ({ context: { erasures } }: ContextServer): Promise<Erasure> => {
    const target = { kind: "query", name: word } as const
    const { id } = await erasures.start(caller, { target, dryRun: false }, AbortSignal.timeout(60_000))
    await expect.poll(async () => (await erasures.get(projectId, id)).status, { timeout: 120_000 }).not.toBe("in_progress")
    return erasures.get(projectId, id)
  }
  /** Old content under the names of segments to come: what a server that ran for a while has. */
  const fillLog = async (): Promise<void> => {
    await postgres.admin(`select count(pg_logical_emit_message(false, 'old', repeat('${word} ', 50000))) from generate_series(1, 30)`)
    await postgres.admin("checkpoint")
    await postgres.admin("checkpoint")
  }
  const left = (): string[] => filesWith(postgres.directory, word)
  const sessionOf = async (user: string): ReturnType<TestPostgres["session"]> => {
    const client = await postgres.session("erased", user)
    cleanUps.defer(() => client.end().catch(() => undefined))
    return client
  }

  it("a superuser leaves nothing of what came in by every way", async () => {
    await using setting = await canarySetting()
    await postgres.createDatabase({ name: "erased" })
    const { config, dataDirectory } = setting
    const server = cleanUps.use(await startPerdure({ config, dataDirectory, env: { DATABASE_URL: postgres.url("erased", "postgres") } }))
    const client = new ErasingClient(server)
    await putIn(client)
    await postgres.admin("checkpoint")
    expect(filesWith(postgres.directory, canary).some((path) => path.includes("pg_wal"))).toBe(true)
    expect(await client.erase({ query: canary })).toMatchObject({
      status: "completed",
      receipt: {
        counts: { episodes: 1, files: 2, rows: { conversation_items: 1, feedback: 1, run_events: expect.any(Number) as never } },
        verified: { rows: {}, files: expect.any(Number) as never, filesContaining: [], logCleared: true, heldBy: [], unread: 0 },
      },
    })
    expect(filesWith(postgres.directory, canary)).toEqual([])
  })

  it("a plain role is told what to be granted, and with these grants leaves nothing", async () => {
    const server = await start()
    await say(server)
    await fillLog()
    expect(left().some((path) => path.includes("pg_wal"))).toBe(true)
    const { status, receipt } = await erase(server)
    expect([status, receipt?.verified]).toMatchObject(["completed", { files: null, logCleared: null, heldBy: [] }])
    expect(left()).not.toEqual([])
    expect(left().filter((path) => !path.startsWith(join(postgres.directory, "data", "pg_wal")))).toEqual([])

    const grants = (receipt?.remains ?? []).flatMap(({ until }) => until.match(/grant [^;]+;/g) ?? [])
    expect(grants).toEqual([
      `grant pg_checkpoint to ${testOwner};`,
      `grant execute on function pg_ls_waldir(), pg_switch_wal() to ${testOwner};`,
      `grant execute on function pg_ls_dir(text, boolean, boolean), pg_read_binary_file(text, bigint, bigint, boolean) to ${testOwner};`,
    ])
    const doctor = (): Promise<{ stdout: string }> =>
      runPerdure(["doctor", "--port", "0", "--data", join(postgres.directory, "none")], { DATABASE_URL: postgres.url("erased") })
    expect((await doctor()).stdout).toContain(grants.join(" "))
    for (const grant of grants) await postgres.admin(grant, "erased")
    expect((await doctor()).stdout).toContain("can clear the write-ahead log of this server, and search its files")
    const again = await erase(server)
    expect(again).toMatchObject({ status: "completed", receipt: { verified: { filesContaining: [], logCleared: true, heldBy: [] } } })
    expect(again.receipt?.verified?.files).toBeGreaterThan(10)
    expect(left()).toEqual([])
  })

  it("without the right to switch the log, it is filled instead", async () => {
    const server = await start()
    await say(server)
    await fillLog()
    await postgres.admin(`grant pg_checkpoint to ${testOwner}`)
    await postgres.admin(`grant execute on function pg_ls_waldir() to ${testOwner}`, "erased")
    expect(await erase(server)).toMatchObject({ status: "completed", receipt: { verified: { files: null, logCleared: true } } })
    expect(left()).toEqual([])
  })

  it("is incomplete and names the replication slot that holds old log; when it is gone, the next one leaves nothing", async () => {
    const server = await start("postgres")
    await postgres.admin("select pg_create_physical_replication_slot('stale', true)")
    await say(server)
    const held = await erase(server)
    expect(held).toMatchObject({
      status: "incomplete",
      receipt: {
        verified: { rows: {}, logCleared: false, heldBy: ["the replication slot 'stale', which nobody reads"] },
        remains: expect.arrayContaining([
          expect.objectContaining({ what: "kept by the replication slot 'stale', which nobody reads" }),
        ]) as never,
      },
    })
    expect(held.receipt?.verified?.filesContaining.every((path) => path.startsWith("pg_wal/"))).toBe(true)
    expect(held.receipt?.verified?.filesContaining).not.toEqual([])
    await postgres.admin("select pg_drop_replication_slot('stale')")
    expect(await erase(server)).toMatchObject({ status: "completed", receipt: { verified: { filesContaining: [], logCleared: true } } })
    expect(left()).toEqual([])
  })

  it("is incomplete and names the session or prepared transaction that may still see the rows", async () => {
    const server = await start("postgres")
    await say(server)
    const reader = await sessionOf("postgres")
    await reader.query("begin isolation level repeatable read")
    await reader.query("select 1")
    const { rows } = await reader.query<{ pid: number }>("select pg_backend_pid() as pid")
    const seen = await erase(server)
    expect([seen.status, seen.receipt?.verified?.heldBy]).toEqual([
      "incomplete",
      [expect.stringContaining(`the session ${rows[0]?.pid}`) as string],
    ])
    // The copies of the rewritten tables have the row: what the search finds is what the session holds.
    expect(seen.receipt?.verified?.filesContaining.some((path) => path.startsWith("base/"))).toBe(true)
    await reader.query("commit")

    const writer = await sessionOf("postgres")
    await writer.query("begin")
    await writer.query("create table other_work (id int)")
    await writer.query("prepare transaction 'two phases'")
    expect((await erase(server)).receipt?.verified?.heldBy).toEqual(["the prepared transaction 'two phases'"])
    await writer.query("rollback prepared 'two phases'")
    expect(await erase(server)).toMatchObject({
      status: "completed",
      receipt: { verified: { filesContaining: [], logCleared: true, heldBy: [] } },
    })
    expect(left()).toEqual([])
  })

  it("says when the limit does not do for the size of the log", async () => {
    await postgres.createDatabase({ name: "erased" })
    const limits = { erasureLogBytesMax: 8 * 1024 ** 2 }
    const server = cleanUps.use(await startContextServer({ databaseUrl: postgres.url("erased", "postgres"), embed: undefined, limits }))
    await say(server)
    await fillLog()
    expect(await erase(server)).toMatchObject({
      status: "incomplete",
      receipt: { verified: { logCleared: false, heldBy: [expect.stringContaining("erasureLogBytesMax") as string] } },
    })
  })

  it("kill -9 while the log is written over delays it, and nothing is left in the end", async () => {
    await using setting = await canarySetting()
    await postgres.createDatabase({ name: "erased" })
    const { config, dataDirectory } = setting
    const env = { DATABASE_URL: postgres.url("erased", "postgres") }
    let server = await startPerdure({ config, dataDirectory, env })
    const { apiKey } = server
    let client = new ErasingClient(server)
    await client.call("POST", "/v1/conversations", { items: [{ type: "message", role: "user", content: `It is ${word}.` }] })
    for (let round = 0; round < 6; round++) await fillLog()
    // Its answer is lost with the process.
    client.erase({ query: word }).catch(() => undefined)
    const watcher = await sessionOf("postgres")
    const text = "select 1 from run_events where type = 'erasure.progress' and data->>'stage' = 'log'"
    while ((await watcher.query(text)).rows.length === 0) await new Promise((resolve) => setTimeout(resolve, 2))
    await server.kill()
    await watcher.end()
    expect(left()).not.toEqual([])
    server = cleanUps.use(await startPerdure({ config, dataDirectory, env, apiKey }))
    client = new ErasingClient(server)
    const first = async (): Promise<{ status: string }> =>
      ((await client.call("GET", "/v1/erasures")) as unknown as { erasures: { status: string }[] }).erasures[0] ?? { status: "lost" }
    await expect.poll(async () => (await first()).status, { timeout: 120_000 }).not.toBe("in_progress")
    expect(await first()).toMatchObject({ status: "completed", receipt: { verified: { filesContaining: [], logCleared: true } } })
    expect(left()).toEqual([])
  })
})
