// What is particular about each type of provider: its dialect, how its key is sent, and the habits of those that speak chat completions.
import type { ProviderTypeName } from "../../config/index.ts"
import type { Dialect } from "../types.ts"

export interface Preset {
  dialect: Dialect
  /** The header that carries the key; `authorization` has it as `Bearer`. */
  keyHeader: "authorization" | "x-api-key" | "api-key" | "x-goog-api-key"
  /** Sent with every request. */
  headers?: Readonly<Record<string, string>>
  /** Where the list of models is, below the base address. */
  modelsPath: string
  habits: ChatHabits
}

/** How a server of the chat completions family differs from OpenAI's own. */
export interface ChatHabits {
  outputLimit: "max_tokens" | "max_completion_tokens"
  /** It takes `stream_options`; the others report usage without being asked. */
  streamOptions: boolean
  /** It knows the role `developer`; the others are sent `system`. */
  developerRole: boolean
  /** Where the reasoning of an earlier turn goes in an assistant message; null where it is not taken back. */
  reasoning: "reasoning_content" | "reasoning" | "reasoning_details" | "thinking-chunks" | null
  /** How it is told how much to think: OpenAI's word, OpenRouter's object, or DeepSeek's switch with its two words. */
  effort: "reasoning_effort" | "reasoning" | "thinking"
  /** How it is told to go on with the last assistant message; null where it answers anew. */
  prefix: "as-it-is" | "prefix-flag" | "continue-final-message" | null
  /** Structured output by a JSON Schema; the others are given `json_object` and the schema in words. */
  jsonSchema: boolean
  /** How it takes PDF files: as OpenAI does, Mistral's way, or not at all. */
  files: "file" | "document_url" | null
  /** Parameters that it has under another name. */
  renames: Readonly<Record<string, string>>
  /** Parameters that make it refuse a request, and that are left out. */
  refuses: readonly string[]
  /** The same for members of messages. */
  refusesInMessages: readonly string[]
  /** `tool_choice: required` under its name there. */
  requiredTool: "required" | "any"
  /** Ids of tool calls must have nine letters and digits. */
  shortToolIds: boolean
  /** It takes pictures by address, not only as data. */
  imageAddresses: boolean
  /** It passes Anthropic's cache points on. */
  cacheControl: boolean
  /** It answers embeddings as base64 when asked. */
  base64Embeddings: boolean
}

const plain: ChatHabits = {
  outputLimit: "max_tokens",
  streamOptions: true,
  developerRole: false,
  reasoning: "reasoning_content",
  effort: "reasoning_effort",
  prefix: null,
  jsonSchema: true,
  files: null,
  renames: {},
  refuses: [],
  refusesInMessages: [],
  requiredTool: "required",
  shortToolIds: false,
  imageAddresses: true,
  cacheControl: false,
  base64Embeddings: false,
}

const openAi: ChatHabits = {
  ...plain,
  outputLimit: "max_completion_tokens",
  developerRole: true,
  reasoning: null,
  files: "file",
  base64Embeddings: true,
}

const bearer = { keyHeader: "authorization", modelsPath: "/models" } as const

function chat(habits: Partial<ChatHabits> = {}): Preset {
  return { ...bearer, dialect: "openai-chat", habits: { ...plain, ...habits } }
}

const presets: Readonly<Record<ProviderTypeName, Preset>> = {
  openai: { ...bearer, dialect: "openai-chat", habits: openAi },
  azure: { dialect: "openai-chat", keyHeader: "api-key", modelsPath: "/models", habits: openAi },
  anthropic: {
    dialect: "anthropic-messages",
    keyHeader: "x-api-key",
    headers: { "anthropic-version": "2023-06-01" },
    modelsPath: "/models?limit=1000",
    habits: plain,
  },
  gemini: { dialect: "gemini", keyHeader: "x-goog-api-key", modelsPath: "/models?pageSize=1000", habits: plain },
  vertex: { ...bearer, dialect: "gemini", habits: plain },
  bedrock: { ...bearer, dialect: "bedrock-converse", habits: plain },
  // It refuses every parameter that it does not know (422, `extra_forbidden`).
  mistral: chat({
    streamOptions: false,
    reasoning: "thinking-chunks",
    prefix: "prefix-flag",
    files: "document_url",
    renames: { seed: "random_seed" },
    refuses: ["user", "logprobs", "top_logprobs", "logit_bias", "service_tier", "store", "metadata", "verbosity", "modalities"],
    refusesInMessages: ["refusal", "annotations", "audio", "function_call", "reasoning_content", "reasoning", "reasoning_details"],
    requiredTool: "any",
    shortToolIds: true,
  }),
  cohere: { ...bearer, dialect: "cohere", modelsPath: "/v1/models?page_size=1000", habits: plain },
  groq: chat({
    outputLimit: "max_completion_tokens",
    reasoning: "reasoning",
    refuses: ["logprobs", "top_logprobs", "logit_bias"],
    refusesInMessages: ["name", "refusal", "annotations", "reasoning_content", "reasoning_details"],
  }),
  deepseek: chat({ effort: "thinking", jsonSchema: false }),
  // Its reasoning models refuse the penalties.
  xai: chat({ outputLimit: "max_completion_tokens", developerRole: true, refuses: ["presence_penalty", "frequency_penalty"] }),
  together: chat({ reasoning: "reasoning" }),
  fireworks: chat(),
  openrouter: chat({ developerRole: true, reasoning: "reasoning_details", effort: "reasoning", files: "file", cacheControl: true }),
  ollama: chat({ reasoning: "reasoning", imageAddresses: false, base64Embeddings: true }),
  vllm: chat({ reasoning: "reasoning", prefix: "continue-final-message", developerRole: true, base64Embeddings: true }),
  sglang: chat({ prefix: "continue-final-message" }),
  tgi: chat({ reasoning: null }),
  llamacpp: chat({ prefix: "as-it-is", developerRole: true, base64Embeddings: true }),
  lmstudio: chat({ imageAddresses: false }),
  "openai-compatible": chat({ files: "file" }),
  "ai-sdk": { ...bearer, dialect: "ai-sdk", habits: plain },
}

/** By the name in `Deployment.provider`; one that is not known is taken for an OpenAI-compatible server. */
export function presetOf(provider: string): Preset {
  return Object.hasOwn(presets, provider) ? presets[provider as ProviderTypeName] : presets["openai-compatible"]
}
