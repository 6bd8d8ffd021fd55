// Tests of the command line in this process: help, mistakes, configuration commands, exit codes, what goes to which stream.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, expect, test } from "vitest"
import { createTerminal, exitCodes, runCli } from "./index.ts"

const directory = mkdtempSync(join(tmpdir(), "perdure-cli-"))

afterAll(() => rmSync(directory, { recursive: true, force: true }))

function file(name: string, text: string): string {
  const path = join(directory, name)
  writeFileSync(path, text)
  return path
}

async function run(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const written = { out: "", err: "" }
  const terminal = createTerminal({
    stdout: { write: (text) => (written.out += text) },
    stderr: { write: (text) => (written.err += text) },
    noColour: true,
  })
  return { code: await runCli(args, { terminal, entry: "" }), ...written }
}

test("help lists the commands on stdout and is no failure", async () => {
  const { code, out } = await run("--help")
  expect(code).toBe(exitCodes.ok)
  for (const name of ["dev", "start", "doctor", "migrate", "keys", "config", "version"]) expect(out).toContain(`\n  ${name}`)
})

test("a misspelt command is a usage error with what was probably meant and the next step", async () => {
  const { code, out, err } = await run("strat")
  expect({ code, out }).toEqual({ code: exitCodes.usage, out: "" })
  expect(err).toContain("unknown command 'strat'")
  expect(err).toContain("Did you mean start?")
  expect(err).toContain("next:  perdure --help")
})

test("a mistake in a sub-command points to that command's help", async () => {
  expect((await run("keys", "create")).err).toContain("next:  perdure keys create --help")
  expect((await run("config", "chek")).err).toContain("next:  perdure config --help")
})

test("a misspelt option and a port that is none are usage errors", async () => {
  expect(await run("start", "--prot", "1")).toMatchObject({
    code: exitCodes.usage,
    err: expect.stringContaining("Did you mean --port?") as string,
  })
  const { code, err } = await run("start", "--port", "70000")
  expect(code).toBe(exitCodes.usage)
  expect(err).toContain("It is a whole number from 0 to 65535.")
})

test("config check says ok and what is there", async () => {
  const path = file("good.yaml", 'models: { fast: { deployments: [{ gguf: "x.gguf" }] } }')
  const { code, out } = await run("config", "check", "--config", path)
  expect(code).toBe(exitCodes.ok)
  expect(out).toBe(`ok: ${path} (0 providers, 1 model, 2 grants)\n`)
})

test("config check fails with every problem on stderr, the next step, and its own exit code", async () => {
  const { code, out, err } = await run("config", "check", "--config", file("bad.yaml", "server: { prot: 1 }\nmodles: {}"))
  expect({ code, out }).toEqual({ code: exitCodes.config, out: "" })
  expect(err).toContain("the configuration has 2 problems")
  expect(err).toMatch(/bad\.yaml:1:11 {2}server\.prot {2}unknown key "prot"/)
  expect(err).toMatch(/next: {2}fix the lines above, then run: perdure config check\n$/)
})

test("a failure is JSON on stdout when JSON was asked for", async () => {
  const { out, err } = await run("config", "check", "--json", "--config", join(directory, "nope.yaml"))
  expect(err).toBe("")
  expect(JSON.parse(out)).toMatchObject({ error: { code: "config_invalid", next: expect.any(String) as string } })
})

test("config print shows values with their source and leaves out limits that nobody set", async () => {
  const path = file("print.yaml", "server: { port: 3000 }\nlimits: { turnsMax: 4 }")
  const { out } = await run("config", "print", "--config", path, "--data", directory)
  expect(out).toMatch(/^server\.port: 3000 +# .*print\.yaml:1$/m)
  expect(out).toMatch(/^limits\.turnsMax: 4 +# .*print\.yaml:2$/m)
  expect(out).toContain("# flag --data")
  expect(out).not.toContain("limits.leaseMs")
  expect((await run("config", "print", "--all", "--config", path)).out).toContain("limits.leaseMs: 2000")
})

test("config schema prints a JSON Schema", async () => {
  const { out } = await run("config", "schema")
  expect(JSON.parse(out)).toMatchObject({ $schema: "https://json-schema.org/draft/2020-12/schema", title: "perdure.yaml" })
})

test("version names Perdure, Node and the embedded database", async () => {
  const { out } = await run("version", "--json")
  expect(JSON.parse(out)).toMatchObject({
    perdure: expect.stringMatching(/^\d/) as string,
    node: process.versions.node,
    pglite: expect.stringMatching(/^\d/) as string,
  })
})

test("colour is used on a terminal only, and never with NO_COLOR", () => {
  const style = (isTTY: boolean, noColour: boolean): string =>
    createTerminal({ stdout: { write: () => true, isTTY }, stderr: { write: () => true }, noColour }).style("red", "x")
  expect(style(true, false)).toBe("\u001B[31mx\u001B[39m")
  expect([style(false, false), style(true, true)]).toEqual(["x", "x"])
})
