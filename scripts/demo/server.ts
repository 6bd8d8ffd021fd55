// Starts `perdure start` as a child process and waits for its line of JSON.
import { spawn, type ChildProcess } from "node:child_process"
import { join } from "node:path"
import { createInterface } from "node:readline"

const launcher = join(import.meta.dirname, "..", "..", "packages", "server", "src", "main.ts")

export interface RunningServer extends AsyncDisposable {
  url: string
  apiKey: string
  dashboardUrl: string
  /** Resolves when the process has ended. */
  stopped: Promise<void>
  /** Whether somebody told it to stop. */
  isStopped: () => boolean
}

/** Starts a server on a free port (or PORT) with its data in `directory`; throws with the server's own words when it ends early. */
export async function startServer(directory: string): Promise<RunningServer> {
  const port = process.env["PORT"] ?? "0"
  const child = spawn(process.execPath, [launcher, "start", "--port", port, "--data", directory, "--print", "json"], {
    stdio: ["ignore", "pipe", "pipe"],
  })
  const stopped = new Promise<void>((resolve) => child.once("exit", () => resolve()))
  const ready = await firstLine(child)
  let isStopped = false
  // All of them, not the first alone: a second Ctrl-C must not end the demo before it has removed its directory.
  for (const name of ["SIGINT", "SIGTERM"] as const)
    process.on(name, () => {
      isStopped = true
      child.kill(name)
    })
  const stop = async (): Promise<void> => {
    child.kill("SIGTERM")
    await stopped
  }
  return { ...ready, stopped, isStopped: () => isStopped, [Symbol.asyncDispose]: stop }
}

function firstLine(child: ChildProcess): Promise<{ url: string; apiKey: string; dashboardUrl: string }> {
  let errors = ""
  child.stderr?.on("data", (chunk: Buffer) => (errors = (errors + chunk.toString()).slice(-4_000)))
  return new Promise((resolve, reject) => {
    const lines = child.stdout ? createInterface(child.stdout) : undefined
    lines?.once("line", (line) => resolve(JSON.parse(line) as { url: string; apiKey: string; dashboardUrl: string }))
    child.once("exit", (code) => reject(new Error(`the server ended with code ${code}\n${errors}`)))
    child.once("error", reject)
  })
}
