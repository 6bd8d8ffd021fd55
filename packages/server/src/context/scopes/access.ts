// Who may use a scope: end users their own, and where a scope has grants, whom these name.
import { AppError } from "../../core/index.ts"
import type { StoredScope } from "../../store/index.ts"
import type { Caller } from "../types.ts"
import type { ScopeName } from "./scope-name.ts"

export const scopeRights = ["read", "write", "curate", "erase"] as const
export type ScopeRight = (typeof scopeRights)[number]

export interface MemoryCaller extends Caller {
  /** The end user that the caller acts for; null or absent where it acts for none. */
  user?: string | null
  /** Whether the caller may use a scope whatever its grants say; absent: no. */
  manages?: (scope: string) => boolean
}

/** Throws unless the caller may do that in the scope; `stored` is undefined for a scope that nothing was written to yet. */
export function requireScopeRight(caller: MemoryCaller, scope: ScopeName, stored: StoredScope | undefined, right: ScopeRight): void {
  const reason = refusalOf(caller, scope, stored, right)
  if (reason !== undefined) throw new AppError("permission_denied", reason.message, { param: "scope", hint: reason.hint })
}

export function hasScopeRight(caller: MemoryCaller, scope: ScopeName, stored: StoredScope | undefined, right: ScopeRight): boolean {
  return refusalOf(caller, scope, stored, right) === undefined
}

/**
 * Whether it is for nobody who was not granted it: then one that is not there is refused like one that is granted to others. To a key that
 * acts for an end user each is that names none and that the application did not open: what others have there is nothing to be found out. One that
 * names users is theirs: in a closed project a key that acts for nobody opens none of these.
 */
function isClosed({ path, users }: ScopeName, stored: StoredScope | undefined, user: string | null): boolean {
  if (path === "project") return false
  if (users.length > 0) return user === null && stored?.isInClosed === true
  return stored?.isInClosed === true || (user !== null && stored?.exists !== true)
}

function refusalOf(
  caller: MemoryCaller,
  scope: ScopeName,
  stored: StoredScope | undefined,
  right: ScopeRight,
): { message: string; hint: string } | undefined {
  const user = caller.user ?? null
  if (user !== null && scope.users.some((name) => name !== user)) {
    return {
      message: `This key acts for the user '${user}' and cannot use the scope '${scope.path}' of another one.`,
      hint: `Use \`user:${user}\`, or a key that acts for no user.`,
    }
  }
  const grants = stored?.grants ?? []
  if (grants.length === 0 && !isClosed(scope, stored, user)) return undefined
  if (user === null && caller.manages?.(scope.path) === true) return undefined
  const granted = grants.some(({ kind, name, can }) => can.includes(right) && name === (kind === "user" ? user : caller.principal))
  if (granted) return undefined
  return {
    message: `The scope '${scope.path}' is granted to some only, and '${caller.principal}' may not ${right} in it.`,
    hint: `Who manages memories adds a grant: PATCH /v1/scopes/${encodeURIComponent(scope.path)} with {"grants": [{"principal": "${caller.principal}", "can": ["${right}"]}, …]}.`,
  }
}
