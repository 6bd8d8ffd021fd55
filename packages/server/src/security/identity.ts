// Who is calling: API keys and dashboard sessions, checked in memory without the database, kept fresh in all processes by NOTIFY.
import { randomBytes } from "node:crypto"
import type { Clock, Limits, NewId } from "../core/index.ts"
import { apiKeys, type Store } from "../store/index.ts"
import { createClientSecrets, isClientSecret } from "./client-secrets.ts"
import { createKeyAdmin } from "./key-admin.ts"
import { createKeyLookup } from "./key-lookup.ts"
import { KeyRefresh } from "./key-refresh.ts"
import { KeyRing } from "./key-ring.ts"
import { adminId, adminOf, createLogins } from "./logins.ts"
import type { Identity, RequestHeaders } from "./types.ts"

export interface IdentityOptions {
  store: Store
  clock: Clock
  newId: NewId
  /** People reach the dashboard by https alone. */
  secureCookies?: boolean
  limits: Pick<Limits, "keysPerProjectMax" | "keyOldSecretsMax" | "keyPollMs" | "keyUseFlushMs">
  onError: (error: unknown) => void
}

export async function createIdentity(options: IdentityOptions): Promise<Identity> {
  const { store, clock } = options
  const candidate = randomBytes(32).toString("base64")
  const pepper = Buffer.from(await apiKeys.settingOr(store.system, "pepper", candidate), "base64")
  const ring = new KeyRing(pepper, clock)
  const refresh = new KeyRefresh({ ...options, ring })
  await refresh.start()
  const secrets = createClientSecrets(pepper, ring, clock)
  const logins = createLogins(options, pepper)
  return {
    ...createKeyAdmin({ ...options, ring, pepper }),
    ...createKeyLookup({ ...options, ring, pepper }),
    createLoginToken: logins.createLoginToken,
    exchangeLoginToken: logins.exchangeLoginToken,
    csrfOf: logins.csrfOf,
    principalOf: (projectId, principalId) => {
      if (principalId === adminId) return adminOf(projectId)
      const principal = ring.principalOfKey(principalId)
      return principal?.projectId === projectId ? principal : undefined
    },
    createClientSecret: (by, grant) => secrets.create(by, grant),
    clientSecretOf: (headers) => secrets.grantOf(bearerOf(headers) ?? ""),
    authenticate: (headers, method, begun = false) => {
      const text = bearerOf(headers)
      if (text === undefined) return logins.principalOf(headers, method)
      return isClientSecret(text) ? secrets.principalOf(text, begun) : ring.principalOf(text)
    },
    principalOfKey: (keyId) => ring.principalOfKey(keyId),
    expiredAt: (headers) => {
      const text = bearerOf(headers)
      if (text === undefined) return undefined
      if (!isClientSecret(text)) return ring.expiredAt(text)
      const until = secrets.grantOf(text)?.expiresAt
      return until !== undefined && clock.now() >= until ? until : undefined
    },
    isBlocked: (headers) => {
      const text = bearerOf(headers) ?? ""
      return isClientSecret(text) ? secrets.isBlocked(text) : ring.isBlocked(text)
    },
    [Symbol.asyncDispose]: () => refresh[Symbol.asyncDispose](),
  }
}

function bearerOf(headers: RequestHeaders): string | undefined {
  const { authorization } = headers
  if (authorization !== undefined) return /^bearer /i.test(authorization) ? authorization.slice(7).trim() : ""
  const key = headers["x-api-key"]
  return typeof key === "string" ? key : undefined
}
