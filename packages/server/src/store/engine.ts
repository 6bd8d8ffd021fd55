// What an engine gives the store besides the port: several statements at once, and who is told when it dies.
import type { Limits } from "../core/index.ts"
import type { Queryable, Store } from "./port.ts"

/** Where the store writes its log; the shape of pino. */
export interface StoreLogger {
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
}

export type StoreLimits = Pick<Limits, "queryTimeoutMs" | "databaseConnectionsMax" | "databaseQueueMax" | "preparedStatementsMax">

export interface EngineOptions {
  readonly limits: StoreLimits
  readonly logger: StoreLogger
  /** Called once when the engine is lost for good: the process should say so and end. */
  readonly onFatal: (error: Error) => void
}

/** A connection in a transaction that also runs scripts. */
export interface ScriptRunner extends Queryable {
  /** Several statements without values, as a migration has them. */
  script(text: string): Promise<void>
}

/** A store before its schema is at head; `setVector` is told by the migration runner. */
export interface Engine extends Store {
  /** One transaction without a time limit, for migrations. */
  migration<T>(work: (connection: ScriptRunner) => Promise<T>): Promise<T>
  setCapabilities(capabilities: { vector: boolean; serverVersion: string }): void
}

export const silentLogger: StoreLogger = { info: () => {}, warn: () => {}, error: () => {} }
