// The single checks of `perdure doctor`; each returns what it found and never throws for a fault that it looks for.
import { accessSync, constants, existsSync, statfsSync, statSync } from "node:fs"
import { createRequire } from "node:module"
import { createServer } from "node:net"
import { dirname } from "node:path"
import { messageOf } from "../core/index.ts"
import type { Config } from "../config/index.ts"
import { inspectDatabase } from "./doctor-database.ts"
import { runningServer } from "./server-file.ts"

export interface Check {
  name: string
  /** `warn` does not make the doctor fail. */
  status: "ok" | "warn" | "fail"
  detail: string
  /** The next command or setting. */
  next?: string
}

const nodeMajorMin = 24
const diskFailBytes = 100 * 1024 ** 2
const diskWarnBytes = 1024 ** 3
const serverTimeoutMs = 3_000

export function nodeChecks(): Check[] {
  const { node } = process.versions
  const isNew = Number(node.split(".")[0]) >= nodeMajorMin
  return [{ name: "node", status: isNew ? "ok" : "fail", detail: `${node} (${nodeMajorMin} or newer is needed)`, next: "npm i -D node@24" }]
}

export async function directoryChecks({ data }: Config): Promise<Check[]> {
  await Promise.resolve()
  const checks: Check[] = []
  const existing = nearestExisting(data)
  try {
    accessSync(existing, constants.W_OK)
    if (existsSync(data) && !statSync(data).isDirectory()) throw new Error("it is a file")
    checks.push({ name: "data directory", status: "ok", detail: existing === data ? data : `${data} (will be created)` })
  } catch (error) {
    checks.push({
      name: "data directory",
      status: "fail",
      detail: `${data} cannot be used: ${messageOf(error)}`,
      next: "PERDURE_DATA=<directory> perdure start, or change its owner",
    })
  }
  const { bavail, bsize } = statfsSync(existing)
  const freeBytes = bavail * bsize
  const status = freeBytes < diskFailBytes ? "fail" : freeBytes < diskWarnBytes ? "warn" : "ok"
  checks.push({
    name: "disk",
    status,
    detail: status === "ok" ? `${(freeBytes / 1024 ** 3).toFixed(1)} GiB free` : `${Math.floor(freeBytes / 1024 ** 2)} MiB free`,
    next: "free some space, or move the data directory",
  })
  const server = runningServer(data)
  checks.push({
    name: "lock",
    status: "ok",
    detail: server === undefined ? "no server has the data directory open" : `open by process ${server.pid} at ${server.url}`,
  })
  return checks
}

export async function portChecks({ server: { host, port }, data }: Config): Promise<Check[]> {
  const running = runningServer(data)
  if (running !== undefined) return [{ name: "port", status: "ok", detail: `in use by this server: ${running.url}` }]
  const fault = await listenFault(host, port)
  const address = `${host}:${port}`
  if (fault === undefined) return [{ name: "port", status: "ok", detail: `${address} is free` }]
  return [
    {
      name: "port",
      status: "fail",
      detail: `${address} cannot be listened on: ${fault}`,
      next: "perdure start --port 0, or stop what listens there",
    },
  ]
}

export async function databaseChecks(config: Config): Promise<Check[]> {
  const running = runningServer(config.data)
  return running === undefined ? inspectDatabase(config) : [await readiness(running.url)]
}

/** The embedded models: the weights by their hashes, and whether the optional peer for GGUF files is there. */
export async function modelChecks(data?: string): Promise<Check[]> {
  const isServed = data !== undefined && runningServer(data) !== undefined
  return [isServed ? { name: "perdure/minilm", status: "ok", detail: "left to the running server" } : await weightsCheck(), llamaCheck()]
}

async function weightsCheck(): Promise<Check> {
  const name = "perdure/minilm"
  try {
    const { openMiniLm } = await import("@perdure/minilm")
    await using model = await openMiniLm() // compares the files with their hashes
    await model.embed(["loads"])
    return { name, status: "ok", detail: "the weights match their hashes and load" }
  } catch (error) {
    return { name, status: "fail", detail: messageOf(error), next: "install again: npm ci" }
  }
}

function llamaCheck(): Check {
  const name = "node-llama-cpp"
  try {
    createRequire(import.meta.url).resolve("node-llama-cpp/package.json")
    return { name, status: "ok", detail: "installed: GGUF files can be served" }
  } catch {
    return { name, status: "ok", detail: "not installed (only GGUF files need it: npm i node-llama-cpp)" }
  }
}

async function readiness(url: string): Promise<Check> {
  const name = "database"
  try {
    const response = await fetch(`${url}/health/ready`, { signal: AbortSignal.timeout(serverTimeoutMs) })
    const detail = (await response.text()).slice(0, 500)
    return response.ok
      ? { name, status: "ok", detail: "the running server says it is ready" }
      : { name, status: "fail", detail, next: "look at the server's log" }
  } catch (error) {
    return {
      name,
      status: "fail",
      detail: `the running server does not answer: ${messageOf(error)}`,
      next: "look at the server's log, then start it again",
    }
  }
}

function listenFault(host: string, port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once("error", (error) => resolve(error.message))
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(undefined)))
  })
}

function nearestExisting(path: string): string {
  return existsSync(path) || dirname(path) === path ? path : nearestExisting(dirname(path))
}
