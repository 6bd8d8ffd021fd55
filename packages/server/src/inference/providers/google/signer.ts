// Vertex wants an access token that expires: this adds the one of the moment to each request.
import { createHash } from "node:crypto"
import { LRUCache } from "lru-cache"
import { messageOf, systemClock, type Clock } from "../../../core/index.ts"
import type { Deployment } from "../../types.ts"
import { UpstreamError } from "../../upstream-error.ts"
import type { SignRequest } from "../sign-request.ts"
import { createAccessTokens, type AccessTokens } from "./access-token.ts"
import { googleCredentials } from "./credentials.ts"

/** By the digest of the credentials: all deployments of one account share its token. */
const tokensOfAccounts = new LRUCache<string, AccessTokens>({ max: 64 })

/** An API key in the configuration is taken for an access token that somebody else renews. */
export function vertexSigner(deployment: Deployment, clock: Clock = systemClock): SignRequest | undefined {
  if (deployment.apiKey !== null) return undefined
  const json = deployment.settings?.["credentials"]
  const tokens = tokensOf(typeof json === "string" ? json : null, deployment.origin, clock)
  const sign: SignRequest = async (_, signal) => {
    try {
      const token = await tokens.get()
      signal.throwIfAborted()
      return { authorization: `Bearer ${token}` }
    } catch (error) {
      throw signal.aborted ? error : noToken(deployment, error)
    }
  }
  return Object.assign(sign, { forget: () => tokens.forget() })
}

function tokensOf(json: string | null, origin: string, clock: Clock): AccessTokens {
  const key = createHash("sha256")
    .update(json ?? "metadata")
    .digest("hex")
  const known = tokensOfAccounts.get(key)
  if (known) return known
  const tokens = createAccessTokens(googleCredentials(json, origin), clock)
  tokensOfAccounts.set(key, tokens)
  return tokens
}

function noToken(deployment: Deployment, error: unknown): UpstreamError {
  const given = typeof deployment.settings?.["credentials"] === "string"
  return new UpstreamError("upstream_error", `Google gives no access token for "${deployment.id}" (${messageOf(error)})`, {
    retryable: true,
    failure: "credentials",
    cause: error,
    hint: given
      ? `Check settings.credentials of that provider (${deployment.origin}).`
      : `Without settings.credentials it is asked for at the metadata server, which only machines of Google Cloud have (${deployment.origin}).`,
  })
}
