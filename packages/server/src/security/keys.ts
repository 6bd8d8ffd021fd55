// The text of API keys: prefix, key id, secret, checksum; and how they are kept: HMAC-SHA-256 with a pepper, compared in constant time.
import { createHmac, hash, randomBytes, timingSafeEqual } from "node:crypto"

/** `pk_<12 characters of the key's id>_<43 characters of secret><6 characters of checksum>`: recognisable by scanners, checkable before any look-up. */
export const keyPattern = /^pk_([0-9a-f]{12})_([A-Za-z0-9_-]{43})([0-9a-f]{6})$/

/** A new secret text for the key of that id (`key_…`); its shape is `keyPattern`. */
export function newKeyText(keyId: string): string {
  const body = `pk_${shortId(keyId)}_${randomBytes(32).toString("base64url")}`
  return body + checksum(body)
}

/** The part of the text that finds the key's row, or undefined when the text is no key of ours. */
export function shortIdOf(text: string): string | undefined {
  const match = keyPattern.exec(text)
  if (!match) return undefined
  return checksum(text.slice(0, -6)) === match[3] ? match[1] : undefined
}

/** The last 12 hexadecimal digits of the id are random; the first are the time. */
export function shortId(keyId: string): string {
  return keyId.slice(-12)
}

/** What is stored in place of the text. */
export function digestOf(pepper: Uint8Array, text: string): Uint8Array {
  return createHmac("sha256", pepper).update(text).digest()
}

export function sameDigest(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && timingSafeEqual(a, b)
}

/** What may be shown of a key afterwards. */
export function hintOf(text: string): string {
  return `${text.slice(0, 15)}…`
}

function checksum(body: string): string {
  return hash("sha256", body, "hex").slice(0, 6)
}
