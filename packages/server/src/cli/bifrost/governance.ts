// Bifrost's governance as budgets and rates for tags of keys, and the commands that make those keys.
import type { ConfigInput } from "../../config/index.ts"
import type { JsonValue } from "../../core/index.ts"
import { reportRest, Section, type ConfigModels, type Reasons } from "../litellm/index.ts"
import { readRoutingRules, type TranslatedRules } from "./routing-rules.ts"

type BudgetInput = NonNullable<ConfigInput["budgets"]>[number]
type RateLimitInput = NonNullable<ConfigInput["rateLimits"]>[number]
type Scope = NonNullable<BudgetInput["for"]>

const budgetWindows: Readonly<Record<string, BudgetInput["per"]>> = {
  "1h": "hour",
  "60m": "hour",
  "1d": "day",
  "24h": "day",
  "1w": "week",
  "7d": "week",
  "1M": "month",
  "30d": "month",
}
const rateWindows: Readonly<Record<string, NonNullable<RateLimitInput["per"]>>> = {
  "1s": "second",
  "1m": "minute",
  "60s": "minute",
  "1h": "hour",
  "60m": "hour",
  "1d": "day",
  "24h": "day",
}

interface Governed extends TranslatedRules {
  budgets: BudgetInput[]
  rateLimits: RateLimitInput[]
}

interface Bound {
  models: ConfigModels
  accounts: ReadonlyMap<string, readonly string[]>
}

export function readGovernance(governance: Section, bound: Bound): Governed {
  const rows = (key: string): Section[] =>
    governance.list(key).map((value, index) => new Section(value, `${governance.path}.${key}[${index}]`, governance.report))
  const owners = new Map<string, Scope>()
  /** By the id of the budget or the rate, where its owner names it. */
  const named = new Map<string, Scope>()
  const note = (row: Section, scope: Scope | undefined): void => {
    const refs: (JsonValue | undefined)[] = [row.take("budget_id"), row.take("rate_limit_id"), ...row.list("rate_limit_ids")]
    for (const ref of refs) if (typeof ref === "string" && scope) named.set(ref, scope)
  }
  for (const [key, word] of [
    ["customers", "customer"],
    ["teams", "team"],
    ["virtual_keys", "vk"],
  ] as const)
    for (const row of rows(key)) {
      const tag = tagOf(word, row)
      const id = row.take("id")
      if (typeof id === "string") owners.set(`${word} ${id}`, { tag })
      note(row, { tag })
      if (word === "vk") tellCommand(row, tag, owners)
      else row.report.add("left-out", row.path, "keys have tags, and no groups above them", `Give its keys the tag: --tag ${tag}`)
      forget(row)
    }
  for (const row of [...rows("model_configs"), ...rows("providers")]) noteModel(row, bound, note)
  const budgets = rows("budgets").flatMap((row) => budgetOf(row, scopeOf(row, owners, named)))
  const rateLimits = rows("rate_limits").flatMap((row) => ratesOf(row, named))
  const tagged = (word: string, idOrName: string): string => owners.get(`${word} ${idOrName}`)?.tag ?? tagNamed(word, idOrName)
  const rules = readRoutingRules(rows("routing_rules"), bound.models, tagged)
  reportRest(governance, reasons)
  return { budgets, rateLimits, ...rules }
}

function tagOf(word: string, row: Section): string {
  const name = row.value["name"] ?? row.value["id"]
  return tagNamed(word, typeof name === "string" ? name : "unnamed")
}

function tagNamed(word: string, name: string): string {
  return `${word}:${name.replaceAll(/[^\w.-]+/g, "-")}`.slice(0, 64)
}

/** The key itself is made anew: what stands in the file is Bifrost's. */
function tellCommand(row: Section, tag: string, owners: ReadonlyMap<string, Scope>): void {
  const configs = row.list("provider_configs").map((value) => new Section(value, row.path, row.report))
  const patterns = configs.flatMap((config) => {
    const provider = config.text("provider") ?? "*"
    const allowed = config.words("allowed_models")
    return (allowed.length === 0 ? ["*"] : allowed).map((model) => `${provider}/${model}`)
  })
  const groups = (["team", "customer"] as const).flatMap((word) => owners.get(`${word} ${textOf(row.value[`${word}_id`])}`)?.tag ?? [])
  const tags = [tag, ...groups].map((each) => ` --tag ${each}`).join("")
  const name = tag.slice("vk:".length)
  const isActive = row.value["is_active"] !== false
  if (!isActive) return row.report.add("not-needed", row.path, "the key is not active")
  row.report.add(
    "left-out",
    row.path,
    "no key stands in the configuration; what each may do is said when it is made",
    `perdure keys create ${name}${patterns.length === 0 ? "" : ` --models "${patterns.join(",")}"`}${tags}`,
  )
  if (configs.some((config) => config.value["weight"] !== undefined && config.value["weight"] !== 1) && configs.length > 1)
    row.report.add(
      "left-out",
      `${row.path}.provider_configs`,
      "calls are shared among the deployments of a model, not among a key's providers",
      "Make a model whose deployments have those weights.",
    )
}

/** Limits of one model, or of all of a provider, whose accounts share them. */
function noteModel(row: Section, { models, accounts }: Bound, note: (row: Section, scope: Scope | undefined) => void): void {
  const isOfProvider = row.path.includes(".providers[")
  const provider = textOf(row.value[isOfProvider ? "name" : "provider"])
  const name = isOfProvider ? "*" : textOf(row.value["model_name"])
  const isGlobal = row.value["scope"] === undefined || row.value["scope"] === "global"
  const scope = isGlobal ? (name === "*" ? providerScope(accounts.get(provider)) : modelScope(`${provider}/${name}`, models)) : undefined
  note(row, scope)
  if (!scope) row.report.add("left-out", row.path, "limits are for a model that is named, a provider, keys, users, tags or a project")
  forget(row)
}

function providerScope(names: readonly string[] = []): Scope | undefined {
  const [first] = names
  return first === undefined ? undefined : { provider: names.length === 1 ? first : [...names] }
}

function modelScope(model: string, models: ConfigModels): Scope | undefined {
  return models[model] === undefined || model.includes("*") ? undefined : { model }
}

function scopeOf(row: Section, owners: ReadonlyMap<string, Scope>, named: ReadonlyMap<string, Scope>): Scope | undefined {
  const id = row.take("id")
  const own = (
    [
      ["virtual_key_id", "vk"],
      ["team_id", "team"],
      ["customer_id", "customer"],
    ] as const
  )
    .map(([key, word]) => owners.get(`${word} ${textOf(row.take(key))}`))
    .find((scope) => scope !== undefined)
  return own ?? (typeof id === "string" ? named.get(id) : undefined)
}

function budgetOf(row: Section, scope: Scope | undefined): BudgetInput[] {
  const usd = row.number("max_limit")
  const length = row.text("reset_duration") ?? ""
  const per = budgetWindows[length]
  forget(row)
  if (usd === undefined) return []
  if (!scope) row.report.add("left-out", row.path, "nobody is named whose budget it is")
  else if (!per) row.left("reset_duration", `there is no window of ${JSON.stringify(length)}: budgets are per hour, day, week or month`)
  else {
    row.differs("reset_duration", "windows begin with the hour, day, week (Monday) or month, in UTC")
    return [{ name: nameOf(row.value["id"], row), for: scope, per, usd: Math.min(1_000_000_000, Math.max(0, usd)) }]
  }
  return []
}

function ratesOf(row: Section, named: ReadonlyMap<string, Scope>): RateLimitInput[] {
  const id = row.take("id")
  const scope = typeof id === "string" ? named.get(id) : undefined
  const found = (["request", "token"] as const).flatMap((what): RateLimitInput[] => {
    const amount = row.count(`${what}_max_limit`)
    const length = row.text(`${what}_reset_duration`) ?? ""
    const per = rateWindows[length]
    if (amount === undefined || !scope) return []
    if (per) return [{ name: `${nameOf(id, row)}-${what}s`.slice(0, 64), for: scope, per, [`${what}s`]: amount }]
    row.left(`${what}_reset_duration`, `there is no window of ${JSON.stringify(length)}: rates are per second, minute, hour or day`)
    return []
  })
  forget(row)
  if (!scope) row.report.add("left-out", row.path, "nobody is named whose rate it is")
  return found
}

function nameOf(id: JsonValue | undefined, row: Section): string {
  const text = (typeof id === "string" ? id : row.path).replaceAll(/[^\w.-]+/g, "-").replace(/^[^A-Za-z0-9]+/, "")
  return (text === "" ? "bifrost" : text).slice(0, 55)
}

function textOf(value: JsonValue | undefined): string {
  return typeof value === "string" ? value : ""
}

/** Of a row of which something was said. */
function forget(row: Section): void {
  for (const key of row.unread()) row.take(key)
}

const reasons: Reasons = [
  [/^auth_config$/, "left-out", "people sign in to the dashboard by one-time links", "perdure dashboard prints a link."],
  [/^pricing_overrides$/, "left-out", "prices stand in deployments", "Write price into the deployments that cost you something else."],
]
