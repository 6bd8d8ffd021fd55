// Signed texts for the dashboard: one-time login tokens and session cookies, checkable by every process that knows the pepper.
import { createHmac, randomBytes } from "node:crypto"
import { sameDigest } from "./keys.ts"

export const sessionCookie = "perdure_session"
export const loginTokenLifeMs = 15 * 60_000
export const sessionLifeMs = 12 * 60 * 60_000

export interface SignedClaims {
  use: "login" | "session"
  id: string
  projectId: string
  /** Epoch milliseconds. */
  expiresAt: number
}

/** `<claims as base64url JSON>.<HMAC-SHA-256 as base64url>`. */
export function sign(pepper: Uint8Array, claims: Omit<SignedClaims, "id">): string {
  const body = Buffer.from(JSON.stringify({ ...claims, id: randomBytes(16).toString("hex") })).toString("base64url")
  return `${body}.${mac(pepper, body).toString("base64url")}`
}

/** The claims of a text that we signed for that use and that has not expired. */
export function verify(pepper: Uint8Array, text: string, use: SignedClaims["use"], now: number): SignedClaims | undefined {
  const [body, signature, more] = text.split(".")
  if (body === undefined || signature === undefined || more !== undefined) return undefined
  if (!sameDigest(mac(pepper, body), Buffer.from(signature, "base64url"))) return undefined
  const claims = JSON.parse(Buffer.from(body, "base64url").toString()) as SignedClaims // signed by us, so of our shape
  return claims.use === use && claims.expiresAt > now ? claims : undefined
}

/** The token that unsafe requests of that session carry in `x-perdure-csrf`. */
export function csrfToken(pepper: Uint8Array, session: string): string {
  return mac(pepper, `csrf ${session}`).toString("base64url")
}

export function cookieOf(header: string | undefined, name: string): string | undefined {
  for (const part of header?.split(";") ?? []) {
    const equals = part.indexOf("=")
    if (equals > 0 && part.slice(0, equals).trim() === name) return part.slice(equals + 1).trim()
  }
  return undefined
}

function mac(pepper: Uint8Array, text: string): Buffer {
  return createHmac("sha256", pepper).update(text).digest()
}
