// Fields of LiteLLM's requests that would limit, grant or do something which has no counterpart here: refused by name, unless they say nothing.
import { AppError, type JsonObject, type JsonValue } from "../../core/index.ts"

const ofTheConfiguration = "It is configured for all keys, or for those with a tag, in perdure.yaml."
const perModel = 'Give a budget or rate limit "for: { key: …, model: … }" in perdure.yaml, or a key for each model.'

/** What to do instead. */
const refused: Readonly<Record<string, string>> = {
  access_group_ids: "Name the models in models; patterns such as gpt-* are taken.",
  aliases: "Give the model an alias in perdure.yaml, or use routingRules.",
  allowed_cache_controls: ofTheConfiguration,
  allowed_passthrough_routes: "There are no pass-through routes: name routes in allowed_routes.",
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

/** The body without those of them that say nothing. `allowed`: those that the route knows after all. */
export function withoutRefused(body: JsonObject, allowed: readonly string[] = []): JsonObject {
  const kept: Record<string, JsonValue | undefined> = {}
  for (const [name, value] of Object.entries(body)) {
    const instead = allowed.includes(name) ? undefined : refused[name]
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
