// A key as LiteLLM's admin API shows it, with its id in place of the hash.
import type { ApiKey, BudgetPeriod, LiteLlmKey } from "@perdure/contract"
import { windowAt } from "../../accounting/index.ts"
import { durationOf } from "./durations.ts"
import { groupedTags } from "./group-tags.ts"
import { keptMember, keptOf, unnamed } from "./key-request.ts"

const microUsdPerUsd = 1_000_000

export function shownKey(key: ApiKey, spentMicroUsd: number, now: number): LiteLlmKey {
  const { id, name, hint, scope, limits, user, createdBy } = key
  const kept = keptOf(key)
  const { plain, ids } = groupedTags(key.tags)
  const { [keptMember]: _kept, ...metadata } = key.metadata
  const period = periodOfKey(limits)
  const windowEnd = period === undefined ? Infinity : windowAt(period, now).end
  return {
    token: id,
    token_id: id,
    key_name: hint,
    key_alias: name === unnamed ? null : name,
    spend: spentMicroUsd / microUsdPerUsd,
    models: scope.models,
    max_budget: limits.budgetUsd ?? null,
    budget_duration: period === undefined ? (kept.budget_duration ?? null) : durationOf(period, kept.budget_duration),
    budget_reset_at: Number.isFinite(windowEnd) ? timeText(windowEnd) : null,
    soft_budget: limits.alertUsd ?? null,
    expires: timeText(key.expiresAt),
    tpm_limit: limits.tokensPerMinute ?? null,
    rpm_limit: limits.requestsPerMinute ?? null,
    max_parallel_requests: limits.concurrent ?? null,
    metadata: plain.length > 0 ? { ...metadata, tags: plain } : metadata,
    tags: plain,
    user_id: user,
    team_id: ids.team ?? null,
    organization_id: ids.organization ?? null,
    project_id: ids.project ?? null,
    agent_id: ids.agent ?? null,
    allowed_routes: scope.endpoints,
    allowed_passthrough_routes: kept.allowed_passthrough_routes ?? [],
    blocked: key.blockedAt !== null,
    ...withoutCounterpart,
    created_by: createdBy,
    created_at: timeText(key.createdAt),
    updated_at: timeText(key.updatedAt),
    last_active: timeText(key.lastUsedAt),
  }
}

/** As LiteLLM shows what a key does not have. */
const withoutCounterpart = {
  aliases: {},
  config: {},
  permissions: {},
  model_max_budget: {},
  model_rpm_limit: null,
  model_tpm_limit: null,
  allowed_cache_controls: [],
  guardrails: null,
  budget_id: null,
  litellm_budget_table: null,
}

/** From when on what a key spent is shown: the window of its budget, or ever. */
export function spendSince({ limits }: Pick<ApiKey, "limits">, now: number): number {
  const period = periodOfKey(limits)
  return period === undefined ? 0 : windowAt(period, now).start
}

/** Undefined where it has no budget, a soft one neither. */
function periodOfKey({ budgetUsd, alertUsd, budgetPer = "month" }: ApiKey["limits"]): BudgetPeriod | undefined {
  return budgetUsd === undefined && alertUsd === undefined ? undefined : budgetPer
}

function timeText(at: number | null): string | null {
  return at === null ? null : new Date(at).toISOString()
}
