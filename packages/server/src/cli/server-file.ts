// `server.json` in the data directory: how other commands find the server that has it open.
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { z } from "zod"
import { makeDirectory } from "../store/index.ts"

const schema = z.object({ pid: z.int(), url: z.string(), startedAt: z.number(), controlUrl: z.string(), controlToken: z.string() })

export type ServerFile = z.infer<typeof schema>

const fileName = "server.json"

/** Readable by its owner alone: the token in it may create keys. Replaced in one step, so that nobody reads half of it. */
export function writeServerFile(dataDirectory: string, contents: ServerFile): void {
  makeDirectory(dataDirectory)
  const path = join(dataDirectory, fileName)
  const temporary = `${path}.${contents.pid}`
  writeFileSync(temporary, `${JSON.stringify(contents)}\n`, { mode: 0o600 })
  renameSync(temporary, path)
}

/** Removes the file if it is still ours. */
export function removeServerFile(dataDirectory: string, pid: number): void {
  if (read(dataDirectory)?.pid === pid) rmSync(join(dataDirectory, fileName), { force: true })
}

/** The server that runs on this directory; a file left behind by a dead process counts as none. */
export function runningServer(dataDirectory: string): ServerFile | undefined {
  const contents = read(dataDirectory)
  return contents !== undefined && isAlive(contents.pid) ? contents : undefined
}

function read(dataDirectory: string): ServerFile | undefined {
  const path = join(dataDirectory, fileName)
  if (!existsSync(path)) return undefined
  try {
    return schema.parse(JSON.parse(readFileSync(path, "utf8")))
  } catch {
    return undefined // half a file of another version tells nothing; the lock of the data directory still protects it
  }
}

/** Signal 0 only asks; EPERM means that it lives under another user. */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM"
  }
}
