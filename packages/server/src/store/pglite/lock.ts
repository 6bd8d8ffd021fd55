// The lock beside the data directory: one process at a time, taken over only from a holder that is provably dead.
import { randomUUID } from "node:crypto"
import { link, open, readFile, rename, unlink } from "node:fs/promises"
import { hostname } from "node:os"
import { dirname, join } from "node:path"
import { z } from "zod"
import { AppError, sleep } from "../../core/index.ts"
import { makeDirectory } from "../make-directory.ts"
import { isDead, processIdentitySchema, thisProcess } from "../process-identity.ts"
import { syncDirectory } from "./durable-tree.ts"

export interface DirectoryLock {
  release(): Promise<void>
}

const holderSchema = processIdentitySchema.extend({ token: z.string() })

type Holder = z.infer<typeof holderSchema>

export function lockPath(dataDirectory: string): string {
  return join(dataDirectory, "database.lock")
}

/** Takes the lock or says who has it. */
export async function lockDirectory(dataDirectory: string): Promise<DirectoryLock> {
  const path = lockPath(dataDirectory)
  makeDirectory(dataDirectory, { mode: 0o700 })
  const own: Holder = { token: randomUUID(), ...thisProcess() }
  for (let attempt = 0; attempt < 40; attempt += 1) {
    if (await create(path, own)) return { release: () => release(path, own) }
    const holder = await read(path)
    if (holder === undefined) continue
    if (holder === "unreadable" || !isDead(holder)) throw locked(dataDirectory, path, holder)
    if (await takeOver(path, holder, own)) return { release: () => release(path, own) }
    await sleep(25)
  }
  throw locked(dataDirectory, path, (await read(path)) ?? "unreadable")
}

/** True when the file was made by us: complete and durable at the moment at which its name appears. */
async function create(path: string, own: Holder): Promise<boolean> {
  const draft = await writeDraft(path, own)
  try {
    // Like `wx`, but no moment exists at which the name is there and the content isn't.
    await link(draft, path)
  } catch (error) {
    if (errorCode(error) === "EEXIST") return false
    throw error
  } finally {
    await unlink(draft)
  }
  await syncDirectory(dirname(path))
  return true
}

async function writeDraft(path: string, own: Holder): Promise<string> {
  const draft = `${path}.draft-${randomUUID()}`
  try {
    await using file = await open(draft, "wx", 0o600)
    await file.writeFile(JSON.stringify(own))
    await file.sync()
    return draft
  } catch (error) {
    await unlink(draft).catch(() => undefined) // of a full disk a name is left, and nothing in it
    throw error
  }
}

/** Undefined when it is gone. */
async function read(path: string): Promise<Holder | "unreadable" | undefined> {
  try {
    const parsed = holderSchema.safeParse(JSON.parse(await readFile(path, "utf8")))
    return parsed.success ? parsed.data : "unreadable"
  } catch (error) {
    return errorCode(error) === "ENOENT" ? undefined : "unreadable"
  }
}

/**
 * Replaces a dead holder's lock. Only who made the claim named after that holder's token may do so, hence one contender; a claim whose
 * maker died in between is itself claimed by its token. A latecomer whose claim came after a finished take-over sees another holder in
 * the lock and withdraws.
 */
async function takeOver(path: string, dead: Holder, own: Holder): Promise<boolean> {
  const claims: string[] = []
  let last = dead
  while (claims.length < 20) {
    const claim = `${path}.after-${last.token}`
    claims.push(claim)
    if (await create(claim, own)) break
    const claimant = await read(claim)
    if (claimant === undefined || claimant === "unreadable" || !isDead(claimant)) return false
    last = claimant
  }
  const current = await read(path)
  const taken = current !== undefined && current !== "unreadable" && current.token === dead.token
  if (taken) {
    await rename(await writeDraft(path, own), path)
    await syncDirectory(dirname(path))
  }
  // When it was too late, the claims of others may still be needed.
  for (const claim of taken ? claims : claims.slice(-1)) await unlink(claim).catch(() => undefined)
  return taken
}

async function release(path: string, own: Holder): Promise<void> {
  const holder = await read(path)
  if (holder === undefined || holder === "unreadable" || holder.token !== own.token) return
  await unlink(path).catch(() => undefined)
}

function locked(dataDirectory: string, path: string, holder: Holder | "unreadable"): AppError {
  if (holder === "unreadable") {
    return new AppError("data_directory_locked", `The data directory ${dataDirectory} has a lock that can't be read: ${path}`, {
      hint: "If no Perdure runs on this directory, delete that file.",
    })
  }
  const where = holder.host === hostname() ? "" : ` on the host ${holder.host}`
  return new AppError("data_directory_locked", `The data directory ${dataDirectory} is in use by the process ${holder.pid}${where}`, {
    hint: `Stop that process, or talk to it instead of opening its directory. If it is certainly gone, delete ${path}.`,
  })
}

function errorCode(error: unknown): string | undefined {
  return error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined
}
