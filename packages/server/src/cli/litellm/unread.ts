// Settings of LiteLLM that become nothing here: why, and what to do in their place. What no line knows is said to be unknown.
import type { Outcome } from "./report.ts"
import type { Section } from "./section.ts"

type Reason = readonly [outcome: Outcome, why: string, instead?: string]
type Reasons = readonly (readonly [keys: RegExp, ...reason: Reason])[]

const keysInstead = "Make keys with perdure keys create (docs/how-to/keys.md)."
const ownStore = "processes share limits, keys and answers through Postgres"
const observability = "Runs, costs and traces are on the dashboard and in GET /v1/runs; metrics for Prometheus at GET /metrics."
const signIn: Reason = [
  "left-out",
  "people sign in to the dashboard by one-time links, applications by keys",
  "perdure dashboard prints a link.",
]
const certificates: Reason = [
  "left-out",
  "certificates of providers are always verified",
  "Trust an authority of your own by the variable NODE_EXTRA_CA_CERTS=/path/ca.pem.",
]
const server: Reason = ["not-needed", "it belongs to LiteLLM's own server or database"]

const reasons: Readonly<Record<string, Reasons>> = {
  model: [
    [
      /^(?:drop_params|merge_reasoning_content_in_choices|modify_params)$/,
      "not-needed",
      "parameters are translated for each provider, and left out where it refuses them",
    ],
    [/^cooldown_time$/, "left-out", "rests are set for the whole server", "limits.breakerOpenMs"],
    [
      /^(?:tag_regex|region_name|auto_router_|complexity_router|adaptive_router|quality_router)/,
      "left-out",
      "calls are not routed by that",
      "Write a rule (routingRules in docs/how-to/routing-and-fallbacks.md), or send perdure: { tags: … }.",
    ],
    [
      /^(?:configurable_clientside_auth_params|use_in_pass_through|use_litellm_proxy)$/,
      "left-out",
      "addresses and keys of providers come from the configuration alone",
    ],
    [/^(?:mock_response)$/, "left-out", "no model answers with a fixed text", "perdure/extractive answers without a provider, for tests."],
    [
      /^(?:max_file_size_mb|litellm_trace_id|keepalive_seconds|allow_client_keepalive_override|provider_affinity_header|use_chat_completions_api|itpm|otpm|default_api_key_)/,
      "left-out",
      "there is no such setting for one deployment",
    ],
    [/^ssl_/, ...certificates],
    [/^(?:allowed_openai_params)$/, "not-needed", "whatever a client sends is passed on"],
    [/_cost|cost_per_/, "left-out", "prices have no such part here", "See deployments[].price in docs/reference/config.md."],
    [/^(?:cache_control_injection_points)$/, "left-out", "cache marks are the application's", "Send cache_control in the messages."],
    [
      /^(?:aws_|vertex_|azure_|gcs_|s3_|watsonx_|sap_|oci_|litellm_|model_info$|api_|base_|custom_llm_provider$|organization$|organization_id$|tenant_id$|client_id$|client_secret$|credentials?$|headers$|extra_headers$|cache$|caching$|guardrails$|fallbacks$|max_budget$|budget_duration$|order$|weight$|tags$|rpm$|tpm$|timeout$|stream_timeout$|max_parallel_requests$|ssl_|hf_|deployment_id$|num_retries|metadata$|model$)/,
      "left-out",
      "this import does not know it",
      "Look for it in docs/reference/config.md.",
    ],
  ],
  info: [
    [
      /^(?:access_groups|team_id|team_public_model_name|access_windows|blocked)$/,
      "left-out",
      "who may use a model is said by keys",
      "perdure keys create --models <patterns>",
    ],
    [
      /^(?:supports_|litellm_provider$|max_output_tokens$|description$|version$|tier$|db_model$|created_|updated_|health_check|key$|supported_|tpm$|rpm$)/,
      "not-needed",
      "it describes the model and changes nothing",
    ],
    [/_cost|cost_per_|ptu_/, "left-out", "prices have no such part here", "See deployments[].price in docs/reference/config.md."],
    [/./, "not-needed", "it describes the model and changes nothing"],
  ],
  router_settings: [
    [/^redis_|^cache_|^caching_groups$|^client_ttl$/, "not-needed", ownStore],
    [/^(?:enable_pre_call_checks?)$/, "not-needed", "a conversation that is too long goes to contextFallbacks at once"],
    [
      /^(?:enable_tag_filtering|tag_filtering_match_any)$/,
      "differs",
      "a call with tags goes to deployments that have all of them; one without goes to any, whether or not one is tagged default",
      "For a default write rules: routingRules in docs/how-to/routing-and-fallbacks.md.",
    ],
    [
      /^allowed_fails_policy$/,
      "left-out",
      "failures are told apart by what may heal them, not by numbers of one's own",
      "limits.breakerFailuresMax, and fallbackOn of a model",
    ],
    [
      /^(?:optional_pre_call_checks|deployment_affinity_ttl_seconds|model_group_affinity_config)$/,
      "not-needed",
      "conversations return to who can read their sealed reasoning, and limits are kept before each call",
    ],
    [
      /^(?:routing_strategy_args|routing_groups|weights|default_priority|polling_interval|max_fallbacks|alerting_config|assistants_config|search_tools|guardrail_list|tag_routing_prefix)$/,
      "left-out",
      "there is no such setting",
    ],
    [/^(?:set_verbose|debug_level|ignore_invalid_deployments|router_general_settings)$/, ...server],
  ],
  litellm_settings: [
    [/^ssl_/, ...certificates],
    [/^(?:turn_off_message_logging|redact_user_api_key_info)$/, "not-needed", "prompts, answers and keys are never logged"],
    [
      /^cost_(?:discount|margin)_config$/,
      "left-out",
      "costs are what providers list, without discounts and margins of one's own",
      "Write price into the deployments that cost you something else.",
    ],
    [/^(?:budget_reset_time|timezone)$/, "left-out", "windows of budgets begin at midnight in UTC"],
    [/^(?:telemetry|http2|user_url_|request_correlation|require_managed_files|add_function_to_prompt|return_response_headers)/, ...server],
    [
      /^(?:drop_params|modify_params|additional_drop_params)$/,
      "not-needed",
      "parameters are translated for each provider, and left out where it refuses them",
    ],
    [
      /callback|^langfuse|^otel|^datadog|^s3_|^gcs_|_logger|^turn_off_message_logging$|^redact_|^json_logs$|^set_verbose$|^(?:prometheus|metrics|require_auth_for_metrics)/,
      "left-out",
      "calls are not sent to other services, and their texts are never logged",
      observability,
    ],
    [
      /^(?:max_internal_user_budget|internal_user_budget_duration|default_internal_user_params|default_team_|upperbound_key|default_key|key_generation|max_ui_session_budget|max_end_user_budget_id|enable_key_alias)/,
      "left-out",
      "keys are limited one by one",
      keysInstead,
    ],
    [/^mcp_|^vector_store|^public_/, "left-out", "tools and vector stores are Perdure's own", "See docs/reference/http.md."],
    [/^(?:force_ipv4|ssl_|aiohttp|disable_|enable_|use_|store_audit_logs|in_product_nudges|model_alias_map|network_mock)/, ...server],
  ],
  general_settings: [
    [/^master_key$/, "left-out", "no key stands in the configuration: the first start prints one", keysInstead],
    [
      /^database_(?:url|host|name|user|username|password)$/,
      "left-out",
      "Perdure has tables of its own, and reads neither keys nor spend of LiteLLM's",
      "Make an empty database, and set DATABASE_URL to it; without one the embedded Postgres is used.",
    ],
    [
      /^(?:database_|proxy_batch|proxy_budget|allow_requests_on_db|disable_prisma|store_model_in_db|supported_db_objects|use_redis|user_api_key_cache_ttl|maximum_spend_logs|disable_spend|disable_reset|disable_adding|disable_error_logs|store_prompts)/,
      ...server,
    ],
    [/^(?:alerting|alert_|spend_report|slack)/, "left-out", "no reports are sent", "Read GET /v1/usage, or the metrics at GET /metrics."],
    [
      /^(?:custom_auth|custom_sso|enable_jwt_auth|litellm_jwtauth|enable_oauth2|oauth2_|allow_user_auth|ui_|allowed_ips|public_routes|admin_only_routes|allowed_routes|role_permissions|custom_key_generate|litellm_key_header_name|user_header_name|control_plane)/,
      ...signIn,
    ],
    [
      /^(?:key_management_|use_google_kms|use_azure_key_vault)/,
      "left-out",
      "secrets come from variables and files",
      "Mount the secret as a file: { file: /run/secrets/… }.",
    ],
    [
      /^(?:background_health_checks|health_check_|enable_health_check)/,
      "not-needed",
      "servers of one's own are probed without calling a model (deployments[].probe)",
    ],
    [/^(?:completion_model|embedding_model|image_generation_model|moderation_model)$/, "left-out", "a request names its model"],
    [
      /^(?:max_response_size_mb|forward_|enforce|reject_clientside|service_account|allow_client_side|infer_model|use_client_credentials|use_x_forwarded_for|default_team_disabled|user_mcp_management_mode|disable_)/,
      "left-out",
      "there is no such setting",
    ],
    [/^litellm_license$/, ...server],
  ],
  pass_through_endpoints: [
    [/^(?:forward_headers|merge_query_params|id)$/, "not-needed", "headers and queries of callers go on, without their credentials"],
    [/^cost_per_request$/, "left-out", "what such a request costs nobody tells: its run has no cost"],
    [/^(?:default_query_params|custom_body)$/, "left-out", "requests go on as they are, with nothing added"],
    [/^guardrails$/, "left-out", "guards do not look at what is passed through"],
  ],
  top: [
    [
      /^environment_variables$/,
      "left-out",
      "variables are not set from the configuration",
      "Set them where the server is started; those that it needs are listed below.",
    ],
    [
      /^(?:callback_settings|finetune_settings|files_settings|assistant_settings|prompts|search_tools|policies|policy_attachments|agent_list)$/,
      "left-out",
      "there is no such section",
    ],
    [
      /^(?:mcp_servers|mcp_tools|vector_store_registry)$/,
      "left-out",
      "tools and vector stores are declared otherwise",
      "See docs/reference/config.md and docs/reference/http.md.",
    ],
  ],
}

/** A setting of an entry that LiteLLM keeps for itself; every other one goes to the provider. */
export function isOfLiteLlm(key: string): boolean {
  return reasons["model"]?.some(([keys]) => keys.test(key)) === true
}

/** Says something of every member that nothing has read: nothing is left out in silence. */
export function reportUnread(section: Section, kind: keyof typeof reasons): void {
  for (const key of section.unread()) {
    section.take(key)
    const found = reasons[kind]?.find(([keys]) => keys.test(key))
    const [, outcome, why, instead] = found ?? [
      /./,
      "left-out" as const,
      "this import does not know it",
      "Look for it in docs/reference/config.md.",
    ]
    section.report.add(outcome, section.at(key), why, instead)
  }
}
