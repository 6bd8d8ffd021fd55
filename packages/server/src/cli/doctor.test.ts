// Tests of `perdure doctor` on real directories, ports and databases.
import { mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, expect, test } from "vitest"
import { openTestStore } from "../testing/database.ts"
import type { Check } from "./doctor-checks.ts"
import { createTerminal, exitCodes, runCli } from "./index.ts"

const root = mkdtempSync(join(tmpdir(), "perdure-doctor-"))

afterAll(() => rmSync(root, { recursive: true, force: true }))

async function doctor(...args: string[]): Promise<{ code: number; out: string; checks: Check[] }> {
  let out = ""
  const terminal = createTerminal({ stdout: { write: (text) => (out += text) }, stderr: { write: () => true }, noColour: true })
  const code = await runCli(["doctor", "--port", "0", ...args], { terminal, entry: "" })
  const checks = args.includes("--json") ? (JSON.parse(out) as { checks: Check[] }).checks : []
  return { code, out, checks }
}

/** A data directory whose database is this one. */
function around(databaseDirectory: string): string {
  const data = mkdtempSync(join(root, "data-"))
  symlinkSync(databaseDirectory, join(data, "db"))
  return data
}

function check(checks: readonly Check[], name: string): Check | undefined {
  return checks.find((each) => each.name === name)
}

test("a fresh directory is healthy, and looking at it does not create it", async () => {
  const data = join(root, "fresh", "data")
  const { code, checks } = await doctor("--json", "--data", data)
  expect(checks.filter(({ status }) => status === "fail")).toEqual([])
  expect(code).toBe(exitCodes.ok)
  expect(check(checks, "database")?.detail).toBe("embedded; the first start makes it")
  expect(check(checks, "perdure/minilm")?.status).toBe("ok")
  expect(readdirSync(root)).not.toContain("fresh")
})

test("with --quiet it is silent when all is well, and shows only faults when not", async () => {
  expect(await doctor("--quiet", "--data", join(root, "quiet"))).toMatchObject({ code: exitCodes.ok, out: "" })
  writeFileSync(join(root, "a-file"), "")
  const { code, out } = await doctor("--quiet", "--data", join(root, "a-file"))
  expect(code).toBe(exitCodes.unhealthy)
  expect(out).toContain("FAIL  data directory")
  expect(out).toContain("next: ")
  expect(out).not.toContain("ok    node")
})

test("a port that is taken is a fault with the way out", async () => {
  const server = createServer().listen(0, "127.0.0.1")
  await new Promise((resolve) => server.once("listening", resolve))
  const { port } = server.address() as AddressInfo
  const { code, checks } = await doctor("--json", "--data", join(root, "taken"), "--host", "127.0.0.1", "--port", String(port))
  server.close()
  expect(code).toBe(exitCodes.unhealthy)
  expect(check(checks, "port")).toMatchObject({ status: "fail", next: "perdure start --port 0, or stop what listens there" })
})

test("an existing database is opened, found at head, and left unlocked", async () => {
  await using opened = await openTestStore("pglite")
  await opened.store[Symbol.asyncDispose]()
  if (!("dataDirectory" in opened.location)) throw new Error("the embedded engine has a directory")
  const { checks } = await doctor("--json", "--data", around(opened.location.dataDirectory))
  expect(check(checks, "database")).toMatchObject({ status: "ok", detail: expect.stringContaining("schema at head") as string })
  expect(check(checks, "pgvector")?.status).toBe("ok")
  expect(readdirSync(opened.location.dataDirectory).filter((name) => name.endsWith(".lock"))).toEqual([])
})

test("a database that another process has open is a fault that names it", async () => {
  await using opened = await openTestStore("pglite")
  if (!("dataDirectory" in opened.location)) throw new Error("the embedded engine has a directory")
  const { code, checks } = await doctor("--json", "--data", around(opened.location.dataDirectory))
  expect(code).toBe(exitCodes.unhealthy)
  expect(check(checks, "database")).toMatchObject({ status: "fail", detail: expect.stringContaining(String(process.pid)) as string })
})

test("a database that does not answer is a fault", async () => {
  const path = join(root, "database.yaml")
  writeFileSync(path, "database: { url: postgres://127.0.0.1:1/nothing }")
  const { code, checks } = await doctor("--json", "--config", path, "--data", join(root, "none"))
  expect(code).toBe(exitCodes.unhealthy)
  expect(check(checks, "database")?.status).toBe("fail")
})

test("a broken configuration is a fault with all its problems", async () => {
  const path = join(root, "broken.yaml")
  writeFileSync(path, "server: { prot: 1 }\nmodles: {}")
  const { code, checks } = await doctor("--json", "--config", path)
  expect(code).toBe(exitCodes.unhealthy)
  expect(check(checks, "configuration")?.detail.split("\n")).toHaveLength(2)
})

test("a provider that refuses the key is a fault, one that does not answer a warning", async () => {
  const server = createServer((_request, response) => response.writeHead(401).end()).listen(0, "127.0.0.1")
  await new Promise((resolve) => server.once("listening", resolve))
  const { port } = server.address() as AddressInfo
  const path = join(root, "providers.yaml")
  writeFileSync(path, `providers:\n  strict: { baseUrl: "http://127.0.0.1:${port}/v1" }\n  absent: { baseUrl: "http://127.0.0.1:1/v1" }`)
  const { checks } = await doctor("--json", "--config", path, "--data", join(root, "p"))
  server.close()
  expect(check(checks, "provider strict")?.status).toBe("fail")
  expect(check(checks, "provider absent")?.status).toBe("warn")
})

test("providers are asked in their own way: Anthropic's key in its header, Azure's list at its address", async () => {
  const asked: string[] = []
  const server = createServer((request, response) => {
    const { url = "", headers } = request
    const key = headers["x-api-key"] ?? headers["api-key"] ?? headers.authorization
    asked.push([url, key, headers["anthropic-version"]].filter((each) => each !== undefined).join(" "))
    response.writeHead(200, { "content-type": "application/json" }).end('{"data": [{"id": "claude-x"}, {"id": "gpt-x"}]}')
  }).listen(0, "127.0.0.1")
  await new Promise((resolve) => server.once("listening", resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const path = join(root, "own-ways.yaml")
  writeFileSync(
    path,
    `providers:
  claude: { type: anthropic, baseUrl: "${url}", apiKey: key-a }
  azure: { type: azure, baseUrl: "${url}", apiKey: key-b, settings: { apiVersion: "2024-10-21" } }
  open: { type: openai, baseUrl: "${url}/v1", apiKey: key-c }
  cloud: { type: bedrock, settings: { region: eu-central-1 } }
models:
  good: { deployments: [{ provider: open, model: gpt-x }, { provider: claude, model: claude-x }] }
  typo: { deployments: [{ provider: open, model: gpt-y }] }`,
  )
  const { checks } = await doctor("--json", "--config", path, "--data", join(root, "o"))
  server.close()
  expect(asked.toSorted()).toEqual([
    "/openai/models?api-version=2024-10-21 key-b",
    "/v1/models Bearer key-c",
    "/v1/models?limit=1000 key-a 2023-06-01",
  ])
  expect(check(checks, "provider claude")?.status).toBe("ok")
  expect(check(checks, "provider azure")?.status).toBe("ok")
  expect(check(checks, "provider cloud")?.status).toBe("ok")
  expect(check(checks, "provider open")).toMatchObject({
    status: "warn",
    detail: `${url}/v1 does not list gpt-y; it lists claude-x, gpt-x`,
  })
})
