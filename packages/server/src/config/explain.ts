// Turns the schema's complaints into problems that say where, what is wrong, what is allowed and what was probably meant.
import type { z } from "zod"
import { formatPath, getAt, inputJsonSchema, keysAt, schemaAt, type Path, type SchemaNode } from "./paths.ts"
import { grantActions } from "./schema.ts"
import { looksLikeSecret } from "./secret.ts"
import type { ConfigProblem, ConfigSource } from "./source.ts"

export interface ExplainContext {
  source: ConfigSource
  /** The value that was checked: the file with the overrides in it. */
  value: unknown
  /** `env PORT` for a path that an override set. */
  overrideAt(path: Path): string | undefined
}

type Issue = z.core.$ZodIssue

export function explain(issue: Issue, context: ExplainContext): ConfigProblem[] {
  const path = issue.path.filter((key) => typeof key !== "symbol")
  if (context.source.failedAt(path)) return []
  if (issue.code === "unrecognized_keys") return issue.keys.map((key) => unknownKey([...path, key], context))
  const { what, allowed, hint } = describe(issue, path, context)
  const part = issue.code === "invalid_key" ? "key" : "value"
  return [problemAt(path, part, { what, allowed, hint }, context)]
}

export function problemAt(
  path: Path,
  part: "key" | "value",
  text: { what: string; allowed?: string; hint?: string },
  context: Pick<ExplainContext, "source" | "overrideAt">,
): ConfigProblem {
  const location = context.overrideAt(path) ?? context.source.locate(path, part)
  return { location, path: formatPath(path), what: text.what, allowed: text.allowed ?? "", hint: text.hint ?? "" }
}

/** One line per problem: `file:line:col  path  what is wrong  what is allowed  hint`. */
export function formatProblem(problem: ConfigProblem): string {
  const allowed = problem.allowed === "" ? "" : `allowed: ${problem.allowed}`
  return [problem.location, problem.path, problem.what, allowed, problem.hint].filter((part) => part !== "").join("  ")
}

/** The candidate that `word` was probably meant to be. */
export function didYouMean(word: string, candidates: readonly string[]): string | undefined {
  const farthest = (candidate: string): number => Math.max(1, Math.floor(Math.min(word.length, candidate.length) / 3))
  const ranked = candidates
    // Words come from requests too: a distance is only worked out where the lengths alone don't rule it out.
    .filter((candidate) => Math.abs(word.length - candidate.length) <= farthest(candidate))
    .map((candidate) => ({ candidate, distance: editDistance(word.toLowerCase(), candidate.toLowerCase()) }))
    .filter(({ candidate, distance }) => distance <= farthest(candidate))
    .sort((a, b) => a.distance - b.distance)
  return ranked[0]?.candidate
}

function unknownKey(path: Path, context: ExplainContext): ConfigProblem {
  const key = String(path.at(-1))
  const allowed = keysAt(path.slice(0, -1))
  const near = didYouMean(key, allowed)
  const elsewhere = near === undefined ? pathsNamed(key, inputJsonSchema, []).at(0) : undefined
  const hint = near !== undefined ? `did you mean ${near}?` : elsewhere === undefined ? "" : `did you mean ${formatPath(elsewhere)}?`
  return problemAt(path, "key", { what: `unknown key ${JSON.stringify(key)}`, allowed: allowed.join(", "), hint }, context)
}

function describe(issue: Issue, path: Path, context: ExplainContext): { what: string; allowed: string; hint: string } {
  const value = getAt(context.value, path)
  const node = schemaAt(path)
  const allowed = allowedBy(node)
  const shown = show(value, path)
  if (value === undefined && issue.code !== "custom") return { what: "required but missing", allowed, hint: "" }
  switch (issue.code) {
    case "invalid_type":
      return { what: `${shown} is not ${article(issue.expected)}`, allowed, hint: "" }
    case "invalid_value": {
      const near = typeof value === "string" ? didYouMean(value, issue.values.map(String)) : undefined
      return {
        what: `${shown} is not one of the values`,
        allowed: issue.values.map(String).join(", "),
        hint: near === undefined ? "" : `did you mean ${near}?`,
      }
    }
    case "invalid_union":
      return "options" in issue
        ? { what: `${shown} is not one of the values`, allowed: issue.options.map(String).join(", "), hint: "" }
        : { what: `${shown} does not fit`, allowed, hint: "" }
    case "too_small":
    case "too_big":
      return {
        what: `${Array.isArray(value) ? "the list" : shown} is too ${issue.code === "too_small" ? "small" : "big"}`,
        allowed: allowed || bound(issue),
        hint: "",
      }
    case "invalid_key": {
      const key = JSON.stringify(path.at(-1))
      return { what: `${key} cannot be a name`, allowed: schemaAt(path.slice(0, -1))?.propertyNames?.description ?? "", hint: "" }
    }
    case "custom":
      return {
        what: issue.message.startsWith("required") ? issue.message : `${shown} is ${issue.message}`,
        allowed,
        hint: grantHint(value),
      }
    default:
      return { what: `${shown} does not fit`, allowed, hint: "" }
  }
}

function allowedBy(node: SchemaNode | undefined): string {
  if (node === undefined) return ""
  if (node.enum !== undefined) return node.enum.map(String).join(", ")
  if (node.const !== undefined) return String(node.const)
  if (node.minimum !== undefined && node.maximum !== undefined && node.type !== undefined) {
    return `${node.type === "integer" ? "whole number" : "number"} from ${node.minimum} to ${node.maximum}`
  }
  if (node.type === "boolean") return "true or false"
  if (node.type === "object") return Object.keys(node.properties ?? {}).join(", ")
  return node.description ?? ""
}

function bound(issue: { minimum?: number | bigint; maximum?: number | bigint }): string {
  if (issue.minimum !== undefined) return `${issue.minimum} or more`
  return issue.maximum === undefined ? "" : `${issue.maximum} at most`
}

function article(expected: string): string {
  const names: Record<string, string> = {
    int: "a whole number",
    number: "a number",
    string: "text",
    boolean: "true or false",
    array: "a list",
    object: "a map of keys",
    record: "a map of keys",
  }
  return names[expected] ?? expected
}

/** A value as it may stand in a message: never a secret, never long. */
function show(value: unknown, path: Path): string {
  if (typeof value === "string") {
    const isHidden =
      path.includes("apiKey") || path.includes("settings") || path.includes("database") || looksLikeSecret(value) || value.includes("@")
    if (isHidden) return "[hidden value]"
    return JSON.stringify(value.length > 60 ? `${value.slice(0, 57)}…` : value)
  }
  if (Array.isArray(value)) return "a list"
  if (typeof value === "object" && value !== null) return "a map of keys"
  return String(value)
}

function grantHint(value: unknown): string {
  const action = typeof value === "string" ? value.split(":")[0] : undefined
  if (action === undefined) return ""
  const actions: readonly string[] = grantActions
  const near = actions.includes(action) ? undefined : didYouMean(action, actions)
  return near === undefined ? "" : `did you mean ${near}?`
}

function pathsNamed(key: string, node: SchemaNode, path: Path): Path[] {
  return Object.entries(node.properties ?? {}).flatMap(([name, inner]) => {
    const here = [...path, name]
    return name.toLowerCase() === key.toLowerCase() ? [here] : pathsNamed(key, inner, here)
  })
}

/** Levenshtein distance with transpositions of neighbours counted once. */
function editDistance(a: string, b: string): number {
  const rows: number[][] = [Array.from({ length: b.length + 1 }, (_, column) => column)]
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i]
    for (let j = 1; j <= b.length; j += 1) {
      const cost = a[i - 1] === b[j - 1] ? 0 : 1
      const above = rows[i - 1]
      let best = Math.min((above?.[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (above?.[j - 1] ?? 0) + cost)
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) best = Math.min(best, (rows[i - 2]?.[j - 2] ?? 0) + 1)
      row.push(best)
    }
    rows.push(row)
  }
  return rows[a.length]?.[b.length] ?? 0
}
