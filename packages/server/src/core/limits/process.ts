// What one process has of its own: connections of the database, the configuration file, its end.
export interface ProcessLimits {
  /** Time between two looks at the configuration file, beside the events of its directory. */
  configPollMs: number
  /** Time limit of one database query issued for a request. */
  queryTimeoutMs: number
  /** Connections of one process to Postgres, besides the one that listens. */
  databaseConnectionsMax: number
  /** Statements of one kind that wait for the embedded database's only connection. */
  databaseQueueMax: number
  /** Statements that the embedded database keeps prepared. */
  preparedStatementsMax: number
  /** Time for draining at shutdown. */
  drainMs: number
}

export const processLimits: ProcessLimits = {
  configPollMs: 5_000,
  queryTimeoutMs: 30_000,
  databaseConnectionsMax: 20,
  databaseQueueMax: 10_000,
  preparedStatementsMax: 500,
  drainMs: 10_000,
}
