// How much is left of the limits that bind a caller, of all processes together.
import type { LimitStatus } from "@perdure/contract"
import type { Clock, Limits } from "../core/index.ts"
import { limitCounters, projects, type Store, type StoredLimit } from "../store/index.ts"
import {
  boundTo,
  declaredUpstream,
  isEnforced,
  isOfUpstream,
  keyAlertName,
  nobody,
  rulesOfKey,
  type BoundRule,
  type LimitRule,
} from "./admission/rules.ts"
import type { Admission, AdmissionRequest, LimitScope } from "./admission/types.ts"
import { windowAt } from "./admission/windows.ts"

export interface LimitReaderOptions {
  store: Pick<Store, "system">
  admission: Pick<Admission, "report" | "rules">
  limits: Pick<Limits, "pageRowsMax">
  clock: Clock
}

export interface LimitCaller extends Pick<AdmissionRequest, "projectId" | "principalId" | "keyLimits" | "user" | "tags"> {
  /** Limits of all keys of the project are shown, not only the caller's, and those of deployments: to those who run the server. */
  seesAllKeys: boolean
}

export type ReadLimits = (caller: LimitCaller) => Promise<LimitStatus[]>

/** Those in use first as they are, then those that bind the caller and of which nothing was used yet. */
export function createLimitReader({ store, admission, limits, clock }: LimitReaderOptions): ReadLimits {
  return async (caller) => {
    await admission.report()
    const { rules } = admission
    const rows = await limitCounters.limitsOfProject(store.system, caller.projectId, limits.pageRowsMax)
    const view = { now: clock.now(), isAlone: await projects.isOnlyProject(store.system, caller.projectId) }
    const declared = new Map(rules.map((rule) => [declaredName(rule.kind, rule.name, rule.unit), rule]))
    const shown = rows
      .map((row) => statusOfRow(row, declared.get(declaredName(row.kind, row.rule, row.unit)), view))
      .filter(({ scope }) => caller.seesAllKeys || (!isOfDeployments(scope) && isOf(scope.key, caller.principalId)))
    const known = new Set(rows.flatMap(({ id, rule, unit }) => [id, usedName(rule, unit)]))
    const unused = caller.seesAllKeys
      ? asDeclared(rules, caller.projectId).filter(({ rule }) => !known.has(usedName(rule.name, rule.unit)))
      : ofCaller(rules, caller)
    const empty = unused.map((bound) => emptyOf(bound, view)).filter(([id]) => !known.has(id))
    return [...shown, ...empty.map(([, status]) => status)]
  }
}

interface View {
  now: number
  /** There is no other project that could use what all share. */
  isAlone: boolean
}

/** What other projects used of a limit that all share is not told. Limits of deployments are shown to those who run the server alone. */
function isHidden(project: string | null, scope: LimitScope, { isAlone }: View): boolean {
  return project === null && !isAlone && !isOfDeployments(scope)
}

/** Unlike every id of a counter. */
function usedName(rule: string, unit: string): string {
  return `${rule} ${unit}`
}

function declaredName(kind: string, rule: string, unit: string): string {
  return `${kind} ${usedName(rule, unit)}`
}

function isOfDeployments({ provider, deployment }: LimitScope): boolean {
  return provider !== null || deployment !== null
}

function isOf(key: string | null, principalId: string): boolean {
  return key === null || key === principalId
}

/** `rule` is what the row's limit is declared as now; that of a key, or one that went meanwhile, has none. */
function statusOfRow(row: StoredLimit, rule: LimitRule | undefined, view: View): LimitStatus {
  const { rule: name, unit, per, amount: limit, kind, debtMs, windowEnd } = row
  const scope = { ...nobody, ...(JSON.parse(row.scope) as Partial<LimitScope>) } // as `exchangeOf` wrote it, perhaps before it had all members
  const enforced = rule === undefined ? name !== keyAlertName : isEnforced(rule)
  const base = { name, unit, per, limit, scope, enforced } as Pick<LimitStatus, "name" | "unit" | "per" | "limit" | "scope" | "enforced">
  if (isHidden(row.projectId, scope, view)) return { ...base, used: null, reserved: null, left: null, resetsAt: windowEnd }
  if (kind === "rate") {
    const burst = rule?.kind === "rate" && rule.limit === limit ? rule.burst : limit
    const used = Math.min(burst, Math.ceil(debtMs / intervalOf(base)))
    return { ...base, used, reserved: 0, left: burst - used, resetsAt: view.now + Math.ceil(debtMs) }
  }
  return { ...base, used: row.used, reserved: row.reserved, left: Math.max(0, limit - row.used - row.reserved), resetsAt: windowEnd }
}

const periodMs: Readonly<Record<string, number>> = { second: 1_000, minute: 60_000, hour: 3_600_000, day: 86_400_000 }

function intervalOf({ per, limit }: Pick<LimitStatus, "per" | "limit">): number {
  return (periodMs[per ?? ""] ?? 1) / limit
}

/** What binds the caller whatever it calls, each counter of its own and those of named models. */
function ofCaller(rules: readonly LimitRule[], caller: LimitCaller): BoundRule[] {
  const own = caller.keyLimits === null ? [] : rulesOfKey(caller.principalId, caller.keyLimits)
  const some = rules.filter(({ for: { model, user } }) => model !== "*" && (user === undefined || caller.user !== null))
  return [...own, ...some].flatMap((rule) => boundTo(rule, { ...unasked, ...caller, model: rule.for.model ?? "" }))
}

/** As it is declared, for somebody who sees all: `*` for whatever has a counter of its own. */
function asDeclared(rules: readonly LimitRule[], projectId: string): BoundRule[] {
  return rules.flatMap((rule) => {
    if (isOfUpstream(rule)) return [declaredUpstream(rule)]
    const { key, user, model, tag } = rule.for
    const named = { projectId, principalId: key ?? "*", keyLimits: null, user: user ?? null, model: model ?? "", tags: tag ? [tag] : [] }
    return boundTo(rule, { ...unasked, ...named })
  })
}

const unasked = { inputTokensEstimated: 0, outputTokensMax: 0, price: undefined } as const

function emptyOf({ id, rule, scope }: BoundRule, view: View): [id: string, status: LimitStatus] {
  const base = { name: rule.name, scope, unit: rule.unit, per: rule.per, limit: rule.limit, enforced: isEnforced(rule) }
  const window = rule.kind === "budget" ? windowAt(rule.per, view.now) : undefined
  const resetsAt = window && Number.isFinite(window.end) ? window.end : null
  const amounts = isHidden(scope.project, scope, view)
    ? { used: null, reserved: null, left: null }
    : { used: 0, reserved: 0, left: rule.kind === "rate" ? rule.burst : rule.limit }
  return [window ? `${id}@${window.start}` : id, { ...base, ...amounts, resetsAt }]
}
