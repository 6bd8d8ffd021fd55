// Fields of LiteLLM's requests that would limit, grant or do something which has no counterpart here: refused by name, unless they say nothing.
import { AppError, type JsonObject, type JsonValue } from "../../core/index.ts"

const ofTheConfiguration = "It is configured for all keys, or for those with a tag, in perdure.yaml."
const perModel = 'Give a budget or rate limit "for: { key: …, model: … }" in perdure.yaml, or a key for each model.'

/** What to do instead. */
const refused: Readonly<Record<string, string>> = {
  access_group_ids: "Name the models in models; patterns such as gpt-* are taken.",
  aliases: "Give the model an alias in perdure.yaml, or use routingRules.",
  allowed_cache_controls: ofTheConfiguration,
  allowed_vector_store_indexes: "Vector stores belong to the project or to a user: give user_id.",
  auto_rotate: "Call POST /key/{key}/regenerate when it is time.",
  budget_id: "Give max_budget and budget_duration of the key itself.",
  config: "Give the members that you need by themselves, or set them in perdure.yaml.",
  disabled_callbacks: "There are no callbacks to other services.",
  enforced_params: ofTheConfiguration,
  guardrails: "Give the key a tag, and name it in guards of perdure.yaml.",
  key: "Secrets are made here: leave it out, and take the one in the answer.",
  mock_response: "Leave it out.",
  model_max_budget: perModel,
  model_rpm_limit: perModel,
  model_tpm_limit: perModel,
  new_key: "Secrets are made here: leave it out, and take the one in the answer.",
  new_master_key: "There is no master key: regenerate an administrator's key as any other.",
  object_permission: "Grants in perdure.yaml say what a key may use.",
  permissions: "Say what the key may call with allowed_routes.",
  policies: ofTheConfiguration,
  prompts: "Requests name their prompt.",
  rotation_interval: "Call POST /key/{key}/regenerate when it is time.",
  router_settings: ofTheConfiguration,
  rpm_limit_type: "Limits are what a key may use at most: leave it out, or give best_effort_throughput.",
  send_invite_email: "Nothing is sent by mail: hand the key over yourself.",
  spend: "What was spent is what the calls cost: it cannot be set.",
  temp_budget_expiry: "Raise max_budget, and lower it again.",
  temp_budget_increase: "Raise max_budget, and lower it again.",
  tpm_limit_type: "Limits are what a key may use at most: leave it out, or give best_effort_throughput.",
}

const ofUsers = 'Give the key what it may use, or add budgets and rateLimits "for: { user: … }" to perdure.yaml.'
const ofTeams = 'Give each key what it may use, or add budgets and rateLimits "for: { tag: team:… }" to perdure.yaml.'
const ofCustomers =
  'Add budgets and rateLimits "for: { user: … }" to perdure.yaml; a key that acts for the user can be blocked, and has limits of its own.'
const amounts = ["max_budget", "budget_duration", "soft_budget", "tpm_limit", "rpm_limit", "max_parallel_requests", "models", "blocked"]

/** What LiteLLM says of all that a user does, whichever key it uses. */
export const refusedUserFields: Readonly<Record<string, string>> = {
  ...Object.fromEntries(amounts.map((name) => [name, ofUsers])),
  organizations: "Give a key organization_id with POST /key/update.",
  password: "People sign in to the dashboard with a link of perdure dashboard.",
  sso_user_id: "Give it as user_id.",
}

export const refusedUserUpdateFields: Readonly<Record<string, string>> = {
  ...refusedUserFields,
  metadata: "Give it to the user's keys with POST /key/update.",
}

/** A customer is a name in requests: what binds one stands in the configuration. */
export const refusedCustomerFields: Readonly<Record<string, string>> = {
  ...Object.fromEntries(amounts.map((name) => [name, ofCustomers])),
  allowed_model_region: 'Give providers a region, and let requests say "perdure": { "regions": … }, or route by routingRules.',
  budget_id: ofCustomers,
  budget_reset_at: "Budgets begin anew with the calendar's hour, day, week or month in UTC.",
  default_model: "Requests name their model; routingRules change it by what they say.",
  metadata: "Nothing is stored of a name: requests have metadata of their own.",
}

export const refusedTeamFields: Readonly<Record<string, string>> = {
  ...Object.fromEntries(amounts.map((name) => [name, ofTeams])),
  allowed_passthrough_routes: "Give the team's keys allowed_passthrough_routes.",
  admins: "A team is a tag of keys: it has no members.",
  members: "A team is a tag of keys: it has no members.",
  members_with_roles: "A team is a tag of keys: it has no members.",
  metadata: "A team is a tag of keys: give the keys their metadata.",
  model_aliases: "Give the model an alias in perdure.yaml, or use routingRules.",
  organization_id: "Give the team's keys organization_id.",
  tags: "Give the team's keys their tags.",
  team_member_budget: ofTeams,
  team_member_key_duration: "Give each key its duration.",
  team_member_permissions: "A team is a tag of keys: it has no members.",
  team_member_rpm_limit: ofTeams,
  team_member_tpm_limit: ofTeams,
}

/** The body without those of them that say nothing. `allowed`: those that the route knows after all; `more`: those that it refuses besides. */
export function withoutRefused(body: JsonObject, allowed: readonly string[] = [], more: Readonly<Record<string, string>> = {}): JsonObject {
  const kept: Record<string, JsonValue | undefined> = {}
  for (const [name, value] of Object.entries(body)) {
    const instead = allowed.includes(name) ? undefined : (more[name] ?? refused[name])
    if (instead === undefined) kept[name] = value
    else if (!saysNothing(value)) {
      throw new AppError("unsupported_value", `"${name}" of LiteLLM has no counterpart here, and it was not left out of account`, {
        param: name,
        hint: instead,
      })
    }
  }
  return kept
}

/** Also LiteLLM's defaults. */
function saysNothing(value: JsonValue | undefined): boolean {
  if (value === undefined || value === null || value === false || value === 0 || value === "") return true
  if (value === "best_effort_throughput") return true
  return typeof value === "object" && Object.keys(value).length === 0
}
