// LiteLLM's guardrails as guards: masking and moderation that are built in; the others are somebody else's services.
import type { ConfigInput } from "../../config/index.ts"
import { messageOf, type JsonValue } from "../../core/index.ts"
import type { Models } from "./models.ts"
import type { Report } from "./report.ts"
import type { Providers } from "./providers.ts"
import { literal, Section } from "./section.ts"

type GuardInput = NonNullable<ConfigInput["guards"]>[number]
type RedactInput = Extract<GuardInput, { type: "redact" }>
type Entity = NonNullable<RedactInput["entities"]>[number]

/** Presidio's names, and those of LiteLLM's own filter. */
const entities: Readonly<Record<string, Entity>> = {
  CREDIT_CARD: "card",
  EMAIL_ADDRESS: "email",
  IBAN_CODE: "iban",
  IP_ADDRESS: "ip",
  PHONE_NUMBER: "phone",
  email: "email",
  phone: "phone",
  visa: "card",
  mastercard: "card",
  amex: "card",
  aws_access_key: "secret",
  aws_secret_key: "secret",
  github_token: "secret",
}

const moderationModel = "omni-moderation-latest"

interface Guardrail {
  name: string
  params: Section
  on: ("request" | "answer")[]
}

export interface GuardsContext {
  models: Models
  providers: Providers
  report: Report
}

export function guardsOf(list: readonly JsonValue[], context: GuardsContext): GuardInput[] {
  const used = new Set<string>()
  return list.flatMap((item, index) => {
    const section = new Section(item, `guardrails[${index}]`, context.report)
    const written = section.text("guardrail_name") ?? `guardrail-${index + 1}`
    section.take("guardrail_info")
    const params = section.section("litellm_params")
    const on = phases(params)
    if (on.length === 0) return []
    const made = guardOf({ name: plainName(written, used), params, on }, context)
    const isDefault = params.flag("default_on") === true
    if (made.length > 0 && !isDefault)
      params.differs(
        "default_on",
        "requests cannot name guards; this one stands around calls of keys that have its name as a tag",
        `perdure keys update <id> --tag ${tagOf(written)}`,
      )
    return made.map((guard) => (isDefault ? guard : { ...guard, when: { tags: [tagOf(written)] } }))
  })
}

function tagOf(name: string): string {
  return name.replaceAll(/[^\w.:-]+/g, "-").slice(0, 64)
}

function plainName(written: string, used: Set<string>): string {
  const plain =
    written
      .replaceAll(/[^\w.-]+/g, "-")
      .replace(/^[^A-Za-z0-9]+/, "")
      .slice(0, 56) || "guard"
  let name = plain
  for (let number = 2; used.has(name); number += 1) name = `${plain}-${number}`
  used.add(name)
  return name
}

/** `during_call` looks at the request beside the call; here it is looked at before. */
function phases(params: Section): ("request" | "answer")[] {
  const modes = params.words("mode")
  const on = new Set<"request" | "answer">()
  for (const mode of modes) {
    if (mode === "pre_call" || mode === "during_call") on.add("request")
    else if (mode === "post_call") on.add("answer")
    else
      params.left(
        "mode",
        mode === "logging_only"
          ? "prompts and answers are never logged, so nothing has to be masked there"
          : `there is no phase ${JSON.stringify(mode)}`,
      )
  }
  if (modes.length === 0) params.left("mode", "it depends on the request")
  if (on.has("request") && params.text("presidio_filter_scope") === "both") on.add("answer")
  return [...on]
}

function guardOf({ name, params, on }: Guardrail, { models, providers }: GuardsContext): GuardInput[] {
  const kind = params.text("guardrail") ?? ""
  if (kind === "presidio") return presidio({ name, params, on })
  if (kind === "litellm_content_filter") return contentFilter({ name, params, on })
  if (kind === "hide-secrets") return [{ type: "redact", name, on, entities: ["secret"] }]
  if (kind === "openai_moderation") {
    const model = params.text("model") ?? moderationModel
    params.take("api_key")
    params.take("api_base")
    if (!models.byName.has(model))
      models.byName.set(model, { deployments: [{ provider: providers.usual("openai", params), model, does: { moderation: true } }] })
    return [{ type: "moderate", name, on, model }]
  }
  params.left(
    "guardrail",
    `${JSON.stringify(kind)} is a service or code that Perdure does not call`,
    "Write a guard of your own that asks it: docs/how-to/guards.md.",
  )
  for (const key of params.unread()) params.take(key)
  return []
}

const serverSettings = ["presidio_analyzer_api_base", "presidio_anonymizer_api_base", "presidio_ad_hoc_recognizers", "presidio_language"]

function presidio({ name, params, on }: Guardrail): GuardInput[] {
  for (const key of serverSettings) params.take(key)
  const restore = params.flag("output_parse_pii") === true ? { restore: true } : {}
  const kinds = params.section("pii_entities_config")
  const named = kinds.unread().map((kind) => [kind, kinds.text(kind) ?? "MASK"] as const)
  for (const [kind] of named)
    if (entities[kind] === undefined)
      kinds.left(
        kind,
        "the built-in redactor does not find it",
        "Add an expression to patterns of the guard, or write a guard that asks Presidio.",
      )
  params.differs(
    "guardrail",
    "Presidio is not asked: cards, e-mail addresses, IBANs, IP addresses and phone numbers are found by rules, names of people and places are not",
  )
  if (named.length === 0) return [{ type: "redact", name, on, entities: ["card", "email", "iban", "ip", "phone"], ...restore }]
  return byAction(
    name,
    on,
    named.flatMap(([kind, action]) => (entities[kind] ? [{ action, entity: entities[kind] }] : [])),
  ).map((guard) => ({ ...guard, ...restore }))
}

interface Found {
  action: string
  entity?: Entity
  pattern?: NonNullable<RedactInput["patterns"]>[number]
}

function contentFilter({ name, params, on }: Guardrail): GuardInput[] {
  for (const key of ["pattern_redaction_format", "keyword_redaction_tag"])
    if (params.take(key) !== undefined) params.differs(key, "what is found becomes [KIND_1]")
  const patterns = params.list("patterns").map((item, index) => foundBy(new Section(item, params.at(`patterns[${index}]`), params.report)))
  const words = params
    .list("blocked_words")
    .map((item, index) => wordIn(new Section(item, params.at(`blocked_words[${index}]`), params.report)))
  return byAction(
    name,
    on,
    [...patterns, ...words].filter((each) => each !== undefined),
  )
}

function foundBy(item: Section): Found | undefined {
  const action = item.text("action") ?? "BLOCK"
  const prebuilt = item.text("pattern_name")
  if (prebuilt !== undefined) {
    const entity = entities[prebuilt]
    if (entity === undefined)
      item.left(
        "pattern_name",
        `${JSON.stringify(prebuilt)} is not among the built-in kinds`,
        "Add an expression for it to patterns of the guard.",
      )
    return entity && { action, entity }
  }
  const regex = item.take("pattern")
  const kind = kindOf(item.text("name") ?? "pattern")
  if (typeof regex !== "string") return undefined
  try {
    void new RegExp(regex)
  } catch (error) {
    item.left("pattern", `it is no expression of JavaScript: ${messageOf(error)}`)
    return undefined
  }
  return { action, pattern: { kind, regex: literal(regex) } }
}

function wordIn(item: Section): Found | undefined {
  const word = item.take("keyword")
  item.take("description")
  if (typeof word !== "string" || word === "") return undefined
  const regex = word.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`)
  return {
    action: item.text("action") ?? "BLOCK",
    pattern: { kind: "keyword", regex: literal(regex), ignoreCase: true, charsMax: Math.min(4_096, Math.max(128, word.length)) },
  }
}

function kindOf(name: string): string {
  return (
    name
      .toLowerCase()
      .replaceAll(/[^a-z0-9]+/g, "_")
      .replace(/^[^a-z]+/, "")
      .slice(0, 32) || "pattern"
  )
}

/** What is masked and what blocks are two guards. */
function byAction(name: string, on: Guardrail["on"], found: readonly Found[]): RedactInput[] {
  const actions = [...new Set(found.map(({ action }) => (action.toUpperCase() === "BLOCK" ? "block" : "redact")))]
  return actions.map((action) => {
    const own = found.filter((each) => (each.action.toUpperCase() === "BLOCK") === (action === "block"))
    const patterns = own.flatMap(({ pattern }) => pattern ?? [])
    return {
      type: "redact",
      name: actions.length > 1 ? `${name}-${action}` : name,
      on,
      ...(action === "block" ? { action } : {}),
      entities: [...new Set(own.flatMap(({ entity }) => entity ?? []))],
      ...(patterns.length === 0 ? {} : { patterns }),
    }
  })
}
