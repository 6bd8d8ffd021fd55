// What must hold together in one alternative of a routing rule, as the conditions of one of ours.
import type { ConfigInput } from "../../config/index.ts"
import { Untranslatable, type Comparison } from "./cel.ts"

export type When = NonNullable<NonNullable<ConfigInput["routingRules"]>[number]["when"]>
type Condition = NonNullable<When["user"]>

export interface Naming {
  /** `team t1` → the tag that its keys have. */
  tagOf: (word: string, idOrName: string) => string
  /** Names of models: `openai/gpt-4o`. */
  models: readonly string[]
}

const endpointsOf: Readonly<Record<string, NonNullable<When["endpoints"]>>> = {
  chat_completion: ["chat", "messages"],
  text_completion: ["completions"],
  responses: ["responses"],
  embedding: ["embeddings"],
  image_generation: ["images"],
  transcription: ["audio"],
  translation: ["audio"],
  speech: ["audio"],
  moderation: ["moderations"],
  rerank: ["rerank"],
}

const owners: Readonly<Record<string, string>> = {
  virtual_key_name: "vk",
  virtual_key_id: "vk",
  team_name: "team",
  team_id: "team",
  customer_name: "customer",
  customer_id: "customer",
}

/** `scopeTag`: of the keys that the rule is for. */
export function whenOf(comparisons: readonly Comparison[], naming: Naming, scopeTag: string | undefined): When {
  const headers: Record<string, Condition> = {}
  const once = new Map<string, Comparison>()
  for (const each of comparisons) {
    if (once.has(each.subject)) throw new Untranslatable(`${each.subject} is asked for twice`)
    once.set(each.subject, each)
    if (each.subject.startsWith("headers.")) headers[each.subject.slice("headers.".length).toLowerCase()] = conditionOf(each)
  }
  const tags = [...once.values()].filter(({ subject }) => owners[subject] !== undefined)
  // Tags are alternatives: of the key's own team or customer the condition says the same as the scope.
  if (
    tags.length + (scopeTag === undefined ? 0 : 1) > 1 &&
    !tags.every((each) => scopeTag !== undefined && tagsOf(each, naming).includes(scopeTag))
  )
    throw new Untranslatable("keys would have to have two tags at once")
  const [tag] = tags
  const wanted = scopeTag !== undefined ? [scopeTag] : tag && tagsOf(tag, naming)
  const unknown = [...once.keys()].find((each) => !/^(?:headers\.|model$|provider$|request_type$)/.test(each) && owners[each] === undefined)
  if (unknown !== undefined) throw new Untranslatable(`${unknown} has no counterpart`)
  const models = modelsOf(once.get("model"), once.get("provider"), naming)
  const type = once.get("request_type")
  return {
    ...(models ? { models } : {}),
    ...(type ? { endpoints: kindsOf(type) } : {}),
    ...(wanted ? { tags: wanted } : {}),
    ...(Object.keys(headers).length === 0 ? {} : { headers }),
  }
}

/** What is absent fits no comparison of theirs. */
function conditionOf({ subject, test, values, isNegated }: Comparison): Condition {
  const [value = ""] = values
  if (test === "==" || test === "in" || test === "!=") {
    const given = values.length === 1 ? value : [...values]
    const isWanted = (test === "!=") === isNegated
    return isWanted ? given : { not: given, present: true }
  }
  if (isNegated) throw new Untranslatable(`! before ${subject}.${test} has no counterpart`)
  if (test === "matches") return { matches: expressionOf(value) }
  const plain = value.replaceAll(/[\\^$.*+?()[\]{}|/-]/g, String.raw`\$&`)
  return { matches: test === "startsWith" ? `^${plain}` : test === "endsWith" ? `${plain}$` : plain }
}

/** Flags at its beginning are around it here. */
function expressionOf(given: string): string {
  const expression = given.replace(/^\(\?([ims]+)\)(.*)$/s, "(?$1:$2)")
  try {
    void new RegExp(expression)
  } catch {
    throw new Untranslatable(`${JSON.stringify(given)} is no regular expression of JavaScript`)
  }
  return expression
}

function exactly({ subject, test, values, isNegated }: Comparison): readonly string[] {
  if (isNegated || (test !== "==" && test !== "in")) throw new Untranslatable(`${subject} is asked for otherwise than by its name`)
  return values
}

function tagsOf(comparison: Comparison, { tagOf }: Naming): string[] {
  return exactly(comparison).map((each) => tagOf(owners[comparison.subject] ?? "", each))
}

function kindsOf(comparison: Comparison): NonNullable<When["endpoints"]> {
  const kinds = exactly(comparison).flatMap((each) => {
    const found = endpointsOf[each]
    if (!found) throw new Untranslatable(`request_type ${JSON.stringify(each)} has no counterpart`)
    return found
  })
  return [...new Set(kinds)]
}

/** Clients ask for `provider/model`, or for the model alone. */
function modelsOf(model: Comparison | undefined, provider: Comparison | undefined, { models }: Naming): string[] | undefined {
  if (!model && !provider) return undefined
  const all = [...new Set(models.map((name) => name.slice(0, name.indexOf("/"))))]
  const providers = provider ? exactly(provider) : all
  if (!model) return providers.map((each) => `${each}/*`)
  const begins = model.test === "startsWith" && !model.isNegated
  const names = begins ? model.values.map((each) => `${each}*`) : exactly(model)
  const wrong = names.find((each) => !/^[A-Za-z0-9][\w./:@-]*\*?$/.test(each))
  if (wrong !== undefined) throw new Untranslatable(`no model can be called ${JSON.stringify(wrong)}`)
  return [...(provider ? [] : names), ...providers.flatMap((each) => names.map((name) => `${each}/${name}`))]
}
