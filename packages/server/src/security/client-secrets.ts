// Short-lived secrets for browsers (`ek_…`): a key's right to open sessions of one model, sealed, so that nothing has to be stored.
import type { Clock, JsonObject } from "../core/index.ts"
import type { KeyRing } from "./key-ring.ts"
import type { Scope } from "./scope.ts"
import { createSealer } from "./sealed.ts"
import type { ClientSecretGrant, Principal } from "./types.ts"

export interface ClientSecrets {
  create(by: Principal, grant: ClientSecretGrant): string
  /** `begun`: for what was opened while the secret was good; the key behind it must still be. */
  principalOf(text: string, begun: boolean): Principal | undefined
  grantOf(text: string): ClientSecretGrant | undefined
  /** A secret of ours that is refused until the key behind it is unblocked. */
  isBlocked(text: string): boolean
}

interface Claims extends JsonObject {
  key: string
  model: string
  expiresAt: number
  session: JsonObject | null
}

const prefix = "ek_"
const purpose = "client secret"
/** The project is known by the key. */
const anyProject = ""

export function isClientSecret(text: string): boolean {
  return text.startsWith(prefix)
}

export function createClientSecrets(pepper: Uint8Array, ring: Pick<KeyRing, "keyOf" | "principalOfKey">, clock: Clock): ClientSecrets {
  const sealer = createSealer(pepper)
  const claimsOf = (text: string): Claims | undefined => {
    const opened = isClientSecret(text) ? sealer.open(purpose, anyProject, text.slice(prefix.length)) : undefined
    return opened === undefined ? undefined : (JSON.parse(opened) as Claims) // sealed below
  }
  return {
    create: (by, { model, expiresAt, session }) => {
      const claims: Claims = { key: by.id, model, expiresAt, session }
      return prefix + sealer.seal(purpose, anyProject, JSON.stringify(claims))
    },
    principalOf: (text, begun) => {
      const claims = claimsOf(text)
      if (!claims || (!begun && clock.now() >= claims.expiresAt)) return undefined
      const principal = ring.principalOfKey(claims.key)
      return principal && { ...principal, scope: narrowed(principal.scope, claims.model) }
    },
    grantOf: (text) => {
      const { model, expiresAt, session } = claimsOf(text) ?? {}
      return model === undefined || expiresAt === undefined ? undefined : { model, expiresAt, session: session ?? null }
    },
    isBlocked: (text) => {
      const claims = claimsOf(text)
      return claims !== undefined && (ring.keyOf(claims.key)?.blockedAt ?? null) !== null
    },
  }
}

const endpoint = "/v1/realtime"

/** Only sessions, only of that model, and never more than the key may. */
function narrowed(scope: Scope | null, model: string): Scope {
  return {
    models: [model],
    endpoints: [endpoint],
    regions: scope?.regions ?? [],
    allowsModel: (name) => name === model && (scope === null || scope.allowsModel(name)),
    allowsEndpoint: (method, path) => path === endpoint && (scope === null || scope.allowsEndpoint(method, path)),
  }
}
