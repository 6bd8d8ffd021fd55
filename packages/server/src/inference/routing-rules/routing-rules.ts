// Which request goes to another model than the one that it asks for: rules of the configuration, tested in their order in memory.
import { matchOf, type RoutingRuleConfig, type RuleCondition } from "../../config/index.ts"
import type { JsonObject, JsonValue } from "../../core/index.ts"
import { conditionTest } from "./condition.ts"

/** A request as rules see it; what costs something to read is read when a rule asks. */
export interface RuledRequest {
  /** The first word of its route. */
  endpoint: string
  model: string
  principal: { id: string; tags: readonly string[] }
  allowsModel: (model: string) => boolean
  user: string | null
  headers: Readonly<Record<string, string | readonly string[] | undefined>>
  metadata(): JsonObject
  /** A member of its body: one of those that rules look at. */
  parameter(name: string): JsonValue | undefined
}

export interface FoundRule {
  name: string
  to: string
}

export interface RoutingRules {
  readonly isEmpty: boolean
  /** Members of bodies that any of them looks at. */
  readonly parameters: ReadonlySet<string>
  /** The first that fits, and whose model the key may use. */
  find(request: RuledRequest): FoundRule | undefined
  replace(rules: readonly RoutingRuleConfig[]): void
}

/** `nameOf`: the own name of a model that is asked for by another one. */
export function createRoutingRules(declared: readonly RoutingRuleConfig[], nameOf: (asked: string) => string): RoutingRules {
  let rules = declared.map((rule) => compiled(rule, nameOf))
  let parameters = parametersOf(declared)
  return {
    get isEmpty() {
      return rules.length === 0
    },
    get parameters() {
      return parameters
    },
    find: (request) => rules.find(({ to, fits }) => fits(request) && request.allowsModel(to)),
    replace: (next) => {
      rules = next.map((rule) => compiled(rule, nameOf))
      parameters = parametersOf(next)
    },
  }
}

function parametersOf(rules: readonly RoutingRuleConfig[]): ReadonlySet<string> {
  return new Set(rules.flatMap(({ when }) => [...(when.metadata ? ["metadata"] : []), ...Object.keys(when.parameters ?? {})]))
}

type Fits = (request: RuledRequest) => boolean

/** What costs least is asked first: the body is looked into last. */
function compiled({ name, to, when }: RoutingRuleConfig, nameOf: (asked: string) => string): FoundRule & { fits: Fits } {
  const { models, endpoints, keys, tags, user, headers = {}, metadata, parameters = {} } = when
  const fits: Fits[] = []
  if (endpoints) fits.push(({ endpoint }) => endpoints.some((each) => each === endpoint))
  if (models) fits.push(modelTest(models, nameOf))
  if (keys) fits.push(({ principal }) => keys.includes(principal.id))
  if (tags) fits.push(({ principal }) => tags.some((tag) => principal.tags.includes(tag)))
  if (user !== undefined) fits.push(valueTest(user, (request) => request.user ?? undefined))
  for (const [header, condition] of Object.entries(headers)) fits.push(headerTest(header.toLowerCase(), condition))
  if (metadata) fits.push(metadataTest(metadata))
  for (const [parameter, condition] of Object.entries(parameters))
    fits.push(valueTest(condition, (request) => request.parameter(parameter)))
  return { name, to, fits: (request) => fits.every((each) => each(request)) }
}

function modelTest(models: readonly string[], nameOf: (asked: string) => string): Fits {
  const names = new Set(models)
  const patterns = models.filter((each) => each.includes("*"))
  const isNamed = (model: string): boolean => names.has(model) || patterns.some((pattern) => matchOf(pattern, model) !== undefined)
  return ({ model }) => isNamed(model) || isNamed(nameOf(model))
}

function valueTest(condition: RuleCondition, valueOf: (request: RuledRequest) => JsonValue | undefined): Fits {
  const test = conditionTest(condition)
  return (request) => test(valueOf(request))
}

function headerTest(name: string, condition: RuleCondition): Fits {
  return valueTest(condition, ({ headers }) => {
    const given = headers[name]
    return typeof given === "object" ? given.join(", ") : given
  })
}

function metadataTest(conditions: Readonly<Record<string, RuleCondition>>): Fits {
  const tests = Object.entries(conditions).map(([name, condition]) => [name, conditionTest(condition)] as const)
  return (request) => {
    const metadata = request.metadata()
    return tests.every(([name, test]) => test(Object.hasOwn(metadata, name) ? metadata[name] : undefined))
  }
}
