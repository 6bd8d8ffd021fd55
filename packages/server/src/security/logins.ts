// People at the dashboard: a login token is exchanged once for a session cookie, and the cookie says who asks.
import type { Clock } from "../core/index.ts"
import { apiKeys, type Store } from "../store/index.ts"
import { cookieOf, csrfToken, loginTokenLifeMs, sessionCookie, sessionLifeMs, sign, verify } from "./sessions.ts"
import type { Identity, Principal, RequestHeaders } from "./types.ts"

const safeMethods = new Set(["GET", "HEAD", "OPTIONS"])

export const adminId = "user:admin"

/** Whoever is signed in to the dashboard of a project. */
export function adminOf(projectId: string): Principal {
  return { id: adminId, projectId, kind: "session", name: "admin", scope: null, limits: null, tags: [], user: null }
}

export interface Logins {
  readonly principalOf: (headers: RequestHeaders, method: string) => Principal | undefined
  readonly createLoginToken: Identity["createLoginToken"]
  readonly exchangeLoginToken: Identity["exchangeLoginToken"]
  readonly csrfOf: Identity["csrfOf"]
}

export function createLogins(
  { store, clock, secureCookies = false }: { store: Store; clock: Clock; secureCookies?: boolean },
  pepper: Uint8Array,
): Logins {
  const attributes = `Path=/; HttpOnly; SameSite=Strict; Max-Age=${sessionLifeMs / 1000}${secureCookies ? "; Secure" : ""}`
  const projectOf = (session: string | undefined): string | undefined =>
    session === undefined ? undefined : verify(pepper, session, "session", clock.now())?.projectId
  return {
    principalOf: (headers, method) => {
      const session = cookieOf(headers.cookie, sessionCookie)
      const projectId = projectOf(session)
      if (session === undefined || projectId === undefined) return undefined
      if (!safeMethods.has(method) && headers["x-perdure-csrf"] !== csrfToken(pepper, session)) return undefined
      return adminOf(projectId)
    },
    createLoginToken: (projectId) => sign(pepper, { use: "login", projectId, expiresAt: clock.now() + loginTokenLifeMs }),
    exchangeLoginToken: async (token) => {
      const claims = verify(pepper, token, "login", clock.now())
      if (!claims || !(await apiKeys.useLoginToken(store.system, claims.id, claims.expiresAt))) return undefined
      const session = sign(pepper, { use: "session", projectId: claims.projectId, expiresAt: clock.now() + sessionLifeMs })
      return { setCookie: `${sessionCookie}=${session}; ${attributes}`, csrf: csrfToken(pepper, session) }
    },
    csrfOf: (headers) => {
      const session = cookieOf(headers.cookie, sessionCookie)
      return session === undefined || projectOf(session) === undefined ? undefined : csrfToken(pepper, session)
    },
  }
}
