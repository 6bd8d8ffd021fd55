// `perdure migrate`: brings the schema of the database to head without starting the server.
import { databaseDirectory } from "../config/index.ts"
import { openStore } from "../store/index.ts"
import { exitCodes } from "./exit-codes.ts"
import { loadFor, type ConfigOptions } from "./options.ts"
import { runningServer } from "./server-file.ts"
import type { Terminal } from "./terminal.ts"

export interface MigrateCommandOptions extends ConfigOptions {
  json?: boolean
}

export async function migrate(options: MigrateCommandOptions, terminal: Terminal): Promise<number> {
  const { config } = await loadFor(options, true)
  const databaseUrl = config.database.url?.reveal()
  const running = databaseUrl === undefined ? runningServer(config.data) : undefined
  const say = (detail: string, serverVersion: string | null): number => {
    terminal.print(options.json === true ? JSON.stringify({ atHead: true, serverVersion }) : `ok: ${detail}`)
    return exitCodes.ok
  }
  if (running !== undefined) return say(`the server with process id ${running.pid} has the database open, so its schema is at head`, null)
  await using store = await openStore({ dataDirectory: databaseDirectory(config), databaseUrl, limits: config.limits, migrate: "auto" })
  const { serverVersion } = store.capabilities
  return say(`the schema is at head (${databaseUrl === undefined ? "embedded Postgres" : "Postgres"} ${serverVersion})`, serverVersion)
}
