// Starts Perdure for whole-system tests: as the child process that a user would start, or composed in this process for several projects.
import { spawn, type ChildProcess } from "node:child_process"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { copyMigrated } from "../../packages/server/src/testing/database.ts"
import { nodeFlags } from "../../packages/server/src/testing/node-flags.ts"

const entry = join(import.meta.dirname, "..", "..", "packages", "server", "src", "main.ts")
/** Longest wait for a start; shared machines are slow. */
const startTimeoutMs = 90_000

export interface StartedServer extends AsyncDisposable {
  url: string
  /** The key that this start created, or that an earlier one did. */
  apiKey: string
  dashboardUrl: string
  pid: number
  child: ChildProcess
  /** Resolves with the exit code, or the signal that ended it. */
  exited: Promise<number | string>
  kill(): Promise<void>
}

export interface StartArguments {
  dataDirectory: string
  /** Given again when the directory has its key already. */
  apiKey?: string
  config?: string
  env?: Readonly<Record<string, string>>
  port?: number
  /** The file that Node runs, where it is not the source: a built package's. */
  program?: string
  /** Kills the child at once, started or not. */
  signal?: AbortSignal
}

/** The environment of a child: without provider keys, so that tests see only what they declare; with the compiled code of other children. */
export function cleanEnvironment(more: Readonly<Record<string, string>> = {}): Record<string, string> {
  const { PATH = "", HOME = "", NODE_COMPILE_CACHE = "" } = process.env
  return { PATH, HOME, NODE_COMPILE_CACHE, NO_COLOR: "1", ...more }
}

export async function startPerdure(given: StartArguments): Promise<StartedServer> {
  const { dataDirectory, apiKey = "", config, env, port = 0, program = entry, signal } = given
  // The first start itself is tested where the command line is, and with what is published, which runs as an operator runs it.
  const isSource = program === entry
  if (isSource && env?.["DATABASE_URL"] === undefined) await copyMigrated(join(dataDirectory, "db"))
  const flags = ["start", "--port", String(port), "--data", dataDirectory, "--print", "json", ...(config ? ["--config", config] : [])]
  const child = spawn(process.execPath, [...(isSource ? nodeFlags : []), program, ...flags], {
    stdio: ["ignore", "pipe", "pipe"],
    env: cleanEnvironment(env),
  })
  const exited = new Promise<number | string>((resolve) => child.once("exit", (code, signal) => resolve(code ?? signal ?? "unknown")))
  signal?.addEventListener("abort", () => child.kill("SIGKILL"), { once: true })
  const ready = await readyLine(child)
  const kill = async (): Promise<void> => {
    child.kill("SIGKILL")
    await exited
  }
  const stop = async (): Promise<void> => {
    child.kill("SIGTERM")
    await exited
  }
  return { ...ready, apiKey: ready.apiKey ?? apiKey, child, exited, kill, [Symbol.asyncDispose]: stop }
}

/** Runs the command line to its end. */
export function runPerdure(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<CommandResult> {
  const child = spawn(process.execPath, [...nodeFlags, entry, ...args], { stdio: ["ignore", "pipe", "pipe"], env: cleanEnvironment(env) })
  let [stdout, stderr] = ["", ""]
  child.stdout.on("data", (chunk: Buffer) => (stdout += chunk.toString()))
  child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()))
  return new Promise((resolve) => {
    const timer = setTimeout(() => child.kill("SIGKILL"), startTimeoutMs)
    child.once("close", (code) => {
      clearTimeout(timer)
      resolve({ code: code ?? -1, stdout, stderr })
    })
  })
}

export interface CommandResult {
  code: number
  stdout: string
  stderr: string
}

export async function temporaryDirectory(): Promise<{ path: string } & AsyncDisposable> {
  const path = await mkdtemp(join(tmpdir(), "perdure-e2e-"))
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) }
}

interface ReadyLine {
  url: string
  apiKey?: string
  dashboardUrl: string
  pid: number
}

function readyLine(child: ChildProcess): Promise<ReadyLine> {
  let [output, errors] = ["", ""]
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      child.kill("SIGKILL")
      reject(new Error(`no ready line within ${startTimeoutMs} ms; it said: ${errors}`))
    }, startTimeoutMs)
    child.stderr?.on("data", (chunk: Buffer) => (errors = (errors + chunk.toString()).slice(-8_000)))
    child.stdout?.on("data", (chunk: Buffer) => {
      output += chunk.toString()
      const end = output.indexOf("\n")
      if (end < 0) return
      clearTimeout(timer)
      const line = JSON.parse(output.slice(0, end)) as ReadyLine | { error: object }
      if ("error" in line) reject(new Error(`the server did not start: ${JSON.stringify(line.error)}`))
      else resolve(line)
    })
    child.once("exit", (code) => {
      clearTimeout(timer)
      reject(new Error(`the server ended with code ${code}; it said: ${errors}`))
    })
  })
}
