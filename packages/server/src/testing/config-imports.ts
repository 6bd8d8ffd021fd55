// Configurations of other gateways brought over by the command line, as people do it, and what our own loader makes of them.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, parse } from "node:path"
import { afterAll, expect } from "vitest"
import { createTerminal, runCli } from "../cli/index.ts"
import { loadConfig, type LoadedConfig } from "../config/index.ts"
import type { JsonObject } from "../core/index.ts"

export interface ImportEntry {
  paths: string[]
  why: string
  instead?: string
}

interface PrintedReport {
  config: JsonObject
  leftOut: ImportEntry[]
  differs: ImportEntry[]
  notNeeded: ImportEntry[]
  environment: { name: string; moved: boolean; paths: string[] }[]
}

/** What the loader makes of the result, with every wanted variable set. */
export interface ImportedConfig {
  report: PrintedReport
  config: LoadedConfig["config"]
  text: string
  /** What was written and what was printed. */
  all: string
}

export interface ConfigImports {
  /** Gone after the tests of the file. */
  directory: string
  imported: (path: string, ...more: string[]) => Promise<{ code: number; out: string; err: string }>
  loaded: (path: string) => Promise<ImportedConfig>
  /** The path of a file with this text, or this value as JSON. */
  written: (name: string, value: unknown) => string
}

/** `valueOf`: what a variable of the environment has that the result wants. */
export function configImports(
  from: "litellm" | "bifrost" | "portkey",
  valueOf: (name: string) => string = (name) => `value-of-${name}`,
): ConfigImports {
  const directory = mkdtempSync(join(tmpdir(), `perdure-import-${from}-`))
  afterAll(() => rmSync(directory, { recursive: true, force: true }))
  const imported: ConfigImports["imported"] = async (path, ...more) => {
    const written = { out: "", err: "" }
    const stdout = { write: (text: string) => (written.out += text) }
    const stderr = { write: (text: string) => (written.err += text) }
    const terminal = createTerminal({ stdout, stderr, noColour: true })
    return { code: await runCli(["import", from, path, ...more], { terminal, entry: "" }), ...written }
  }
  const loaded = async (path: string): Promise<ImportedConfig> => {
    const out = join(directory, `${parse(path).name}.perdure.yaml`)
    const { code, out: json, err } = await imported(path, "--out", out, "--force", "--json")
    expect({ code, err }).toEqual({ code: 0, err: "" })
    const report = JSON.parse(json) as PrintedReport
    const env = Object.fromEntries(report.environment.map(({ name }) => [name, valueOf(name)]))
    const { config } = await loadConfig({ cwd: directory, configPath: out, env })
    const text = readFileSync(out, "utf8")
    return { report, config, text, all: text + json }
  }
  const written = (name: string, value: unknown): string => {
    const path = join(directory, name)
    writeFileSync(path, typeof value === "string" ? value : JSON.stringify(value))
    return path
  }
  return { directory, imported, loaded, written }
}
