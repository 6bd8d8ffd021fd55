// Opening the embedded store: first start, a second opener, what is damaged or too new, death of the engine, kill -9 in the middle of writes.
import { fork, spawnSync, type ChildProcess } from "node:child_process"
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, beforeEach, expect, test } from "vitest"
import { defaultLimits } from "../../core/index.ts"
import { openStore, type Store } from "../index.ts"
import { formatFile } from "./directory.ts"

let dataDirectory: string
beforeEach(() => {
  dataDirectory = mkdtempSync(join(tmpdir(), "perdure-open-"))
})
afterEach(() => rmSync(dataDirectory, { recursive: true, force: true }))

/** No migrations: most of these tests are about the engine, and start faster so. */
const open = (more: { onFatal?: (error: Error) => void; queryTimeoutMs?: number } = {}): Promise<Store> =>
  openStore({
    dataDirectory,
    testing: { migrations: [] },
    limits: { ...defaultLimits, ...(more.queryTimeoutMs === undefined ? {} : { queryTimeoutMs: more.queryTimeoutMs }) },
    ...(more.onFatal === undefined ? {} : { onFatal: more.onFatal }),
  })

test("makes a database from the template, readable by its owner only, with vectors", async () => {
  await using store = await open()
  expect(store.capabilities).toEqual({ vector: true, serverVersion: expect.stringMatching(/^18\./) as string })
  expect(statSync(join(dataDirectory, "database")).mode & 0o077).toBe(0)
  expect(await store.system.query("select '[1,2]'::vector <=> '[2,4]'::vector as distance, '[1,2]'::vector as text")).toEqual([
    { distance: 0, text: "[1,2]" },
  ])
})

test("lets V8 give back memory of all threads but the engine's, where that would keep answers waiting", () => {
  const program = `
    import { Worker } from "node:worker_threads"
    import { defaultLimits } from ${JSON.stringify(join(import.meta.dirname, "../../core/index.ts"))}
    import { openStore } from ${JSON.stringify(join(import.meta.dirname, "../index.ts"))}
    await using store = await openStore({ dataDirectory: ${JSON.stringify(dataDirectory)}, limits: defaultLimits, testing: { migrations: [] } })
    const other = new Worker("const kept = []; for (let i = 0; i < 300000; i += 1) kept.push([i]); setTimeout(() => kept, 2000)", { eval: true })
    await new Promise((resolve) => other.once("exit", resolve))
  `
  const flags = ["--trace-memory-reducer", "--gc-memory-reducer-start-delay-ms=20"]
  const { stdout, stderr } = spawnSync(process.execPath, [...flags, "-e", program], { encoding: "utf8" })
  // Each line names the thread: [process:address:number].
  const threads = [...stdout.matchAll(/^\[\d+:0x[\da-f]+:(\d+)\].*Memory reducer/gm)].map(([, thread]) => thread)
  expect(new Set(threads), stderr).toEqual(new Set(["0", "2"]))
})

test("refuses a directory that is open already and leaves the first opener in peace", async () => {
  await using store = await open()
  await expect(open()).rejects.toMatchObject({
    code: "data_directory_locked",
    message: expect.stringContaining(String(process.pid)) as string,
  })
  await store.ping()
})

test("starts anew after a first start that was interrupted while the template was unpacked", async () => {
  const draft = join(dataDirectory, "database.new-interrupted")
  mkdirSync(join(draft, "base"), { recursive: true })
  writeFileSync(join(draft, "PG_VERSION"), "18")
  await using store = await open()
  await store.ping()
  expect(existsSync(draft)).toBe(false)
})

test("survives kill -9 at any moment of the first start", async () => {
  for (const delayMs of [60, 150, 250, 350, 500]) {
    const child = startChild(dataDirectory)
    await new Promise((resolve) => setTimeout(resolve, delayMs))
    await killed(child)
  }
  await using store = await openStore({ dataDirectory, limits: defaultLimits })
  expect(await store.system.query("insert into projects (id, name) values ('p', 'after the kills') returning id")).toEqual([{ id: "p" }])
})

test("says that a directory is damaged and what to run, and gives the lock back", async () => {
  mkdirSync(join(dataDirectory, "database"))
  writeFileSync(join(dataDirectory, "database", "PG_VERSION"), "18")
  await expect(open()).rejects.toMatchObject({ code: "data_directory_damaged", hint: expect.stringContaining("perdure doctor") as string })
  rmSync(join(dataDirectory, "database"), { recursive: true })
  await (await open())[Symbol.asyncDispose]()
  // A control file of noise: the engine itself gives up.
  writeFileSync(join(dataDirectory, "database", "global", "pg_control"), Buffer.alloc(8192, 7))
  const told: Error[] = []
  await expect(open({ onFatal: (error) => told.push(error) })).rejects.toMatchObject({ code: "data_directory_damaged" })
  expect(told).toEqual([]) // who opens has the rejection; ending the process on top of it would hide what it says
  expect(readdirSync(dataDirectory)).toEqual(["database"])
})

test("refuses a directory that a copy left incomplete, and names what is missing or cut", async () => {
  let path = ""
  {
    await using store = await open()
    await store.system.query("create table copied as select 1 as id")
    const [row] = await store.system.query<{ path: string }>("select pg_relation_filepath('copied') as path")
    path = row?.path ?? ""
  }
  const file = join(dataDirectory, "database", path)
  const whole = readFileSync(file)
  const refused = { code: "data_directory_damaged", message: expect.stringContaining(path) as string }
  writeFileSync(file, whole.subarray(0, 5_000))
  await expect(open()).rejects.toMatchObject(refused)
  rmSync(file)
  await expect(open()).rejects.toMatchObject(refused)
  writeFileSync(file, whole)
  await using store = await open()
  expect(await store.system.query("select id from copied")).toEqual([{ id: 1 }])
})

test("refuses files of another major version of Postgres, whatever the format says", async () => {
  await (await open())[Symbol.asyncDispose]()
  writeFileSync(join(dataDirectory, "database", "PG_VERSION"), "17\n")
  await expect(open()).rejects.toMatchObject({ code: "migration_required", message: expect.stringContaining("Postgres 17") as string })
})

test("refuses a directory that another version of the engine wrote", async () => {
  await (await open())[Symbol.asyncDispose]()
  const path = join(dataDirectory, "database", formatFile)
  const format = JSON.parse(readFileSync(path, "utf8")) as object
  writeFileSync(path, JSON.stringify({ ...format, pglite: "9.9.9" }))
  await expect(open()).rejects.toMatchObject({ code: "migration_required", message: expect.stringContaining("9.9.9") as string })
})

test("gives an engine up that a statement holds longer than the limit: callers are told, the owner is told once, a new open works", async () => {
  const fatal: Error[] = []
  const store = await open({ queryTimeoutMs: 400, onFatal: (error) => fatal.push(error) })
  const endless = store.system.query("select count(*) from generate_series(1, 100000000000)")
  const waiting = store.project("p").query("select 1")
  const [held, queued] = await Promise.allSettled([endless, waiting])
  expect(held).toMatchObject({ reason: { code: "database_timeout", outcome: "unknown" } })
  expect(queued).toMatchObject({ reason: { code: expect.stringMatching(/database_(unavailable|timeout)/) as string } })
  await expect(store.system.query("select 1")).rejects.toMatchObject({ code: "database_unavailable" })
  expect(fatal).toHaveLength(1)
  await store[Symbol.asyncDispose]()
  await (await open())[Symbol.asyncDispose]()
})

test("keeps every acknowledged commit over kill -9 in the middle of writes", async () => {
  let acknowledged = 0
  const migrations = { testing: { migrations: [] } }
  for (let round = 0; round < 3; round += 1) {
    const child = startChild(dataDirectory)
    await new Promise<void>((resolve) => {
      child.on("message", (message: number) => {
        acknowledged = message
        if (message > (round + 1) * 150) resolve()
      })
    })
    await killed(child)
    await using store = await openStore({ dataDirectory, limits: defaultLimits, ...migrations })
    const [row] = await store.system.query<{ n: number; highest: number }>("select count(*) as n, max(id) as highest from writes")
    expect(row?.n).toBe(row?.highest)
    expect(row?.highest).toBeGreaterThanOrEqual(acknowledged)
    const indexed = await store.system.query<{ n: number }>("select count(*) as n from writes where id > 0")
    expect(indexed).toEqual([{ n: row?.n }])
  }
})

function startChild(directory: string): ChildProcess {
  return fork(new URL("./crash-child.ts", import.meta.url), [directory], { stdio: ["ignore", "ignore", "inherit", "ipc"] })
}

async function killed(child: ChildProcess): Promise<void> {
  const ended = new Promise((resolve) => child.once("exit", resolve))
  child.kill("SIGKILL")
  await ended
}
