// Cross-checks of guards: names of their own, expressions that are some, routes with a target, functions where code declares them.
import { messageOf } from "../core/index.ts"
import type { Path } from "./paths.ts"
import type { AddProblem } from "./resolve-provider.ts"
import type { ParsedGuard } from "./schema/guards.ts"
import type { GuardConfig } from "./types.ts"

export function resolveGuards(guards: readonly ParsedGuard[], originOf: (path: Path) => string, add: AddProblem): GuardConfig[] {
  const names = new Set<string>()
  return guards.map((guard, index) => {
    const path = ["guards", index]
    if (names.has(guard.name))
      add([...path, "name"], { what: `another guard is called ${JSON.stringify(guard.name)}`, allowed: "a name of its own" })
    names.add(guard.name)
    checkRoute(guard, path, add)
    checkPatterns(guard, path, add)
    checkCode(guard, path, add)
    return { ...guard, origin: originOf(path) }
  })
}

function checkRoute(guard: ParsedGuard, path: Path, add: AddProblem): void {
  if (guard.type === "custom") return
  if (guard.action === "route" && guard.routeTo === undefined)
    add([...path, "action"], { what: "the guard routes nowhere", allowed: "routeTo: the name of a model" })
  if (guard.action === "route" && !guard.on.includes("request"))
    add([...path, "on"], { what: "only requests can be routed", allowed: '["request"] or ["request", "answer"]' })
  if (guard.action !== "route" && guard.routeTo !== undefined)
    add([...path, "routeTo"], { what: "the guard does not route", allowed: "action: route" }, "key")
}

function checkPatterns(guard: ParsedGuard, path: Path, add: AddProblem): void {
  if (guard.type !== "redact") return
  if (guard.entities.length === 0 && guard.patterns.length === 0)
    add(path, { what: "the guard looks for nothing", allowed: "entities, patterns, or both" })
  guard.patterns.forEach(({ regex }, index) => {
    try {
      void new RegExp(regex)
    } catch (error) {
      add([...path, "patterns", index, "regex"], { what: messageOf(error), allowed: "a regular expression of JavaScript" })
    }
  })
}

function checkCode(guard: ParsedGuard, path: Path, add: AddProblem): void {
  if (guard.type !== "custom") return
  const functions = [guard.before, guard.after, guard.filter].filter((each) => typeof each === "function")
  if (functions.length === 0)
    add(path, {
      what: "not a guard",
      allowed: "what defineGuard({ … }) returns, in perdure.config.ts",
      hint: "type: redact and type: moderate need no code",
    })
}
