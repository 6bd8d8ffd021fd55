// A database for a test file, on either engine: real, migrated, its own, gone afterwards.
import { cpSync, existsSync, mkdtempSync, rmSync } from "node:fs"
import { connect } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Client } from "pg"
import { defaultLimits } from "../core/index.ts"
import { openStore, type OpenStoreOptions, type Store } from "../store/index.ts"
import { postgresMissing, testOwner } from "./postgres-server.ts"

export type TestEngine = "pglite" | "postgres"
export type SharedRequest = TestEngine
export type SharedAnswer = { directory: string } | { socketDirectory: string } | { error: string }

/** The environment variable through which test processes find the socket of the global set-up. */
export const controlVariable = "PERDURE_TEST_CONTROL"

export interface TestStoreOptions extends Partial<Omit<OpenStoreOptions, "dataDirectory" | "databaseUrl">> {
  /** True: an empty database that this test migrates itself, instead of a copy of a migrated one. */
  readonly fresh?: boolean
}

export interface TestStore extends AsyncDisposable {
  readonly engine: TestEngine
  readonly store: Store
  /** What opens the same database again, here or in another process; with PGlite, dispose `store` first. */
  readonly location: { readonly dataDirectory: string } | { readonly databaseUrl: string }
  /** One more store on the same database, as another process would have it (Postgres), or after `store` was disposed (PGlite). */
  openAnother(options?: Partial<OpenStoreOptions>): Promise<Store>
}

/** The engines on which suites run here; says why when one is missing. `describe.each(testEngines())("… on %s", (engine) => …)` */
export function testEngines(): TestEngine[] {
  const missing = postgresMissing()
  if (missing === undefined) return ["pglite", "postgres"]
  process.stderr.write(`Suites on Postgres are skipped: ${missing}\n`)
  return ["pglite"]
}

/** Opens a store on a database of its own; dispose the result to close and delete it. */
export async function openTestStore(engine: TestEngine, options: TestStoreOptions = {}): Promise<TestStore> {
  return engine === "pglite" ? await openPgliteTestStore(options) : await openPostgresTestStore(options)
}

async function openPgliteTestStore(options: TestStoreOptions): Promise<TestStore> {
  const dataDirectory = mkdtempSync(join(tmpdir(), "perdure-pglite-"))
  if (options.fresh !== true) await copyMigrated(dataDirectory)
  const location = { dataDirectory }
  return await testStore("pglite", location, options, async () => rmSync(dataDirectory, { recursive: true, force: true }))
}

/**
 * Lays a migrated, empty database into the directory of one that is not there yet: what a server would make there at its first start,
 * which takes it seconds. Leaves the directory alone outside Vitest.
 */
export async function copyMigrated(databaseDirectory: string): Promise<void> {
  if (existsSync(join(databaseDirectory, "database"))) return
  const shared = await askShared("pglite")
  if (shared !== undefined && "directory" in shared) cpSync(shared.directory, databaseDirectory, { recursive: true })
}

async function openPostgresTestStore(options: TestStoreOptions): Promise<TestStore> {
  const shared = await askShared("postgres")
  if (shared === undefined || !("socketDirectory" in shared)) {
    throw new Error("No shared test server: run under Vitest, or start one with startTestPostgres() and open the store by its URL")
  }
  const host = encodeURIComponent(shared.socketDirectory)
  const name = `test_${process.pid}_${(databases += 1)}`
  const admin = async (text: string): Promise<void> => {
    const client = new Client({ connectionString: `postgres://postgres@localhost/postgres?host=${host}` })
    await client.connect()
    try {
      await client.query(text)
    } finally {
      await client.end()
    }
  }
  await admin(`create database ${name} owner ${testOwner}${options.fresh === true ? "" : " template perdure_head"}`)
  const location = { databaseUrl: `postgres://${testOwner}@localhost/${name}?host=${host}` }
  return await testStore("postgres", location, options, () => admin(`drop database if exists ${name} with (force)`))
}

let databases = 0

async function testStore(
  engine: TestEngine,
  location: TestStore["location"],
  options: TestStoreOptions,
  remove: () => Promise<void>,
): Promise<TestStore> {
  const { fresh: _fresh, testing, ...rest } = options
  const base = { limits: defaultLimits, ...rest, testing: { fsync: false, ...testing } }
  const opened: Store[] = []
  const openAnother = async (more: Partial<OpenStoreOptions> = {}): Promise<Store> => {
    const store = await openStore({ ...base, ...more, ...location })
    opened.push(store)
    return store
  }
  try {
    const store = await openAnother()
    const dispose = async (): Promise<void> => {
      for (const one of opened.reverse()) await one[Symbol.asyncDispose]()
      await remove()
    }
    return { engine, store, location, openAnother, [Symbol.asyncDispose]: dispose }
  } catch (error) {
    await remove()
    throw error
  }
}

/** Undefined outside Vitest. */
async function askShared(request: SharedRequest): Promise<SharedAnswer | undefined> {
  const path = process.env[controlVariable]
  if (path === undefined || !existsSync(path)) return undefined
  const text = await new Promise<string>((resolve, reject) => {
    let received = ""
    const socket = connect(path, () => socket.write(`${request}\n`))
    socket.on("data", (data) => (received += data.toString("utf8")))
    socket.on("end", () => resolve(received))
    socket.on("error", reject)
  })
  const answer = JSON.parse(text) as SharedAnswer
  if ("error" in answer) throw new Error(`The shared ${request} database failed: ${answer.error}`)
  return answer
}
