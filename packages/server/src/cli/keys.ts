// `perdure keys …`: by way of the running server where there is one, else on the store itself.
import { unpassedEndpoints, type ApiKey, type ApiKeyUpdateRequest } from "@perdure/contract"
import { AppError } from "../core/index.ts"
import type { Config } from "../config/index.ts"
import type { KeyAdmin, KeyListFilter, NewKey } from "../security/index.ts"
import { loadComposition } from "./composition.ts"
import { remoteKeys } from "./control.ts"
import { exitCodes } from "./exit-codes.ts"
import { keyPatch, newKeySettings, type KeyChangeOptions, type KeySettingOptions } from "./keys-settings.ts"
import { keyFacts, keyLine, time } from "./keys-text.ts"
import type { ConfigOptions } from "./options.ts"
import { serverOf } from "./server-of.ts"
import type { Terminal } from "./terminal.ts"

export interface KeysOptions extends ConfigOptions {
  json?: boolean
}

/** As many as one answer of the API holds. */
const listRowsMax = 1_000

export async function keysCreate(name: string, options: KeysOptions & KeySettingOptions, terminal: Terminal): Promise<number> {
  const settings = newKeySettings(name, options)
  const { key, config } = await withKeys(options, async (keys, projectId, config) => {
    return { key: await keys.createKey(projectId, name, settings), config }
  })
  const code = tellNew(key, options, terminal)
  tellUnpassed(key, config, terminal)
  return code
}

export interface KeyListOptions extends KeysOptions, Pick<KeyListFilter, "state" | "tag" | "user" | "search"> {}

export async function keysList(options: KeyListOptions, terminal: Terminal): Promise<number> {
  const { state, tag, user, search } = options
  const filter = { state, tag, user, search, limit: listRowsMax }
  const keys = await withKeys(options, (admin, projectId) => admin.listKeys(projectId, filter))
  if (options.json === true) terminal.print(JSON.stringify({ keys }))
  else if (keys.length === 0) terminal.note("no such keys; next: perdure keys create <name>")
  else for (const key of keys) terminal.print(keyLine(key))
  if (keys.length === listRowsMax)
    terminal.note(`these are the newest ${listRowsMax}; narrow them down with --state, --tag, --user or --search`)
  return exitCodes.ok
}

export async function keysShow(id: string, options: KeysOptions, terminal: Terminal): Promise<number> {
  const key = await withKeys(options, (keys, projectId) => keys.getKey(projectId, id))
  if (!key) throw missing(id)
  if (options.json === true) terminal.print(JSON.stringify(key))
  else for (const line of keyFacts(key)) terminal.print(line)
  return exitCodes.ok
}

export function keysUpdate(id: string, options: KeysOptions & KeyChangeOptions, terminal: Terminal): Promise<number> {
  return tellChanged(id, keyPatch(options), options, terminal)
}

export function keysBlock(id: string, blocked: boolean, options: KeysOptions, terminal: Terminal): Promise<number> {
  return tellChanged(id, { blocked }, options, terminal)
}

async function tellChanged(id: string, patch: ApiKeyUpdateRequest, options: KeysOptions, terminal: Terminal): Promise<number> {
  const { key, config } = await withKeys(options, async (keys, projectId, config) => {
    return { key: await keys.updateKey(projectId, id, patch), config }
  })
  if (options.json === true) terminal.print(JSON.stringify(key))
  else for (const line of keyFacts(key)) terminal.print(line)
  tellUnpassed(key, config, terminal)
  return exitCodes.ok
}

/** The configuration may name the paths later, so the key is made all the same. */
function tellUnpassed({ scope }: Pick<ApiKey, "scope">, config: Config | undefined, terminal: Terminal): void {
  if (config === undefined) return // the server's own cannot be read here
  const passed = config.passThrough.map(({ path }) => path)
  const unpassed = unpassedEndpoints(scope.endpoints, passed)
  if (unpassed.length === 0) return
  terminal.note(`nothing answers at ${unpassed.join(", ")}: the configuration passes ${passed.join(", ") || "no path"} through`)
  terminal.note("next:  add the path to passThrough (docs/how-to/pass-through.md)")
}

export async function keysRotate(id: string, options: KeysOptions & { overlap?: number }, terminal: Terminal): Promise<number> {
  const request = options.overlap === undefined ? {} : { overlapMs: options.overlap }
  const key = await withKeys(options, (keys, projectId) => keys.rotateKey(projectId, id, request))
  return tellNew(key, options, terminal)
}

export async function keysRevoke(id: string, options: KeysOptions, terminal: Terminal): Promise<number> {
  const revoked = await withKeys(options, (keys, projectId) => keys.revokeKey(projectId, id))
  if (!revoked) throw missing(id)
  terminal.print(options.json === true ? JSON.stringify({ id, revoked }) : `revoked ${id}`)
  return exitCodes.ok
}

function tellNew(key: NewKey, { json }: KeysOptions, terminal: Terminal): number {
  if (json === true) terminal.print(JSON.stringify(key))
  else {
    terminal.print(key.secret)
    terminal.note(terminal.style("dim", `${key.id} "${key.name}": shown this once, only its hash is kept`))
    if (key.oldSecretsUntil !== null) terminal.note(terminal.style("dim", `the secret until now works until ${time(key.oldSecretsUntil)}`))
  }
  return exitCodes.ok
}

function missing(id: string): AppError {
  return new AppError("not_found", `there is no live key ${id}`, { hint: "perdure keys list" })
}

type Work<T> = (keys: KeyAdmin, projectId: string, config: Config | undefined) => Promise<T>

async function withKeys<T>(options: KeysOptions, work: Work<T>): Promise<T> {
  const found = await serverOf(options)
  if (found.config === undefined) return work(remoteKeys(found.server), "", undefined) // the server knows its project
  const { config, server } = found
  if (server !== undefined && usesDirectory(config)) return work(remoteKeys(server), "", config)
  const { openKeys } = await loadComposition()
  await using opened = await openKeys(config)
  return await work(opened.identity, opened.projectId, config)
}

/** Postgres takes any number of openers; the embedded database takes one. */
function usesDirectory(config: Config): boolean {
  return config.database.url === null
}
