// A configuration of LiteLLM's proxy as one of Perdure's, and a report of what does not come along.
import type { ConfigInput } from "../../config/index.ts"
import { isJsonObject, type JsonObject, type JsonValue } from "../../core/index.ts"
import { alertsOf } from "./alerts.ts"
import { budgetsOf, rateLimitsOf } from "./budgets.ts"
import { addCache } from "./cache.ts"
import { addDefaultFallbacks, addFallbacks } from "./fallbacks.ts"
import { guardsOf } from "./guards.ts"
import { addAliases, readModels, type Models } from "./models.ts"
import { passThroughOf } from "./pass-through.ts"
import { Providers, usualVariables } from "./providers.ts"
import { Report } from "./report.ts"
import { addRetries } from "./retries.ts"
import { addConcurrency, addRouting, limitsOf } from "./routing.ts"
import { Secrets } from "./secrets.ts"
import { Section, variablesIn } from "./section.ts"
import { reportUnread } from "./unread.ts"

export { readLiteLlm } from "./source.ts"
export { Providers } from "./providers.ts"
export { parametersOf } from "./parameters.ts"
export { Report, type ReportEntry } from "./report.ts"
export { reportRest, type Reasons } from "./rest.ts"
export { Secrets } from "./secrets.ts"
export { literal, Section, variablesIn } from "./section.ts"

export type ConfigModels = NonNullable<ConfigInput["models"]>
export type ConfigProviders = NonNullable<ConfigInput["providers"]>

export interface Translated {
  config: ConfigInput
  report: Report
}

export function translateLiteLlm(value: JsonObject): Translated {
  const report = new Report()
  const top = new Section(value, "", report)
  const router = top.section("router_settings")
  const list = withDefaults(top.list("model_list"), router.take("default_litellm_params"))
  const secrets = new Secrets(report, [...variablesIn(value), ...usualVariables(list)])
  const providers = new Providers(secrets)
  const litellm = top.section("litellm_settings")
  const general = top.section("general_settings")
  const models = readModels(list, { providers, credentials: credentialsOf(top.list("credential_list")), report })
  addAliases(router.section("model_group_alias"), models)
  addFallbacks(router, models)
  addFallbacks(litellm, models)
  for (const section of [router, litellm]) addDefaultFallbacks(section, models)
  addRouting(router, models)
  addConcurrency(router, general, models)
  addCache(litellm, models)
  const limits = { ...addRetries(router, litellm, models), ...limitsOf(router, litellm, general) }
  const budgets = budgetsOf({ litellm, router, models, providers })
  const rateLimits = rateLimitsOf(general)
  const alerts = alertsOf(general)
  const guards = guardsOf(top.list("guardrails"), { models, providers, report })
  const passThrough = passThroughOf(general, { providers, secrets })
  reportRest({ top, router, litellm, general, models })
  const config: ConfigInput = {
    // LiteLLM serves what its list names and nothing else.
    discovery: models.takesAny,
    ...some("limits", limits),
    ...some("providers", providers.declared),
    ...some("models", Object.fromEntries(models.byName)),
    ...(budgets.length === 0 ? {} : { budgets }),
    ...(rateLimits.length === 0 ? {} : { rateLimits }),
    ...(alerts.length === 0 ? {} : { alerts }),
    ...(guards.length === 0 ? {} : { guards }),
    ...(passThrough.length === 0 ? {} : { passThrough }),
  }
  return { config, report }
}

/** What holds for every entry of the list that does not say it itself. */
function withDefaults(list: readonly JsonValue[], defaults: JsonValue | undefined): readonly JsonValue[] {
  if (!isJsonObject(defaults)) return list
  return list.map((entry) => {
    if (!isJsonObject(entry) || !isJsonObject(entry["litellm_params"])) return entry
    return { ...entry, litellm_params: { ...defaults, ...entry["litellm_params"] } }
  })
}

function reportRest(sections: Record<"top" | "router" | "litellm" | "general", Section> & { models: Models }): void {
  for (const { params, info, deployments } of [...sections.models.entries.values()].flat()) {
    // Why a model is left out as a whole has been said.
    if (deployments.length === 0) continue
    reportUnread(params, "model")
    reportUnread(info, "info")
  }
  reportUnread(sections.router, "router_settings")
  reportUnread(sections.litellm, "litellm_settings")
  reportUnread(sections.general, "general_settings")
  reportUnread(sections.top, "top")
}

function credentialsOf(list: readonly JsonValue[]): Map<string, JsonObject> {
  return new Map(
    list.flatMap((item) => {
      const [name, values] = isJsonObject(item) ? [item["credential_name"], item["credential_values"]] : []
      return typeof name === "string" && isJsonObject(values) ? [[name, values] as const] : []
    }),
  )
}

function some<K extends string, V extends object>(key: K, value: V): Partial<Record<K, V>> {
  return Object.keys(value).length === 0 ? {} : ({ [key]: value } as Record<K, V>) // the one member
}
