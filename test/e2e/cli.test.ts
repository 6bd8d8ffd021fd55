// Tests of `perdure start`, `keys` and `dev` with real processes on a real data directory.
import { spawn, type ChildProcessWithoutNullStreams } from "node:child_process"
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { pathToFileURL } from "node:url"
import { afterAll, afterEach, expect, test } from "vitest"
import { exitCodes } from "../../packages/server/src/cli/index.ts"
import { nodeFlags } from "../../packages/server/src/testing/node-flags.ts"
import { freePort } from "../support/free-port.ts"
import { cleanEnvironment } from "../support/server.ts"

const root = mkdtempSync(join(tmpdir(), "perdure-start-"))
/** The entry of these tests. Not main.ts itself: `dev` would watch Perdure's own source, which may change while this runs. */
const main = join(root, "main.mjs")
const children: ChildProcessWithoutNullStreams[] = []

writeFileSync(join(root, "perdure.yaml"), "discovery: false\n")
writeFileSync(
  main,
  `import { createTerminal, ignoreBrokenPipes, runCli } from ${JSON.stringify(pathToFileURL(join(import.meta.dirname, "..", "..", "packages", "server", "src", "cli", "index.ts")).href)}
ignoreBrokenPipes()
process.exitCode = await runCli(process.argv.slice(2), { terminal: createTerminal(), entry: import.meta.filename })`,
)

afterEach(async () => {
  for (const child of children.splice(0)) {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill("SIGKILL")
      await new Promise((resolve) => child.once("exit", resolve))
    }
  }
})

afterAll(() => rmSync(root, { recursive: true, force: true }))

interface Running {
  child: ChildProcessWithoutNullStreams
  out: () => string
  err: () => string
  exited: Promise<number | null>
}

/** Starts the command line in `root`, with nothing of this process's environment that the configuration reads. */
function perdure(...args: string[]): Running {
  const child = spawn(process.execPath, [...nodeFlags, main, ...args], { cwd: root, env: cleanEnvironment({ HOME: root }) })
  children.push(child)
  let out = ""
  let err = ""
  child.stdout.on("data", (chunk: Buffer) => (out += chunk.toString()))
  child.stderr.on("data", (chunk: Buffer) => (err += chunk.toString()))
  const exited = new Promise<number | null>((resolve) => child.once("close", (code) => resolve(code)))
  return { child, out: () => out, err: () => err, exited }
}

async function run(...args: string[]): Promise<{ code: number | null; out: string; err: string }> {
  const { exited, out, err } = perdure(...args)
  return { code: await exited, out: out(), err: err() }
}

/** Waits for what must come; a process that ended cannot bring it. */
async function until<T>(running: Running, found: () => T | undefined | Promise<T | undefined>): Promise<T> {
  for (;;) {
    const value = await found()
    if (value !== undefined) return value
    if (running.child.exitCode !== null) throw new Error(`ended with ${running.child.exitCode}: ${running.out()}${running.err()}`)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

interface Ready {
  url: string
  apiKey?: string
  dashboardUrl: string
  pid: number
}

function readyLine(running: Running): Promise<Ready> {
  return until(running, () => (running.out().includes("\n") ? (JSON.parse(running.out()) as Ready) : undefined))
}

async function models(url: string, key: string): Promise<number> {
  const response = await fetch(`${url}/v1/models`, { headers: { authorization: `Bearer ${key}` } })
  await response.body?.cancel()
  return response.status
}

test("start prints one line of JSON when it is ready, serves, hands out keys, and stops on SIGTERM", async () => {
  const data = join(root, "data")
  const server = perdure("start", "--port", "0", "--data", data, "--print", "json")
  const { url, apiKey = "", dashboardUrl, pid } = await readyLine(server)
  expect(pid).toBe(server.child.pid)
  expect(await models(url, apiKey)).toBe(200)
  expect(await models(url, "pk_wrong")).toBe(401)
  expect((await fetch(dashboardUrl)).status).toBe(200)
  expect((await fetch(dashboardUrl)).status).toBe(401)
  const fresh = await run("dashboard", "--data", data)
  expect((await fetch(fresh.out.trim())).status).toBe(200)

  const made = await run("keys", "create", "second", "--data", data, "--json")
  const { id, secret } = JSON.parse(made.out) as { id: string; secret: string }
  expect(await models(url, secret)).toBe(200)
  expect((await run("keys", "block", id, "--data", data)).out).toMatch(/^state +blocked /m)
  expect(await models(url, secret)).toBe(401)
  expect((await run("keys", "list", "--state", "blocked", "--data", data)).out).toMatch(new RegExp(`^${id}  .*second\n$`))
  expect((await run("keys", "unblock", id, "--data", data)).out).toMatch(/^state +live$/m)
  expect(await models(url, secret)).toBe(200)
  expect((await run("keys", "revoke", id, "--data", data)).code).toBe(exitCodes.ok)
  expect(await models(url, secret)).toBe(401)
  expect(await run("doctor", "--quiet", "--data", data)).toEqual({ code: exitCodes.ok, out: "", err: "" })

  const second = await run("start", "--port", "0", "--data", data)
  expect(second.code).toBe(exitCodes.data)
  expect(second.err).toContain(String(pid))
  expect(second.err).toMatch(/^next: {2}/m)

  server.child.kill("SIGTERM")
  expect(await server.exited).toBe(exitCodes.ok)
  expect(server.out().trim().split("\n")).toHaveLength(1)
  expect(existsSync(join(data, "server.json"))).toBe(false)

  const listed = await run("keys", "list", "--data", data, "--json")
  const { keys } = JSON.parse(listed.out) as { keys: { id: string; revokedAt: number | null }[] }
  expect(keys).toHaveLength(2)
  expect(keys.find((key) => key.id === id)?.revokedAt).toEqual(expect.any(Number))

  const again = perdure("start", "--port", "0", "--data", data, "--print", "json")
  expect(await readyLine(again)).not.toHaveProperty("apiKey")
  again.child.kill("SIGINT")
  expect(await again.exited).toBe(exitCodes.ok)
})

test("keys: made with limits, shown, changed, rotated and ended from the command line, with a server and without", async () => {
  const data = join(root, "keys-data")
  const json = async (...args: string[]): Promise<Record<string, unknown>> => {
    const { out, err, code } = await run("keys", ...args, "--data", data, "--json")
    expect({ code, err }).toEqual({ code: exitCodes.ok, err: "" })
    return JSON.parse(out) as Record<string, unknown>
  }
  const server = perdure("start", "--port", "0", "--data", data, "--print", "json")
  const { url } = await readyLine(server)
  const answers = async (key: unknown): Promise<number> => {
    const headers = { authorization: `Bearer ${String(key)}`, "content-type": "application/json" }
    const body = JSON.stringify({ model: "perdure/extractive", input: "The sky is blue. What is blue?" })
    const response = await fetch(`${url}/v1/responses`, { method: "POST", headers, body })
    await response.text()
    return response.status
  }
  const flags = [
    "--models",
    "gpt-*,claude-*",
    "--endpoints",
    "responses",
    "--budget-usd",
    "2.5",
    "--per",
    "day",
    "--expires",
    "30d",
    "--tag",
    "a",
    "--tag",
    "b",
  ]
  const made = await json("create", "scoped", ...flags, "--user", "alice", "--metadata", '{"team":"x"}')
  expect(made).toMatchObject({
    scope: { models: ["gpt-*", "claude-*"], endpoints: ["responses"] },
    limits: { budgetUsd: 2.5, budgetPer: "day" },
    tags: ["a", "b"],
    user: "alice",
    metadata: { team: "x" },
  })
  const id = String(made["id"])
  expect([await answers(made["secret"]), await models(url, String(made["secret"]))]).toEqual([403, 200])
  expect(await json("update", id, "--clear", "models,user", "--rpm", "600")).toMatchObject({
    scope: { models: [], endpoints: ["responses"] },
    user: null,
    limits: { budgetUsd: 2.5, requestsPerMinute: 600 },
  })
  expect(await answers(made["secret"])).toBe(200)
  const rotated = await json("rotate", id, "--overlap", "0")
  expect([await answers(made["secret"]), await answers(rotated["secret"])]).toEqual([401, 200])
  server.child.kill("SIGTERM")
  await server.exited

  const listed = await run("keys", "list", "--tag", "a", "--data", data)
  expect(listed.out).toMatch(new RegExp(`^${id}  .*scoped  responses · \\$2.5/day · 600 requests/min · #a · #b\n$`))
  expect(listed.out).toContain(`used ${new Date().toISOString().slice(0, 10)}`)
  const passed = await run("keys", "update", id, "--endpoints", "responses,/openai/*", "--data", data)
  expect(passed.err).toContain("nothing answers at /openai/*: the configuration passes no path through")
  expect((await run("keys", "revoke", id, "--data", data)).out).toBe(`revoked ${id}\n`)
})

test("a command whose reader went away ends without a stack trace", async () => {
  const command = perdure("config", "schema")
  command.child.stdout.destroy()
  expect(await command.exited).toBe(exitCodes.ok)
  expect(command.err()).toBe("")
})

test("start says which port is taken and what to do", async () => {
  const server = createServer().listen(0, "127.0.0.1")
  await new Promise((resolve) => server.once("listening", resolve))
  const { port } = server.address() as AddressInfo
  const { code, out, err } = await run("start", "--port", String(port), "--data", join(root, "taken"))
  server.close()
  expect({ code, out }).toEqual({ code: exitCodes.failed, out: "" })
  expect(err).toContain(String(port))
  expect(err).toMatch(/^next: {2}perdure start --port 0/m)
})

test("dev shows what to copy, goes on while its configuration is broken, and follows it on the same port", async () => {
  const path = join(root, "perdure.yaml")
  const server = perdure("dev", "--port", "0", "--data", join(root, "dev-data"))
  const url = await until(server, () => /OPENAI_BASE_URL=(http:\/\/[\d.:]+)\/v1/.exec(server.out())?.[1])
  const key = /OPENAI_API_KEY=(\S+)/.exec(server.out())?.[1] ?? ""
  expect(server.out()).toContain("curl ")
  expect(await models(url, key)).toBe(200)

  writeFileSync(path, "discovery: false\nlogging: { level: wran }\n")
  await until(server, () => (server.err().includes("did you mean warn?") && server.err().includes("stays in force") ? true : undefined))
  expect(await models(url, key)).toBe(200)

  writeFileSync(path, "discovery: false\nlogging: { level: warn }\n")
  await until(server, () => (server.out().includes(`ready ${url}`) || server.err().includes("in force now") ? true : undefined))
  expect(await models(url, key)).toBe(200)

  server.child.kill("SIGTERM")
  expect(await server.exited).toBe(exitCodes.ok)
  await expect(fetch(url)).rejects.toThrow("fetch failed")
})

test("dev follows the configuration to another port", async () => {
  const path = join(root, "port.yaml")
  const [first, second] = [await freePort(), await freePort()]
  writeFileSync(path, `discovery: false\nserver: { port: ${first} }\n`)
  const server = perdure("dev", "--config", path, "--data", join(root, "port-data"))
  await until(server, () => (server.out().includes(`OPENAI_BASE_URL=http://127.0.0.1:${first}/v1`) ? true : undefined))

  writeFileSync(path, `discovery: false\nserver: { port: ${second} }\n`)
  await until(server, () => (server.out().includes(`ready http://127.0.0.1:${second}`) ? true : undefined))

  server.child.kill("SIGTERM")
  expect(await server.exited).toBe(exitCodes.ok)
})
