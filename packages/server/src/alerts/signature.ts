// The signature of a webhook, as standardwebhooks.com has it: HMAC-SHA256 of id, time and body, so that neither can be changed nor sent again later.
import { createHmac } from "node:crypto"

export interface Signed {
  id: string
  /** Seconds since 1970. */
  timestamp: number
  body: string
}

/** `secret` is whsec_ and base64. */
export function signatureOf({ id, timestamp, body }: Signed, secret: string): string {
  const key = Buffer.from(secret.replace(/^whsec_/, ""), "base64")
  return `v1,${createHmac("sha256", key).update(`${id}.${timestamp}.${body}`).digest("base64")}`
}
