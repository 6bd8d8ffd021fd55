// Reads `perdure.config.ts`: Node imports it unbuilt, its default export is the configuration.
import { pathToFileURL } from "node:url"
import { messageOf } from "../core/index.ts"
import type { ConfigSource } from "./source.ts"
import { emptySource } from "./source.ts"

/**
 * Imports the module. Positions inside it are unknown: problems name the file and the path. Another `version` than before reads the
 * file again; what it imports itself stays as it was.
 */
export async function readModule(file: string, absolutePath: string, directory: string, version = 0): Promise<ConfigSource> {
  const source: ConfigSource = { ...emptySource(directory), file, locate: () => file, origin: () => file }
  const fail = (what: string, hint: string): ConfigSource => {
    source.problems.push({ location: file, path: "", what, allowed: "export default defineConfig({ … })", hint })
    return source
  }
  let loaded: Record<string, unknown>
  try {
    loaded = (await import(pathToFileURL(absolutePath).href + (version === 0 ? "" : `?version=${version}`))) as Record<string, unknown> // a module namespace
  } catch (error) {
    return fail(`could not be loaded: ${messageOf(error)}`, "run it alone to see the error: node " + file)
  }
  const value = loaded["default"]
  if (typeof value !== "object" || value === null || Array.isArray(value))
    return fail("has no default export that is an object", 'import { defineConfig } from "perdure"')
  source.value = structure(value as Record<string, unknown>) // checked above
  return source
}

/** A shallow copy of objects and lists, two levels deep, so that overrides do not write into the user's module. */
function structure(value: Record<string, unknown>): Record<string, unknown> {
  const entries = Object.entries(value).map(([key, inner]): [string, unknown] => {
    const isPlain = typeof inner === "object" && inner !== null && Object.getPrototypeOf(inner) === Object.prototype
    return [key, isPlain ? { ...inner } : inner]
  })
  return Object.fromEntries(entries)
}
