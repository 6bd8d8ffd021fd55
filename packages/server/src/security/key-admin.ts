// Making and changing keys: each change is one row, told to all processes by the database and taken over by this one at once.
import type { ApiKey } from "@perdure/contract"
import { AppError, type Clock, type Limits, type NewId } from "../core/index.ts"
import { apiKeys, type KeyFields, type RetiredSecret, type Store, type StoredKey } from "../store/index.ts"
import { newFields, patched, shown } from "./key-fields.ts"
import { requireManager, requireNoLimits, requireWithin, type KeyManager } from "./key-rights.ts"
import type { KeyRing } from "./key-ring.ts"
import { digestOf, hintOf, newKeyText } from "./keys.ts"
import type { KeyAdmin, KeySettings, NewKey, Principal } from "./types.ts"

export interface KeyAdminOptions {
  store: Store
  ring: KeyRing
  pepper: Uint8Array
  clock: Clock
  newId: NewId
  limits: Pick<Limits, "keysPerProjectMax" | "keyOldSecretsMax">
}

const overlapDefaultMs = 24 * 60 * 60_000
const listRowsDefault = 100

export function createKeyAdmin(options: KeyAdminOptions): KeyAdmin {
  const { store, ring, clock } = options
  return {
    createKey: (projectId, name, settings = {}, by) => create(options, { projectId, name, settings, by }),
    listKeys: async (projectId, { limit = listRowsDefault, ...filter } = {}, by) => {
      const manager = managerOf(ring, by)
      if (manager) requireManager(manager)
      const now = clock.now()
      const rows = await apiKeys.keysOfProject(store.system, projectId, { ...filter, limit, now })
      return rows.map((row) => shown(row, now))
    },
    getKey: async (projectId, keyId, by) => {
      const manager = managerOf(ring, by)
      if (manager && manager.id !== keyId) requireManager(manager)
      const row = await apiKeys.keyOfProject(store.system, projectId, keyId)
      return row && shown(row, clock.now())
    },
    updateKey: (projectId, keyId, patch, by) =>
      change(options, { projectId, keyId, by }, (row) => {
        const fields = patched(row, patch, clock.now())
        const manager = managerOf(ring, by)
        if (manager) requireWithin(manager, fields)
        return fields
      }),
    rotateKey: (projectId, keyId, { overlapMs = overlapDefaultMs } = {}, by) => rotate(options, { projectId, keyId, by }, overlapMs),
    revokeKey: async (projectId, keyId, by) => {
      return (await changeIfThere(options, { projectId, keyId, by }, (row) => ({ ...row, revokedAt: clock.now() }))) !== undefined
    },
  }
}

interface Wanted {
  projectId: string
  name: string
  settings: KeySettings
  by: Principal | undefined
}

async function create(options: KeyAdminOptions, { projectId, name, settings, by }: Wanted): Promise<NewKey> {
  const { store, ring, pepper, clock, newId, limits } = options
  const id = newId("key")
  const secret = newKeyText(id)
  const fields = newFields(name, settings, { digest: digestOf(pepper, secret), hint: hintOf(secret) }, clock.now())
  refusePast(fields.expiresAt, clock.now())
  const manager = managerOf(ring, by)
  if (manager) {
    requireManager(manager)
    requireNoLimits(manager)
    requireWithin(manager, fields)
  }
  await apiKeys.ensureProject(store.system, projectId, projectId)
  const row = await store.system.transaction(async (tx) => {
    const count = await apiKeys.countLiveKeys(tx, projectId, clock.now())
    if (count >= limits.keysPerProjectMax) throw tooMany(limits.keysPerProjectMax)
    return apiKeys.insertKey(tx, { ...fields, id, projectId, createdBy: by?.id ?? null })
  })
  if (row === undefined) throw new AppError("server_error", "the key was not stored")
  ring.take([row])
  return { ...shown(row, clock.now()), secret }
}

async function rotate(options: KeyAdminOptions, target: Target, overlapMs: number): Promise<NewKey> {
  const { pepper, clock, limits } = options
  const secret = newKeyText(target.keyId)
  const now = clock.now()
  const key = await change(options, target, (row) => {
    const retired: RetiredSecret[] = overlapMs === 0 ? [] : row.retired.filter(({ until }) => until > now)
    if (overlapMs > 0) retired.push({ digest: Buffer.from(row.digest).toString("hex"), until: now + overlapMs })
    if (retired.length > limits.keyOldSecretsMax) throw tooManySecrets(limits.keyOldSecretsMax)
    return { ...row, digest: digestOf(pepper, secret), hint: hintOf(secret), retired, rotatedAt: now }
  })
  return { ...key, secret }
}

interface Target {
  projectId: string
  keyId: string
  by: Principal | undefined
}

async function change(options: KeyAdminOptions, target: Target, work: (row: StoredKey) => KeyFields): Promise<ApiKey> {
  const key = await changeIfThere(options, target, work)
  if (!key) throw noLiveKey(target.keyId)
  return key
}

/** Under the row's lock, so that of two changes at once neither is lost. */
async function changeIfThere(options: KeyAdminOptions, target: Target, work: (row: StoredKey) => KeyFields): Promise<ApiKey | undefined> {
  const { store, ring, clock } = options
  const { projectId, keyId, by } = target
  const row = await store.system.transaction(async (tx) => {
    const before = await apiKeys.lockKey(tx, projectId, keyId)
    if (!before || before.revokedAt !== null) return undefined
    const manager = managerOf(ring, by)
    if (manager) requireMayChange(manager, before)
    return apiKeys.updateKey(tx, projectId, keyId, work(before))
  })
  if (!row) return undefined
  ring.take([row])
  return shown(row, clock.now())
}

function requireMayChange(manager: KeyManager, key: StoredKey): void {
  requireManager(manager)
  if (manager.id === key.id) return
  requireNoLimits(manager)
  requireWithin(manager, key)
}

/** Null for people at the dashboard and the command line, who are restricted by nothing but the gate. */
export function managerOf(ring: KeyRing, by: Principal | undefined): KeyManager | null {
  if (by === undefined || by.kind === "session") return null
  const key = ring.keyOf(by.id)
  if (key && key.blockedAt === null) return key
  throw new AppError("invalid_api_key", `the API key was ${key ? "blocked" : "revoked"} meanwhile`, { hint: "Use another key." })
}

function refusePast(expiresAt: number | null, now: number): void {
  if (expiresAt === null || expiresAt > now) return
  throw new AppError("invalid_request", `"expiresAt" is ${new Date(expiresAt).toISOString()}, which has passed`, {
    param: "expiresAt",
    hint: "Give epoch milliseconds in the future, or leave it out for a key that never expires.",
  })
}

function tooMany(max: number): AppError {
  return new AppError("invalid_request", `the project has ${max} keys that can be used, and keysPerProjectMax is ${max}`, {
    hint: "Revoke some, let keys expire, or raise limits.keysPerProjectMax.",
  })
}

function tooManySecrets(max: number): AppError {
  return new AppError("invalid_request", `the key has ${max} replaced secrets that still work, and keyOldSecretsMax is ${max}`, {
    hint: "Rotate with overlapMs: 0, which ends them all, or wait until the first of them ends.",
  })
}

/** Says nothing about a key of another project. */
export function noLiveKey(keyId: string): AppError {
  return new AppError("not_found", `There is no live key '${keyId.slice(0, 200)}'.`, { param: "id", hint: "List keys with GET /v1/keys." })
}
