// A provider as the configuration declares it: its type, address, key, and the settings that fit its type.
import { didYouMean } from "./explain.ts"
import type { Path } from "./paths.ts"
import {
  addressOf,
  isProviderType,
  providerSettings,
  providerType,
  typeAtAddress,
  type ProviderSetting,
  type ProviderTypeName,
} from "./provider-types.ts"
import type { SecretInput, SecretReader } from "./resolve-secret.ts"
import type { ParsedConfig } from "./schema.ts"
import { looksLikeSecret, type Secret } from "./secret.ts"
import type { ProviderConfig } from "./types.ts"

type ProviderInput = ParsedConfig["providers"][string]
export type AddProblem = (path: Path, text: { what: string; allowed?: string; hint?: string }, part?: "key" | "value") => void

export interface ResolveProviderOptions {
  name: string
  /** A type was written that does not exist: what follows from the type is not checked then. */
  hasWrongType: boolean
  secrets: SecretReader
  origin: string
  add: AddProblem
}

export function resolveProvider(
  input: ProviderInput,
  { name, hasWrongType, secrets, origin, add }: ResolveProviderOptions,
): ProviderConfig {
  const path = ["providers", name]
  if (name === "perdure") add(path, { what: '"perdure" is the provider of the embedded models', allowed: "another name" }, "key")
  const type = input.type ?? typeOf(name, input.baseUrl)
  const known = providerType(type)
  const settings = settingsOf(input, type, { path: [...path, "settings"], secrets, add })
  const headers = resolveHeaders(input.settings?.headers, [...path, "settings", "headers"], { secrets, add })
  const options = optionsOf(input, [...path, "settings", "options"], secrets)
  if (input.settings?.options !== undefined && !known.takesOptions)
    add([...path, "settings", "options"], { what: `${type} takes no options`, allowed: "options of ai-sdk" }, "key")
  const isUsualAddress = input.baseUrl === undefined && known.address !== null
  const given = secrets.read(input.apiKey, [...path, "apiKey"], looksLikeSecret)
  // The key of the usual variable goes to the usual address and to no other.
  const apiKey = given ?? (input.apiKey === undefined && isUsualAddress ? secrets.firstOf(known.keyVariables) : null)
  if (apiKey === null && input.apiKey === undefined && isUsualAddress && !known.needsNoKey && Object.keys(headers).length === 0)
    add([...path, "apiKey"], {
      what: "required but missing",
      allowed: "{ env: NAME } or { file: path }",
      hint: `or set ${known.keyVariables.join(" or ")}`,
    })
  if (input.baseUrl === undefined && known.address === null && !known.needsNoAddress && !hasWrongType)
    add([...path, "baseUrl"], { what: "required but missing", allowed: "an address such as https://api.example.com/v1" })
  const baseUrl = addressOf(type, input.baseUrl, plain(settings))
  const region = input.region ?? regionIn(plain(settings))
  const variables = apiKey === null ? variablesOf(known.credentialVariables ?? [], secrets) : {}
  return { type, baseUrl, apiKey, settings, variables, headers, options, region, organisation: input.organisation ?? null, origin }
}

function variablesOf(names: readonly string[], secrets: SecretReader): Record<string, Secret> {
  const found = names.flatMap((name) => {
    const value = secrets.firstOf([name])
    return value === null ? [] : [[name, value] as const]
  })
  return Object.fromEntries(found)
}

/** Bedrock's region, Vertex's location; `global` is none. */
function regionIn({ region, location }: Readonly<Record<string, string>>): string | null {
  const named = region ?? location
  return named === undefined || named === "global" ? null : named
}

/** Servers of all makers are called by OpenAI's name and have not its habits; any other name at an address of the user's is a proxy of that provider. */
function typeOf(name: string, baseUrl: string | undefined): ProviderTypeName {
  const atAddress = baseUrl === undefined ? undefined : typeAtAddress(baseUrl)
  if (atAddress !== undefined) return atAddress
  return isProviderType(name) && (name !== "openai" || baseUrl === undefined) ? name : "openai-compatible"
}

interface SettingsContext {
  path: Path
  secrets: SecretReader
  add: AddProblem
}

function settingsOf(
  input: ProviderInput,
  type: ProviderTypeName,
  { path, secrets, add }: SettingsContext,
): Partial<Record<ProviderSetting, string | Secret>> {
  const { settings: allowed, required = [] } = providerType(type)
  const { headers: _headers, options: _options, ...given } = input.settings ?? {}
  const settings: Partial<Record<ProviderSetting, string | Secret>> = {}
  for (const [name, value] of Object.entries(given) as [ProviderSetting, string | { env?: string; file?: string } | undefined][]) {
    if (value === undefined) continue
    if (!allowed.includes(name)) {
      const near = didYouMean(name, allowed)
      add(
        [...path, name],
        {
          what: `${type} has no setting ${JSON.stringify(name)}`,
          allowed: ["headers", ...allowed].join(", "),
          ...(near === undefined ? {} : { hint: `did you mean ${near}?` }),
        },
        "key",
      )
      continue
    }
    const resolved =
      typeof value === "string" && !("secret" in providerSettings[name]) ? value : secrets.read(value, [...path, name], looksLikeSecret)
    if (resolved !== null) settings[name] = resolved
  }
  for (const name of required)
    if (given[name] === undefined) add([...path, name], { what: "required but missing", hint: `${type} needs it` })
  return settings
}

/** What the way of sending says by itself. */
const ownHeaders: ReadonlySet<string> = new Set(["host", "connection", "content-length", "transfer-encoding", "expect", "te"])

export function resolveHeaders(
  input: Readonly<Record<string, SecretInput>> | undefined,
  path: Path,
  { secrets, add }: Pick<SettingsContext, "secrets" | "add">,
): Record<string, Secret> {
  const headers: Record<string, Secret> = {}
  for (const [name, value] of Object.entries(input ?? {})) {
    if (ownHeaders.has(name.toLowerCase()))
      add(
        [...path, name],
        { what: `the header ${JSON.stringify(name)} is set by the way a request is sent`, allowed: "other headers" },
        "key",
      )
    const secret = secrets.read(value, [...path, name], looksLikeSecret)
    if (secret !== null) headers[name.toLowerCase()] = secret
  }
  return headers
}

function optionsOf(input: ProviderInput, path: Path, secrets: SecretReader): Record<string, string | number | boolean | Secret> {
  const options: Record<string, string | number | boolean | Secret> = {}
  for (const [name, value] of Object.entries(input.settings?.options ?? {})) {
    const resolved = typeof value === "number" || typeof value === "boolean" ? value : secrets.read(value, [...path, name], looksLikeSecret)
    if (resolved !== null) options[name] = resolved
  }
  return options
}

function plain(settings: Readonly<Record<string, string | Secret>>): Record<string, string> {
  return Object.fromEntries(Object.entries(settings).filter((entry): entry is [string, string] => typeof entry[1] === "string"))
}
