// A configuration of Bifrost (config.json) as one of Perdure's, and a report of what does not come along.
import type { ConfigInput } from "../../config/index.ts"
import { defaultLimits, isJsonObject, type JsonObject, type JsonValue } from "../../core/index.ts"
import { readJsonFile } from "../json-source.ts"
import {
  Providers,
  Report,
  reportRest,
  Secrets,
  Section,
  variablesIn,
  type ConfigModels,
  type Reasons,
  type Translated,
} from "../litellm/index.ts"
import { readGovernance } from "./governance.ts"
import { readProviders } from "./providers.ts"

export function readBifrost(path: string): JsonObject {
  return readJsonFile(path, "perdure import bifrost <file> wants Bifrost's config.json")
}

export function translateBifrost(json: JsonObject): Translated {
  const value = referring(json) as JsonObject // an object as it was
  const report = new Report()
  const top = new Section(value, "", report)
  const places = new Providers(new Secrets(report, variablesIn(value)))
  const given = top.section("providers")
  const limits = { ...retriesOf(given), ...bodyOf(top.section("client")) }
  const { models: served, providers, accounts } = readProviders(given, places, report)
  const { budgets, rateLimits, routingRules, models: made } = readGovernance(top.section("governance"), { models: served, accounts })
  const models = { ...served, ...made }
  addPlugins(top, models)
  reportRest(top, reasons)
  const config: ConfigInput = {
    discovery: false,
    ...(Object.keys(limits).length === 0 ? {} : { limits }),
    ...(Object.keys(providers).length === 0 ? {} : { providers }),
    ...(Object.keys(models).length === 0 ? {} : { models }),
    ...(routingRules.length === 0 ? {} : { routingRules }),
    ...(budgets.length === 0 ? {} : { budgets }),
    ...(rateLimits.length === 0 ? {} : { rateLimits }),
  }
  return { config, report }
}

/** `env.NAME` in the form in which references are read. */
function referring(value: JsonValue): JsonValue {
  if (typeof value === "string") return value.replace(/^env\.(\w+)$/, "os.environ/$1")
  if (Array.isArray(value)) return (value as readonly JsonValue[]).map(referring)
  if (!isJsonObject(value)) return value
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, each === undefined ? undefined : referring(each)]))
}

type LimitsInput = NonNullable<ConfigInput["limits"]>

const retriesMax = 10

/** One number for the whole server: the largest of all. */
function retriesOf(providers: Section): LimitsInput {
  const networks = Object.values(providers.value).flatMap((each) =>
    isJsonObject(each) && isJsonObject(each["network_config"]) ? [each["network_config"]] : [],
  )
  const largest = (key: string): number | undefined => {
    const numbers = networks.map((network) => network[key]).filter((each) => typeof each === "number")
    if (new Set(numbers).size > 1)
      providers.report.add("differs", `providers.*.network_config.${key}`, "there is one number for all providers; the largest was taken")
    return numbers.length === 0 ? undefined : Math.round(Math.max(...numbers))
  }
  const count = largest("max_retries")
  const [first, last] = [largest("retry_backoff_initial"), largest("retry_backoff_max")]
  const retries = count === undefined ? undefined : Math.min(retriesMax, Math.max(0, count))
  return {
    ...(retries === undefined ? {} : { sameDeploymentRetriesMax: retries }),
    // So that models that stand in still have their turn.
    ...(retries !== undefined && retries > defaultLimits.sameDeploymentRetriesMax
      ? { attemptsMax: defaultLimits.attemptsMax + retries }
      : {}),
    ...(first === undefined || first < 1 ? {} : { retryBackoffMs: first }),
    ...(last === undefined || last < 1 ? {} : { retryBackoffMsMax: Math.max(last, first ?? 1) }),
  }
}

function bodyOf(client: Section): LimitsInput {
  const megabytes = client.number("max_request_body_size_mb")
  reportRest(client, clientReasons)
  return megabytes === undefined ? {} : { requestBodyBytesMax: Math.min(8 * 1024 ** 3, Math.max(1024, Math.round(megabytes * 1024 ** 2))) }
}

function addPlugins(top: Section, models: ConfigModels): void {
  for (const [index, value] of top.list("plugins").entries()) {
    const plugin = new Section(value, `plugins[${index}]`, top.report)
    const isOn = plugin.flag("enabled") !== false
    const name = plugin.text("name")
    if (!isOn) top.report.add("not-needed", plugin.path, "it is not enabled")
    else if (name === "semantic_cache") addCache(plugin.section("config"), models)
    else if (name === "telemetry" || name === "logging" || name === "governance")
      top.report.add("not-needed", plugin.path, "it is built in")
    else
      top.report.add(
        "left-out",
        plugin.path,
        "there are no plugins, and calls are not sent to other services",
        "Metrics are at GET /metrics, traces at GET /v1/runs/{id}/spans; a guard of your own may look at texts.",
      )
  }
}

function addCache(config: Section, models: ConfigModels): void {
  const isExact = config.number("dimension") === 1 || !config.has("provider")
  const similarity = config.number("threshold")
  const ttl = secondsOf(config.take("ttl"))
  const cache = {
    mode: isExact ? ("exact" as const) : ("semantic" as const),
    ttlSeconds: Math.min(31_536_000, Math.max(1, ttl ?? 300)),
    ...(isExact ? {} : { similarityMin: Math.min(1, Math.max(0.5, similarity ?? 0.8)) }),
  }
  for (const model of Object.values(models)) model.cache = { ...cache }
  config.report.add(
    "differs",
    config.path,
    "every request may be answered from the cache, not only those with a cache key, and answers are shared by the calls of one key",
    'perdure: { cache: "off" } of a request; scope: project shares them among all keys.',
  )
  for (const key of config.unread()) {
    config.take(key)
    config.report.add(
      "not-needed",
      config.at(key),
      "the system prompt, the model and earlier turns must be equal, and vectors are made by the server's own model",
    )
  }
}

function secondsOf(value: JsonValue | undefined): number | undefined {
  if (typeof value === "number") return Math.round(value)
  const [, count, unit = "s"] = typeof value === "string" ? (/^(\d+)([smhd])?$/.exec(value) ?? []) : []
  return count === undefined ? undefined : Number(count) * ({ s: 1, m: 60, h: 3_600, d: 86_400 }[unit] ?? 1)
}

const clientReasons: Reasons = [
  [/^enforce_auth_on_inference$/, "not-needed", "without a key nothing is answered"],
  [
    /^(?:initial_pool_size|drop_excess_requests|compat|disable_db_pings|async_job|enable_logging|log_retention|hidden_request)/,
    "not-needed",
    "it belongs to Bifrost's own server",
  ],
  [/content|^logging_headers$/, "not-needed", "prompts and answers are never logged"],
  [/^allowed_origins$/, "left-out", "pages of other hosts may open WebSockets alone", "server.allowedOrigins names them."],
  [
    /^(?:allow_direct_keys|header_filter_config|required_headers|allowed_headers|whitelisted_routes)$/,
    "left-out",
    "keys and headers of providers come from the configuration alone",
  ],
  [/^prometheus_labels$/, "left-out", "labels are added by what scrapes GET /metrics"],
  [/^(?:mcp_|delete_expired)/, "left-out", "there is no such setting"],
]

const reasons: Reasons = [
  [/^\$schema$|^version$|^source_of_truth$/, "not-needed", "it says nothing of the gateway"],
  [
    /^(?:config_store|logs_store|vector_store)$/,
    "left-out",
    "everything is in one Postgres of Perdure's own",
    "Set DATABASE_URL to an empty database; without it the embedded one is used.",
  ],
  [/^encryption_key$/, "left-out", "keys of data are wrapped by a key of another form", "See docs/how-to/encryption-key.md."],
  [/^framework$/, "not-needed", "prices are built in; deployments[].price states others"],
  [/^mcp$/, "left-out", "no servers of others are called", "See docs/how-to/move-from-portkey-and-bifrost.md."],
  [/^(?:guardrails_config|auth_config|websocket|large_payload|cluster|saml|scim|audit)/, "left-out", "there is no such section"],
]
