// Access tokens of Google's: fetched once, used until they are old, renewed behind the back of the calls.
import { createSign } from "node:crypto"
import { request } from "undici"
import { isJsonObject, messageOf, type Clock } from "../../../core/index.ts"
import type { GoogleCredentials } from "./credentials.ts"

export interface AccessTokens {
  /** Rejects where none can be had. */
  get(): Promise<string>
}

const scope = "https://www.googleapis.com/auth/cloud-platform"
const askedLifeSeconds = 3_600
const fetchTimeoutMs = 10_000
/** Renewed when so little is left, while the old one still serves. */
const renewBeforeMs = 5 * 60_000
/** Not used in its last moments: the request has to arrive. */
const spareMs = 15_000
/** Between two attempts to renew a token that still serves. */
const renewPauseMs = 15_000

export function createAccessTokens(credentials: GoogleCredentials, clock: Clock): AccessTokens {
  return new CachedTokens(credentials, clock)
}

class CachedTokens implements AccessTokens {
  readonly #credentials: GoogleCredentials
  readonly #clock: Clock
  #token: { text: string; until: number } | undefined
  #fetching: Promise<string> | undefined
  #triedAt = Number.NEGATIVE_INFINITY

  constructor(credentials: GoogleCredentials, clock: Clock) {
    this.#credentials = credentials
    this.#clock = clock
  }

  async get(): Promise<string> {
    const now = this.#clock.now()
    if (!this.#token || this.#token.until - spareMs <= now) return this.#fetch()
    if (this.#token.until - renewBeforeMs <= now && this.#triedAt + renewPauseMs <= now) void this.#fetch().catch(() => undefined) // tried again while the old one lasts, and told when it does not
    return this.#token.text
  }

  /** One at a time, however many calls wait for it. */
  #fetch(): Promise<string> {
    this.#triedAt = this.#clock.now()
    this.#fetching ??= this.#asked().finally(() => (this.#fetching = undefined))
    return this.#fetching
  }

  async #asked(): Promise<string> {
    const at = this.#clock.now()
    const { token, lifeMs } = await fetchToken(this.#credentials, at)
    this.#token = { text: token, until: at + lifeMs }
    return token
  }
}

async function fetchToken(credentials: GoogleCredentials, now: number): Promise<{ token: string; lifeMs: number }> {
  const signal = AbortSignal.timeout(fetchTimeoutMs)
  const answer =
    credentials.type === "metadata"
      ? await request(credentials.tokenUrl, { headers: { "metadata-flavor": "Google" }, signal })
      : await request(credentials.tokenUrl, {
          method: "POST",
          headers: { "content-type": "application/x-www-form-urlencoded" },
          body: new URLSearchParams(grantOf(credentials, now)).toString(),
          signal,
        })
  const text = await answer.body.text()
  const body = jsonIn(text)
  const token = body["access_token"]
  if (answer.statusCode !== 200 || typeof token !== "string") throw new Error(whyRefused(answer.statusCode, body))
  const seconds = typeof body["expires_in"] === "number" ? body["expires_in"] : askedLifeSeconds
  return { token, lifeMs: seconds * 1000 }
}

function grantOf(credentials: Exclude<GoogleCredentials, { type: "metadata" }>, now: number): Record<string, string> {
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

function jsonIn(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text)
    return isJsonObject(value) ? value : {}
  } catch (error) {
    return { error: messageOf(error) }
  }
}

function whyRefused(status: number, { error, error_description: description }: Record<string, unknown>): string {
  const said = [error, description].filter((each) => typeof each === "string")
  return `HTTP ${status}${said.length > 0 ? ` ${said.join(": ")}` : ""}`
}
