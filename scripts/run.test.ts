// Tests of the task runner on a tiny project of its own, with a fake npm that records that it was called.
import { spawn, spawnSync } from "node:child_process"
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, beforeEach, expect, test } from "vitest"

let root: string

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "perdure-run-"))
  cpSync(join(import.meta.dirname, "run.mjs"), join(root, "scripts", "run.mjs"), { recursive: true })
  cpSync(join(import.meta.dirname, "run"), join(root, "scripts", "run"), { recursive: true })
  write("package-lock.json", lock({ tool: "1.0.0" }))
  write("npm.cjs", fakeNpm)
  write(
    "packages/server/src/main.ts",
    `const seen: string[] = process.argv.slice(2)
if (seen.includes("--wait")) {
  process.on("SIGTERM", () => process.exit(9))
  setInterval(() => undefined, 1000)
} else process.exitCode = seen.includes("--fail") ? 7 : 0
console.log(JSON.stringify({ seen, exec: process.execPath, path: process.env["PATH"] }))`,
  )
})

afterEach(() => rmSync(root, { recursive: true, force: true }))

test("installs when node_modules is missing, then runs the task on the project's own Node", () => {
  const { code, output } = run("dev")
  expect(code).toBe(0)
  expect(output).toContain("Installing dependencies (node_modules is missing)")
  const line = JSON.parse(output.trim().split("\n").at(-1) ?? "") as { exec: string; path: string }
  expect(line.path.startsWith(join(root, "node_modules", "node", "bin"))).toBe(true)
  expect(installs()).toBe(1)
})

test("does not install when what is installed is what the lockfile says", () => {
  run("dev")
  expect(run("dev").output).not.toContain("Installing")
  expect(installs()).toBe(1)
})

test("installs again when the lockfile changed, and names the package", () => {
  run("dev")
  write("package-lock.json", lock({ tool: "1.0.1" }))
  expect(run("dev").output).toContain("Installing dependencies (tool changed)")
  expect(installs()).toBe(2)
})

test("counts an install that was cut short as missing", () => {
  run("dev")
  rmSync(join(root, "node_modules", ".package-lock.json"))
  expect(run("dev").output).toContain("node_modules is missing")
})

test("does not want optional packages of other platforms", () => {
  write("package-lock.json", lock({ tool: "1.0.0" }, { "node_modules/tool-win": { version: "1.0.0", optional: true } }))
  run("dev")
  expect(run("dev").output).not.toContain("Installing")
})

test("passes arguments through, with and without the separator of npm", () => {
  expect(run("dev", "--port", "0").output).toContain('"seen":["dev","--port","0"]')
  expect(run("dev", "--", "-t", "two words").output).toContain('"seen":["dev","-t","two words"]')
})

test("ends with the exit code of the task", () => {
  expect(run("dev", "--fail").code).toBe(7)
})

test("forwards SIGTERM and waits for the task to end", async () => {
  run("dev")
  const child = spawn(process.execPath, [join(root, "scripts", "run.mjs"), "dev", "--wait"], {
    cwd: root,
    stdio: ["ignore", "pipe", "inherit"],
  })
  await new Promise<void>((resolve) => child.stdout.once("data", () => resolve()))
  child.kill("SIGTERM")
  expect(await new Promise((resolve) => child.once("exit", resolve))).toBe(9)
})

test("says what failed and what to do next when the install fails", () => {
  write("fail-install", "")
  const { code, output } = run("dev")
  expect(code).toBe(1)
  expect(output).toContain("npm ci failed with code 3")
  expect(output).toContain("Next: npm ci")
})

test("names the tasks when it gets an unknown one", () => {
  const { code, output } = run("tets")
  expect(code).toBe(2)
  expect(output).toContain("demo, dev, test, e2e, chaos, check, build, bench")
})

test("bench runs the entry of the named question, and says what to write when there is none", () => {
  write("bench/journal/run.ts", "console.log('journal', process.argv.slice(2).join())")
  write("bench/retrieval/scifact.ts", "console.log('scifact')")
  expect(run("bench", "journal", "--quick").output).toContain("journal --quick")
  expect(run("bench", "retrieval/scifact").output).toContain("scifact")
  expect(run("bench", "nothing")).toMatchObject({ code: 2, output: expect.stringContaining("There is no bench/nothing/run.ts") as string })
})

test("passes a filter on to vitest for the unit and the end-to-end project", () => {
  run("dev")
  installTool("vitest", 0)
  expect(run("test", "--", "-t", "name").output).toContain('vitest ["run","--project","unit","--project","e2e","-t","name"]')
})

test("check runs every check, says how each ended, and fails when one fails", () => {
  run("dev")
  for (const name of ["typescript", "oxlint", "knip", "vitest"]) installTool(name, 0)
  write("scripts/dump-schema.ts", "")
  installTool("oxfmt", 1)
  const { code, output } = run("check")
  expect(code).toBe(1)
  expect(output).toMatch(/FAILED {2}format/)
  for (const name of ["types", "lint", "dead code", "import rule", "schema dump"]) expect(output).toMatch(new RegExp(`ok {6}${name}`))
})

test("builds the dashboard first when its assets are missing or older than its sources", () => {
  run("dev")
  write("packages/dashboard/index.html", "<html>")
  installTool(
    "vite",
    0,
    `require("fs").mkdirSync("../server/assets/dashboard", { recursive: true }); require("fs").writeFileSync("../server/assets/dashboard/index.html", "")`,
  )
  expect(run("dev").output).toContain("Building the dashboard (no assets yet)")
  expect(run("dev").output).not.toContain("Building the dashboard")
})

const fakeNpm = `const fs = require("node:fs"), path = require("node:path")
fs.appendFileSync("installs", "x")
if (fs.existsSync("fail-install")) process.exit(3)
const { packages } = JSON.parse(fs.readFileSync("package-lock.json", "utf8"))
const kept = Object.fromEntries(Object.entries(packages).filter(([, entry]) => !entry.optional))
fs.mkdirSync("node_modules/node/bin", { recursive: true })
if (!fs.existsSync("node_modules/node/bin/node")) fs.symlinkSync(process.execPath, "node_modules/node/bin/node")
fs.writeFileSync("node_modules/.package-lock.json", JSON.stringify({ packages: kept }))`

function lock(versions: Record<string, string>, more: object = {}): string {
  const packages = Object.entries(versions).map(([name, version]) => [`node_modules/${name}`, { version }])
  return JSON.stringify({ packages: { "": {}, "packages/server": { version: "0.1.0" }, ...Object.fromEntries(packages), ...more } })
}

function installTool(name: string, code: number, more = ""): void {
  const bin = name === "typescript" ? { tsc: "bin.cjs" } : { [name]: "bin.cjs" }
  write(`node_modules/${name}/package.json`, JSON.stringify({ name, bin }))
  write(
    `node_modules/${name}/bin.cjs`,
    `console.log("${name}", JSON.stringify(process.argv.slice(2))); ${more}; process.exitCode = ${code}`,
  )
}

function run(...args: string[]): { code: number | null; output: string } {
  const env = { ...process.env, npm_execpath: join(root, "npm.cjs") }
  const result = spawnSync(process.execPath, [join(root, "scripts", "run.mjs"), ...args], { cwd: root, env, encoding: "utf8" })
  return { code: result.status, output: result.stdout + result.stderr }
}

function installs(): number {
  return readFileSync(join(root, "installs"), "utf8").length
}

function write(path: string, text: string): void {
  mkdirSync(join(root, path, ".."), { recursive: true })
  writeFileSync(join(root, path), text)
}
