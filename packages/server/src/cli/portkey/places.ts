// Where one target of Portkey is served: its provider, its account and its model, in the words in which places are read.
import type { JsonObject, JsonValue } from "../../core/index.ts"
import type { Section } from "../litellm/index.ts"

/** Portkey's names of providers that are called otherwise where places are read. */
const prefixes: Readonly<Record<string, string>> = {
  "azure-openai": "azure",
  "azure-ai": "azure_ai",
  "vertex-ai": "vertex_ai",
  google: "gemini",
  "mistral-ai": "mistral",
  "together-ai": "together_ai",
  "fireworks-ai": "fireworks_ai",
  "perplexity-ai": "perplexity",
  "x-ai": "xai",
  "z-ai": "zai",
  "novita-ai": "novita",
  jina: "jina_ai",
  lambda: "lambda_ai",
  "featherless-ai": "featherless_ai",
}

/** Those that people name accounts after. */
const guessed = [
  ...Object.keys(prefixes),
  "openai",
  "anthropic",
  "bedrock",
  "cohere",
  "groq",
  "deepseek",
  "openrouter",
  "ollama",
  "cerebras",
  "huggingface",
  "mistral",
  "azure",
  "gemini",
  "vertex",
  "together",
  "fireworks",
  "perplexity",
  "xai",
]
const short: Readonly<Record<string, string>> = { vertex: "vertex_ai", together: "together_ai", fireworks: "fireworks_ai" }

/** Members that say where a target is. */
const members =
  /^(?:provider|virtual_key|api_key|custom_host|resource_name|deployment_id|api_version|azure_|aws_|vertex_|openai_|anthropic_(?:version|beta)$)/

export interface Place {
  prefix: string
  params: JsonObject
}

/** Undefined where nothing tells the provider, which the report says. `model`: "*" for whatever a request names; `value`: what it and those around it say of the place. */
export function placeIn(target: Section, model: string, value: JsonObject): Place | undefined {
  const named = textOf(value["provider"])
  const [, inModel, rest] = /^@([^/]+)\/(.+)$/.exec(model) ?? []
  const slug = inModel ?? (named.startsWith("@") ? named.slice(1) : textOf(value["virtual_key"]))
  const provider = named === "" || named.startsWith("@") ? guess(slug, target) : named
  if (provider === undefined) return undefined
  const prefix = prefixes[provider] ?? short[provider] ?? provider
  const account = slug === "" ? undefined : `os.environ/${slug.toUpperCase().replaceAll(/\W+/g, "_")}_API_KEY`
  return { prefix, params: paramsOf(prefix, rest ?? model, { ...value, api_key: value["api_key"] ?? account }) }
}

function guess(slug: string, target: Section): string | undefined {
  const found = guessed.filter((name) => slug.toLowerCase().startsWith(name)).toSorted((a, b) => b.length - a.length)[0]
  if (found !== undefined) {
    target.differs(
      "virtual_key",
      `${JSON.stringify(slug)} is taken for an account of ${found}; its key is kept by Portkey, so a variable stands in its place`,
    )
    return found
  }
  target.left(
    slug === "" ? "provider" : "virtual_key",
    slug === "" ? "the target names no provider" : `Portkey alone knows which provider ${JSON.stringify(slug)} is`,
    'Write the provider beside it: "provider": "openai".',
  )
  return undefined
}

function paramsOf(prefix: string, model: string, value: JsonObject): JsonObject {
  const resource = textOf(value["resource_name"])
  const name = prefix === "azure" ? textOf(value["deployment_id"]) || textOf(value["azure_deployment_name"]) || model : model
  const project = textOf(value["openai_project"])
  return {
    model: `${prefix}/${name}`,
    custom_llm_provider: prefix,
    api_key: value["api_key"],
    api_base: value["custom_host"] ?? (resource === "" ? undefined : addressOf(resource)),
    organization: value["openai_organization"],
    extra_headers: project === "" ? undefined : { "openai-project": project },
    api_version: value["api_version"],
    tenant_id: value["azure_entra_tenant_id"],
    client_id: value["azure_entra_client_id"] ?? value["azure_managed_client_id"],
    client_secret: value["azure_entra_client_secret"],
    vertex_project: value["vertex_project_id"],
    vertex_location: value["vertex_region"],
    vertex_credentials: value["vertex_service_account_json"],
    aws_region_name: value["aws_region"],
    aws_access_key_id: value["aws_access_key_id"],
    aws_secret_access_key: value["aws_secret_access_key"],
    aws_session_token: value["aws_session_token"],
    aws_role_name: value["aws_role_arn"],
    aws_external_id: value["aws_external_id"],
  }
}

function addressOf(resource: string): string {
  return resource.startsWith("os.environ/") ? resource : `https://${resource}.openai.azure.com`
}

/** What a target hands down to those inside it. */
export function placeMembers(section: Section): JsonObject {
  const keys = section.unread().filter((key) => members.test(key))
  return Object.fromEntries(keys.map((key) => [key, section.take(key)]))
}

function textOf(value: JsonValue | undefined): string {
  return typeof value === "string" ? value : ""
}
