// The types of providers: their names, usual addresses, the variables that hold their keys, and which settings each one takes.

export interface ProviderType {
  title: string
  /** Where it is when the configuration names no address: fixed, or made of settings; null where one must be named. */
  address: string | ((settings: Readonly<Record<string, string>>) => string) | null
  /** Variables that hold its key, the preferred one first; discovery looks at them. */
  keyVariables: readonly string[]
  /** Variable of another address. */
  addressVariable?: string
  /** What every address of it ends in, and people leave out. */
  addressEnd?: string
  /** It serves without a key: a server of one's own, or one whose credentials are settings. */
  needsNoKey?: true
  /** It may do without an address: a package knows its own. */
  needsNoAddress?: true
  /** Variables that say where credentials come from, as the cloud's own tools read them; looked at where the configuration has no key. */
  credentialVariables?: readonly string[]
  /** Beside `headers`, which all take. */
  settings: readonly ProviderSetting[]
  required?: readonly ProviderSetting[]
  /** Its settings may have `options`, handed on as they are. */
  takesOptions?: true
  /** A deployment may choose between chat completions and Responses. */
  speaksResponses?: true
  /** What Perdure can ask of it in its own dialect; all that a deployment may be for when absent, by OpenAI's endpoints. */
  serves?: readonly Service[]
}

/** A member of a deployment's `does`. */
type Service = "chat" | "embeddings" | "images" | "speech" | "transcription" | "moderation" | "rerank" | "realtime"

export type ProviderSetting = keyof typeof providerSettings

/** Every setting, with what it means; `secret` ones are given by reference. */
export const providerSettings = {
  apiVersion: { about: "azure: a dated API version such as 2024-10-21, with the deployment's name in the path; its v1 API when absent" },
  organization: { about: "openai: the organisation that is billed" },
  project: { about: "openai: the project that is billed; vertex: the Google Cloud project" },
  location: { about: "vertex: a region such as europe-west1, or global" },
  region: { about: "bedrock: a region such as eu-central-1" },
  credentials: { about: "vertex: the JSON of a service account, or of workload identity federation", secret: true },
  tenantId: { about: "azure: the tenant of Entra ID, where there is no apiKey" },
  clientId: { about: "azure: the application, or the user-assigned identity of the machine" },
  clientSecret: { about: "azure: the secret of that application", secret: true },
  federatedTokenFile: { about: "azure: a file with a token by which the application proves itself, renewed by whoever issues it" },
  accessKeyId: { about: "bedrock: the id of an access key, with secretAccessKey", secret: true },
  secretAccessKey: { about: "bedrock: the secret of that access key", secret: true },
  sessionToken: { about: "bedrock: the session token of temporary credentials", secret: true },
  profile: { about: "bedrock: a profile of AWS's shared files, ~/.aws/credentials and ~/.aws/config" },
  roleArn: { about: "bedrock: a role to be assumed, with the other credentials or by webIdentityTokenFile" },
  externalId: { about: "bedrock: the external id that the role wants" },
  roleSessionName: { about: "bedrock: what the sessions of the role are called; perdure when absent" },
  webIdentityTokenFile: { about: "bedrock: a file with a token by which roleArn is assumed, renewed by whoever issues it" },
  package: { about: "ai-sdk: the npm package of the provider, such as @ai-sdk/perplexity, installed beside Perdure" },
  factory: { about: "ai-sdk: the exported function that makes the provider, where the package has several" },
} as const satisfies Record<string, { about: string; secret?: true }>

const none = [] as const

const azureVariables = [
  "AZURE_TENANT_ID",
  "AZURE_CLIENT_ID",
  "AZURE_CLIENT_SECRET",
  "AZURE_FEDERATED_TOKEN_FILE",
  "AZURE_AUTHORITY_HOST",
  "AZURE_POD_IDENTITY_AUTHORITY_HOST",
  "IDENTITY_ENDPOINT",
  "IDENTITY_HEADER",
] as const

const awsVariables = [
  "AWS_ACCESS_KEY_ID",
  "AWS_SECRET_ACCESS_KEY",
  "AWS_SESSION_TOKEN",
  "AWS_PROFILE",
  "AWS_SHARED_CREDENTIALS_FILE",
  "AWS_CONFIG_FILE",
  "AWS_ROLE_ARN",
  "AWS_ROLE_SESSION_NAME",
  "AWS_WEB_IDENTITY_TOKEN_FILE",
  "AWS_CONTAINER_CREDENTIALS_FULL_URI",
  "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
  "AWS_CONTAINER_AUTHORIZATION_TOKEN",
  "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
  "AWS_EC2_METADATA_DISABLED",
  "AWS_EC2_METADATA_SERVICE_ENDPOINT",
  "AWS_ENDPOINT_URL_STS",
] as const

export const providerTypes = {
  openai: {
    title: "OpenAI",
    address: "https://api.openai.com/v1",
    keyVariables: ["OPENAI_API_KEY"],
    addressVariable: "OPENAI_BASE_URL",
    settings: ["organization", "project"],
    speaksResponses: true,
  },
  azure: {
    title: "Azure OpenAI",
    address: null,
    keyVariables: ["AZURE_OPENAI_API_KEY"],
    settings: ["apiVersion", "tenantId", "clientId", "clientSecret", "federatedTokenFile"],
    credentialVariables: azureVariables,
    speaksResponses: true,
  },
  anthropic: {
    title: "Anthropic",
    address: "https://api.anthropic.com/v1",
    keyVariables: ["ANTHROPIC_API_KEY"],
    addressVariable: "ANTHROPIC_BASE_URL",
    addressEnd: "/v1",
    settings: none,
    serves: ["chat"],
  },
  gemini: {
    title: "Google Gemini",
    address: "https://generativelanguage.googleapis.com/v1beta",
    keyVariables: ["GEMINI_API_KEY", "GOOGLE_API_KEY"],
    settings: none,
    serves: ["chat", "embeddings", "images", "speech", "transcription"],
  },
  vertex: {
    title: "Google Vertex AI",
    address: ({ project, location }) =>
      `https://${location === "global" ? "" : `${location}-`}aiplatform.googleapis.com/v1/projects/${project}/locations/${location}`,
    keyVariables: none,
    needsNoKey: true,
    settings: ["project", "location", "credentials"],
    credentialVariables: ["GOOGLE_APPLICATION_CREDENTIALS"],
    required: ["project", "location"],
    serves: ["chat", "embeddings", "images", "speech", "transcription"],
  },
  bedrock: {
    title: "AWS Bedrock",
    address: ({ region }) => `https://bedrock-runtime.${region}.amazonaws.com`,
    keyVariables: ["AWS_BEARER_TOKEN_BEDROCK"],
    needsNoKey: true,
    settings: [
      "region",
      "accessKeyId",
      "secretAccessKey",
      "sessionToken",
      "profile",
      "roleArn",
      "externalId",
      "roleSessionName",
      "webIdentityTokenFile",
    ],
    required: ["region"],
    credentialVariables: awsVariables,
    serves: ["chat", "embeddings", "images", "rerank"],
  },
  mistral: { title: "Mistral", address: "https://api.mistral.ai/v1", keyVariables: ["MISTRAL_API_KEY"], settings: none },
  cohere: {
    title: "Cohere",
    address: "https://api.cohere.com",
    keyVariables: ["CO_API_KEY", "COHERE_API_KEY"],
    settings: none,
    serves: ["chat", "embeddings", "rerank"],
  },
  groq: {
    title: "Groq",
    address: "https://api.groq.com/openai/v1",
    keyVariables: ["GROQ_API_KEY"],
    settings: none,
    speaksResponses: true,
  },
  deepseek: { title: "DeepSeek", address: "https://api.deepseek.com", keyVariables: ["DEEPSEEK_API_KEY"], settings: none },
  xai: { title: "xAI", address: "https://api.x.ai/v1", keyVariables: ["XAI_API_KEY"], settings: none, speaksResponses: true },
  together: { title: "Together", address: "https://api.together.xyz/v1", keyVariables: ["TOGETHER_API_KEY"], settings: none },
  fireworks: {
    title: "Fireworks",
    address: "https://api.fireworks.ai/inference/v1",
    keyVariables: ["FIREWORKS_API_KEY"],
    settings: none,
    speaksResponses: true,
  },
  openrouter: {
    title: "OpenRouter",
    address: "https://openrouter.ai/api/v1",
    keyVariables: ["OPENROUTER_API_KEY"],
    settings: none,
    speaksResponses: true,
  },
  ollama: {
    title: "Ollama",
    address: "http://127.0.0.1:11434/v1",
    keyVariables: none,
    needsNoKey: true,
    settings: none,
    speaksResponses: true,
  },
  vllm: { title: "vLLM", address: null, keyVariables: none, needsNoKey: true, settings: none, speaksResponses: true },
  sglang: { title: "SGLang", address: null, keyVariables: none, needsNoKey: true, settings: none, speaksResponses: true },
  tgi: { title: "Text Generation Inference", address: null, keyVariables: none, needsNoKey: true, settings: none },
  llamacpp: {
    title: "llama.cpp",
    address: "http://127.0.0.1:8080/v1",
    keyVariables: none,
    needsNoKey: true,
    settings: none,
    speaksResponses: true,
  },
  lmstudio: {
    title: "LM Studio",
    address: "http://127.0.0.1:1234/v1",
    keyVariables: none,
    needsNoKey: true,
    settings: none,
    speaksResponses: true,
  },
  "openai-compatible": {
    title: "OpenAI-compatible",
    address: null,
    keyVariables: none,
    needsNoKey: true,
    settings: none,
    speaksResponses: true,
  },
  "ai-sdk": {
    title: "AI SDK",
    address: null,
    keyVariables: none,
    needsNoKey: true,
    needsNoAddress: true,
    settings: ["package", "factory"],
    required: ["package"],
    takesOptions: true,
    serves: ["chat", "embeddings", "images", "speech", "transcription"],
  },
} as const satisfies Record<string, ProviderType>

export type ProviderTypeName = keyof typeof providerTypes

export const providerTypeNames = Object.keys(providerTypes) as ProviderTypeName[] // the keys of the object above

/** Those that discovery may find: a key in the environment or a server on this machine is all that they need. */
export const discoverableTypes = providerTypeNames.filter((name) => typeof providerTypes[name].address === "string")

export function providerType(name: ProviderTypeName): ProviderType {
  return providerTypes[name]
}

/** The address that is used, without a slash at its end; null where there is none. `settings` fill what it is made of. */
export function addressOf(
  type: ProviderTypeName,
  baseUrl: string | undefined,
  settings: Readonly<Record<string, string>> = {},
): string | null {
  const { address, addressEnd = "" } = providerType(type)
  if (baseUrl === undefined) return typeof address === "function" ? address(settings) : address
  const plain = baseUrl.replace(/\/+$/, "")
  return plain.endsWith(addressEnd) ? plain : plain + addressEnd
}

/** The type whose usual address this is. */
export function typeAtAddress(baseUrl: string): ProviderTypeName | undefined {
  return providerTypeNames.find((name) => providerType(name).address === addressOf(name, baseUrl))
}

export function isProviderType(name: string): name is ProviderTypeName {
  return Object.hasOwn(providerTypes, name)
}
