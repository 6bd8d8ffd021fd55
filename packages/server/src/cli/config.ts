// `perdure config check|print|schema`: is it right, what is in force and where from, what may be written.
import { configJsonSchema, printConfig } from "../config/index.ts"
import { exitCodes } from "./exit-codes.ts"
import { loadFor, type ConfigOptions } from "./options.ts"
import type { Terminal } from "./terminal.ts"

export interface ConfigCommandOptions extends ConfigOptions {
  json?: boolean
  all?: boolean
  dev?: boolean
}

/** A wrong configuration is thrown by the loader and reported with its problems. */
export async function configCheck(options: ConfigCommandOptions, terminal: Terminal): Promise<number> {
  const { config, path } = await loadFor(options, options.dev === true)
  const counts = {
    providers: Object.keys(config.providers).length,
    models: Object.keys(config.models).length,
    grants: config.grants.length,
  }
  if (options.json === true) terminal.print(JSON.stringify({ ok: true, path, ...counts }))
  else
    terminal.print(
      `ok: ${path ?? "no configuration file, all defaults"} (${Object.entries(counts)
        .map(([name, count]) => `${count} ${count === 1 ? name.slice(0, -1) : name}`)
        .join(", ")})`,
    )
  return exitCodes.ok
}

export async function configPrint(options: ConfigCommandOptions, terminal: Terminal): Promise<number> {
  const rows = printConfig(await loadFor(options, options.dev === true), { all: options.all === true })
  if (options.json === true) terminal.print(JSON.stringify(rows))
  else {
    const width = Math.min(60, Math.max(...rows.map(({ path, value }) => `${path}: ${text(value)}`.length)))
    for (const { path, value, source } of rows)
      terminal.print(`${`${path}: ${text(value)}`.padEnd(width)}  ${terminal.style("dim", `# ${source}`)}`)
  }
  return exitCodes.ok
}

export function configSchema(terminal: Terminal): Promise<number> {
  terminal.print(JSON.stringify(configJsonSchema(), null, 2))
  return Promise.resolve(exitCodes.ok)
}

function text(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value)
}
