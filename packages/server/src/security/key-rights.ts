// What a key may do to keys: only to such as have no more rights than itself, so that no key can be turned into a stronger one.
import { AppError, canonicalJson } from "../core/index.ts"
import type { StoredKey } from "../store/index.ts"
import { isCovered } from "./patterns.ts"
import { endpointGroupOf } from "./scope.ts"

/** What makes one key stronger than another. */
export type KeyRights = Pick<StoredKey, "models" | "endpoints" | "regions" | "limits" | "tags" | "user" | "expiresAt">

/** Who manages keys: its own key's rights, with the name that refusals tell. */
export type KeyManager = KeyRights & Pick<StoredKey, "id" | "name">

/** A key that is restricted in any way manages keys only where its endpoints say so: an empty list of endpoints does not. */
export function requireManager(manager: KeyManager): void {
  const { id, name, models, endpoints, regions, user } = manager
  const isRestricted = models.length > 0 || regions.length > 0 || hasLimits(manager) || user !== null
  if (!isRestricted || endpoints.length > 0) return // with endpoints, the request has come through by one of them
  throw new AppError("permission_denied", `the key "${name}" is restricted, so it may not manage keys`, {
    hint: `Use an unrestricted key, the dashboard or the command line, or allow it by name: perdure keys update ${id} --endpoints …,keys`,
  })
}

/** A key without limits can make any number of keys with limits; one with limits would multiply them. */
export function requireNoLimits(manager: KeyManager): void {
  if (hasLimits(manager)) throw refusal(manager, "limits", `has limits of its own, and what other keys use does not count against them`)
}

/** Throws `permission_denied` unless everything that `key` may do, `manager` may do too. */
export function requireWithin(manager: KeyManager, key: KeyRights): void {
  const { models, endpoints, regions, limits, tags, user, expiresAt } = manager
  if (models.length > 0) {
    const beyond = key.models.length === 0 ? "every model" : key.models.find((pattern) => !isCovered(pattern, models))
    if (beyond !== undefined) throw refusal(manager, "scope.models", `may use ${models.join(", ")}, and not ${beyond}`)
  }
  if (endpoints.length > 0) {
    const beyond = key.endpoints.length === 0 ? "every endpoint" : key.endpoints.find((endpoint) => !isEndpointCovered(endpoint, endpoints))
    if (beyond !== undefined) throw refusal(manager, "scope.endpoints", `may call ${endpoints.join(", ")}, and not ${beyond}`)
  }
  if (regions.length > 0) {
    const isWithin = (region: string): boolean => regions.some((each) => region === each || region.startsWith(`${each}-`))
    const beyond = key.regions.length === 0 ? "any region" : key.regions.find((region) => !isWithin(region))
    if (beyond !== undefined) throw refusal(manager, "scope.regions", `is served in ${regions.join(", ")}, and not in ${beyond}`)
  }
  if (hasLimits(manager) && canonicalJson(key.limits) !== canonicalJson(limits))
    throw refusal(manager, "limits", "may not change its limits")
  if (expiresAt !== null && (key.expiresAt === null || key.expiresAt > expiresAt)) {
    throw refusal(manager, "expiresAt", `expires at ${new Date(expiresAt).toISOString()}, before the other one`)
  }
  if (user !== null && key.user !== user) throw refusal(manager, "user", `acts for "${user}" and for nobody else`)
  const missing = tags.find((tag) => !key.tags.includes(tag))
  if (missing !== undefined) throw refusal(manager, "tags", `has the tag "${missing}", and the other one does not`)
}

function hasLimits({ limits }: KeyRights): boolean {
  return Object.keys(limits).length > 0
}

/** A group covers its paths with any method, a path without a method covers all methods. */
function isEndpointCovered(endpoint: string, outer: readonly string[]): boolean {
  const space = endpoint.indexOf(" ")
  const path = endpoint.slice(space + 1)
  if (!path.startsWith("/")) return outer.includes(path) || isCovered(`/v1/${path}*`, outer)
  const group = endpointGroupOf(path)
  const isInGroup = group !== undefined && !group.includes("*") && outer.includes(group)
  return isInGroup || isCovered(path, outer) || isCovered(endpoint, outer)
}

function refusal({ name }: KeyManager, param: string, why: string): AppError {
  return new AppError("permission_denied", `the key "${name}" may not do this to a key with more rights than its own: it ${why}`, {
    param,
    hint: "Ask for less, or use a key, the dashboard or the command line with more rights.",
  })
}
