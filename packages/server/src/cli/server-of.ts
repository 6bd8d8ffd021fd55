// The running server that a command is about, by its configuration or, where that cannot be read here, by its data directory.
import { resolve } from "node:path"
import { ConfigError, type Config } from "../config/index.ts"
import { loadFor, type ConfigOptions } from "./options.ts"
import { runningServer, type ServerFile } from "./server-file.ts"

export type Found = { config: Config; server: ServerFile | undefined } | { config: undefined; server: ServerFile }

/** Another shell lacks the secrets that the server's environment has: with `--data` of a running server they are not needed. */
export async function serverOf(options: ConfigOptions): Promise<Found> {
  try {
    const { config } = await loadFor(options, true)
    return { config, server: runningServer(config.data) }
  } catch (error) {
    const server = options.data === undefined ? undefined : runningServer(resolve(options.data))
    if (server === undefined || !(error instanceof ConfigError)) throw error
    return { config: undefined, server }
  }
}
