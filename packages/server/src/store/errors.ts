// What the store throws: one error that carries the SQLSTATE, whether the outcome is known and whether trying again makes sense.
import type { ErrorCode } from "@perdure/contract"
import { AppError, messageOf, type AppErrorDetails } from "../core/index.ts"

export interface StoreErrorDetails extends AppErrorDetails {
  sqlState?: string | undefined
  constraint?: string | undefined
  /** `unknown`: the statement may have been committed, although no answer came. */
  outcome?: "failed" | "unknown"
}

/** A failed statement. The message has no values of rows in it; `cause` may. */
export class StoreError extends AppError {
  /** Five characters of Postgres, such as `23505` for a duplicate key; undefined when no statement was reached. */
  readonly sqlState: string | undefined
  readonly constraint: string | undefined
  readonly outcome: "failed" | "unknown"

  constructor(code: ErrorCode, message: string, details: StoreErrorDetails = {}) {
    super(code, message, details)
    this.sqlState = details.sqlState
    this.constraint = details.constraint
    this.outcome = details.outcome ?? "failed"
  }

  /** Nothing is wrong with the statement: the database is not there, is busy, or takes no writes for now. */
  get isAway(): boolean {
    return awayCodes.has(this.code)
  }

  /** The same statement may succeed when it is sent again: nothing was changed by this attempt. */
  get retryable(): boolean {
    return this.outcome === "failed" && retryableStates.has(this.sqlState ?? "")
  }

  /** What a transaction had read may have been gone, or been there, by the time it wrote: begun anew it reads what is so now. Nothing was changed by it. */
  get isRace(): boolean {
    return this.retryable || (this.outcome === "failed" && racedStates.has(this.sqlState ?? ""))
  }
}

export interface DatabaseFailure {
  readonly sqlState: string
  readonly message: string
  readonly constraint?: string | undefined
  readonly table?: string | undefined
  readonly cause?: unknown
}

/** The error for what the database answered. */
export function statementError(failure: DatabaseFailure): StoreError {
  const { sqlState, constraint, cause } = failure
  const [code, hint] = codeOf(sqlState)
  return new StoreError(code, `The database refused a statement (${sqlState}): ${withoutValues(failure)}`, {
    sqlState,
    constraint,
    ...(hint === undefined ? {} : { hint }),
    ...(cause === undefined ? {} : { cause }),
  })
}

/** The error for a connection or engine that went away; `sent` tells whether a statement was under way. */
export function connectionError(message: string, sent: boolean, cause?: unknown): StoreError {
  return new StoreError("database_unavailable", message, { outcome: sent ? "unknown" : "failed", retryAfterMs: 1_000, cause })
}

export function isStoreError(error: unknown): error is StoreError {
  return error instanceof StoreError
}

/** The message of any error as somebody outside may read it: what the database said names tables, users and hosts. */
export function tellableMessage(error: unknown): string {
  return isStoreError(error) ? `the database failed (${error.code})` : messageOf(error)
}

const awayCodes: ReadonlySet<ErrorCode> = new Set([
  "database_unavailable",
  "database_timeout",
  "database_read_only",
  "database_full",
  "overloaded",
])

/** Serialization failure, deadlock, lock not available. */
const retryableStates: ReadonlySet<string> = new Set(["40001", "40P01", "55P03"])

/** A constraint of our own that says what must be there, foreign key, unique key, exclusion. */
const racedStates: ReadonlySet<string> = new Set(["23000", "23503", "23505", "23P01"])

function codeOf(sqlState: string): [ErrorCode, string?] {
  if (sqlState === "57014" || sqlState === "25P03" || sqlState === "57P05") return ["database_timeout"]
  if (sqlState === "23505" || sqlState === "23P01") return ["conflict"]
  if (sqlState === "42501") return ["permission_denied"]
  if (sqlState === "53100") return ["database_full", "Free space on the disk of the database."]
  if (sqlState === "25006") return ["database_read_only", "Is DATABASE_URL that of a standby, or default_transaction_read_only on?"]
  if (sqlState === "53300") return ["database_unavailable", "Raise max_connections of Postgres or lower the size of the pool."]
  if (retryableStates.has(sqlState)) return ["overloaded"]
  if (sqlState.startsWith("08") || sqlState.startsWith("57P") || sqlState.startsWith("28") || sqlState === "3D000") {
    return ["database_unavailable"]
  }
  return ["server_error"]
}

/** Messages of class 22 quote the offending value; those of other classes name only tables, columns and constraints. */
function withoutValues(failure: DatabaseFailure): string {
  return failure.sqlState.startsWith("22") ? "a value doesn't fit its type" : failure.message
}
