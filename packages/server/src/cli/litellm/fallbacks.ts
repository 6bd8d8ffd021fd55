// LiteLLM's fallbacks: which models stand in for which, when they fail or when a conversation is too long.
import { matchOf } from "../../config/index.ts"
import { isJsonObject, type JsonValue } from "../../core/index.ts"
import type { ModelInput, Models } from "./models.ts"
import type { Section } from "./section.ts"

const standInsMax = 16

type Member = "fallbacks" | "contextFallbacks" | "contentFallbacks"

/** `fallbacks`, `context_window_fallbacks` and `content_policy_fallbacks` of one section; the first that says something of a model wins. */
export function addFallbacks(section: Section, models: Models): void {
  addOnes(section, "fallbacks", "fallbacks", models)
  addOnes(section, "context_window_fallbacks", "contextFallbacks", models)
  addOnes(section, "content_policy_fallbacks", "contentFallbacks", models)
}

function addOnes(section: Section, key: string, member: Member, models: Models): void {
  const before = new Set([...models.byName].filter(([, model]) => model[member] !== undefined).map(([name]) => name))
  for (const [name, targets] of pairsOf(section.list(key))) {
    const model = models.byName.get(name)
    if (name === "*") addEverywhere(section, key, { targets, member, models })
    else if (!model) section.left(key, `there is no model ${JSON.stringify(name)} in the new configuration`)
    else if (!before.has(name)) {
      const found = standIns(section, key, { name, targets, models })
      if (found.length > 0) model[member] = [...new Set([...(model[member] ?? []), ...found])].slice(0, standInsMax)
    }
  }
}

/** `default_fallbacks`: for every model that has none of its own. */
export function addDefaultFallbacks(section: Section, models: Models): void {
  const targets = section.list("default_fallbacks")
  if (targets.length > 0) addEverywhere(section, "default_fallbacks", { targets, member: "fallbacks", models })
}

interface Everywhere {
  targets: readonly JsonValue[]
  member: Member
  models: Models
}

function addEverywhere(section: Section, key: string, { targets, member, models }: Everywhere): void {
  for (const [name, model] of models.byName) {
    if (model[member] !== undefined) continue
    const found = standIns(section, key, { name, targets, models }).filter((other) => doesTheSame(model, models.byName.get(other)))
    if (found.length > 0) model[member] = found
  }
}

/** What holds for every model is meant for those that a chat could go to as well, and not for vectors or pictures. */
function doesTheSame(model: ModelInput, other: ModelInput | undefined): boolean {
  const duties = ({ deployments }: ModelInput): string => JSON.stringify(deployments[0]?.does ?? { chat: true })
  return other === undefined || duties(model) === duties(other)
}

function pairsOf(list: readonly JsonValue[]): [string, readonly JsonValue[]][] {
  return list.flatMap((item): [string, readonly JsonValue[]][] =>
    Object.entries(isJsonObject(item) ? item : {}).map(([name, value = []]) => [name, isList(value) ? value : [value]]),
  )
}

function isList(value: JsonValue): value is readonly JsonValue[] {
  return Array.isArray(value)
}

function standIns(
  section: Section,
  key: string,
  { name, targets, models }: { name: string; targets: readonly JsonValue[]; models: Models },
): string[] {
  const found = targets.flatMap((target) => {
    const named = isJsonObject(target) ? target["model"] : target
    if (typeof named !== "string") return []
    if (isJsonObject(target) && Object.keys(target).length > 1)
      section.differs(key, "a model that stands in gets the request as it is: messages and parameters of its own are left out")
    const group = models.ids.get(named)
    const other = leads(named, models) ? named : group
    if (other === undefined || !leads(other, models)) {
      section.left(key, `there is no model ${JSON.stringify(named)} in the new configuration`)
      return []
    }
    if (other !== named) section.differs(key, "one deployment cannot stand in: its whole model does")
    return other === name ? [] : [other]
  })
  return [...new Set(found)].slice(0, standInsMax)
}

function leads(name: string, { byName }: Models): boolean {
  if (byName.has(name)) return !name.includes("*")
  return [...byName].some(
    ([pattern, model]: [string, ModelInput]) => model.aliases?.includes(name) === true || matchOf(pattern, name) !== undefined,
  )
}
