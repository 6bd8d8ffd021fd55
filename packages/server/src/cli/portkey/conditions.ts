// Portkey's conditional strategy: each target a model, each condition a routing rule that leads to it.
import type { ConfigInput } from "../../config/index.ts"
import { isJsonObject } from "../../core/index.ts"
import { Section, type ConfigModels } from "../litellm/index.ts"
import { alternativesOf, Untranslatable, type When } from "./queries.ts"
import { groupsOf, inheritedBy, modelOf, type Around } from "./targets.ts"

export type RuleInput = NonNullable<ConfigInput["routingRules"]>[number]

interface Found {
  models: ConfigModels
  routingRules: RuleInput[]
}

/** The models of a config's targets: the default has the config's own name, the others one behind it. */
export function addConditions(name: string, config: Section, around: Around, found: Found): ConfigModels | undefined {
  const strategy = config.section("strategy")
  const targets = new Map<string, Section>()
  for (const [index, value] of config.list("targets").entries()) {
    const target = new Section(value, config.at(`targets[${index}]`), around.report)
    targets.set(target.text("name") ?? String(index), target)
  }
  const standard = defaultOf(strategy, targets)
  const common = inheritedBy(config, {})
  const models: ConfigModels = {}
  const names = new Map<string, string>()
  for (const [own, target] of targets) {
    const wanted = own === standard ? name : `${name}/${own.replaceAll(/[^\w.-]+/g, "-")}`
    const made = modelOf(wanted, config, groupsOf(target, common, around))
    if (!made) continue
    Object.assign(models, made)
    for (const each of Object.keys(made)) names.set(own, each)
  }
  addRules(name, strategy, { names, standard, models, found })
  return Object.keys(models).length === 0 ? undefined : models
}

function defaultOf(strategy: Section, targets: ReadonlyMap<string, Section>): string | undefined {
  const named = strategy.text("default")
  const [first] = targets.keys()
  if (named !== undefined && targets.has(named)) return named
  strategy.differs(
    "default",
    `what fits no condition goes to ${JSON.stringify(first ?? "nothing")}; Portkey refuses it`,
    "Take that model out of what keys may use.",
  )
  return first
}

interface Naming {
  /** Target → model. */
  names: ReadonlyMap<string, string>
  standard: string | undefined
  models: ConfigModels
  found: Found
}

function addRules(name: string, strategy: Section, naming: Naming): void {
  const asked = naming.names.get(naming.standard ?? "") ?? name
  for (const [index, value] of strategy.list("conditions").entries()) {
    const path = strategy.at(`conditions[${index}]`)
    try {
      const { query, then } = isJsonObject(value) ? value : {}
      const to = naming.names.get(typeof then === "string" ? then : "")
      if (to === undefined) throw new Untranslatable(`there is no target ${JSON.stringify(then ?? null)}`)
      if (to.includes("*")) throw new Untranslatable("its target names no model (override_params.model)")
      for (const when of alternativesOf(query)) addRule(`${name}-${index + 1}`, to, { when: aimed(when, asked, naming.models), naming })
    } catch (error) {
      if (!(error instanceof Untranslatable)) throw error
      strategy.report.add(
        "left-out",
        path,
        `a condition of this kind: ${error.message}`,
        "Write it by hand: routingRules in docs/how-to/routing-and-fallbacks.md.",
      )
    }
  }
}

function addRule(wanted: string, to: string, { when, naming: { found } }: { when: When; naming: Naming }): void {
  const taken = new Set(found.routingRules.map((rule) => rule.name))
  let name = wanted
  for (let number = 2; taken.has(name); number += 1) name = `${wanted}-${number}`
  found.routingRules.push({ name, when, to })
}

/** Of requests for this config's model alone; names that conditions compare become other names of it. */
function aimed(when: When, asked: string, models: ConfigModels): When {
  const model = models[asked]
  if (when.models === undefined || model === undefined) return { ...when, models: [asked] }
  if (asked.includes("*")) throw new Untranslatable("it compares the model's name, and its default names no model")
  model.aliases = [...new Set([...(model.aliases ?? []), ...when.models])].filter((alias) => alias !== asked)
  return when
}
