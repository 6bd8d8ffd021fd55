// Portkey's guardrails as guards: what refuses or replaces what is found; checks of other kinds and of other services are named.
import type { ConfigInput } from "../../config/index.ts"
import { isJsonObject, messageOf, type JsonValue } from "../../core/index.ts"
import { literal, Section, type ConfigModels } from "../litellm/index.ts"
import type { Around } from "./targets.ts"

export type GuardInput = NonNullable<ConfigInput["guards"]>[number]
type RedactInput = Extract<GuardInput, { type: "redact" }>
type Entity = NonNullable<RedactInput["entities"]>[number]

const own = "Write a guard of your own: docs/how-to/guards.md."

export interface GuardsContext extends Around {
  /** The models of the config. */
  models: readonly string[]
  /** Those of configs before it. */
  guards: readonly GuardInput[]
  /** Where a model for moderation is added. */
  found: ConfigModels
}

interface Check {
  id: string
  parameters: Section
  denies: boolean
  on: "request" | "answer"
}

const members = [
  ["input_guardrails", "request"],
  ["before_request_hooks", "request"],
  ["output_guardrails", "answer"],
  ["after_request_hooks", "answer"],
] as const

export function guardsOf(config: Section, context: GuardsContext): GuardInput[] {
  const made: GuardInput[] = []
  for (const [member, on] of members)
    for (const [index, value] of config.list(member).entries()) {
      const path = config.at(`${member}[${index}]`)
      for (const check of checksIn(value, path, { on, context })) {
        const guard = guardOf(check, context)
        if (guard)
          made.push({ ...guard, name: freeName(check, [...context.guards, ...made]), on: [on], when: { models: [...context.models] } })
      }
    }
  return made
}

function freeName({ id }: Check, guards: readonly GuardInput[]): string {
  const wanted = id.replace(/^\w+\./, "").replaceAll(/[^\w.-]+/g, "-") || "guard"
  const taken = new Set(guards.map(({ name }) => name))
  let name = wanted
  for (let number = 2; taken.has(name); number += 1) name = `${wanted}-${number}`
  return name
}

/** `{ "default.contains": {…}, "deny": true }`, or a hook with its checks. */
function checksIn(value: JsonValue, path: string, { on, context }: { on: Check["on"]; context: GuardsContext }): Check[] {
  const { report } = context
  if (!isJsonObject(value)) {
    report.add("left-out", path, "its checks stand at Portkey", "Write them as guards: docs/how-to/guards.md.")
    return []
  }
  if (value["async"] === true) {
    report.add("left-out", path, "a check beside the call refuses nothing", own)
    return []
  }
  const denies = value["deny"] === true
  if (Array.isArray(value["checks"]))
    return (value["checks"] as readonly JsonValue[]).flatMap((check, index): Check[] => {
      if (!isJsonObject(check) || check["is_enabled"] === false) return []
      const id = typeof check["id"] === "string" ? check["id"] : ""
      return [{ id, parameters: new Section(check["parameters"], `${path}.checks[${index}]`, report), denies, on }]
    })
  return Object.entries(value).flatMap(([id, parameters]) =>
    id.includes(".") ? [{ id, parameters: new Section(parameters, `${path}.${id}`, report), denies, on }] : [],
  )
}

function guardOf(check: Check, context: GuardsContext): GuardInput | undefined {
  const { id, parameters, denies } = check
  if (id === "default.regexReplace") return replacing(check)
  if (id === "portkey.pii") return personal(check)
  const finds = id === "default.regexMatch" || id === "default.contains" || id === "portkey.moderateContent"
  if (!finds)
    return left(parameters, reasons.find(([pattern]) => pattern.test(id)) ?? [/./, "it is a check that Perdure does not have", own])
  if (!denies) return left(parameters, [/./, "it refuses nothing: its verdict is only told", "Set deny: true where it shall block."])
  if (id === "portkey.moderateContent") return moderating(context, parameters)
  const regex = id === "default.regexMatch" ? unwanted(parameters) : unwantedWords(parameters)
  if (regex === undefined) return left(parameters, [/./, "a guard refuses what is found, not what is missing", own])
  return found(parameters, regex, { action: "block" })
}

type Reason = readonly [ids: RegExp, why: string, instead: string]

const reasons: readonly Reason[] = [
  [/model(?:Whitelist|Rules)$/i, "which models may be asked for is said by keys", "perdure keys create --models <patterns>"],
  [/allowedRequestTypes$/, "which endpoints may be called is said by keys", "perdure keys create --help"],
  [/(?:webhook|log)$/i, "texts are sent to no other service", own],
]

function left(parameters: Section, [, why, instead]: Reason): undefined {
  parameters.report.add("left-out", parameters.path, why, instead)
  return undefined
}

/** An expression that must not match. */
function unwanted(parameters: Section): string | undefined {
  const rule = parameters.take("rule") ?? parameters.take("regex")
  return parameters.flag("not") === true && typeof rule === "string" ? rule : undefined
}

function unwantedWords(parameters: Section): string | undefined {
  const words = parameters.words("words").filter((word) => word !== "")
  const operator = parameters.text("operator") ?? "any"
  const forbids = operator === "none" || (operator === "any" && parameters.flag("not") === true)
  if (!forbids || words.length === 0) return undefined
  return words.map((word) => word.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`)).join("|")
}

function replacing({ parameters, denies }: Check): GuardInput | undefined {
  const rule = parameters.take("rule")
  const blocks = parameters.flag("failOnDetection") === true && denies
  if (typeof rule !== "string") return left(parameters, [/./, "it has no rule", own])
  if (!blocks)
    parameters.differs("redactText", "what is found becomes [PATTERN_1]", "restore: true gives the answer back what was taken out.")
  return found(parameters, rule, blocks ? { action: "block" } : {})
}

function found(parameters: Section, regex: string, { action }: Pick<RedactInput, "action">): GuardInput | undefined {
  try {
    void new RegExp(regex)
  } catch (error) {
    return left(parameters, [/./, `its rule is no expression of JavaScript: ${messageOf(error)}`, own])
  }
  if (regex.length > 2_000) return left(parameters, [/./, "its rule has more than 2000 characters", own])
  const pattern = { kind: "pattern", regex: literal(regex), charsMax: Math.min(4_096, Math.max(128, regex.length)) }
  return { type: "redact", name: "", ...(action === undefined ? {} : { action }), entities: [], patterns: [pattern] }
}

const entities: Readonly<Record<string, Entity>> = {
  EMAIL_ADDRESS: "email",
  PHONE_NUMBER: "phone",
  CREDIT_CARD: "card",
  IP_ADDRESS: "ip",
}

function personal({ parameters, denies }: Check): GuardInput | undefined {
  const categories = parameters.words("categories")
  const known = (categories.length === 0 ? Object.keys(entities) : categories).flatMap((name) => entities[name] ?? [])
  const unknown = categories.filter((name) => entities[name] === undefined)
  if (unknown.length > 0)
    parameters.left("categories", `the built-in redactor does not find ${unknown.join(", ")}`, "Add patterns to the guard.")
  const redacts = parameters.flag("redact") === true
  if (known.length === 0 || (!redacts && !denies)) return left(parameters, [/./, "nothing of it is refused or replaced here", own])
  parameters.report.add(
    "differs",
    parameters.path,
    "cards, e-mail addresses, IP addresses and phone numbers are found by rules, no model is asked",
  )
  return { type: "redact", name: "", ...(redacts ? {} : { action: "block" as const }), entities: [...new Set(known)] }
}

const moderationModel = "omni-moderation-latest"

function moderating({ places, found }: GuardsContext, parameters: Section): GuardInput {
  if (parameters.has("categories"))
    parameters.differs("categories", "the model's own verdict counts, over all categories", "scoreMax has a highest score by category.")
  found[moderationModel] ??= {
    deployments: [{ provider: places.usual("openai", parameters), model: moderationModel, does: { moderation: true } }],
  }
  return { type: "moderate", name: "", model: moderationModel }
}
