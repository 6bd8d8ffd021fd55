// Bifrost's providers and their keys as providers and models: clients ask for provider/model, and each key is an account of its own.
import { isJsonObject, type JsonObject, type JsonValue } from "../../core/index.ts"
import {
  reportRest,
  Section,
  type ConfigModels,
  type ConfigProviders,
  type Providers,
  type Reasons,
  type Report,
} from "../litellm/index.ts"

type Deployment = ConfigModels[string]["deployments"][number]

/** How the same provider is called where its places are read. */
const prefixes: Readonly<Record<string, string>> = {
  vertex: "vertex_ai",
  vllm: "hosted_vllm",
  sgl: "openai",
  together: "together_ai",
  fireworks: "fireworks_ai",
}

interface Key {
  section: Section
  /** Undefined: whatever the provider has. */
  models: ReadonlySet<string> | undefined
  aliases: JsonObject
  weight: number | undefined
}

interface BifrostModels {
  models: ConfigModels
  providers: ConfigProviders
  /** Bifrost's name of a provider → those that its keys became. */
  accounts: ReadonlyMap<string, readonly string[]>
}

export function readProviders(all: Section, places: Providers, report: Report): BifrostModels {
  const models: ConfigModels = {}
  const accounts = new Map<string, string[]>()
  for (const name of all.unread()) {
    const provider = all.section(name)
    const common = commonOf(provider)
    const keys = keysOf(provider, report)
    const named = new Set(keys.flatMap(({ models: some, aliases }) => [...(some ?? []), ...Object.keys(aliases)]))
    const names = keys.some((key) => key.models === undefined) ? [...named, "*"] : [...named]
    for (const model of names) {
      const serving = keys.filter((key) => key.models === undefined || (model !== "*" && (key.models.has(model) || model in key.aliases)))
      const deployments = serving.flatMap((key) => deploymentsOf(name, model, key, { provider, common, places }))
      if (deployments.length === 0) continue
      accounts.set(name, [...new Set([...(accounts.get(name) ?? []), ...deployments.flatMap(({ provider }) => provider ?? [])])])
      if (isName(`${name}/${model}`)) models[`${name}/${model}`] = { deployments }
      else
        provider.left("keys", `models have names of letters, digits and . / : @ _ -: ${JSON.stringify(model.slice(0, 100))} is none here`)
    }
    for (const { section } of keys) {
      warnOfBase64(section)
      reportRest(section, keyReasons)
    }
    reportRest(provider, providerReasons)
  }
  return { models: withPlainNames(models), providers: places.declared, accounts }
}

interface Around {
  provider: Section
  common: Partial<Deployment>
  places: Providers
}

function deploymentsOf(name: string, model: string, key: Key, { provider, common, places }: Around): Deployment[] {
  const alias = key.aliases[model]
  const target =
    typeof alias === "string" ? alias : isJsonObject(alias) && typeof alias["model_id"] === "string" ? alias["model_id"] : model
  const params = new Section(paramsOf(name, target, key, provider), key.section.path, key.section.report)
  const weight = key.weight === undefined ? {} : { weight: Math.min(1_000_000, Math.max(0, key.weight)) }
  return places.placesOf(params).map((place) => ({ ...place, ...weight, ...common }))
}

function warnOfBase64(section: Section): void {
  const vertex = section.value["vertex_key_config"]
  if (isJsonObject(vertex) && vertex["auth_credentials"] !== undefined && vertex["auth_credentials"] !== "")
    section.report.add(
      "differs",
      `${section.path}.vertex_key_config.auth_credentials`,
      "Bifrost takes the account's JSON in base64 too; here it is the JSON itself",
      "Decode what the variable holds, or name a file: { file: /path/account.json }.",
    )
}

/** In the words in which places are read. */
function paramsOf(name: string, model: string, { section }: Key, provider: Section): JsonObject {
  const value = (from: Section, member: string): JsonValue | undefined => from.value[member]
  const custom = new Section(value(provider, "custom_provider_config"), "", provider.report)
  const network = new Section(value(provider, "network_config"), "", provider.report)
  const azure = new Section(value(section, "azure_key_config"), "", provider.report)
  const vertex = new Section(value(section, "vertex_key_config"), "", provider.report)
  const bedrock = new Section(value(section, "bedrock_key_config"), "", provider.report)
  const base = typeof custom.value["base_provider_type"] === "string" ? custom.value["base_provider_type"] : name
  const prefix = prefixes[base] ?? base
  const own = [...["vllm_key_config", "ollama_key_config", "sgl_key_config"].map((each) => value(section, each)), network.value]
  const address = own.flatMap((each) => (isJsonObject(each) ? [each["url"] ?? each["base_url"]] : [])).find((each) => each !== undefined)
  return {
    model: `${prefix}/${model}`,
    custom_llm_provider: prefix,
    api_key: value(section, "value"),
    api_base: azure.value["endpoint"] ?? (address === undefined ? undefined : withVersion(address, prefix)),
    extra_headers: network.value["extra_headers"],
    api_version: azure.value["api_version"],
    tenant_id: azure.value["tenant_id"],
    client_id: azure.value["client_id"],
    client_secret: azure.value["client_secret"],
    vertex_project: vertex.value["project_id"],
    vertex_location: vertex.value["region"],
    vertex_credentials: vertex.value["auth_credentials"],
    aws_region_name: bedrock.value["region"],
    aws_access_key_id: bedrock.value["access_key"],
    aws_secret_access_key: bedrock.value["secret_key"],
    aws_session_token: bedrock.value["session_token"],
    aws_role_name: bedrock.value["role_arn"],
    aws_external_id: bedrock.value["external_id"],
    aws_session_name: bedrock.value["session_name"],
  }
}

/** Bifrost completes the addresses of servers that speak as OpenAI does. */
function withVersion(address: JsonValue, prefix: string): JsonValue {
  const speaksAsOpenAi = ["openai", "hosted_vllm"].includes(prefix)
  if (typeof address !== "string" || !speaksAsOpenAi || address.startsWith("os.environ/") || /\/v\d+\/?$/.test(address)) return address
  return `${address.replace(/\/+$/, "")}/v1`
}

function keysOf(provider: Section, report: Report): Key[] {
  const isKeyless =
    isJsonObject(provider.value["custom_provider_config"]) && provider.value["custom_provider_config"]["is_key_less"] === true
  const list = provider.list("keys")
  const keys: readonly JsonValue[] = list.length === 0 && isKeyless ? [{ models: ["*"] }] : list
  return keys.flatMap((value, index): Key[] => {
    const section = new Section(value, provider.at(`keys[${index}]`), report)
    if (!isJsonObject(value)) {
      report.add("left-out", section.path, "it is no key")
      return []
    }
    const isOff = section.flag("enabled") === false
    const named = section.words("models")
    const aliases = section.take("aliases")
    const weight = section.number("weight")
    if (isOff) {
      section.report.add("not-needed", section.path, "the key is not enabled")
      return []
    }
    const isAny = named.includes("*") || (named.length === 0 && section.value["models"] === undefined)
    return [{ section, models: isAny ? undefined : new Set(named), aliases: isJsonObject(aliases) ? aliases : {}, weight }]
  })
}

/** What a provider says of all its calls. */
function commonOf(provider: Section): Partial<Deployment> {
  const network = new Section(provider.value["network_config"], provider.at("network_config"), provider.report)
  const totalMs = network.milliseconds("default_request_timeout_in_seconds")
  const idleMs = network.milliseconds("stream_idle_timeout_in_seconds")
  const concurrency = new Section(provider.take("concurrency_and_buffer_size"), provider.at("concurrency_and_buffer_size"), provider.report)
  const concurrent = concurrency.count("concurrency")
  if (concurrent !== undefined)
    concurrency.differs(
      "concurrency",
      "it holds for each key, and a call beyond it goes elsewhere or is refused with a retry-after: nothing waits in front of a provider",
    )
  const timeouts = { ...(totalMs === undefined ? {} : { totalMs }), ...(idleMs === undefined ? {} : { idleMs }) }
  reportRest(network, networkReasons)
  provider.take("network_config")
  return {
    ...(Object.keys(timeouts).length === 0 ? {} : { timeouts }),
    ...(concurrent === undefined ? {} : { limits: { concurrent: Math.min(1_000_000, concurrent) } }),
  }
}

/** A model's name alone leads to it, too, where only one provider has it. */
function withPlainNames(models: ConfigModels): ConfigModels {
  const plain = (name: string): string => name.slice(name.indexOf("/") + 1)
  const counts = new Map<string, number>()
  for (const name of Object.keys(models)) counts.set(plain(name), (counts.get(plain(name)) ?? 0) + 1)
  const isAlone = (name: string): boolean => !name.includes("*") && counts.get(plain(name)) === 1 && models[plain(name)] === undefined
  return Object.fromEntries(
    Object.entries(models).map(([name, model]) => [name, isAlone(name) ? { ...model, aliases: [plain(name)] } : model]),
  )
}

function isName(name: string): boolean {
  return /^(?=.{1,128}$)[A-Za-z0-9][\w./:@-]*(?:\*[\w./:@-]*)?$/.test(name)
}

const keyReasons: Reasons = [
  [/^(?:value|(?:azure|vertex|bedrock|vllm|ollama|sgl)_key_config)$/, "not-needed", "it stands in the provider"],
  [/^(?:name|id|description|use_for_batch_api|config_hash)$/, "not-needed", "it changes nothing here"],
  [/^blacklisted_models$/, "left-out", "a model that is not named is not there; a pattern has no exceptions", "Name the models."],
]

const providerReasons: Reasons = [
  [/^custom_provider_config$/, "not-needed", "it stands in the type of the provider"],
  [/^(?:send_back_raw|store_raw)/, "left-out", "answers are given in the client's dialect, and no texts are kept"],
  [/^proxy_config$/, "left-out", "there is no proxy for one provider"],
  [
    /^prompt_cache$/,
    "left-out",
    "cache marks are the application's",
    "parameters: { cache_control: { type: ephemeral } } for Anthropic's own API.",
  ],
]

const networkReasons: Reasons = [
  [/^(?:base_url|extra_headers)$/, "not-needed", "it stands in the provider"],
  [/^(?:max_retries|retry_backoff_)/, "not-needed", "it stands in limits, for the whole server"],
  [
    /^(?:insecure_skip_verify|ca_cert_pem)$/,
    "left-out",
    "certificates of providers are always verified",
    "Trust an authority of your own by the variable NODE_EXTRA_CA_CERTS=/path/ca.pem.",
  ],
  [/^(?:max_conns_per_host|enforce_http2)$/, "not-needed", "connections are made as they are wanted, up to limits.upstreamConnectionsMax"],
  [/^(?:stream_throughput_guard|beta_header_overrides)$/, "left-out", "there is no such setting"],
]
