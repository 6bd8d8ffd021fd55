// `perdure version`: the versions that a bug report needs.
import { readFileSync } from "node:fs"
import { createRequire } from "node:module"
import { join } from "node:path"
import { exitCodes } from "./exit-codes.ts"
import type { Terminal } from "./terminal.ts"

/** Our own version, from the package's description. */
export function ownVersion(): string {
  return versionIn(join(import.meta.dirname, "..", "..", "package.json"))
}

export function version(options: { json?: boolean }, terminal: Terminal): Promise<number> {
  const versions = {
    perdure: ownVersion(),
    node: process.versions.node,
    pglite: dependencyVersion("@electric-sql/pglite"),
    platform: `${process.platform}-${process.arch}`,
  }
  if (options.json === true) terminal.print(JSON.stringify(versions))
  else for (const [name, value] of Object.entries(versions)) terminal.print(`${name.padEnd(9)} ${value}`)
  return Promise.resolve(exitCodes.ok)
}

function dependencyVersion(name: string): string {
  const require = createRequire(import.meta.url)
  const found = (require.resolve.paths(name) ?? [])
    .map((directory) => join(directory, name, "package.json"))
    .find((path) => versionIn(path) !== "unknown")
  return found === undefined ? "unknown" : versionIn(found)
}

function versionIn(path: string): string {
  try {
    const { version } = JSON.parse(readFileSync(path, "utf8")) as { version?: string }
    return version ?? "unknown"
  } catch {
    return "unknown"
  }
}
