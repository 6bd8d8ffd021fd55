// Azure deployments without a key carry a token of Entra ID: this adds the one of the moment to each request.
import { createHash } from "node:crypto"
import { LRUCache } from "lru-cache"
import { isJsonObject, messageOf, systemClock, type Clock } from "../../../core/index.ts"
import type { Deployment } from "../../types.ts"
import { UpstreamError } from "../../upstream-error.ts"
import { CredentialCache } from "../credential-cache.ts"
import type { SignRequest } from "../sign-request.ts"
import { entraToken, type EntraSettings } from "./entra.ts"

/** By the digest of what is configured: deployments of one identity share its token. */
const tokensOfIdentities = new LRUCache<string, CredentialCache<string>>({ max: 64 })
const names = ["tenantId", "clientId", "clientSecret", "federatedTokenFile"] as const

/** Headers of one's own, without a word of Entra ID, are how that gateway is told who asks. */
export function azureSigner(deployment: Deployment, clock: Clock = systemClock): SignRequest | undefined {
  const { apiKey, settings = {} } = deployment
  const texts = names.flatMap((name) => (typeof settings[name] === "string" ? [[name, settings[name]] as const] : []))
  if (apiKey !== null || (texts.length === 0 && isJsonObject(settings["headers"]))) return undefined
  const variables = isJsonObject(settings["variables"]) ? Object.entries(settings["variables"]) : []
  const tokens = tokensOf(
    {
      ...Object.fromEntries(texts),
      variables: Object.fromEntries(variables.filter((entry): entry is [string, string] => typeof entry[1] === "string")),
    },
    clock,
  )
  const sign: SignRequest = async (_, signal) => {
    const token = await tokens.get().catch((error: unknown) => {
      throw noToken(deployment, error)
    })
    signal.throwIfAborted()
    return { authorization: `Bearer ${token}` }
  }
  return Object.assign(sign, { forget: () => tokens.forget() })
}

function tokensOf(settings: EntraSettings, clock: Clock): CredentialCache<string> {
  const key = createHash("sha256").update(JSON.stringify(settings)).digest("hex")
  const known = tokensOfIdentities.get(key)
  if (known && clock === systemClock) return known
  const tokens = new CredentialCache((now) => entraToken(settings, now), clock)
  tokensOfIdentities.set(key, tokens)
  return tokens
}

function noToken(deployment: Deployment, error: unknown): UpstreamError {
  return new UpstreamError("upstream_error", `Entra ID gives no token for "${deployment.id}" (${messageOf(error)})`, {
    retryable: true,
    failure: "credentials",
    cause: error,
    hint: `Give that provider an apiKey, or tenantId and clientId with clientSecret or federatedTokenFile in its settings (${deployment.origin}).`,
  })
}
