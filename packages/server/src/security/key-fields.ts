// A stored key as the API shows it, and the rows that a request for a new or a changed key asks for.
import type { ApiKey, ApiKeyUpdateRequest } from "@perdure/contract"
import type { JsonObject } from "../core/index.ts"
import type { KeyFields, StoredKey } from "../store/index.ts"
import type { KeySettings } from "./types.ts"

export function newFields(name: string, settings: KeySettings, secret: Pick<KeyFields, "digest" | "hint">, now: number): KeyFields {
  const blank = { models: [], endpoints: [], regions: [], limits: {}, tags: [], user: null, metadata: {}, expiresAt: null, blockedAt: null }
  return patched({ ...blank, ...secret, name, rotatedAt: null, retired: [], revokedAt: null }, settings, now)
}

/** A merge: what is absent stays, null takes away, lists are replaced. */
export function patched(before: KeyFields, patch: ApiKeyUpdateRequest, now: number): KeyFields {
  const { name, scope, limits, tags, user, metadata, expiresAt, blocked } = patch
  return {
    ...before,
    name: name ?? before.name,
    models: scope?.models ?? before.models,
    endpoints: scope?.endpoints ?? before.endpoints,
    regions: scope?.regions ?? before.regions,
    limits: merged(before.limits, limits),
    tags: tags ?? before.tags,
    user: user === undefined ? before.user : user,
    metadata: merged(before.metadata, metadata),
    expiresAt: expiresAt === undefined ? before.expiresAt : expiresAt,
    blockedAt: blocked === undefined ? before.blockedAt : blocked ? (before.blockedAt ?? now) : null,
  }
}

export function shown(row: StoredKey, now: number): ApiKey {
  const {
    id,
    name,
    hint,
    models,
    endpoints,
    regions,
    limits,
    tags,
    user,
    metadata,
    createdAt,
    createdBy,
    updatedAt,
    expiresAt,
    rotatedAt,
  } = row
  const oldSecretsUntil = Math.max(0, ...row.retired.map(({ until }) => until))
  return {
    id,
    name,
    hint,
    state: stateOf(row, now),
    scope: { models: [...models], endpoints: [...endpoints], regions: [...regions] },
    limits,
    tags: [...tags],
    user,
    metadata: { ...metadata } as ApiKey["metadata"], // no member is undefined: it was stored
    createdAt,
    createdBy,
    updatedAt,
    expiresAt,
    blockedAt: row.blockedAt,
    rotatedAt,
    oldSecretsUntil: oldSecretsUntil > now ? oldSecretsUntil : null,
    lastUsedAt: row.lastUsedAt,
    revokedAt: row.revokedAt,
  }
}

function stateOf({ revokedAt, blockedAt, expiresAt }: StoredKey, now: number): ApiKey["state"] {
  if (revokedAt !== null) return "revoked"
  if (blockedAt !== null) return "blocked"
  return expiresAt !== null && expiresAt <= now ? "expired" : "live"
}

/** Members that are null are taken away. */
function merged(before: JsonObject, changes: JsonObject = {}): JsonObject {
  return Object.fromEntries(Object.entries({ ...before, ...changes }).filter(([, value]) => value !== null && value !== undefined))
}
