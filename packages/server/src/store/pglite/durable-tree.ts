// Making directories and trees of files durable: what isn't synced may be gone after a power loss, names included.
import { constants } from "node:fs"
import { open, readdir } from "node:fs/promises"
import { join } from "node:path"

/** Makes the entries of a directory durable. Not every system can open a directory; those keep names by themselves. */
export async function syncDirectory(path: string): Promise<void> {
  if (process.platform === "win32") return
  await using directory = await open(path, constants.O_RDONLY)
  await directory.sync()
}

/** Makes everything beneath `path` durable, files first, then each directory. */
export async function syncTree(path: string): Promise<void> {
  const entries = await readdir(path, { withFileTypes: true })
  // At once: the file system's journal commits them in groups.
  await Promise.all(entries.map((entry) => (entry.isDirectory() ? syncTree(join(path, entry.name)) : syncFile(join(path, entry.name)))))
  await syncDirectory(path)
}

async function syncFile(path: string): Promise<void> {
  await using file = await open(path, constants.O_RDONLY)
  await file.sync()
}
