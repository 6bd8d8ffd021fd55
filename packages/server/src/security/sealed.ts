// Texts that clients keep for the server and can neither read nor change: AES-256-GCM under a secret of this installation.
import { createCipheriv, createDecipheriv, createSecretKey, hkdfSync, randomBytes, type KeyObject } from "node:crypto"
import { apiKeys, type Store } from "../store/index.ts"

export interface Sealer {
  /** A key of this installation for one purpose; the same whenever it is asked for. */
  key(purpose: string): Uint8Array
  /** Only the same purpose and project open it again. */
  seal(purpose: string, projectId: string, text: string): string
  /** Undefined for what was not sealed here, was changed, or belongs to another project or purpose. */
  open(purpose: string, projectId: string, sealed: string): string | undefined
  /** The same for bytes, such as keys that are kept in the database. */
  sealBytes(purpose: string, projectId: string, bytes: Uint8Array): Uint8Array
  openBytes(purpose: string, projectId: string, sealed: Uint8Array): Uint8Array | undefined
}

const prefix = "pds1."
const algorithm = "aes-256-gcm"
const nonceBytes = 12
const tagBytes = 16

/** Whether a text looks like a sealed one, or has one in it. */
export function mentionsSealed(text: string): boolean {
  return text.includes(prefix)
}

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
  const sealBytes: Sealer["sealBytes"] = (purpose, projectId, bytes) => sealUnder(keyOf(purpose), bytes, projectId)
  const openBytes: Sealer["openBytes"] = (purpose, projectId, sealed) => openUnder(keyOf(purpose), sealed, projectId)
  return {
    key: keyOf,
    seal: (purpose, projectId, text) => prefix + Buffer.from(sealBytes(purpose, projectId, Buffer.from(text))).toString("base64url"),
    open: (purpose, projectId, sealed) => {
      if (!sealed.startsWith(prefix)) return undefined
      const bytes = openBytes(purpose, projectId, Buffer.from(sealed.slice(prefix.length), "base64url"))
      return bytes && Buffer.from(bytes).toString("utf8")
    },
    sealBytes,
    openBytes,
  }
}

/** Keys as the cipher wants them: to make them anew for each text takes longer than to open one. */
const keyObjects = new WeakMap<Uint8Array, KeyObject>()

function keyObject(key: Uint8Array): KeyObject {
  const known = keyObjects.get(key) ?? createSecretKey(key)
  keyObjects.set(key, known)
  return known
}

/** Nonce, tag, encrypted bytes. `context` has to be the same again to open it. */
export function sealUnder(key: Uint8Array, bytes: Uint8Array, context: string): Uint8Array {
  const nonce = randomBytes(nonceBytes)
  const cipher = createCipheriv(algorithm, keyObject(key), nonce).setAAD(Buffer.from(context))
  const body = Buffer.concat([cipher.update(bytes), cipher.final()])
  return Buffer.concat([nonce, cipher.getAuthTag(), body])
}

/** Undefined for what was not sealed under that key and context, or was changed. */
export function openUnder(key: Uint8Array, sealed: Uint8Array, context: string): Uint8Array | undefined {
  if (sealed.length < nonceBytes + tagBytes) return undefined
  const decipher = createDecipheriv(algorithm, keyObject(key), sealed.subarray(0, nonceBytes), { authTagLength: tagBytes })
  decipher.setAAD(Buffer.from(context)).setAuthTag(sealed.subarray(nonceBytes, nonceBytes + tagBytes))
  try {
    return Buffer.concat([decipher.update(sealed.subarray(nonceBytes + tagBytes)), decipher.final()])
  } catch {
    return undefined // the tag does not fit
  }
}
