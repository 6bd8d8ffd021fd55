// Vitest's global set-up: a socket on which test processes ask for what they share (one Postgres server, one migrated template of each engine), and one place for compiled code.
import { mkdtempSync, rmSync } from "node:fs"
import { createServer, type Socket } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { setFlagsFromString } from "node:v8"
import { controlVariable, type SharedAnswer, type SharedRequest } from "./database.ts"
import { nodeFlags } from "./node-flags.ts"
import { prepareShared } from "./shared-databases.ts"

/** Nothing starts before the first test asks. */
export async function setup(): Promise<() => Promise<void>> {
  // This process makes the templates; its own command line is Vitest's.
  for (const flag of nodeFlags) setFlagsFromString(flag)
  const directory = mkdtempSync(join(tmpdir(), "perdure-test-"))
  const shared = prepareShared(directory)
  const server = createServer((socket) => serve(socket, (request) => shared.get(request)))
  const path = join(directory, "control.sock")
  await new Promise<void>((resolve) => server.listen(path, resolve))
  process.env[controlVariable] = path
  process.env["NODE_COMPILE_CACHE"] ??= join(import.meta.dirname, "..", "..", "..", "..", "node_modules", ".cache", "compiled")
  return async () => {
    server.close()
    await shared[Symbol.asyncDispose]()
    rmSync(directory, { recursive: true, force: true })
  }
}

function serve(socket: Socket, get: (request: SharedRequest) => Promise<SharedAnswer>): void {
  socket.on("error", () => undefined)
  socket.once("data", (data) => {
    get(data.toString("utf8").trim() as SharedRequest)
      .catch((error: unknown) => ({ error: error instanceof Error ? (error.stack ?? error.message) : String(error) }))
      .then((answer) => socket.end(JSON.stringify(answer)))
      .catch(() => undefined)
  })
}
