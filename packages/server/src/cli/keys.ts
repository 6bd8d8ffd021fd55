// `perdure keys create|list|revoke`: by way of the running server where there is one, else on the store itself.
import { AppError } from "../core/index.ts"
import type { Config } from "../config/index.ts"
import { loadComposition, type KeyAdmin } from "./composition.ts"
import { remoteKeys } from "./control.ts"
import { exitCodes } from "./exit-codes.ts"
import { loadFor, type ConfigOptions } from "./options.ts"
import { runningServer } from "./server-file.ts"
import type { Terminal } from "./terminal.ts"

export interface KeysOptions extends ConfigOptions {
  json?: boolean
}

export async function keysCreate(name: string, options: KeysOptions, terminal: Terminal): Promise<number> {
  const key = await withKeys(options, (keys, projectId) => keys.createKey(projectId, name))
  if (options.json === true) terminal.print(JSON.stringify(key))
  else {
    terminal.print(key.secret)
    terminal.note(terminal.style("dim", `${key.id} "${key.name}": shown this once, only its hash is kept`))
  }
  return exitCodes.ok
}

export async function keysList(options: KeysOptions, terminal: Terminal): Promise<number> {
  const keys = await withKeys(options, (admin, projectId) => admin.listKeys(projectId))
  if (options.json === true) terminal.print(JSON.stringify({ keys }))
  else if (keys.length === 0) terminal.note("no keys yet; next: perdure keys create <name>")
  else {
    for (const { id, name, hint, createdAt, revokedAt } of keys) {
      const state = revokedAt === null ? "live" : `revoked ${day(revokedAt)}`
      terminal.print([id, hint.padEnd(14), day(createdAt), state.padEnd(18), name].join("  "))
    }
  }
  return exitCodes.ok
}

export async function keysRevoke(id: string, options: KeysOptions, terminal: Terminal): Promise<number> {
  const revoked = await withKeys(options, (keys, projectId) => keys.revokeKey(projectId, id))
  if (!revoked) throw new AppError("not_found", `there is no live key ${id}`, { hint: "perdure keys list" })
  terminal.print(options.json === true ? JSON.stringify({ id, revoked }) : `revoked ${id}`)
  return exitCodes.ok
}

async function withKeys<T>(options: KeysOptions, work: (keys: KeyAdmin, projectId: string) => Promise<T>): Promise<T> {
  const { config } = await loadFor(options, true)
  const server = usesDirectory(config) ? runningServer(config.data) : undefined
  if (server !== undefined) return work(remoteKeys(server), "") // the server knows its project
  const { openKeys } = await loadComposition()
  await using opened = await openKeys(config)
  return await work(opened.identity, opened.projectId)
}

/** Postgres takes any number of openers; the embedded database takes one. */
function usesDirectory(config: Config): boolean {
  return config.database.url === null
}

function day(at: number): string {
  return new Date(at).toISOString().slice(0, 10)
}
