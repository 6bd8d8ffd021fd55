// Where a model of LiteLLM's list is served: its address, its key by reference, its headers.
import { looksLikeSecret, type ConfigInput } from "../../config/index.ts"
import { addressText, beginsWithVariable, originAndPath, urlOf } from "./address.ts"
import type { KnownProvider } from "./provider-names.ts"
import type { Reference, Secrets } from "./secrets.ts"
import type { Section } from "./section.ts"

export type ProviderInput = NonNullable<ConfigInput["providers"]>[string]

/** Where a deployment is served. */
export interface Placed {
  provider: ProviderInput
  /** Names for it, the best one first. */
  names: readonly string[]
  /** The model's name there. */
  model: string
  dialect?: "responses"
}

export interface PlaceContext {
  params: Section
  secrets: Secrets
}

/** Undefined where it is none, which the report says. */
export function addressOf({ params }: PlaceContext): string | undefined {
  const key = params.has("api_base") ? "api_base" : "base_url"
  const text = addressText(params, key)
  if (text === undefined || beginsWithVariable(text)) return text
  const url = urlOf(text)
  if (!url || !/^https?:$/.test(url.protocol)) {
    params.left(key, "it is not an http(s) address, so its model is left out")
    return undefined
  }
  if (url.username !== "" || url.password !== "") {
    params.left(
      key,
      "it carries a user and a password, so its model is left out",
      "Use an address without them, and a header by reference to a variable.",
    )
    return undefined
  }
  if ([...url.searchParams.keys()].some((name) => name !== "api-version")) params.left(key, "what follows the ? of an address is not sent")
  return originAndPath(text).replace(/\/+chat\/completions$/, "")
}

/** Named, or that of the variable that LiteLLM reads; Perdure reads some of these by itself, for the usual address. */
export function keyOf(known: KnownProvider, { params, secrets }: PlaceContext, ownAddress: string | null): { apiKey?: Reference } {
  const label = ownAddress === null ? (known.keys[0] ?? `${known.type}_API_KEY`) : `${hostOf(ownAddress)}_API_KEY`
  const given = secrets.reference(params.take("api_key"), params.at("api_key"), label)
  if (given) return { apiKey: given }
  const [usual] = known.keys
  return usual === undefined ? {} : { apiKey: secrets.variable(usual, params.at("api_key")) }
}

/** By a variable, or better so. */
function isReferred(value: string): boolean {
  return value.startsWith("os.environ/") || looksLikeSecret(value)
}

export function headersOf({ params, secrets }: PlaceContext): { settings?: { headers: Record<string, string | Reference> } } {
  const headers: Record<string, string | Reference> = {}
  for (const key of ["headers", "extra_headers"]) {
    const section = params.section(key)
    for (const name of section.unread()) {
      const value = section.value[name]
      const isSecret = /auth|key|token|secret|cookie|pass|credential/i.test(name) || (typeof value === "string" && isReferred(value))
      const reference = isSecret ? secrets.reference(value, section.at(name), `HEADER_${name}`) : section.text(name)
      if (reference !== undefined) headers[name] = reference
    }
  }
  return Object.keys(headers).length === 0 ? {} : { settings: { headers } }
}

export function variableOf({ apiKey }: { apiKey?: Reference }): string {
  return apiKey && "env" in apiKey
    ? apiKey.env
        .toLowerCase()
        .replace(/_(?:api_?)?key/, "")
        .replaceAll("_", "-")
    : "other"
}

export function hostOf(address: string): string {
  if (beginsWithVariable(address)) return address.replaceAll(/\W+/g, " ").trim().split(" ")[0]?.toLowerCase().replaceAll("_", "-") ?? ""
  const { hostname, port } = urlOf(address) ?? { hostname: address, port: "" }
  const host = /^[\d.]+$/.test(hostname) ? hostname : (hostname.replace(/^(?:api|www)\./, "").split(".")[0] ?? hostname)
  return port === "" ? host : `${host}-${port}`
}
