// The store on a Postgres server: a pool, one round trip per statement, one connection that listens.
import { Pool, type ClientConfig, type PoolClient, type QueryConfig } from "pg"
import { Announcer, notifyAll } from "../announce.ts"
import { messageOf } from "../../core/index.ts"
import { connectionError, isStoreError, statementError, StoreError } from "../errors.ts"
import type { Engine, EngineOptions, ScriptRunner } from "../engine.ts"
import type { Queryable, SqlValue, Transactor } from "../port.ts"
import { checkProjectId, scopeText } from "../scope.ts"
import type { Scrubber } from "../scrub.ts"
import { PostgresListener } from "./listener.ts"
import { createScrubber } from "./scrub.ts"
import { isStalePlan, mapPostgresError, runInProject, statementConfig } from "./statements.ts"

export interface PostgresOptions extends EngineOptions {
  readonly databaseUrl: string
}

/** Connects, or rejects with what is wrong. */
export async function openPostgres(options: PostgresOptions): Promise<Engine> {
  const engine = new PostgresEngine(options)
  try {
    await engine.ping()
    await engine.checkVersion()
    return engine
  } catch (error) {
    await engine[Symbol.asyncDispose]()
    throw error
  }
}

class PostgresEngine implements Engine {
  readonly engine = "postgres"
  readonly holdFiles = undefined
  readonly system: Transactor
  capabilities = { vector: false, serverVersion: "unknown" }
  readonly scrubber: Scrubber
  readonly #pool: Pool
  readonly #listener: PostgresListener
  readonly #announcer = new Announcer((list) => notifyAll(this.system, list))
  readonly #stale = new WeakSet<PoolClient>()
  readonly #options: PostgresOptions
  #isAway = false
  #ended = false

  constructor(options: PostgresOptions) {
    this.#options = options
    const { limits, logger, databaseUrl } = options
    const config: ClientConfig = {
      connectionString: databaseUrl,
      application_name: "perdure",
      keepAlive: true,
      keepAliveInitialDelayMillis,
    }
    this.#pool = new Pool({
      ...config,
      max: limits.databaseConnectionsMax,
      connectionTimeoutMillis: limits.queryTimeoutMs,
      idleTimeoutMillis: 60_000,
      statement_timeout: limits.queryTimeoutMs,
      idle_in_transaction_session_timeout: limits.queryTimeoutMs,
      // Above the server's own limit: it speaks only when the server doesn't.
      query_timeout: limits.queryTimeoutMs * 2,
    })
    // An idle connection that breaks is dropped by the pool; without a listener Node would end the process. All of them break at once.
    this.#pool.on("error", (error) => this.#away(error))
    // A connection that is lent out breaks too; its statement is rejected, and this event must not end the process.
    this.#pool.on("connect", (client) => void client.on("error", () => undefined))
    this.scrubber = createScrubber(config)
    this.#listener = new PostgresListener(config, logger)
    this.system = this.#announcer.commits<Transactor>({
      query: (text, values) => this.#run((client) => this.#retryStale(client, (named) => queryOn(client, text, values, named))),
      transaction: (work) => this.#transaction("begin", work),
    })
  }

  setCapabilities(capabilities: { vector: boolean; serverVersion: string }): void {
    this.capabilities = capabilities
  }

  project(projectId: string): Transactor {
    checkProjectId(projectId)
    return this.#announcer.commits<Transactor>({
      query: <Row extends object>(text: string, values: readonly SqlValue[] = []) =>
        this.#run((client) =>
          this.#retryStale(client, async (named) => (await runInProject(client, { projectId, text, values, named })) as Row[]),
        ),
      transaction: (work) => this.#transaction(`begin; ${scopeText(projectId)}`, work),
    })
  }

  async migration<T>(work: (connection: ScriptRunner) => Promise<T>): Promise<T> {
    return await this.#transaction(
      "begin; set local statement_timeout = 0; set local idle_in_transaction_session_timeout = 0",
      (tx, client) =>
        work({
          query: (text, values) => tx.query(text, values),
          script: async (text) => {
            await client.query({ text, query_timeout: 0 } as QueryConfig).catch((error: unknown) => {
              throw mapPostgresError(error, true)
            })
          },
        }),
    )
  }

  listen(channel: string, onPayload: (payload: string) => void): Promise<() => Promise<void>> {
    return this.#listener.listen(channel, onPayload)
  }

  async notify(channel: string, payload: string): Promise<void> {
    await this.system.query("select pg_notify($1, $2)", [channel, payload])
  }

  async ping(): Promise<void> {
    const [row] = await this.system.query<{ readOnly: boolean }>("select current_setting('transaction_read_only')::boolean as \"readOnly\"")
    if (row?.readOnly === true) throw statementError({ sqlState: "25006", message: "it is read-only" })
  }

  async checkVersion(): Promise<void> {
    const [row] = await this.system.query<{ version: number }>("select current_setting('server_version_num')::int as version")
    if ((row?.version ?? 0) < 150_000) {
      throw connectionError(`Postgres ${Math.floor((row?.version ?? 0) / 10_000)} is too old: Perdure needs 15 or later`, false)
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#ended) return
    this.#ended = true
    this.#announcer.close()
    await this.#listener[Symbol.asyncDispose]()
    await this.#pool.end()
  }

  async #run<T>(work: (client: PoolClient) => Promise<T>): Promise<T> {
    const client = await this.#connect()
    let broken: Error | undefined
    try {
      const result = await work(client)
      this.#back()
      return result
    } catch (error) {
      const mapped = mapPostgresError(error, true)
      if (isStoreError(mapped) && brokenCodes.has(mapped.code)) {
        broken = mapped
        this.#away(mapped)
      }
      if (isStalePlan(mapped)) this.#stale.add(client)
      throw mapped
    } finally {
      client.release(broken ?? this.#stale.has(client))
    }
  }

  /** DDL under a prepared statement can make its plan unusable: run once more unprepared (nothing had happened), then drop the connection. */
  async #retryStale<T>(client: PoolClient, work: (named: boolean) => Promise<T>): Promise<T> {
    try {
      return await work(true)
    } catch (error) {
      if (!isStalePlan(mapPostgresError(error, true))) throw error
      this.#stale.add(client)
      return await work(false)
    }
  }

  async #transaction<T>(begin: string, work: (tx: Queryable, client: PoolClient) => Promise<T>): Promise<T> {
    return await this.#run(async (client) => {
      let open = true
      const tx: Queryable = {
        query: (text, values) => {
          if (!open) throw connectionError("The transaction has ended: a statement came after it", false)
          return queryOn(client, text, values)
        },
      }
      await client.query(begin)
      try {
        const result = await work(tx, client)
        open = false
        await client.query("commit")
        this.#announcer.committed(tx)
        return result
      } catch (error) {
        open = false
        await client.query("rollback").catch(() => undefined)
        throw error
      }
    })
  }

  async #connect(): Promise<PoolClient> {
    if (this.#ended) throw connectionError("The store is closed", false)
    const { databaseQueueMax } = this.#options.limits
    if (this.#pool.waitingCount >= databaseQueueMax)
      throw new StoreError("overloaded", `${databaseQueueMax} statements wait for a connection to the database already`, {
        retryAfterMs: 1_000,
      })
    try {
      return await this.#pool.connect()
    } catch (error) {
      const mapped = mapPostgresError(error, false)
      this.#away(mapped)
      throw mapped
    }
  }

  /** Said once for all failures in a row. */
  #away(error: unknown): void {
    if (this.#isAway || this.#ended) return
    this.#isAway = true
    this.#options.logger.error({ error: messageOf(error) }, "the database is away; it is tried again until it answers")
  }

  #back(): void {
    if (!this.#isAway) return
    this.#isAway = false
    this.#options.logger.info({}, "the database answers again")
  }
}

/** A peer that vanished without a word is noticed by its silence: after so long a connection is asked for a sign of life. */
const keepAliveInitialDelayMillis = 10_000

/** After a fail-over a kept connection may lead to what is a standby now; a new one leads to wherever the name points. */
const brokenCodes: ReadonlySet<string> = new Set(["database_unavailable", "database_read_only"])

async function queryOn<Row extends object>(
  client: PoolClient,
  text: string,
  values: readonly SqlValue[] = [],
  named = true,
): Promise<Row[]> {
  try {
    return (await client.query<Row>(statementConfig(text, values, named))).rows
  } catch (error) {
    throw mapPostgresError(error, true)
  }
}
