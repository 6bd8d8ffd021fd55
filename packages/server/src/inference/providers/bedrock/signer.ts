// Signs the requests of Bedrock deployments, with whatever credentials AWS gives; those with an API key carry it as a bearer token.
import { createHash } from "node:crypto"
import { LRUCache } from "lru-cache"
import { isJsonObject, messageOf, systemClock, type Clock } from "../../../core/index.ts"
import type { Deployment } from "../../types.ts"
import { UpstreamError } from "../../upstream-error.ts"
import { awsCredentials } from "../aws/credentials.ts"
import type { AwsSettings } from "../aws/types.ts"
import { CredentialCache } from "../credential-cache.ts"
import type { SignRequest } from "../sign-request.ts"
import { signatureHeaders, type AwsCredentials } from "./signature.ts"

/** By the digest of what is configured: deployments of one account share what it was given. */
const cachesOfAccounts = new LRUCache<string, CredentialCache<AwsCredentials>>({ max: 64 })

export function bedrockSigner(deployment: Deployment, clock: Clock = systemClock): SignRequest | undefined {
  const region = deployment.settings?.["region"]
  if (deployment.apiKey !== null || typeof region !== "string") return undefined
  const cache = cacheOf(settingsIn(deployment, region), clock)
  const sign: SignRequest = async ({ method, origin, path, headers, body }, signal) => {
    const credentials = await cache.get().catch((error: unknown) => {
      throw noCredentials(deployment, error)
    })
    signal.throwIfAborted()
    const { "content-type": type } = headers
    const covered: Record<string, string> = type === undefined ? {} : { "content-type": type }
    return signatureHeaders({ method, origin, path, headers: covered, body }, credentials, { region, service: "bedrock", at: clock.now() })
  }
  return Object.assign(sign, { forget: () => cache.forget() })
}

function cacheOf(settings: AwsSettings, clock: Clock): CredentialCache<AwsCredentials> {
  const key = createHash("sha256").update(JSON.stringify(settings)).digest("hex")
  const known = cachesOfAccounts.get(key)
  if (known && clock === systemClock) return known
  const cache = new CredentialCache((now) => awsCredentials(settings, now), clock)
  cachesOfAccounts.set(key, cache)
  return cache
}

const textSettings = [
  "accessKeyId",
  "secretAccessKey",
  "sessionToken",
  "profile",
  "roleArn",
  "externalId",
  "roleSessionName",
  "webIdentityTokenFile",
] as const

function settingsIn({ settings = {} }: Deployment, region: string): AwsSettings {
  const texts = textSettings.flatMap((name) => (typeof settings[name] === "string" ? [[name, settings[name]] as const] : []))
  const variables = isJsonObject(settings["variables"]) ? Object.entries(settings["variables"]) : []
  return {
    region,
    ...Object.fromEntries(texts),
    variables: Object.fromEntries(variables.filter((entry): entry is [string, string] => typeof entry[1] === "string")),
  }
}

function noCredentials(deployment: Deployment, error: unknown): UpstreamError {
  return new UpstreamError("upstream_error", `AWS gives no credentials for "${deployment.id}" (${messageOf(error)})`, {
    retryable: true,
    failure: "credentials",
    cause: error,
    hint: `Name them in the settings of that provider (${deployment.origin}): accessKeyId, profile, roleArn, or an apiKey of Bedrock.`,
  })
}
