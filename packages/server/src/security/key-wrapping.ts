// Under what data keys are wrapped: a key that lies outside of the database where the operator gives one, else the installation's secret.
import { createHash, hkdfSync } from "node:crypto"
import { AppError } from "../core/index.ts"
import { apiKeys, dataKeys, type Store } from "../store/index.ts"
import { openUnder, sealUnder, type Sealer } from "./sealed.ts"

/** A key of the operator, who keeps it outside of the database; `bytes` are secret, the fingerprint is not. */
export interface MasterKey {
  fingerprint: string
  bytes: Uint8Array
}

export interface MasterKeys {
  /** Null: the installation's secret wraps, which lies in the database. */
  current: MasterKey | null
  /** Keys of before, for what is still wrapped under them. */
  previous: readonly MasterKey[]
}

export interface KeyWrapping {
  /** Fingerprint of what new keys are wrapped under; null: the installation's secret. */
  readonly current: string | null
  wrap(projectId: string, key: Uint8Array): Uint8Array
  /** Undefined where it was wrapped under something else. */
  unwrap(projectId: string, wrapped: Uint8Array, by: string | null): Uint8Array | undefined
}

export const masterKeyBytes = 32
const purpose = "data keys"
const settingKey = "encryption_key"

/** From 32 bytes as base64 or hex; undefined where the text is neither. */
export function parseMasterKey(text: string): MasterKey | undefined {
  const trimmed = text.trim()
  const encoding = /^[0-9a-f]{64}$/i.test(trimmed) ? "hex" : /^[A-Za-z0-9+/_-]{43}=?$/.test(trimmed) ? "base64" : undefined
  const bytes = encoding && new Uint8Array(Buffer.from(trimmed, encoding))
  return bytes?.length === masterKeyBytes ? { bytes, fingerprint: fingerprintOf(bytes) } : undefined
}

/** Tells keys apart, and tells nobody the key. */
function fingerprintOf(bytes: Uint8Array): string {
  return createHash("sha256").update("perdure master key fingerprint").update(hkdfSync256(bytes, "fingerprint")).digest("hex").slice(0, 16)
}

function hkdfSync256(bytes: Uint8Array, use: string): Uint8Array {
  return new Uint8Array(hkdfSync("sha256", bytes, "", `perdure ${use}`, 32))
}

export function createKeyWrapping(sealer: Sealer, { current, previous }: MasterKeys = { current: null, previous: [] }): KeyWrapping {
  const keys = new Map(
    [...previous, ...(current === null ? [] : [current])].map(({ fingerprint, bytes }) => [fingerprint, hkdfSync256(bytes, purpose)]),
  )
  return {
    current: current?.fingerprint ?? null,
    wrap(projectId, key) {
      const outside = current === null ? undefined : keys.get(current.fingerprint)
      return outside === undefined ? sealer.sealBytes(purpose, projectId, key) : sealUnder(outside, key, projectId)
    },
    unwrap(projectId, wrapped, by) {
      if (by === null) return sealer.openBytes(purpose, projectId, wrapped)
      const outside = keys.get(by)
      return outside && openUnder(outside, wrapped, projectId)
    },
  }
}

/** Refuses a database whose data keys these keys do not open, before anything is written. */
export async function openKeyWrapping(store: Pick<Store, "system">, sealer: Sealer, keys: MasterKeys): Promise<KeyWrapping> {
  const known = new Set([keys.current?.fingerprint ?? null, ...keys.previous.map(({ fingerprint }) => fingerprint)])
  const configured = keys.current?.fingerprint ?? null
  const inForce = await apiKeys.findSetting(store.system, settingKey)
  if (inForce !== null && !known.has(inForce)) throw wrongKey(inForce, configured)
  for (const { by, count } of await dataKeys.wrappedBy(store.system)) if (by !== null && !known.has(by)) throw unreadable(by, count)
  if (inForce !== configured) await apiKeys.putSetting(store.system, settingKey, configured)
  return createKeyWrapping(sealer, keys)
}

function wrongKey(inForce: string, configured: string | null): AppError {
  const given = configured === null ? "no key is configured" : `the configured key has the fingerprint ${configured}`
  return new AppError(
    "config_invalid",
    `The data keys of this database are wrapped by the key with the fingerprint ${inForce}; ${given}.`,
    {
      param: "encryption.key",
      hint: `Name the file or variable of the key ${inForce} in encryption.key; to replace it, in encryption.previousKeys, and run perdure encryption rotate.`,
    },
  )
}

function unreadable(by: string, count: number): AppError {
  return new AppError(
    "config_invalid",
    `${count} data keys of this database are still wrapped by the key with the fingerprint ${by}, which is not configured.`,
    {
      param: "encryption.previousKeys",
      hint: `Name it in encryption.previousKeys and run perdure encryption rotate; after that it can be left out.`,
    },
  )
}

export interface Rotation {
  /** What data keys are wrapped under now; null: the installation's secret. */
  fingerprint: string | null
  rewrapped: number
  /** Those that no configured key opens. */
  left: number
}

const rowsPerPage = 500

/** Wraps every data key anew that is wrapped under something else than what is in force. May be stopped and repeated at any time. */
export async function rewrapDataKeys(store: Pick<Store, "system">, wrapping: KeyWrapping): Promise<Rotation> {
  const rotation: Rotation = { fingerprint: wrapping.current, rewrapped: 0, left: 0 }
  for (let after = ""; ;) {
    const page = await dataKeys.keysWrappedOtherwise(store.system, wrapping.current, after, rowsPerPage)
    for (const { projectId, id, wrapped, wrappedBy } of page) {
      const key = wrapping.unwrap(projectId, wrapped, wrappedBy)
      const again = key && { id, wrapped: wrapping.wrap(projectId, key), wrappedBy: wrapping.current, was: wrappedBy }
      if (again === undefined) rotation.left += 1
      // Destroyed meanwhile: it stays so.
      else if (await dataKeys.rewrap(store.system, projectId, again)) rotation.rewrapped += 1
    }
    const last = page.at(-1)
    if (last === undefined) return rotation
    after = last.id
  }
}
