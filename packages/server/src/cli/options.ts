// Options that several commands share, and how they become a loaded configuration.
import { resolve } from "node:path"
import { loadConfig, type LoadedConfig, type Override } from "../config/index.ts"

export interface ConfigOptions {
  config?: string
  data?: string
  host?: string
  /** Already a number: the option's parser made it one. */
  port?: number
}

/** Flags win over the environment, which wins over the file. */
export function loadFor(options: ConfigOptions, isDev: boolean, version = 0): Promise<LoadedConfig> {
  const cwd = process.cwd()
  const flags: Override[] = []
  if (options.data !== undefined) flags.push({ path: ["data"], value: resolve(cwd, options.data), source: "flag --data" })
  if (options.host !== undefined) flags.push({ path: ["server", "host"], value: options.host, source: "flag --host" })
  if (options.port !== undefined) flags.push({ path: ["server", "port"], value: options.port, source: "flag --port" })
  return loadConfig({ cwd, flags, dev: isDev, version, ...(options.config === undefined ? {} : { configPath: options.config }) })
}
