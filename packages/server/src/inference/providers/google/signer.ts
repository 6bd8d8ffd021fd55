// Vertex wants an access token that expires: this adds the one of the moment to each request.
import { createHash } from "node:crypto"
import { readFile } from "node:fs/promises"
import { LRUCache } from "lru-cache"
import { isJsonObject, messageOf, systemClock, type Clock } from "../../../core/index.ts"
import type { Deployment } from "../../types.ts"
import { UpstreamError } from "../../upstream-error.ts"
import type { SignRequest } from "../sign-request.ts"
import { createAccessTokens, type AccessTokens } from "./access-token.ts"
import { googleCredentials, type GoogleCredentials } from "./credentials.ts"

/** By the digest of the credentials: all deployments of one account share its token. */
const tokensOfAccounts = new LRUCache<string, AccessTokens>({ max: 64 })

/** An API key in the configuration is taken for an access token that somebody else renews. */
export function vertexSigner(deployment: Deployment, clock: Clock = systemClock): SignRequest | undefined {
  if (deployment.apiKey !== null) return undefined
  const json = deployment.settings?.["credentials"]
  const variables = isJsonObject(deployment.settings?.["variables"]) ? deployment.settings["variables"] : {}
  const { GOOGLE_APPLICATION_CREDENTIALS: file } = variables
  const tokens = tokensOf(
    { json: typeof json === "string" ? json : null, file: typeof file === "string" ? file : null },
    deployment.origin,
    clock,
  )
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

interface Place {
  /** What the file says that the configuration names. */
  json: string | null
  /** The file that the environment names. */
  file: string | null
}

function tokensOf({ json, file }: Place, origin: string, clock: Clock): AccessTokens {
  const key = createHash("sha256")
    .update(json ?? `file ${file ?? ""}`)
    .digest("hex")
  const known = tokensOfAccounts.get(key)
  if (known) return known
  const tokens = createAccessTokens(credentialsOf({ json, file }, origin), clock)
  tokensOfAccounts.set(key, tokens)
  return tokens
}

/** What is configured is read at once, to be refused at once. */
function credentialsOf({ json, file }: Place, origin: string): () => GoogleCredentials | Promise<GoogleCredentials> {
  if (json === null && file !== null) return () => ofFile(file)
  const credentials = googleCredentials(json, origin)
  return () => credentials
}

async function ofFile(file: string): Promise<GoogleCredentials> {
  const text = await readFile(file, "utf8").catch((error: unknown) => {
    throw new Error("the file of GOOGLE_APPLICATION_CREDENTIALS cannot be read", { cause: error })
  })
  return googleCredentials(text, "GOOGLE_APPLICATION_CREDENTIALS")
}

function noToken(deployment: Deployment, error: unknown): UpstreamError {
  const given = typeof deployment.settings?.["credentials"] === "string"
  return new UpstreamError("upstream_error", `Google gives no access token for "${deployment.id}" (${messageOf(error)})`, {
    retryable: true,
    failure: "credentials",
    cause: error,
    hint: given
      ? `Check settings.credentials of that provider (${deployment.origin}).`
      : `Without settings.credentials and GOOGLE_APPLICATION_CREDENTIALS it is asked for at the metadata server, which only machines of Google Cloud have (${deployment.origin}).`,
  })
}
