// Texts that clients keep for the server and can neither read nor change: AES-256-GCM under a secret of this installation.
import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from "node:crypto"
import { apiKeys, type Store } from "../store/index.ts"

export interface Sealer {
  /** A key of this installation for one purpose; the same whenever it is asked for. */
  key(purpose: string): Uint8Array
  /** Only the same purpose and project open it again. */
  seal(purpose: string, projectId: string, text: string): string
  /** Undefined for what was not sealed here, was changed, or belongs to another project or purpose. */
  open(purpose: string, projectId: string, sealed: string): string | undefined
}

const prefix = "pds1."
const algorithm = "aes-256-gcm"
const nonceBytes = 12
const tagBytes = 16

/** All processes of one database share the secret. */
export async function openSealer(store: Pick<Store, "system">): Promise<Sealer> {
  const candidate = randomBytes(32).toString("base64")
  return createSealer(Buffer.from(await apiKeys.settingOr(store.system, "sealing_secret", candidate), "base64"))
}

export function createSealer(secret: Uint8Array): Sealer {
  const keys = new Map<string, Uint8Array>()
  const keyOf = (purpose: string): Uint8Array => {
    const known = keys.get(purpose) ?? new Uint8Array(hkdfSync("sha256", secret, "", `perdure ${purpose}`, 32))
    keys.set(purpose, known)
    return known
  }
  return {
    key: keyOf,
    seal: (purpose, projectId, text) => {
      const nonce = randomBytes(nonceBytes)
      const cipher = createCipheriv(algorithm, keyOf(purpose), nonce).setAAD(Buffer.from(projectId))
      const body = Buffer.concat([cipher.update(text, "utf8"), cipher.final()])
      return prefix + Buffer.concat([nonce, cipher.getAuthTag(), body]).toString("base64url")
    },
    open: (purpose, projectId, sealed) => {
      if (!sealed.startsWith(prefix)) return undefined
      const bytes = Buffer.from(sealed.slice(prefix.length), "base64url")
      if (bytes.length < nonceBytes + tagBytes) return undefined
      const decipher = createDecipheriv(algorithm, keyOf(purpose), bytes.subarray(0, nonceBytes), { authTagLength: tagBytes })
      decipher.setAAD(Buffer.from(projectId)).setAuthTag(bytes.subarray(nonceBytes, nonceBytes + tagBytes))
      try {
        return Buffer.concat([decipher.update(bytes.subarray(nonceBytes + tagBytes)), decipher.final()]).toString("utf8")
      } catch {
        return undefined // the tag does not fit
      }
    },
  }
}
