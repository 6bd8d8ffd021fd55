// The only reader of the environment: the published overrides, what discovery looks at, what the terminal wants.
import { discoverableTypes, providerType, type ProviderTypeName } from "./provider-types.ts"
import type { ConfigProblem } from "./source.ts"
import { Secret } from "./secret.ts"
import { coerce, type Variables } from "./yaml.ts"

/** Every variable that overrides the configuration; there are no others. */
export const environmentOverrides = [
  { name: "PORT", path: ["server", "port"] },
  { name: "HOST", path: ["server", "host"] },
  { name: "PERDURE_DATA", path: ["data"] },
  { name: "DATABASE_URL", path: ["database", "url"] },
  { name: "LOG_LEVEL", path: ["logging", "level"] },
] as const

/** What commands that talk to a server read where their options do not say it. */
export const serverVariables = { url: "PERDURE_URL", apiKey: "PERDURE_API_KEY" } as const

/** The server that the environment names, and the key for it. */
export function serverFromEnvironment(variables: Variables = processVariables()): { url: string | undefined; apiKey: Secret | undefined } {
  const key = set(variables, serverVariables.apiKey)
  return {
    url: set(variables, serverVariables.url),
    apiKey: key === undefined ? undefined : new Secret(key, `env ${serverVariables.apiKey}`),
  }
}

/** What discovery and the terminal may know of the environment. */
export interface Environment {
  /** Keys of providers that were found, by provider. */
  providerKeys: readonly { provider: ProviderTypeName; variable: string; key: Secret; baseUrl: string | null }[]
  /** `OLLAMA_HOST` as an address, where it is set. */
  ollamaUrl: string | null
  noColour: boolean
  ci: boolean
}

/** The process's environment; everything else takes it as an argument. */
export function processVariables(): Variables {
  return process.env
}

export function readEnvironment(variables: Variables = processVariables()): Environment {
  const providerKeys = discoverableTypes.flatMap((provider) => {
    const { keyVariables, addressVariable } = providerType(provider)
    const variable = keyVariables.find((name) => set(variables, name) !== undefined)
    const value = variable === undefined ? undefined : set(variables, variable)
    if (variable === undefined || value === undefined) return []
    const baseUrl = addressVariable === undefined ? null : (set(variables, addressVariable) ?? null)
    return [{ provider, variable, key: new Secret(value, `env ${variable}`), baseUrl }]
  })
  return {
    providerKeys,
    ollamaUrl: ollamaUrl(set(variables, "OLLAMA_HOST")),
    noColour: set(variables, "NO_COLOR") !== undefined || set(variables, "TERM") === "dumb",
    ci: set(variables, "CI") !== undefined,
  }
}

export interface Override {
  path: readonly string[]
  value: unknown
  /** `env PORT`, `flag --port`. */
  source: string
}

/** The overrides that are set. An empty variable counts as unset. */
export function overridesFrom(variables: Variables): Override[] {
  return environmentOverrides.flatMap(({ name, path }) => {
    const value = set(variables, name)
    return value === undefined ? [] : [{ path, value: coerce(value, path), source: `env ${name}` }]
  })
}

/** The configuration file that `PERDURE_CONFIG` names. */
export function configPathFrom(variables: Variables): string | undefined {
  return set(variables, "PERDURE_CONFIG")
}

/** Looks a referenced variable up, for `{ env: NAME }`. */
export function secretFromEnvironment(name: string, variables: Variables): Secret | Pick<ConfigProblem, "what" | "allowed" | "hint"> {
  const value = set(variables, name)
  if (value !== undefined) return new Secret(value, `env ${name}`)
  return { what: `the environment variable ${name} is not set`, allowed: "", hint: `set ${name}, or remove this reference` }
}

function set(variables: Variables, name: string): string | undefined {
  const value = variables[name]
  return value === undefined || value === "" ? undefined : value
}

function ollamaUrl(host: string | undefined): string | null {
  if (host === undefined) return null
  const address = /^https?:\/\//.test(host) ? host : `http://${host.replace(/^0\.0\.0\.0/, "127.0.0.1")}`
  if (!URL.canParse(address)) return null
  const url = new URL(address)
  if (url.port === "" && !host.startsWith("http")) url.port = "11434"
  return url.origin
}
