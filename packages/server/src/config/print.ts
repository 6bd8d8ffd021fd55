// The merged configuration as it may be shown: every value with its source, secrets and filled-in values masked.
import { formatPath, type Path } from "./paths.ts"
import { maskUrl, Secret } from "./secret.ts"
import type { LoadedConfig } from "./types.ts"

export interface PrintedValue {
  path: string
  /** What it is, or how it is referred to where it is secret. */
  value: unknown
  source: string
}

/** One row per value, in the order of the schema. Limits that nobody set are left out unless `all`. */
export function printConfig(loaded: LoadedConfig, options: { all?: boolean } = {}): PrintedValue[] {
  const rows: PrintedValue[] = []
  const secrets = secretsIn(loaded.config)
  const visit = (value: unknown, path: Path): void => {
    if (path.at(-1) === "origin" && path.length > 1) return
    const text = formatPath(path)
    const source = loaded.sources[text] ?? nearestSource(loaded.sources, text)
    if (path[0] === "limits" && path.length === 2 && source === "default" && options.all !== true) return
    if (value instanceof Secret) rows.push({ path: text, value: maskSecret(value, path), source })
    else if ((path[0] === "workflows" || path[0] === "tools") && path.length === 2)
      rows.push({ path: text, value: workflowName(value), source })
    else if (typeof value === "object" && value !== null && Object.keys(value).length > 0) {
      for (const [key, inner] of Object.entries(value)) visit(inner, [...path, Array.isArray(value) ? Number(key) : key])
    } else rows.push({ path: text, value: loaded.written[text] ?? withoutSecrets(value, secrets), source })
  }
  visit(loaded.config, [])
  return rows
}

function maskSecret(secret: Secret, path: Path): string {
  const where = path[0] === "database" ? `${maskUrl(secret.reveal())} ` : ""
  return `${where}${secret.toString()}`
}

function secretsIn(value: unknown): string[] {
  if (value instanceof Secret) return [value.reveal()]
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(secretsIn) : []
}

/** A secret that also stands in another value, say in an address, is not shown there either. */
function withoutSecrets(value: unknown, secrets: readonly string[]): unknown {
  if (typeof value !== "string") return value
  return secrets.some((secret) => secret.length >= 8 && value.includes(secret)) ? "[hidden value]" : value
}

function workflowName(value: unknown): unknown {
  return typeof value === "object" && value !== null && "name" in value ? value.name : "workflow"
}

/** The source of the nearest parent, for values that the resolver filled in. */
function nearestSource(sources: Readonly<Record<string, string>>, path: string): string {
  const parent = Object.keys(sources).find((each) => path.startsWith(`${each}.`) || path.startsWith(`${each}[`))
  return parent === undefined ? "default" : (sources[parent] ?? "default")
}
