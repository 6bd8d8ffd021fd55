// Configurations of LiteLLM brought over by the command line, as people do it, and what our own loader makes of them.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, expect } from "vitest"
import { createTerminal, runCli } from "../cli/index.ts"
import { loadConfig, type LoadedConfig } from "../config/index.ts"
import type { JsonObject } from "../core/index.ts"

export const examples = join(import.meta.dirname, "../cli/litellm/examples")

interface PrintedReport {
  config: JsonObject
  leftOut: Entry[]
  differs: Entry[]
  notNeeded: Entry[]
  environment: { name: string; moved: boolean; paths: string[] }[]
}

interface Entry {
  paths: string[]
  why: string
  instead?: string
}

/** What the loader makes of the result, with every wanted variable set. */
interface Loaded {
  report: PrintedReport
  config: LoadedConfig["config"]
  text: string
  all: string
}

interface LiteLlmImports {
  /** Gone after the tests of the file. */
  directory: string
  imported: typeof imported
  /** One of the examples, by its name. */
  loaded: (name: string) => Promise<Loaded>
  loadedText: (text: string) => Promise<Loaded>
}

export function liteLlmImports(): LiteLlmImports {
  const directory = mkdtempSync(join(tmpdir(), "perdure-import-"))
  afterAll(() => rmSync(directory, { recursive: true, force: true }))
  return {
    directory,
    imported,
    loaded: (name) => loadedFrom(directory, name, join(examples, `${name}.yaml`)),
    loadedText: (text) => {
      const path = join(directory, "given.yaml")
      writeFileSync(path, text)
      return loadedFrom(directory, "given", path)
    },
  }
}

export const whysOf = (entries: readonly Entry[], path: string): string[] =>
  entries.filter(({ paths }) => paths.some((each) => each.startsWith(path))).map(({ why }) => why)

async function imported(path: string, ...more: string[]): Promise<{ code: number; out: string; err: string }> {
  const written = { out: "", err: "" }
  const stdout = { write: (text: string) => (written.out += text) }
  const stderr = { write: (text: string) => (written.err += text) }
  const terminal = createTerminal({ stdout, stderr, noColour: true })
  return { code: await runCli(["import", "litellm", path, ...more], { terminal, entry: "" }), ...written }
}

async function loadedFrom(directory: string, name: string, path: string): Promise<Loaded> {
  const out = join(directory, `${name}.perdure.yaml`)
  const { code, out: json, err } = await imported(path, "--out", out, "--force", "--json")
  expect({ code, err }).toEqual({ code: 0, err: "" })
  const report = JSON.parse(json) as PrintedReport
  const account = join(directory, "account.json")
  writeFileSync(account, '{"type":"service_account"}')
  const env = Object.fromEntries(report.environment.map(({ name }) => [name, valueFor(name, account)]))
  const { config } = await loadConfig({ cwd: directory, configPath: out, env })
  const text = readFileSync(out, "utf8")
  return { report, config, text, all: text + json }
}

function valueFor(name: string, account: string): string {
  if (name === "GOOGLE_APPLICATION_CREDENTIALS") return account
  return /BASE|WEBHOOK/.test(name) ? `https://${name.toLowerCase().replaceAll("_", "-")}.example.com` : `value-of-${name}`
}
