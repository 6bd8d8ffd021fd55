// What is typed into the form of a key, and the requests that it becomes: a new key, or what changes about one.
import type { ApiKey, ApiKeyCreateRequest, ApiKeyUpdateRequest, KeyLimits } from "@perdure/client"
import type { budgetPeriods, endpointGroups } from "@perdure/contract"

type EndpointGroup = (typeof endpointGroups)[number]
type BudgetPeriod = (typeof budgetPeriods)[number]

/** What applications call; everything else can be typed. */
export const offeredEndpoints = [
  "chat",
  "messages",
  "responses",
  "embeddings",
  "images",
  "audio",
  "moderations",
  "rerank",
  "batches",
  "realtime",
  "files",
  "vector_stores",
  "conversations",
  "memories",
  "runs",
  "usage",
  "keys",
] as const satisfies readonly EndpointGroup[]

export const windows: readonly (readonly [BudgetPeriod, string])[] = [
  ["hour", "per hour"],
  ["day", "per day"],
  ["week", "per week"],
  ["month", "per month"],
  ["total", "in all"],
]

const dayMs = 86_400_000
/** `keep` and `date` besides: as it is, and the day that is typed. */
export const lifetimes = [
  ["never", "Never", 0],
  ["day", "In a day", dayMs],
  ["week", "In a week", 7 * dayMs],
  ["month", "In 30 days", 30 * dayMs],
  ["quarter", "In 90 days", 90 * dayMs],
] as const

export interface KeyForm {
  name: string
  models: string
  endpoints: readonly string[]
  /** Paths and groups that have no box. */
  moreEndpoints: string
  budgetUsd: string
  alertUsd: string
  budgetPer: BudgetPeriod
  requestsPerMinute: string
  tokensPerMinute: string
  concurrent: string
  expires: (typeof lifetimes)[number][0] | "keep" | "date"
  /** `2027-01-31`: the key works until that day ends, in the reader's time zone. */
  date: string
  tags: string
  user: string
}

export const emptyForm: KeyForm = {
  name: "",
  models: "",
  endpoints: [],
  moreEndpoints: "",
  budgetUsd: "",
  alertUsd: "",
  budgetPer: "month",
  requestsPerMinute: "",
  tokensPerMinute: "",
  concurrent: "",
  expires: "never",
  date: "",
  tags: "",
  user: "",
}

export function formOf({ name, scope, limits, tags, user, expiresAt }: ApiKey): KeyForm {
  const isOffered = (endpoint: string): boolean => (offeredEndpoints as readonly string[]).includes(endpoint)
  return {
    ...emptyForm,
    name,
    models: scope.models.join(", "),
    endpoints: scope.endpoints.filter(isOffered),
    moreEndpoints: scope.endpoints.filter((endpoint) => !isOffered(endpoint)).join(", "),
    budgetUsd: textOf(limits.budgetUsd),
    alertUsd: textOf(limits.alertUsd),
    budgetPer: limits.budgetPer ?? "month",
    requestsPerMinute: textOf(limits.requestsPerMinute),
    tokensPerMinute: textOf(limits.tokensPerMinute),
    concurrent: textOf(limits.concurrent),
    expires: expiresAt === null ? "never" : "keep",
    tags: tags.join(", "),
    user: user ?? "",
  }
}

export function newKeyOf(form: KeyForm, now: number): ApiKeyCreateRequest {
  const expiresAt = expiryOf(form, now)
  const user = form.user.trim()
  return {
    name: form.name.trim(),
    scope: scopeOf(form),
    limits: limitsOf(form),
    tags: listOf(form.tags),
    ...(user === "" ? {} : { user }),
    ...(typeof expiresAt === "number" ? { expiresAt } : {}),
  }
}

/** Everything that the form shows; what was emptied is taken away. */
export function patchOf(form: KeyForm, now: number): ApiKeyUpdateRequest {
  const expiresAt = expiryOf(form, now)
  const limits = limitsOf(form)
  const none = { budgetUsd: null, alertUsd: null, budgetPer: null, requestsPerMinute: null, tokensPerMinute: null, concurrent: null }
  return {
    name: form.name.trim(),
    scope: scopeOf(form),
    limits: { ...none, ...limits },
    tags: listOf(form.tags),
    user: form.user.trim() === "" ? null : form.user.trim(),
    ...(expiresAt === undefined ? {} : { expiresAt }),
  }
}

/** What cannot be sent, in words; the server judges the rest. */
export function complaintAbout(form: KeyForm): string | undefined {
  if (form.name.trim() === "") return "A key needs a name."
  if (form.expires === "date" && form.date === "") return "Choose the day on which the key ends."
  return undefined
}

function scopeOf(form: KeyForm): { models: string[]; endpoints: string[] } {
  return { models: listOf(form.models), endpoints: [...form.endpoints, ...listOf(form.moreEndpoints)] }
}

function limitsOf({ budgetUsd, alertUsd, budgetPer, requestsPerMinute, tokensPerMinute, concurrent }: KeyForm): KeyLimits {
  const limits: KeyLimits = {}
  if (budgetUsd.trim() !== "" || alertUsd.trim() !== "") limits.budgetPer = budgetPer
  for (const [name, text] of Object.entries({ budgetUsd, alertUsd, requestsPerMinute, tokensPerMinute, concurrent })) {
    if (text.trim() !== "") Object.assign(limits, { [name]: Number(text) })
  }
  return limits
}

/** Undefined: as it is; null: never. */
function expiryOf({ expires, date }: KeyForm, now: number): number | null | undefined {
  if (expires === "keep") return undefined
  if (expires === "never") return null
  if (expires === "date") return new Date(`${date}T23:59:59.999`).getTime()
  const [, , ms] = lifetimes.find(([name]) => name === expires) ?? lifetimes[0]
  return now + ms
}

function listOf(text: string): string[] {
  return text
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "")
}

function textOf(value: number | undefined): string {
  return value === undefined ? "" : String(value)
}
