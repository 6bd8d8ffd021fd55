// The store in the data directory: lock, template, engine in its thread, proof that fsync works, then the port.
import { AppError } from "../../core/index.ts"
import { Announcer, notifyAll } from "../announce.ts"
import type { Engine, EngineOptions, ScriptRunner } from "../engine.ts"
import { isStoreError, StoreError } from "../errors.ts"
import type { Queryable, SqlValue, Transactor } from "../port.ts"
import { checkProjectId, scopeText } from "../scope.ts"
import type { Scrubber } from "../scrub.ts"
import { incompleteFiles } from "./completeness.ts"
import { prepareDirectory } from "./directory.ts"
import { diskReserveBytes, explainDisk, freeBytes } from "../disk.ts"
import { EngineStartError, PgliteHost, type Priority, type Turn } from "./host.ts"
import { lockDirectory, type DirectoryLock } from "./lock.ts"
import { startMaintenance } from "./maintenance.ts"
import { findBytes, scrubFiles } from "./scrub.ts"
import { Room } from "./room.ts"
import { PgliteSession } from "./session.ts"
import { runTransaction } from "./transaction.ts"

export interface PgliteOptions extends EngineOptions {
  readonly dataDirectory: string
  /** False only in tests. */
  readonly fsync: boolean
  /** For tests of power loss; see `shadow.ts`. */
  readonly shadowDirectory?: string | undefined
}

export async function openPglite(options: PgliteOptions): Promise<Engine> {
  try {
    return await open(options)
  } catch (error) {
    throw explainDisk(error, options.dataDirectory)
  }
}

async function open(options: PgliteOptions): Promise<Engine> {
  const lock = await lockDirectory(options.dataDirectory)
  try {
    refuseWithoutRoom(options.dataDirectory)
    const directory = await prepareDirectory(options.dataDirectory, { fsync: options.fsync })
    const settings = { directory, fsync: options.fsync, shadowDirectory: options.shadowDirectory }
    const engine = new PgliteEngine(new PgliteHost({ ...options, settings }), lock, options, directory)
    try {
      await engine.start(directory)
      return engine
    } catch (error) {
      await engine[Symbol.asyncDispose]() // its thread would go on
      throw error
    }
  } catch (error) {
    await lock.release()
    throw error
  }
}

class PgliteEngine implements Engine {
  readonly engine = "pglite"
  readonly system: Transactor
  capabilities = { vector: false, serverVersion: "unknown" }
  readonly scrubber: Scrubber = {
    scrub: (given) => scrubFiles((text) => this.#maintenanceQuery(text), given),
    findBytes: (patterns) => findBytes(this.#directory, patterns),
    reach: () => Promise.resolve({ clears: true, reads: true, grants: [], heldBy: [] }),
  }
  readonly #directory: string
  readonly #host: PgliteHost
  readonly #lock: DirectoryLock
  readonly #options: PgliteOptions
  readonly #session: PgliteSession
  readonly #room: Room
  readonly #handlers = new Map<string, Set<(payload: string) => void>>()
  /** Nobody else can listen: what no handler waits for is not sent. */
  readonly #announcer = new Announcer((list) => {
    const heard = list.filter(({ channel }) => this.#handlers.has(channel))
    return heard.length === 0 ? Promise.resolve() : notifyAll(this.system, heard)
  })
  #endMaintenance: (() => Promise<void>) | undefined

  constructor(host: PgliteHost, lock: DirectoryLock, options: PgliteOptions, directory: string) {
    this.#directory = directory
    this.#host = host
    this.#lock = lock
    this.#options = options
    this.#session = new PgliteSession(options.limits.preparedStatementsMax, (channel, payload) => this.#deliver(channel, payload))
    this.#room = new Room({ directory, logger: options.logger, query: (text) => this.#maintenanceQuery(text) })
    this.system = this.#transactor("urgent")
  }

  async start(directory: string): Promise<void> {
    try {
      await this.#host.ready()
    } catch (error) {
      await this.#host.close()
      throw damaged(directory, error)
    }
    const lacking = await incompleteFiles(directory, (text) => this.#maintenanceQuery(text))
    if (lacking.length > 0) throw incomplete(directory, lacking)
    if (this.#options.fsync) await this.#proveDurability()
    this.#room.start()
    this.#endMaintenance = startMaintenance({
      query: (text) => this.#maintenanceQuery(text),
      logger: this.#options.logger,
      intervalMs: 30_000,
      walBytesMax: 32 * 1024 * 1024,
    })
  }

  setCapabilities(capabilities: { vector: boolean; serverVersion: string }): void {
    this.capabilities = capabilities
  }

  project(projectId: string): Transactor {
    return this.#transactor("normal", checkProjectId(projectId))
  }

  async migration<T>(work: (connection: ScriptRunner) => Promise<T>): Promise<T> {
    return await this.#turn("urgent", async (turn) => {
      turn.withoutLimit()
      await this.#session.script(turn, "begin")
      return await runTransaction({
        session: this.#session,
        turn,
        limitMs: undefined,
        work: (tx) => work({ query: (text, values) => tx.query(text, values), script: (text) => this.#session.script(turn, text) }),
      })
    })
  }

  async listen(channel: string, onPayload: (payload: string) => void): Promise<() => Promise<void>> {
    const handlers = this.#handlers.get(channel) ?? new Set<(payload: string) => void>()
    const handler = (payload: string): void => onPayload(payload)
    this.#handlers.set(channel, handlers)
    handlers.add(handler)
    if (handlers.size === 1) await this.#script(`listen ${quoteName(channel)}`)
    return async () => {
      if (!handlers.delete(handler) || handlers.size > 0) return
      this.#handlers.delete(channel)
      await this.#script(`unlisten ${quoteName(channel)}`).catch(() => undefined)
    }
  }

  async notify(channel: string, payload: string): Promise<void> {
    await this.system.query("select pg_notify($1, $2)", [channel, payload])
  }

  async ping(): Promise<void> {
    await this.system.query("select 1")
  }

  /** Single-user mode has no background processes: who has the turn is the only one who could write. */
  readonly holdFiles = async <T>(work: (directory: string) => Promise<T>): Promise<T> =>
    await this.#turn("urgent", async (turn) => {
      turn.withoutLimit()
      await this.#session.query(turn, "checkpoint", [])
      return await work(this.#directory)
    })

  async [Symbol.asyncDispose](): Promise<void> {
    this.#announcer.close()
    await this.#room.stop()
    await this.#endMaintenance?.()
    await this.#host.close()
    await this.#lock.release()
  }

  /** An upgrade of the engine may undo our fsync without a word: no commit is believed before one was seen to reach the disk. */
  async #proveDurability(): Promise<void> {
    const [setting] = await this.system.query<{ fsync: string; method: string }>(
      "select current_setting('fsync') as fsync, current_setting('wal_sync_method') as method",
    )
    const before = this.#host.fsyncs
    await this.#script("create table if not exists perdure_fsync_probe (id int); drop table perdure_fsync_probe")
    if (setting?.fsync === "on" && setting.method === "fsync" && this.#host.fsyncs > before) return
    throw new AppError(
      "data_directory_damaged",
      "The embedded database commits without waiting for the disk; it would lose data when the power fails",
      {
        hint: "This build of PGlite doesn't fit. Install the version that Perdure pins, or set DATABASE_URL.",
      },
    )
  }

  #transactor(priority: Priority, projectId?: string): Transactor {
    return this.#announcer.commits<Transactor>({
      query: <Row extends object>(text: string, values: readonly SqlValue[] = []) =>
        this.#turn(priority, async (turn) => (await this.#session.query(turn, text, values, projectId)) as Row[]),
      transaction: (work) => this.#transaction(priority, projectId, work),
    })
  }

  async #turn<T>(priority: Priority, work: (turn: Turn) => Promise<T>): Promise<T> {
    const turn = await this.#host.turn(priority)
    try {
      return await work(turn)
    } catch (error) {
      // Read-only of our own doing.
      throw this.#room.isShort && isStoreError(error) && error.code === "database_read_only" ? noRoom(error) : error
    } finally {
      turn.release()
    }
  }

  #maintenanceQuery<Row extends object>(text: string): Promise<Row[]> {
    return this.#turn("normal", async (turn) => {
      turn.withoutLimit()
      return (await this.#session.query(turn, text, [])) as Row[]
    })
  }

  #script(text: string): Promise<void> {
    return this.#turn("urgent", (turn) => this.#session.script(turn, text))
  }

  async #transaction<T>(priority: Priority, projectId: string | undefined, work: (tx: Queryable, turn: Turn) => Promise<T>): Promise<T> {
    return await this.#turn(priority, async (turn) => {
      await this.#session.script(turn, projectId === undefined ? "begin" : `begin; ${scopeText(projectId)}`)
      const committed = (tx: Queryable): void => this.#announcer.committed(tx)
      return await runTransaction({ session: this.#session, turn, limitMs: this.#options.limits.queryTimeoutMs, work, committed })
    })
  }

  #deliver(channel: string, payload: string): void {
    for (const handler of this.#handlers.get(channel) ?? []) queueMicrotask(() => handler(payload))
  }
}

/** Opening replays the log of a crash and writes a checkpoint: on a full disk it would end in the middle. */
function refuseWithoutRoom(directory: string): void {
  const free = freeBytes(directory)
  if (free >= diskReserveBytes) return
  throw new AppError(
    "data_directory_unusable",
    `The disk of the data directory ${directory} is nearly full: ${free} bytes are free, and the database is opened with ${diskReserveBytes} at least`,
    { hint: `Free some space there (df -h ${directory}), then start again. What was acknowledged is on disk.` },
  )
}

function quoteName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}

function incomplete(directory: string, lacking: readonly string[]): AppError {
  return new AppError(
    "data_directory_damaged",
    `The database in ${directory} is not complete: missing or cut are ${lacking.join(", ")}${lacking.length < 5 ? "" : " and perhaps more"}`,
    {
      hint: "Was it copied while it was open, or the copy broken off? Copy it again from the original while that is stopped, or restore a backup.",
    },
  )
}

function noRoom(cause: StoreError): StoreError {
  return new StoreError(
    "database_full",
    "The disk of the data directory is nearly full: the database takes no writes before there is more room",
    {
      sqlState: cause.sqlState,
      hint: "Free space on the disk of the data directory; `perdure doctor` says which.",
      retryAfterMs: 10_000,
      cause,
    },
  )
}

function damaged(directory: string, cause: unknown): unknown {
  const output = cause instanceof EngineStartError ? cause.output : ""
  // What is wrong is outside of the database; to restore a backup would be the wrong step.
  const explained = explainDisk(cause, directory, output)
  if (explained !== cause) return explained
  const lastLine = output.trim().split("\n").at(-1) ?? ""
  const reason = cause instanceof Error ? cause.message : String(cause)
  return new AppError(
    "data_directory_damaged",
    `The database in ${directory} doesn't open: ${reason}${lastLine === "" ? "" : ` (${lastLine})`}`,
    {
      hint: "Run `perdure doctor` to see what is wrong, and restore a backup if it says so. Nothing was changed.",
      cause,
    },
  )
}
