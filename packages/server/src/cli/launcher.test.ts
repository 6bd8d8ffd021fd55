// Tests of the launcher: on an old Node it goes on with the project's own, or says how to get one.
import { spawnSync } from "node:child_process"
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, expect, test } from "vitest"

const root = mkdtempSync(join(tmpdir(), "perdure-launcher-"))
const launcher = join(root, "package", "bin", "perdure.mjs")
/** Makes this Node look like version 20. */
const old = [
  "--import",
  `data:text/javascript,${encodeURIComponent('Object.defineProperty(process, "versions", { value: { ...process.versions, node: "20.1.0" } })')}`,
]

beforeAll(() => {
  cpSync(join(import.meta.dirname, "..", "..", "bin"), join(root, "package", "bin"), { recursive: true })
  mkdirSync(join(root, "package", "src"))
  writeFileSync(
    join(root, "package", "src", "main.ts"),
    `const words: string[] = process.argv.slice(2)
const { pid, execArgv: flags, env: { MALLOC_ARENA_MAX: arenas } } = process
console.log(JSON.stringify({ words, major: Number(process.versions.node.split(".")[0]), pid, flags, arenas }))
process.exitCode = words.includes("fail") ? 5 : 0`,
  )
})

afterAll(() => rmSync(root, { recursive: true, force: true }))

function launch(nodeArgs: string[], ...words: string[]): { pid: number; status: number | null; stdout: string; stderr: string } {
  return spawnSync(process.execPath, [...nodeArgs, launcher, ...words], { cwd: root, encoding: "utf8" })
}

test("runs the command on a Node that is new enough, with its arguments and exit code", () => {
  const { status, stdout } = launch([], "a", "fail")
  expect(JSON.parse(stdout)).toMatchObject({ words: ["a", "fail"] })
  expect(status).toBe(5)
})

test("starts a server with bounded memory, in the same process", { skip: process.platform === "win32" }, () => {
  const { pid, status, stdout } = launch(["--no-warnings"], "start", "fail")
  const flags = ["--no-warnings", "--max-semi-space-size=8"]
  expect(JSON.parse(stdout)).toMatchObject({ words: ["start", "fail"], pid, flags, arenas: "2" })
  expect(status).toBe(5)
})

test("leaves the memory of a server to who has set it, and other commands alone", () => {
  expect(JSON.parse(launch(["--max-semi-space-size=64"], "start").stdout)).toMatchObject({ flags: ["--max-semi-space-size=64"] })
  expect(JSON.parse(launch([], "version").stdout)).toMatchObject({ flags: [] })
})

test("says what is missing when Node is too old and the project has none", () => {
  const { status, stderr } = launch(old, "a")
  expect(status).toBe(1)
  expect(stderr).toMatch(/^error: perdure needs Node 24 or newer; this is v[\d.]+\nnext: {2}npm i -D node@24/)
})

test("goes on with the project's own Node when this one is too old", () => {
  const bin = join(root, "node_modules", "node", "bin")
  mkdirSync(bin, { recursive: true })
  symlinkSync(process.execPath, join(bin, "node"))
  const { status, stdout } = launch(old, "b", "fail")
  expect(JSON.parse(stdout)).toMatchObject({ words: ["b", "fail"], major: Number(process.versions.node.split(".")[0]) })
  expect(status).toBe(5)
  expect(JSON.parse(launch(old, "start").stdout)).toMatchObject({ flags: ["--max-semi-space-size=8"], arenas: "2" })
})
