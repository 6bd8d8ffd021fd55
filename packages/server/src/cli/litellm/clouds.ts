// Azure, Bedrock and Vertex of a model list: addresses with parts, credentials of several members, models with a path before their name.
import type { KnownProvider } from "./provider-names.ts"
import { addressOf, headersOf, hostOf, keyOf, variableOf, type Placed, type PlaceContext, type ProviderInput } from "./place.ts"
import type { Reference } from "./secrets.ts"
import { literal, variableIn } from "./section.ts"

export function azureProvider(model: string, known: KnownProvider, context: PlaceContext): Placed | undefined {
  const { params } = context
  const written = params.value["api_base"]
  const inAddress = typeof written === "string" && URL.canParse(written) ? new URL(written).searchParams.get("api-version") : null
  const base = params.has("api_base") || params.has("base_url") ? addressOf(context) : "${AZURE_API_BASE}"
  if (base === undefined) return undefined
  if (base === "${AZURE_API_BASE}") params.report.wants("AZURE_API_BASE", params.at("api_base"))
  const version = params.text("api_version") ?? inAddress ?? undefined
  const identity = entraOf(context)
  const key = identity === undefined ? keyOf(known, context, null) : {}
  const further = headersOf(context)
  // "preview" and "latest" are names of the v1 API, which is used without a version.
  const dated = version === undefined || /^(?:preview|latest|v1)$/.test(version) ? {} : { apiVersion: version }
  const settings = { ...dated, ...identity, ...further.settings }
  const provider: ProviderInput = {
    type: "azure",
    baseUrl: base.replace(/\/openai\/deployments\/.*$/, "").replace(/\/+$/, ""),
    ...key,
    ...(Object.keys(settings).length === 0 ? {} : { settings }),
  }
  const responses = model.startsWith("responses/")
  return {
    provider,
    names: ["azure", `azure-${hostOf(base)}`, `azure-${hostOf(base)}-${variableOf(key)}`],
    model: model.replace(/^(?:responses|o_series|gpt5_series)\//, ""),
    ...(responses ? { dialect: "responses" } : {}),
  }
}

/** An application of Entra ID, where the list names one and no key beside it. */
function entraOf({ params, secrets }: PlaceContext): Record<string, string | Reference> | undefined {
  for (const name of ["azure_ad_token", "azure_scope", "azure_username", "azure_password"])
    if (params.take(name) !== undefined)
      params.left(name, "tokens are fetched here, for an application or a managed identity", "See the page about providers: Entra ID.")
  const hasKey = params.has("api_key")
  const texts = { tenantId: params.text("tenant_id"), clientId: params.text("client_id") }
  const clientSecret = secrets.reference(params.take("client_secret"), params.at("client_secret"), "AZURE_CLIENT_SECRET")
  const given = Object.entries({ ...texts, clientSecret }).flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as const]))
  return hasKey || given.length === 0 ? undefined : Object.fromEntries(given)
}

export function bedrockProvider(model: string, context: PlaceContext): Placed | undefined {
  const { params, secrets } = context
  const path = model.replace(/^(?:converse|converse_like|invoke|async_invoke)\//, "").replace(/^[a-z0-9_]+\/(?=arn:)/, "")
  const [, inPath, , rest] = /^([a-z]{2}(?:-[a-z]+)+-\d)\/(\d+-month-commitment\/)?(.+)$/.exec(path) ?? []
  const region = params.text("aws_region_name") ?? params.text("region_name") ?? inPath ?? "${AWS_REGION:-us-west-2}"
  params.take("region_name")
  const base = params.text("aws_bedrock_runtime_endpoint")
  const apiKey = secrets.reference(params.take("api_key"), params.at("api_key"), "AWS_BEARER_TOKEN_BEDROCK")
  const settings = { region, ...(apiKey ? {} : awsCredentials(context)), ...headersOf(context).settings }
  const id = params.text("model_id")
  return {
    provider: { type: "bedrock", ...(base === undefined ? {} : { baseUrl: base }), ...(apiKey ? { apiKey } : {}), settings },
    names: ["bedrock", `bedrock-${region.replaceAll(/\$\{\w*:?-?|\}/g, "")}`],
    model: id ?? rest ?? path,
  }
}

/** Those that stand there; without any they are found here as AWS's own tools find them, as there. */
function awsCredentials({ params, secrets }: PlaceContext): Record<string, string | Reference> {
  const secretMembers = { accessKeyId: "aws_access_key_id", secretAccessKey: "aws_secret_access_key", sessionToken: "aws_session_token" }
  const texts = {
    profile: "aws_profile_name",
    roleArn: "aws_role_name",
    roleSessionName: "aws_session_name",
    externalId: "aws_external_id",
  }
  for (const [name, instead] of [
    ["aws_web_identity_token", "Name the file of the token: settings.webIdentityTokenFile, or AWS_WEB_IDENTITY_TOKEN_FILE."],
    ["aws_sts_endpoint", "The token service of the region is asked."],
  ] as const)
    if (params.take(name) !== undefined) params.left(name, "has no counterpart", instead)
  const found: [string, string | Reference | undefined][] = [
    ...Object.entries(secretMembers).map(([setting, name]): [string, Reference | undefined] => [
      setting,
      secrets.reference(params.take(name), params.at(name), name),
    ]),
    ...Object.entries(texts).map(([setting, name]): [string, string | undefined] => [setting, params.text(name)]),
  ]
  return Object.fromEntries(found.filter((entry): entry is [string, string | Reference] => entry[1] !== undefined))
}

export function vertexProvider(model: string, context: PlaceContext): Placed | undefined {
  const { params } = context
  const named = (key: string, other: string): string | undefined => params.text(key) ?? params.text(other)
  const project = named("vertex_project", "vertex_ai_project") ?? "${VERTEXAI_PROJECT}"
  const location = named("vertex_location", "vertex_ai_location") ?? params.text("region_name") ?? "${VERTEXAI_LOCATION:-us-central1}"
  if (project === "${VERTEXAI_PROJECT}") params.report.wants("VERTEXAI_PROJECT", params.at("vertex_project"))
  const base = params.has("api_base") ? addressOf(context) : null
  if (base === undefined) return undefined
  const settings = { project, location, ...credentials(context), ...headersOf(context).settings }
  return {
    provider: { type: "vertex", ...(base === null ? {} : { baseUrl: base }), settings },
    names: ["vertex", `vertex-${location.replaceAll(/\$\{\w*:?-?|\}/g, "")}`, `vertex-${project.replaceAll(/\W/g, "")}`],
    model: model.replace(/^gemini\//, ""),
  }
}

/** A path, the JSON itself, or a variable with either. */
function credentials({ params, secrets }: PlaceContext): { credentials?: Reference } {
  const key = params.has("vertex_credentials") ? "vertex_credentials" : "vertex_ai_credentials"
  const value = params.take(key)
  const name = variableIn(value)
  if (name !== undefined) {
    params.report.wants(name, params.at(key))
    if (/PATH|FILE|GOOGLE_APPLICATION_CREDENTIALS/.test(name)) return { credentials: { file: `\${${name}}` } }
    params.differs(
      key,
      `the variable ${name} must hold the JSON of the account, not the path of its file`,
      `Write { file: "\${${name}}" } for a path.`,
    )
    return { credentials: { env: name } }
  }
  if (value === undefined) {
    params.differs(
      "model",
      "without credentials the file of GOOGLE_APPLICATION_CREDENTIALS is read, else Google's metadata server is asked",
      "Elsewhere name the account's file: settings.credentials: { file: … }.",
    )
    return {}
  }
  if (typeof value === "string" && !value.trimStart().startsWith("{")) return { credentials: { file: literal(value) } }
  const reference = secrets.reference(value, params.at(key), "VERTEX_CREDENTIALS")
  return reference ? { credentials: reference } : {}
}
