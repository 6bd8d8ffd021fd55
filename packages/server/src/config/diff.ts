// What differs between two configurations, as the paths that a person would name: `models.fast`, `limits.turnsMax`, `server`.
import { formatPath } from "./paths.ts"
import { Secret } from "./secret.ts"
import type { Config } from "./types.ts"

/** Sections that are changed member by member; all others are one value. */
const byMember: ReadonlySet<string> = new Set(["server", "limits", "providers", "models", "logging", "defaults", "database", "memory"])

export function configChanges(before: Config, after: Config): string[] {
  return keysOf(before, after).flatMap((section) => {
    const [old, now] = [valueAt(before, section), valueAt(after, section)]
    if (isSame(old, now)) return []
    if (!byMember.has(section)) return [section]
    return keysOf(old, now)
      .filter((key) => !isSame(valueAt(old, key), valueAt(now, key)))
      .map((key) => formatPath([section, key]))
  })
}

function keysOf(before: unknown, after: unknown): string[] {
  return [...new Set([before, after].flatMap((each) => (isObject(each) ? Object.keys(each) : [])))]
}

function valueAt(value: unknown, key: string): unknown {
  return isObject(value) && Object.hasOwn(value, key) ? value[key] : undefined
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null
}

/** Where something stands in its file is no part of it; what code made is compared by its name, since nobody can see into it. */
function isSame(before: unknown, after: unknown): boolean {
  if (Object.is(before, after)) return true
  if (before instanceof Secret || after instanceof Secret)
    return before instanceof Secret && after instanceof Secret && before.reveal() === after.reveal()
  if (typeof before === "function" && typeof after === "function") return true
  if (!isObject(before) || !isObject(after) || Array.isArray(before) !== Array.isArray(after)) return false
  return keysOf(before, after).every((key) => key === "origin" || isSame(valueAt(before, key), valueAt(after, key)))
}
