#!/usr/bin/env node
// Launches `perdure` on a Node that can run it: this one, or the project's own where this one is too old to read the source.
import { spawn } from "node:child_process"
import { existsSync } from "node:fs"
import { constants } from "node:os"
import { dirname, join } from "node:path"
import { fileURLToPath, pathToFileURL } from "node:url"

const majorMin = 24
/**
 * What is set when a process begins. By default V8 lets the young generation grow to 128 MB, all of it resident under load, and glibc gives
 * each thread an allocator of its own, which keeps what its thread once needed: together 100 to 150 MB of a busy server.
 */
const serverFlags = ["--max-semi-space-size=8"]
const serverEnvironment = { MALLOC_ARENA_MAX: "2" }
const isServer = process.argv[2] === "start"
const here = dirname(fileURLToPath(import.meta.url))
const entry = ["../src/main.ts", "../src/main.js"].map((path) => join(here, path)).find((path) => existsSync(path))

if (entry === undefined) fail(`perdure is not installed completely: there is no src/main in ${join(here, "..")}`, "npm ci")
else if (major(process.versions.node) >= majorMin) await run(entry)
else {
  const node = ownNode(process.cwd()) ?? ownNode(here)
  if (node === undefined)
    fail(`perdure needs Node ${majorMin} or newer; this is ${process.version}`, "npm i -D node@24   (or install Node 24 from nodejs.org)")
  else runOn(node, entry)
}

/** Node anew in the place of this process, under the same id. What the user has set stays; where that cannot be done, it goes on as it is. */
function becomeServer(path) {
  const given = [...process.execArgv, ...(process.env.NODE_OPTIONS ?? "").split(" ")].map(nameOf)
  const flags = serverFlags.filter((flag) => !given.includes(nameOf(flag)) && process.allowedNodeEnvironmentFlags.has(nameOf(flag)))
  if (flags.length === 0) return
  try {
    const args = [process.execPath, ...process.execArgv, ...flags, path, ...process.argv.slice(2)]
    process.execve(process.execPath, args, { ...serverEnvironment, ...process.env })
  } catch {
    // Windows has no such call.
  }
}

function nameOf(flag) {
  return flag.split("=")[0]
}

async function run(path) {
  if (isServer) becomeServer(path)
  process.argv[1] = path
  await import(pathToFileURL(path).href)
}

/** The Node that npm put into the nearest project. */
function ownNode(directory) {
  const name = process.platform === "win32" ? "node.exe" : "node"
  const path = join(directory, "node_modules", "node", "bin", name)
  if (existsSync(path)) return path
  return dirname(directory) === directory ? undefined : ownNode(dirname(directory))
}

function runOn(node, path) {
  const flags = isServer ? serverFlags : []
  const env = isServer ? { ...serverEnvironment, ...process.env } : process.env
  const child = spawn(node, [...flags, path, ...process.argv.slice(2)], { stdio: "inherit", env })
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"])
    process.on(signal, () => (signal === "SIGINT" && process.stdin.isTTY ? undefined : child.kill(signal)))
  child.once("error", (error) => fail(`${node} could not be started: ${error.message}`, "npm ci"))
  child.once("exit", (code, signal) => {
    process.exitCode = code ?? 128 + (constants.signals[signal ?? "SIGTERM"] ?? 15)
  })
}

function major(version) {
  return Number(version.split(".")[0])
}

function fail(what, next) {
  process.stderr.write(`error: ${what}\nnext:  ${next}\n`)
  process.exitCode = 1
}
