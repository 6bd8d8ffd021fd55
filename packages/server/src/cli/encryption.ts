// `perdure encryption key` makes a key that is kept outside of the database; `perdure encryption rotate` wraps the keys of data under the configured one.
import { randomBytes } from "node:crypto"
import { writeFileSync } from "node:fs"
import { resolve } from "node:path"
import { AppError, messageOf } from "../core/index.ts"
import { masterKeyBytes, parseMasterKey } from "../security/index.ts"
import { loadComposition } from "./composition.ts"
import { exitCodes } from "./exit-codes.ts"
import { loadFor, type ConfigOptions } from "./options.ts"
import { runningServer } from "./server-file.ts"
import type { Terminal } from "./terminal.ts"

export interface EncryptionKeyOptions {
  out: string
  json?: boolean
}

export interface EncryptionRotateOptions extends ConfigOptions {
  json?: boolean
}

/** The key goes into a new file that only its owner reads, never onto the screen. */
export function encryptionKey({ out, json }: EncryptionKeyOptions, terminal: Terminal): Promise<number> {
  const path = resolve(out)
  const text = randomBytes(masterKeyBytes).toString("base64")
  try {
    writeFileSync(path, `${text}\n`, { mode: 0o600, flag: "wx" })
  } catch (error) {
    throw new AppError("invalid_request", `The key's file ${path} cannot be made: ${messageOf(error)}`, {
      hint: "Name a file that does not exist yet, in a directory that does.",
    })
  }
  const fingerprint = parseMasterKey(text)?.fingerprint
  if (json === true) terminal.print(JSON.stringify({ file: path, fingerprint }))
  else {
    terminal.print(`ok: a key with the fingerprint ${fingerprint} is in ${path}`)
    terminal.print("next: keep a copy where backups of the database are not, and name the file as encryption.key.file in the configuration")
  }
  return Promise.resolve(exitCodes.ok)
}

export async function encryptionRotate(options: EncryptionRotateOptions, terminal: Terminal): Promise<number> {
  const { config } = await loadFor(options, true)
  const running = config.database.url === null ? runningServer(config.data) : undefined
  if (running !== undefined) {
    throw new AppError("data_directory_locked", `The server with process id ${running.pid} has the embedded database open.`, {
      hint: "Stop it, rotate, and start it again; with Postgres both work at once.",
    })
  }
  const { rotateEncryption } = await loadComposition()
  const { fingerprint, rewrapped, left } = await rotateEncryption(config)
  if (options.json === true) terminal.print(JSON.stringify({ fingerprint, rewrapped, left }))
  else {
    const under = fingerprint === null ? "the installation's secret in the database" : `the key with the fingerprint ${fingerprint}`
    terminal.print(`ok: ${rewrapped} data keys were wrapped anew; all are under ${under}`)
    terminal.print("next: encryption.previousKeys can be left out now; copies of the database from before need the keys of before")
  }
  return left === 0 ? exitCodes.ok : exitCodes.failed
}
