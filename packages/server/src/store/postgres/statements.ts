// Statements on a Postgres connection: prepared by the hash of their text, values and types as the port says, one project in one round trip.
import { createHash } from "node:crypto"
import { DatabaseError, Query, type PoolClient, type QueryConfig, type QueryResult, type Submittable } from "pg"
import { connectionError, isStoreError, statementError } from "../errors.ts"
import type { SqlValue } from "../port.ts"
import { scopeName, scopeStatement } from "../scope.ts"
import { bindValue, parserOf } from "../values.ts"

/** The configuration of one statement for `client.query`. */
export function statementConfig(text: string, values: readonly SqlValue[], named = true): QueryConfig {
  return { ...(named ? { name: statementName(text) } : {}), text, values: values.map(wireValue), types: typeParsers }
}

/** "cached plan must not change result type", or a prepared statement that isn't there any more. */
export function isStalePlan(error: unknown): boolean {
  return isStoreError(error) && (error.sqlState === "26000" || (error.sqlState === "0A000" && error.message.includes("cached plan")))
}

export interface ProjectStatement {
  readonly projectId: string
  readonly text: string
  readonly values: readonly SqlValue[]
  readonly named: boolean
}

/**
 * A statement that is preceded by the narrowing to a project, in the same message: both run in one implicit transaction,
 * which the final Sync commits. That is one round trip where begin, set, statement, commit would be four.
 */
export function runInProject(client: PoolClient, { projectId, text, values, named }: ProjectStatement): Promise<object[]> {
  return new Promise((resolve, reject) => {
    const query = new ScopedQuery(projectId, statementConfig(text, values, named), (error, results) => {
      if (error) return reject(error)
      // The first of the two results is that of the narrowing, without rows.
      const last = Array.isArray(results) ? results.at(-1) : results
      resolve(last?.rows ?? [])
    })
    client.query(query as unknown as Submittable)
  })
}

/** A StoreError for whatever `pg` throws. */
export function mapPostgresError(error: unknown, sent: boolean): unknown {
  if (isStoreError(error) || !(error instanceof Error)) return error
  if (error instanceof DatabaseError) {
    const failure = {
      sqlState: error.code ?? "XX000",
      message: error.message,
      constraint: error.constraint,
      table: error.table,
      cause: error,
    }
    return statementError(failure)
  }
  const code = (error as NodeJS.ErrnoException).code
  const lost = /Connection terminated|connection error|timeout exceeded|Query read timeout|Client has encountered|Cannot use a pool/i
  if (code !== undefined && connectionCodes.has(code)) return connectionError(`The database can't be reached (${code})`, sent, error)
  return lost.test(error.message) ? connectionError(`The connection to the database was lost: ${error.message}`, sent, error) : error
}

const connectionCodes: ReadonlySet<string> = new Set([
  "ECONNREFUSED",
  "ECONNRESET",
  "EPIPE",
  "ENOENT",
  "ENOTFOUND",
  "ETIMEDOUT",
  "EHOSTUNREACH",
  "EAI_AGAIN",
  "ENETUNREACH",
  "EHOSTDOWN",
  "ECONNABORTED",
])

interface QueryParts {
  prepare(connection: WireConnection): void
}

/** What `pg` has on its connection; it has no types of its own for it. */
interface WireConnection {
  readonly parsedStatements: Record<string, string | undefined>
  readonly submittedNamedStatements: Record<string, string | undefined>
  parse(statement: { name: string; text: string }): void
  bind(binding: { statement: string; values: readonly unknown[] }): void
  execute(execution: { portal: string }): void
}

type QueryResults = QueryResult<object> | QueryResult<object>[]
const BaseQuery = Query as unknown as new (config: QueryConfig, values: undefined, callback: QueryCallback) => QueryParts
type QueryCallback = (error: Error | null, results: QueryResults) => void

class ScopedQuery extends BaseQuery {
  readonly #projectId: string

  constructor(projectId: string, config: QueryConfig, callback: QueryCallback) {
    super(config, undefined, callback)
    this.#projectId = projectId
  }

  override prepare(connection: WireConnection): void {
    if (connection.parsedStatements[scopeName] === undefined && connection.submittedNamedStatements[scopeName] === undefined) {
      connection.parse({ name: scopeName, text: scopeStatement })
      connection.submittedNamedStatements[scopeName] = scopeStatement
    }
    connection.bind({ statement: scopeName, values: [this.#projectId] })
    connection.execute({ portal: "" })
    super.prepare(connection)
  }
}

const names = new Map<string, string>()

function statementName(text: string): string {
  let name = names.get(text)
  if (name === undefined) {
    name = `p_${createHash("sha256").update(text).digest("base64url").slice(0, 24)}`
    names.set(text, name)
  }
  return name
}

function wireValue(value: SqlValue): string | Buffer | null {
  const wire = bindValue(value)
  return wire instanceof Uint8Array ? Buffer.from(wire.buffer, wire.byteOffset, wire.byteLength) : wire
}

const typeParsers = { getTypeParser: parserOf }
