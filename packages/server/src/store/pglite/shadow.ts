// What a disk would certainly hold after a power loss: the content of each file and the names in each directory as of their last fsync.
import { constants, copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, statSync, writeFileSync } from "node:fs"
import { join } from "node:path"

/** Records one fsync. Contents are kept by inode and birth, so that a later rename finds them; each record appears whole or not at all. */
export function recordSync(shadowDirectory: string, path: string): void {
  mkdirSync(shadowDirectory, { recursive: true })
  if (statSync(path).isDirectory()) {
    const names = Object.fromEntries(readdirSync(path).map((name) => [name, identity(join(path, name))]))
    writeWhole(listingPath(shadowDirectory, path), (draft) => writeFileSync(draft, JSON.stringify(names)))
  } else writeWhole(join(shadowDirectory, identity(path)), (draft) => copyFileSync(path, draft, constants.COPYFILE_FICLONE))
}

/** Records a whole tree as durable: the state before the first write of interest. */
export function recordTree(shadowDirectory: string, path: string): void {
  recordSync(shadowDirectory, path)
  if (statSync(path).isDirectory()) for (const name of readdirSync(path)) recordTree(shadowDirectory, join(path, name))
}

/** The durable content of a file, by its identity; undefined when it was never synced. */
export function durableContent(shadowDirectory: string, fileIdentity: string): Buffer | undefined {
  const path = join(shadowDirectory, fileIdentity)
  return existsSync(path) ? readFileSync(path) : undefined
}

/** The durable names of a directory with the identity of what each names. */
export function durableNames(shadowDirectory: string, directory: string): Record<string, string> {
  const path = listingPath(shadowDirectory, directory)
  return existsSync(path) ? (JSON.parse(readFileSync(path, "utf8")) as Record<string, string>) : {}
}

/** Inode numbers are reused; with the time of birth they aren't. */
export function identity(path: string): string {
  const { ino, birthtimeNs } = statSync(path, { bigint: true })
  return `${ino}-${birthtimeNs}`
}

function listingPath(shadowDirectory: string, path: string): string {
  return join(shadowDirectory, `names-${Buffer.from(path).toString("base64url")}.json`)
}

function writeWhole(path: string, write: (draft: string) => void): void {
  write(`${path}.draft`)
  renameSync(`${path}.draft`, path)
}
