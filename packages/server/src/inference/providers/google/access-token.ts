// Access tokens of Google's: fetched once, used until they are old, renewed behind the back of the calls.
import { createSign } from "node:crypto"
import type { Clock, JsonObject } from "../../../core/index.ts"
import { CredentialCache, type Lasting } from "../credential-cache.ts"
import { askForCredential, askWithForm } from "../credential-request.ts"
import type { GoogleCredentials } from "./credentials.ts"
import { externalToken } from "./external-account.ts"

export interface AccessTokens {
  /** Rejects where none can be had. */
  get(): Promise<string>
  /** It was refused. False where that has just been said. */
  forget(): boolean
}

const scope = "https://www.googleapis.com/auth/cloud-platform"
const askedLifeSeconds = 3_600
/** `credentials` are asked for with each token: their file may have changed. */
export function createAccessTokens(credentials: () => GoogleCredentials | Promise<GoogleCredentials>, clock: Clock): AccessTokens {
  return new CredentialCache(async (now) => fetchToken(await credentials(), now), clock)
}

async function fetchToken(credentials: GoogleCredentials, now: number): Promise<Lasting<string>> {
  if (credentials.type === "external_account") return externalToken(credentials, scope, now)
  const { status, json } =
    credentials.type === "metadata"
      ? await askForCredential(credentials.tokenUrl, { headers: { "metadata-flavor": "Google" } })
      : await askWithForm(credentials.tokenUrl, grantOf(credentials, now))
  const { access_token: token, expires_in: life } = json
  if (status !== 200 || typeof token !== "string") throw new Error(whyRefused(status, json))
  const seconds = typeof life === "number" ? life : askedLifeSeconds
  return { value: token, until: now + seconds * 1000 }
}

function grantOf(credentials: Exclude<GoogleCredentials, { type: "metadata" | "external_account" }>, now: number): Record<string, string> {
  if (credentials.type === "service_account")
    return { grant_type: "urn:ietf:params:oauth:grant-type:jwt-bearer", assertion: assertionOf(credentials, now) }
  const { clientId, clientSecret, refreshToken } = credentials
  return { grant_type: "refresh_token", client_id: clientId, client_secret: clientSecret, refresh_token: refreshToken }
}

/** A JSON Web Token (RS256) by which a service account asks for an access token. */
function assertionOf({ email, privateKey, keyId, tokenUrl }: Extract<GoogleCredentials, { type: "service_account" }>, now: number): string {
  const issuedAt = Math.floor(now / 1000)
  const header = { alg: "RS256", typ: "JWT", ...(keyId === null ? {} : { kid: keyId }) }
  const claims = { iss: email, scope, aud: tokenUrl, iat: issuedAt, exp: issuedAt + askedLifeSeconds }
  const signed = `${base64Url(header)}.${base64Url(claims)}`
  return `${signed}.${createSign("RSA-SHA256").update(signed).sign(privateKey, "base64url")}`
}

function base64Url(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url")
}

function whyRefused(status: number, { error, error_description: description }: JsonObject): string {
  const said = [error, description].filter((each) => typeof each === "string")
  return `HTTP ${status}${said.length > 0 ? ` ${said.join(": ")}` : ""}`
}
