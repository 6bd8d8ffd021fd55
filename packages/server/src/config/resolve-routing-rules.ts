// Cross-checks of routing rules: names of their own, models that lead somewhere, expressions that are some.
import { messageOf } from "../core/index.ts"
import type { Path } from "./paths.ts"
import type { AddProblem } from "./resolve-provider.ts"
import type { ParsedRoutingRule, RuleCondition } from "./schema/routing-rules.ts"
import type { RoutingRuleConfig } from "./types.ts"

export interface ResolveRoutingRulesOptions {
  origin: (path: Path) => string
  /** Says what is wrong with the name of a model, where it leads nowhere. */
  checkModel: (path: Path, name: string) => void
  add: AddProblem
}

export function resolveRoutingRules(input: readonly ParsedRoutingRule[], options: ResolveRoutingRulesOptions): RoutingRuleConfig[] {
  const names = new Set<string>()
  return input.map((rule, index) => {
    const path: Path = ["routingRules", index]
    if (names.has(rule.name))
      options.add([...path, "name"], { what: `another rule is called ${JSON.stringify(rule.name)}`, allowed: "a name of its own" })
    names.add(rule.name)
    options.checkModel([...path, "to"], rule.to)
    const { user, headers = {}, metadata = {}, parameters = {} } = rule.when
    checkCondition(user, [...path, "when", "user"], options.add)
    for (const [member, conditions] of Object.entries({ headers, metadata, parameters }))
      for (const [name, condition] of Object.entries(conditions)) checkCondition(condition, [...path, "when", member, name], options.add)
    if (parameters["model"] !== undefined)
      options.add([...path, "when", "parameters", "model"], { what: "the model is not asked for here", allowed: "when.models" }, "key")
    return { ...rule, origin: options.origin(path) }
  })
}

function checkCondition(condition: RuleCondition | undefined, path: Path, add: AddProblem): void {
  if (typeof condition !== "object" || Array.isArray(condition)) return
  if (Object.values(condition).every((each) => each === undefined))
    add(path, { what: "nothing is asked of it", allowed: "not, matches, above, atLeast, below, atMost, present" })
  if (condition.matches === undefined) return
  try {
    void new RegExp(condition.matches)
  } catch (error) {
    add([...path, "matches"], { what: messageOf(error), allowed: "a regular expression of JavaScript" })
  }
}
