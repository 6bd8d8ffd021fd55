// Bifrost's routing rules as ours: each alternative is a rule, and what a rule shares among several targets is a model of its own.
import { matchOf, type ConfigInput } from "../../config/index.ts"
import { isJsonObject, type JsonValue } from "../../core/index.ts"
import type { Section, ConfigModels } from "../litellm/index.ts"
import { alternativesOf, Untranslatable } from "./cel.ts"
import { whenOf, type Naming } from "./rule-conditions.ts"

type RuleInput = NonNullable<ConfigInput["routingRules"]>[number]
type ModelInput = ConfigModels[string]

export interface TranslatedRules {
  routingRules: RuleInput[]
  /** Made for rules. */
  models: ConfigModels
}

const scopes = ["virtual_key", "team", "customer", "global"]
const words: Readonly<Record<string, string>> = { virtual_key: "vk", team: "team", customer: "customer" }

export function readRoutingRules(rows: readonly Section[], models: ConfigModels, tagOf: Naming["tagOf"]): TranslatedRules {
  const found: TranslatedRules = { routingRules: [], models: {} }
  const rank = (row: Section): number => scopes.indexOf(textOf(row.value["scope"]) || "global") * 1e6 + priorityOf(row)
  for (const row of rows.toSorted((a, b) => rank(a) - rank(b))) {
    if (row.value["enabled"] === false) row.report.add("not-needed", row.path, "the rule is not enabled")
    else
      try {
        addRule(row, { models, tagOf }, found)
      } catch (error) {
        if (!(error instanceof Untranslatable)) throw error
        const instead = "Write it by hand: routingRules in docs/how-to/routing-and-fallbacks.md."
        row.report.add("left-out", row.path, `a rule of this kind: ${error.message}`, instead)
      }
    for (const key of row.unread()) row.take(key)
  }
  return found
}

function addRule(row: Section, { models, tagOf }: { models: ConfigModels; tagOf: Naming["tagOf"] }, found: TranslatedRules): void {
  const scope = textOf(row.value["scope"]) || "global"
  const word = words[scope]
  const scopeTag = word === undefined ? undefined : tagOf(word, textOf(row.value["scope_id"]))
  const naming = { tagOf, models: Object.keys(models) }
  const conditions = alternativesOf(textOf(row.value["cel_expression"])).map((each) => whenOf(each, naming, scopeTag))
  const name = freeName(nameIn(row), found)
  const to = targetOf(row, name, models, found)
  if (row.value["chain_rule"] === true) row.differs("chain_rule", "rules are looked at once: no other follows on the model of this one")
  for (const when of conditions)
    found.routingRules.push({ name: freeName(name, found), ...(Object.keys(when).length === 0 ? {} : { when }), to })
}

function nameIn({ value }: Section): string {
  const given = (textOf(value["name"]) || textOf(value["id"])).toLowerCase()
  const plain = given.replaceAll(/[^\w.-]+/g, "-").replaceAll(/^[^a-z0-9]+|-+$/g, "")
  return (plain === "" ? "rule" : plain).slice(0, 50)
}

function freeName(wanted: string, { routingRules }: TranslatedRules): string {
  const taken = new Set(routingRules.map(({ name }) => name))
  let name = wanted
  for (let number = 2; taken.has(name); number += 1) name = `${wanted}-${number}`
  return name
}

/** One target as it is; several, or one with others behind it, as a model with their deployments. */
function targetOf(row: Section, name: string, models: ConfigModels, found: TranslatedRules): string {
  const own = { provider: row.value["provider"], model: row.value["model"], weight: 1 }
  const given = row.list("targets")
  const targets = (given.length === 0 ? [own] : given).map((each) => placeOf(each, models))
  const fallbacks = row.list("fallbacks").map((each) => placeOf(typeof each === "string" ? splitName(each) : each, models).name)
  const [first] = targets
  if (first && targets.length === 1 && fallbacks.length === 0) return first.name
  const made = `rule/${name}`
  const deployments = targets.flatMap(sharing)
  found.models[made] = { deployments, ...(fallbacks.length === 0 ? {} : { fallbacks }) }
  row.differs("targets", `they are the model ${made}, which keys must be allowed to use`, `perdure keys create … --models "…,${made}"`)
  return made
}

/** The deployments of a target share what is its part, however their weights are written. */
function sharing({ model: { deployments }, weight }: { model: ModelInput; weight: number }): ModelInput["deployments"] {
  const all = deployments.reduce((sum, each) => sum + (each.weight ?? 1), 0)
  return deployments.map((each) => ({ ...each, weight: all === 0 ? 0 : Math.round((1_000 * weight * (each.weight ?? 1)) / all) / 1_000 }))
}

function splitName(text: string): JsonValue {
  const slash = text.indexOf("/")
  return { provider: text.slice(0, slash), model: text.slice(slash + 1) }
}

/** Under the name by which clients may ask for it; a pattern's place stands for the model that is named. */
function placeOf(target: JsonValue, models: ConfigModels): { name: string; model: ModelInput; weight: number } {
  const { provider, model, weight, key_id: key } = isJsonObject(target) ? target : {}
  if (textOf(provider) === "" || textOf(model) === "")
    throw new Untranslatable("a target keeps the provider or the model that was asked for")
  if (textOf(key) !== "") throw new Untranslatable("a target names a key of its provider")
  const name = `${textOf(provider)}/${textOf(model)}`
  const share = typeof weight === "number" && weight >= 0 ? weight : 1
  const known = models[name]
  if (known) return { name, model: known, weight: share }
  for (const [pattern, { deployments }] of Object.entries(models)) {
    const rest = matchOf(pattern, name)
    if (rest === undefined) continue
    const made = deployments.map((each) => (each.model === undefined ? each : { ...each, model: each.model.replace("*", rest) }))
    return { name, model: { deployments: made }, weight: share }
  }
  throw new Untranslatable(`no provider serves ${name}`)
}

function priorityOf({ value }: Section): number {
  return typeof value["priority"] === "number" ? value["priority"] : 0
}

function textOf(value: JsonValue | undefined): string {
  return typeof value === "string" ? value : ""
}
