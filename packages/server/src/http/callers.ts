// Who calls and whether its key may call this: the 401 and the 403 of every way in, over HTTP and over WebSockets.
import { AppError } from "../core/index.ts"
import { requireEndpoint, type Identity, type Principal, type RequestHeaders } from "../security/index.ts"

export type CallerIdentity = Pick<Identity, "authenticate" | "clientSecretOf" | "expiredAt" | "isBlocked">

/** Synchronous. `path` is the text by which the route is found. */
export function callerOf(identity: CallerIdentity, headers: RequestHeaders, method: string, path: string): Principal {
  const principal = identity.authenticate(headers, method)
  if (principal === undefined) throw invalidApiKey(identity, headers)
  requireEndpoint(principal, method, path)
  return principal
}

/** For what goes on for long: whether `callerOf` would still let it begin. */
export function mayStillCall(identity: CallerIdentity, headers: RequestHeaders, method: string, path: string): boolean {
  const principal = identity.authenticate(headers, method)
  return principal !== undefined && (principal.scope === null || principal.scope.allowsEndpoint(method, path))
}

/** Says whether a key was missing, wrong, blocked or too old, never what it was. */
function invalidApiKey(identity: CallerIdentity, headers: RequestHeaders): AppError {
  if (identity.isBlocked(headers)) {
    const isSecret = identity.clientSecretOf(headers) !== undefined
    return new AppError("invalid_api_key", `the API key${isSecret ? " that this client secret was made with" : ""} is blocked`, {
      hint: "Whoever manages the keys can take it back: `perdure keys unblock <id>`.",
    })
  }
  return new AppError("invalid_api_key", complaintOf(headers, identity.expiredAt(headers)), {
    hint: "Send `Authorization: Bearer <key>`; `perdure keys create` makes a key.",
  })
}

function complaintOf(headers: RequestHeaders, expiredAt: number | undefined): string {
  if ((headers.authorization ?? headers["x-api-key"]) === undefined) return "this route needs an API key and the request has none"
  if (expiredAt === undefined) return "the API key is not known here, or was revoked"
  return `the API key was good until ${new Date(expiredAt).toISOString()}: it has expired, or was replaced by a newer one`
}
